/**
 * Two stacks in one sandbox and one repository, dev and prod, and deploy.yml going from one to the other. The steps build on each
 * other, in this order.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { allows, asRole, credentialsFor, root, type Clients } from "../checkouts/awsClients";
import { brief, containersOf, fetchPage } from "../checkouts/copiedCheckout";
import { stackCalls } from "../checkouts/stackCalls";
import { get, jobsOf, post, remove, repository, stacks, token, TwoStacks, versionOf } from "../checkouts/twoStacks";

const sha = "0123456789abcdef0123456789abcdef01234567";
const push = { repository, event: "push", ref: "refs/heads/main", sha };
const page = "app/public/index.html";

describe("dev and prod in one repository", () => {
    const checkout = new TwoStacks(brief);

    before("npm run sandbox:up, for both", async () => {
        checkout.configure("fargate-cicd:githubEnvironment", "dev");
        const early = await checkout.run("sandbox:up -- --stack prod");
        assert.equal(early.code, 1);
        assert.match(
            early.output,
            /The stack prod has no Pulumi\.prod\.yaml in .*: make it from Pulumi\.prod\.yaml\.example/,
        );

        checkout.writeProd();
        await checkout.succeed("sandbox:up");
        await checkout.succeed("sandbox:up -- --stack prod");
    });

    after(() => checkout.remove());

    it("have an environment each, with the settings of their own, and nothing in common but what previews read", async () => {
        const names = (all: { name: string }[]) => all.map(({ name }) => name).sort();
        const at = `/repos/${repository}`;
        assert.deepEqual(names((await get(`${at}/actions/secrets`)).secrets), ["AWS_IAM_PREVIEW_ROLE_TO_ASSUME"]);
        const shared = (await get(`${at}/actions/variables`)).variables;
        const previews = ["AWS_REGION", "PULUMI_GITHUB_APP", "PULUMI_ORGANIZATION", "PULUMI_STACK", "PULUMI_TOKEN"];
        assert.deepEqual(names(shared), [...previews, "RUNNER_DEV", "RUNNER_PROD"]);
        assert.equal(shared.find(({ name }: { name: string }) => name === "PULUMI_STACK").value, "dev");

        for (const stack of stacks) {
            const { secrets, variables } = await get(`/_sandbox/secrets?repository=${repository}&environment=${stack}`);
            assert.equal(secrets.AWS_IAM_ROLE_TO_ASSUME, checkout.outputs(stack).deployRoleArn);
            const own = (await get(`${at}/environments/${stack}/variables?per_page=100`)).variables;
            const name = `fargate-cicd-${stack}`;
            assert.deepEqual(Object.fromEntries(names(own).map((each) => [each, variables[each]])), {
                APP_URL: checkout.outputs(stack).url,
                AWS_REGION: "ap-northeast-1",
                CONTAINER_NAME: "app",
                ECR_REPOSITORY: name,
                ECS_CLUSTER: name,
                ECS_SERVICE: name,
                ECS_TASK_DEFINITION: name,
                IMAGE_SBOM: "false",
                IMAGE_SCAN: "report",
                LOAD_BALANCER: "internet-facing",
                RELEASE_COMMAND: "[]",
            });
            const { branch_policies } = await get(`${at}/environments/${stack}/deployment-branch-policies`);
            assert.deepEqual(names(branch_policies), ["main"]);
            const { protection_rules } = await get(`${at}/environments/${stack}`);
            const asked = protection_rules.find(({ type }: { type: string }) => type === "required_reviewers");
            assert.deepEqual(
                (asked?.reviewers ?? []).map(({ reviewer }: any) => reviewer.login ?? reviewer.slug).sort(),
                stack === "dev" ? [] : ["alice", "platform"],
            );
        }
    });

    it("change nothing of each other's: an up of either has nothing to do", async () => {
        for (const stack of stacks) {
            await checkout.succeed(`sandbox:up -- --expect-no-changes --stack ${stack}`);
        }
    });

    it("are told apart from one that has no file, is in another region, or whose pull requests are not previewed", async () => {
        const refused = (script: string, message: RegExp) => checkout.fail(script, message);
        await refused("sandbox:up -- --stack staging", /The stack staging has no Pulumi\.staging\.yaml in \S+\.\n/);
        await refused("sandbox:up -- --stack ../dev", /"\.\.\/dev" is no name of a stack/);
        await refused(
            "sandbox:preview -- --as-pull-request --stack prod",
            /Pull requests do not preview fargate-cicd-prod: its previewPullRequests is false/,
        );
        checkout.configure("aws:region", "eu-central-1", "prod");
        await refused(
            "sandbox:up -- --stack prod",
            /one region at a time: dev is in ap-northeast-1, and prod would be in eu-central-1/,
        );
        checkout.configure("aws:region", "ap-northeast-1", "prod");
    });

    let released = "";

    it("are released to one after the other: dev at once, prod when a reviewer has let it through, with that commit", async () => {
        const before = await checkout.served("prod");
        checkout.edit(page, (html) => html.replace("</h1>", ", released</h1>"));
        const run = await checkout.succeed("sandbox:release");
        released = versionOf(run)!;
        assert.deepEqual(jobsOf(run), { commit: "skipped", deploy: "skipped", dev: "success", prod: "waiting" });
        assert.match(
            run.output,
            /octo-org\/platform or alice can let it through: npm run sandbox:release -- --approve prod/,
        );
        assert.deepEqual([await checkout.served("dev"), await checkout.served("prod")], [released, before]);

        const none = await checkout.run("sandbox:release -- --approve dev");
        assert.equal(none.code, 1);
        assert.match(none.output, /No release waits to enter dev: npm run sandbox:release starts one/);

        checkout.edit(page, (html) => html.replace(", released", ", edited after the push"));
        const approved = await checkout.succeed("sandbox:release -- --approve prod");
        assert.equal(versionOf(approved), released);
        assert.deepEqual(jobsOf(approved), { commit: "skipped", deploy: "skipped", dev: "success", prod: "success" });
        assert.ok(approved.output.includes(`prod        success   ${checkout.address("prod")}\n`), approved.output);
        assert.doesNotMatch(approved.output, /Deploy to dev/);
        assert.deepEqual([await checkout.served("dev"), await checkout.served("prod")], [released, released]);
        assert.match((await fetchPage(checkout.address("prod"))).body, /, released</);
        assert.equal((await checkout.run("sandbox:release -- --approve prod")).code, 1);
    });

    it("go back one without the other where that is asked for, to the commit that was named", async () => {
        const next = versionOf(await checkout.succeed("sandbox:release"));
        await checkout.succeed("sandbox:release -- --approve prod");
        assert.deepEqual([await checkout.served("dev"), await checkout.served("prod")], [next, next]);

        const run = await checkout.succeed(`sandbox:release -- --commit ${released} --environment prod`);
        assert.deepEqual(jobsOf(run), { commit: "success", deploy: "skipped", dev: "skipped", prod: "waiting" });
        const approved = await checkout.succeed("sandbox:release -- --approve prod");
        assert.deepEqual(jobsOf(approved), { commit: "success", deploy: "skipped", dev: "skipped", prod: "success" });
        assert.deepEqual([await checkout.served("dev"), await checkout.served("prod")], [next, released]);

        const other = await checkout.succeed(`sandbox:release -- --commit ${released} --environment dev`);
        assert.deepEqual(jobsOf(other), { commit: "success", deploy: "skipped", dev: "success", prod: "skipped" });
        assert.deepEqual([await checkout.served("dev"), await checkout.served("prod")], [released, released]);
    });

    it("let no other branch in, and prod is not reached where dev failed", async () => {
        checkout.edit(".github/workflows/deploy.yml", (yaml) =>
            yaml.replace("branches: [main]", "branches: [feature]"),
        );
        checkout.configure("fargate-cicd:githubBranch", "feature");
        const run = await checkout.run("sandbox:release");
        checkout.configure("fargate-cicd:githubBranch", undefined);
        checkout.edit(".github/workflows/deploy.yml", (yaml) =>
            yaml.replace("branches: [feature]", "branches: [main]"),
        );
        assert.equal(run.code, 1, run.output);
        assert.deepEqual(jobsOf(run), { commit: "skipped", deploy: "skipped", dev: "failure", prod: "skipped" });
        assert.match(
            run.output,
            /dev: Branch "feature" is not allowed to deploy to dev due to environment protection rules/,
        );
        assert.deepEqual([await checkout.served("dev"), await checkout.served("prod")], [released, released]);
    });

    it("have a role each that only the token of their environment opens, which GitHub gives to their branch only", async () => {
        /** Of an environment whose rules let another branch in, as they do where there are none any more. */
        async function ofFeature(subject: string): Promise<string> {
            const policies = `/repos/${repository}/environments/dev/deployment-branch-policies`;
            const { body: policy } = await post(policies, { name: "feature" });
            const value = await token({ ...push, ref: "refs/heads/feature", environment: "dev", subject });
            assert.equal(await remove(`${policies}/${policy.id}`), 204);
            return value;
        }

        const opened: string[] = [];
        for (const subject of ["name", "immutable"]) {
            const values: Record<string, string> = {
                dev: await token({ ...push, environment: "dev", subject }),
                prod: await token({ ...push, environment: "prod", subject }),
                branch: await token({ ...push, subject }),
                feature: await ofFeature(subject),
                pullRequest: await token({ ...push, event: "pull_request", ref: "refs/pull/7/merge", subject }),
            };
            for (const [holder, value] of Object.entries(values)) {
                for (const stack of stacks) {
                    const outcome = await credentialsFor(checkout.outputs(stack).deployRoleArn!, value).then(
                        () => "",
                        (error: Error) => error.message,
                    );
                    assert.match(outcome, /^$|^AccessDenied/);
                    opened.push(...(outcome === "" ? [`${subject}: ${holder} opens ${stack}`] : []));
                }
            }
        }
        assert.deepEqual(opened, [
            "name: dev opens dev",
            "name: prod opens prod",
            "immutable: dev opens dev",
            "immutable: prod opens prod",
        ]);
        for (const environment of stacks) {
            const feature = await post("/_sandbox/runs", { ...push, ref: "refs/heads/feature", environment });
            assert.equal(feature.status, 422);
            assert.match(feature.body.message, /Branch "feature" is not allowed to deploy/);
        }
        const unreviewed = await post("/_sandbox/runs", { ...push, environment: "prod" });
        assert.match(unreviewed.body.message, /A job enters prod only after a review/);
    });

    it("cannot touch each other's images, task definitions, service and roles with theirs, where each can its own", async () => {
        const names = { dev: checkout.names("dev"), prod: checkout.names("prod") };
        const calls = await stackCalls(root(), names);
        const wrong: string[] = [];
        for (const [own, other] of [stacks, ["prod", "dev"] as const]) {
            const value = await token({ ...push, environment: own });
            const as: Clients = asRole(await credentialsFor(checkout.outputs(own).deployRoleArn!, value));
            for (const { action, call } of calls) {
                const outcomes = [await allows(() => call(as, own, own)), await allows(() => call(as, own, other))];
                if (outcomes[0] !== "allowed" || outcomes[1] !== `denied ${action}`) {
                    wrong.push(`${action}: ${own} to itself ${outcomes[0]}, to ${other} ${outcomes[1]}`);
                }
            }
        }
        assert.deepEqual(wrong, []);
        assert.deepEqual([...new Set(calls.map(({ action }) => action))].sort(), [
            "ecr:BatchGetImage",
            "ecr:InitiateLayerUpload",
            "ecs:DescribeServices",
            "ecs:RegisterTaskDefinition",
            "ecs:UpdateService",
            "iam:PassRole",
        ]);
    });

    it("leave each other alone when one is killed while it is destroyed, and when it is gone", async () => {
        const before = checkout.state("dev");
        const { process: child, finished } = checkout.start("sandbox:destroy -- --stack prod");
        let printed = "";
        await new Promise<void>((resolve, reject) => {
            child.stdout!.on("data", (chunk) => /LoadBalancer main delet/.test((printed += chunk)) && resolve());
            child.on("close", () => reject(new Error(`it ended before it was killed:\n${printed}`)));
        });
        process.kill(-child.pid!, "SIGKILL");
        await finished;

        checkout.edit(page, (html) => html.replace(", edited after the push", ", released"));
        const { output: compared } = await checkout.succeed("sandbox:preview");
        assert.match(compared, /Compare the state with what exists: the last command for prod did not finish/);
        assert.deepEqual(checkout.state("dev"), before);
        assert.equal(await checkout.served("dev"), released);
        const { Vpcs } = await root().ec2.describeVpcs({ VpcIds: [checkout.outputs("prod").vpcId!] });
        assert.equal(Vpcs?.length, 1, "what the killed command had not come to is there");

        const { output } = await checkout.succeed("sandbox:destroy -- --stack prod");
        assert.match(
            output,
            /Left over of prod: nothing, on AWS, on GitHub and in Docker\. The sandbox goes on for dev/,
        );
        assert.ok(!fs.existsSync(checkout.stateFile("prod")));
        const { environments } = await get(`/repos/${repository}/environments`);
        assert.deepEqual(
            environments.map(({ name }: { name: string }) => name),
            ["dev"],
        );
        assert.equal((await containersOf(checkout)).length, 1);
        assert.equal(await checkout.served("dev"), released);
        const { variables } = await get(`/repos/${repository}/actions/variables`);
        const runners = variables.filter(({ name }: { name: string }) => name.startsWith("RUNNER"));
        assert.deepEqual(
            runners.map(({ name }: { name: string }) => name),
            ["RUNNER_DEV"],
        );
    });

    it("leave nothing when the last one is gone", async () => {
        const { output } = await checkout.succeed("sandbox:destroy");
        assert.match(output, /Left over: nothing, on AWS, on GitHub, in Docker, and no process/);
        assert.deepEqual(await containersOf(checkout), []);
        assert.deepEqual(checkout.processes(), []);
        assert.ok(!fs.existsSync(checkout.path(".sandbox")));
    });
});
