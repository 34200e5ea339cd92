/** What a repository and an account have already, or have no more, when the program comes to them. The steps build on each other. */
import assert from "node:assert/strict";
import { root } from "../checkouts/awsClients";
import { CopiedCheckout, testPorts, type Run } from "../checkouts/copiedCheckout";

const github = `http://127.0.0.1:${testPorts.SANDBOX_GITHUB_PORT}`;
const headers = { authorization: "Bearer sandbox-token" };
const first = "/repos/octo-org/hello-fargate";
const last = "/repos/acme/store";

async function call(method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(github + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
}

const names = (all: { name: string }[]) => all.map(({ name }) => name).sort();

/** The names of a repository's secrets and variables. */
const settings = async (repository: string) => [
    ...names((await call("GET", `${repository}/actions/secrets`)).secrets),
    ...names((await call("GET", `${repository}/actions/variables?per_page=100`)).variables),
];

describe("the first contact with a repository and an account", () => {
    const checkout = new CopiedCheckout();
    const types = () => checkout.state().deployment.resources.map(({ type }) => type);
    const refused = async (script: string, message: RegExp): Promise<Run> => {
        const run = await checkout.fail(script, message);
        assert.doesNotMatch(run.output, /Unhandled exception/, "a look-up was cut off");
        return run;
    };
    const succeed = (script: string) => checkout.succeed(script);

    before("the services run", () => succeed("sandbox:preview"));

    after(() => checkout.remove());

    it("takes over no cluster and no task family of something else, which AWS would let it", async () => {
        const { ecs } = root();
        const [cluster, family] = ["fargate-cicd-dev", "fargate-cicd-dev"];
        await ecs.createCluster({ clusterName: cluster });
        const containerDefinitions = [{ name: "theirs", image: "theirs", memory: 128 }];
        const { taskDefinition } = await ecs.registerTaskDefinition({ family, containerDefinitions });
        const message =
            /property name .* has a problem: AWS has the cluster \S+:cluster\/fargate-cicd-dev and the task definition \S+\/fargate-cicd-dev:1 already/;
        await refused("sandbox:preview", message).finally(async () => {
            await ecs.deleteCluster({ cluster });
            const taskDefinitions = [taskDefinition!.taskDefinitionArn!];
            await ecs.deregisterTaskDefinition({ taskDefinition: taskDefinitions[0] });
            await ecs.deleteTaskDefinitions({ taskDefinitions });
        });
    });

    it("leaves an environment alone whose rules are somebody else's", async () => {
        const environment = `${first}/environments/dev`;
        await call("PUT", environment, {
            deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
        });
        const before = await call("GET", environment);
        checkout.configure("fargate-cicd:githubEnvironment", "dev");
        await refused("sandbox:preview", /not from this stack: environment octo-org\/hello-fargate dev\n/);
        checkout.configure("fargate-cicd:githubEnvironment", undefined);
        assert.deepEqual(await call("GET", environment), before);
        assert.equal(before.protection_rules.length, 1);
    });

    // Before any up: after one that failed the sandbox takes away what its state does not know.
    it("writes nothing where somebody has set one of its variables", async () => {
        await call("POST", `${first}/actions/variables`, { name: "AWS_REGION", value: "us-east-1" });
        const message =
            /these settings are on GitHub already, and not from this stack: octo-org\/hello-fargate AWS_REGION/;
        await refused("sandbox:preview", message);
        await refused("sandbox:up", message);
        assert.deepEqual(await settings(first), ["AWS_REGION"]);
        assert.deepEqual(
            types().filter((type) => /^(aws|awsx|docker-build|github):/.test(type)),
            [],
        );
    });

    it("makes nothing where the repository is not there, without a preview as well", async () => {
        await call("DELETE", first);
        const message = /GitHub shows no repository "octo-org\/hello-fargate" to this token/;
        await refused("sandbox:preview", message);
        await refused("sandbox:up", message);
        assert.deepEqual(
            types().filter((type) => /^(aws|awsx|docker-build|github):/.test(type)),
            [],
        );
        await call("POST", "/orgs/octo-org/repos", { name: "hello-fargate", visibility: "private" });
    });

    it("has what it wrote itself for its own from then on, in the preview of a pull request as well", async () => {
        await succeed("sandbox:up");
        await succeed("sandbox:up -- --expect-no-changes");
        await succeed("sandbox:preview -- --as-pull-request --expect-no-changes");
    });

    for (const [where, from, to] of [
        ["another owner's repository of the same name", "octo-org/hello-fargate", "globex/hello-fargate"],
        ["one of another owner and another name", "globex/hello-fargate", "acme/shop"],
        ["another one of the same owner", "acme/shop", "acme/store"],
    ] as const) {
        it(`writes everything into ${where}, and takes it out of the former`, async () => {
            const before = await settings(`/repos/${from}`);
            checkout.configure("fargate-cicd:githubRepository", to);
            await succeed("sandbox:up");
            assert.deepEqual(await settings(`/repos/${to}`), before);
            assert.deepEqual(await settings(`/repos/${from}`), []);
            await succeed("sandbox:up -- --expect-no-changes");
        });
    }

    it("is refused to a second stack, whose role would have replaced the first one's in its secret", async () => {
        const secrets = await call("GET", `${last}/actions/secrets`);
        const stack = checkout.path("Pulumi.dev.yaml");
        const { readFileSync, writeFileSync } = await import("node:fs");
        writeFileSync(checkout.path("Pulumi.prod.yaml"), readFileSync(stack));
        const { output } = await refused(
            "sandbox:up -- --stack prod",
            /pulumi config set githubEnvironment <another name>/,
        );
        assert.match(output, /PULUMI_TOKEN\n.*previewPullRequests false/s);
        assert.deepEqual(await call("GET", `${last}/actions/secrets`), secrets);
    });

    it("is destroyed although its environment is gone, and somebody has attached a policy to its role", async () => {
        checkout.configure("fargate-cicd:githubEnvironment", "dev");
        await succeed("sandbox:up");
        await call("DELETE", `${last}/environments/dev`);
        const role = checkout
            .state()
            .deployment.resources.find(
                ({ urn, type }) => type === "aws:iam/role:Role" && urn.endsWith("::main-deploy"),
            );
        const { iam } = root();
        const document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}';
        const { Policy } = await iam.createPolicy({ PolicyName: "by-hand", PolicyDocument: document });
        await iam.attachRolePolicy({ RoleName: role.outputs.name, PolicyArn: Policy!.Arn! });
        await iam.putRolePolicy({ RoleName: role.outputs.name, PolicyName: "inline", PolicyDocument: document });
        await succeed("sandbox:destroy");
    });

    for (const [what, gone] of [
        [
            "some of its settings are",
            [
                `${last}/environments/dev/variables/APP_URL`,
                `${last}/environments/dev/secrets/AWS_IAM_ROLE_TO_ASSUME`,
                `${last}/actions/variables/RUNNER_DEV`,
            ],
        ],
        ["its repository is", [last]],
    ] as const) {
        it(`is destroyed although ${what} gone, once a refresh has found that out`, async () => {
            await succeed("sandbox:up");
            for (const path of gone) {
                await call("DELETE", path);
            }
            await refused("sandbox:destroy", /DELETE http:\S+: 404 /);
            await succeed("sandbox:destroy -- --refresh");
        });
    }
});
