/** Whom AWS does not let in, what the pipeline's roles cannot do, and that they can do nothing which they do not need. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { permissionsIn } from "../rights/calls";
import { allows, asRole, credentialsFor, root, type Clients } from "../checkouts/awsClients";
import { CopiedCheckout, testPorts } from "../checkouts/copiedCheckout";
import { deniedToDeploy, deniedToPreview, type Names } from "./deniedCalls";

const repository = "octo-org/hello-fargate";
const sha = "0123456789abcdef0123456789abcdef01234567";
const push = { repository, event: "push", ref: "refs/heads/main", sha };
const pullRequest = { repository, event: "pull_request", ref: "refs/pull/7/merge", sha };
const immutable = "repo:octo-org@90000001/hello-fargate@80000001";

/** What a release asks for that fails or is undone (undo.test.ts). */
const otherwise = ["ecs:StopServiceDeployment", "ecs:ListTasks", "ecs:DescribeTasks", "logs:GetLogEvents"];

/** A token of the sandbox's issuer, with whatever claims, key and audience. */
async function token(request: { run: object; audience?: string; claims?: object; key?: string }): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${testPorts.SANDBOX_GITHUB_PORT}/_sandbox/tokens`, {
        method: "POST",
        headers: { authorization: "Bearer sandbox-token" },
        body: JSON.stringify({ audience: "sts.amazonaws.com", ...request }),
    });
    assert.equal(response.status, 201);
    return ((await response.json()) as { value: string }).value;
}

describe("the roles of the pipeline", () => {
    const checkout = new CopiedCheckout();
    const calls = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-calls-"));
    let names: Names;
    let deploy: Clients;
    let preview: Clients;

    before(async () => {
        await checkout.succeed("sandbox:up", { SANDBOX_RECORD_CALLS: calls });
        const { outputs } = checkout.state().deployment.resources[0];
        const find = (type: string, name: string) =>
            checkout
                .state()
                .deployment.resources.find((resource) => resource.type === type && resource.urn.endsWith(`::${name}`))!;
        names = {
            cluster: outputs.clusterName,
            service: outputs.serviceName,
            family: outputs.taskDefinitionFamily,
            repository: outputs.repositoryUrl.split("/")[1],
            deployRole: outputs.deployRoleArn,
            previewRole: outputs.previewRoleArn,
            taskRole: find("aws:iam/role:Role", "main-task").outputs.arn,
            executionRole: find("aws:iam/role:Role", "main-execution").outputs.arn,
            vpc: outputs.vpcId,
            securityGroup: find("aws:ec2/securityGroup:SecurityGroup", "main-alb").id,
            loadBalancer: find("aws:lb/loadBalancer:LoadBalancer", "main").outputs.arn,
            listener: find("aws:lb/listener:Listener", "main-http").outputs.arn,
            logGroup: find("aws:cloudwatch/logGroup:LogGroup", "main").id,
        };
        // Others' things in the same account, to reach for.
        const { ecs, ecr, iam, s3 } = root();
        await s3.createBucket({ Bucket: "others" });
        await s3.putObject({ Bucket: "others", Key: "a", Body: "a" });
        await ecs.createCluster({ clusterName: "other" });
        await ecr.createRepository({ repositoryName: "other" });
        await iam.createRole({
            RoleName: "other",
            AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
        });
        deploy = asRole(await credentialsFor(names.deployRole, await token({ run: push })));
        preview = asRole(await credentialsFor(names.previewRole, await token({ run: pullRequest })));
    });

    after(async () => {
        const { ecs, ecr, iam, s3 } = root();
        try {
            // Which sandbox:destroy would find.
            await s3.deleteObject({ Bucket: "others", Key: "a" });
            await s3.deleteBucket({ Bucket: "others" });
            await ecs.deleteCluster({ cluster: "other" });
            await ecr.deleteRepository({ repositoryName: "other", force: true });
            await iam.deleteRole({ RoleName: "other" });
        } finally {
            await checkout.remove();
            fs.rmSync(calls, { recursive: true });
        }
    });

    describe("have no permission that they do not need:", () => {
        /** What a role's policy allows and nothing has asked for. */
        async function unused(roleArn: string): Promise<string[]> {
            const { iam } = root();
            const RoleName = roleArn.split("/")[1]!;
            const PolicyName = (await iam.listRolePolicies({ RoleName })).PolicyNames![0]!;
            const { PolicyDocument } = await iam.getRolePolicy({ RoleName, PolicyName });
            const { Statement } = JSON.parse(decodeURIComponent(PolicyDocument!)) as {
                Statement: readonly { readonly Action: readonly string[] }[];
            };
            const asked = new Set(
                permissionsIn(calls)
                    .filter(({ caller }) => caller.includes(`:assumed-role/${RoleName}/`))
                    .map(({ action }) => action),
            );
            const allowed = [...new Set(Statement.flatMap(({ Action }) => Action))];
            assert.ok(allowed.length > 0);
            return allowed.filter((action) => !asked.has(action));
        }

        it("a release asks for each of the deploy policy, but for those of one that fails or is undone", async () => {
            checkout.edit("app/public/index.html", (html) => html.replace(/<h1>.*<\/h1>/, "<h1>Edited</h1>"));
            await checkout.succeed("sandbox:release");
            assert.deepEqual(await unused(names.deployRole), otherwise);
        });

        it("a preview asks for each of the preview policy", async () => {
            await checkout.succeed("sandbox:preview -- --as-pull-request");
            assert.deepEqual(await unused(names.previewRole), []);
        });
    });

    describe("are assumed", () => {
        for (const subject of ["name", "immutable"]) {
            it(`by a push to main (deploy) and a pull request (preview), in the ${subject} form of the subject`, async () => {
                await credentialsFor(names.deployRole, await token({ run: { ...push, subject } }));
                await credentialsFor(names.previewRole, await token({ run: { ...pullRequest, subject } }));
            });
        }
    });

    describe("are not assumed with a token", () => {
        const own = (context: string) => `repo:${repository}:${context}`;
        const refused: Record<string, { run?: object; audience?: string; claims?: object; key?: string }> = {
            "of another branch": { run: { ...push, ref: "refs/heads/feature" } },
            "of a tag": { run: { ...push, event: "tag", ref: "refs/tags/main" } },
            "of another branch, in the immutable form": {
                run: { ...push, ref: "refs/heads/feature", subject: "immutable" },
            },
            "of an environment": { claims: { sub: own("environment:dev") } },
            "of another repository": { claims: { sub: "repo:octo-org/other:ref:refs/heads/main" } },
            "of another repository's pull request": { claims: { sub: "repo:octo-org/other:pull_request" } },
            "of another owner": { claims: { sub: "repo:other-org/hello-fargate:ref:refs/heads/main" } },
            "of an owner with the same name and another id": {
                claims: { sub: "repo:octo-org@1/hello-fargate@80000001:ref:refs/heads/main" },
            },
            "of a repository with the same name and another id": {
                claims: { sub: "repo:octo-org@90000001/hello-fargate@1:ref:refs/heads/main" },
            },
            "of such a repository's pull request": {
                claims: { sub: "repo:octo-org@90000001/hello-fargate@1:pull_request" },
            },
            "whose subject begins like that of the branch": { claims: { sub: `${own("ref:refs/heads/main")}-2` } },
            "whose subject begins like that of a pull request": { claims: { sub: `${own("pull_request")}_target` } },
            "whose immutable subject begins like that of the branch": {
                claims: { sub: `${immutable}:ref:refs/heads/main/x` },
            },
            "whose subject is a pattern": { claims: { sub: own("*") } },
            "whose subject is in another case": { claims: { sub: own("ref:refs/heads/main").toUpperCase() } },
            "without a subject": { claims: { sub: "" } },
            "for another audience": { audience: "https://github.com/octo-org" },
            "of another issuer": { claims: { iss: "https://token.actions.githubusercontent.example" } },
            "that somebody else signed": { key: "foreign" },
        };
        for (const [which, request] of Object.entries(refused)) {
            it(which, async () => {
                for (const [role, run] of [
                    [names.deployRole, push],
                    [names.previewRole, pullRequest],
                ] as const) {
                    // Where only the audience, the issuer or the key is wrong, the rest is what the role trusts.
                    const value = await token({ run, ...request });
                    await assert.rejects(credentialsFor(role, value), /AccessDenied|InvalidIdentityToken/);
                }
            });
        }

        it("of each other's run", async () => {
            await assert.rejects(credentialsFor(names.deployRole, await token({ run: pullRequest })), /AccessDenied/);
            await assert.rejects(credentialsFor(names.previewRole, await token({ run: push })), /AccessDenied/);
        });
    });

    for (const [role, calls, least] of [
        ["deploy", deniedToDeploy, 40],
        ["preview", deniedToPreview, 25],
    ] as const) {
        describe(`${role} cannot`, () => {
            it(`make any of at least ${least} calls, all denied for the permission that they need`, async () => {
                assert.ok(calls.length >= least, `${calls.length} calls`);
                const wrong: string[] = [];
                for (const [action, call] of calls) {
                    const outcome = await allows(() => call(role === "deploy" ? deploy : preview, names));
                    if (outcome !== `denied ${action}`) {
                        wrong.push(`${action}: ${outcome}`);
                    }
                }
                assert.deepEqual(wrong, []);
            });
        });
    }
});
