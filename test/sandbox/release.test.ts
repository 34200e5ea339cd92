/** deploy.yml itself, run against the stack. The steps build on each other, in this order. */
import { ECS } from "@aws-sdk/client-ecs";
import { IAM } from "@aws-sdk/client-iam";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { containersOf, CopiedCheckout, fetchPage, testPorts, type Run } from "./copiedCheckout";

describe("a release in the sandbox", () => {
    const checkout = new CopiedCheckout();
    const page = "app/public/index.html";
    const root = {
        endpoint: `http://127.0.0.1:${testPorts.SANDBOX_AWS_PORT}`,
        region: "ap-northeast-1",
        credentials: { accessKeyId: "123456789012", secretAccessKey: "any" },
    };
    const output = (name: string): string => checkout.state().deployment.resources[0].outputs[name];
    const served = async (path = "") => (await fetchPage(`${output("url")}/${path}`)).body;
    const succeed = async (script: string): Promise<Run> => {
        const run = await checkout.run(script);
        assert.equal(run.code, 0, run.output);
        return run;
    };
    const versionOf = ({ output: text }: Run) => /^Version +([0-9a-f]{40})$/m.exec(text)?.[1];
    const running = async () => {
        const ecs = new ECS(root);
        const name = { cluster: "fargate-cicd-dev", services: ["fargate-cicd-dev"] };
        const { taskDefinition } = (await ecs.describeServices(name)).services![0]!;
        return (await ecs.describeTaskDefinition({ taskDefinition })).taskDefinition!;
    };

    before(async () => {
        await succeed("sandbox:up");
    });
    after(() => checkout.remove());

    it("serves an edit of app/ under its commit, and no request fails meanwhile", async () => {
        checkout.edit(page, (html) => html.replace("</h1>", ", first release</h1>"));
        const url = output("url");
        const answers: number[] = [];
        let releasing = true;
        const visitor = (async () => {
            while (releasing && answers.length < 100_000) {
                answers.push((await fetchPage(url)).status);
            }
        })();
        const run = await succeed("sandbox:release");
        releasing = false;
        await visitor;
        console.log(`      from start to the new page: ${run.seconds.toFixed(1)} s`);

        assert.match(await served(), /CICD test, first release</);
        assert.equal((await served("version.txt")).trim(), versionOf(run));
        assert.ok(answers.length > 50, `${answers.length} requests`);
        assert.deepEqual(new Set(answers), new Set([200]));
    });

    it("runs the same commit again without a second push", async () => {
        const run = await succeed("sandbox:release");
        assert.match(run.output, /exists=true/);
        assert.doesNotMatch(run.output, /Run Main Build and push/);
        assert.equal((await served("version.txt")).trim(), versionOf(run));
    });

    it("leaves the revision its tags, and nothing for up to change", async () => {
        const { taskDefinitionArn } = await running();
        const { tags } = await new ECS(root).listTagsForResource({ resourceArn: taskDefinitionArn });
        assert.deepEqual(
            new Set(tags?.map(({ key, value }) => `${key}=${value}`)),
            new Set(["Project=fargate-cicd", "Stack=dev", "ManagedBy=pulumi"]),
        );
        const [before] = await containersOf(checkout);
        await succeed("sandbox:up");
        assert.deepEqual(await containersOf(checkout), [before]);
        assert.equal((await running()).taskDefinitionArn, taskDefinitionArn);
    });

    it("ships a memory that up has registered meanwhile", async () => {
        checkout.configure("fargate-cicd:memory", 1024);
        await succeed("sandbox:up");
        assert.equal((await running()).memory, "512");
        checkout.edit(page, (html) => html.replace("first", "second"));
        await succeed("sandbox:release");
        assert.equal((await running()).memory, "1024");
        assert.match(await served(), /second release/);
    });

    const broken = {
        "whose container exits": 'CMD ["sh", "-c", "exit 3"]',
        "that never becomes healthy": 'CMD ["sh", "-c", "while true; do sleep 1; done"]',
    };
    for (const [which, command] of Object.entries(broken)) {
        it(`is rolled back where it is one ${which}: the command says so, and the old version is served`, async () => {
            const dockerfile = fs.readFileSync(checkout.path("app/Dockerfile"), "utf8");
            checkout.edit("app/Dockerfile", (text) => `${text}${command}\n`);
            const before = await served();
            const run = await checkout.run("sandbox:release");
            assert.equal(run.code, 1, run.output);
            assert.match(run.output, /The release failed\. .*\n +Roll out: The deployment of .* was rolled back: /);
            assert.equal(await served(), before);
            fs.writeFileSync(checkout.path("app/Dockerfile"), dockerfile);
        });
    }

    it("refuses an input of an action that its stand-in does not know, by its name", async () => {
        const workflow = ".github/workflows/deploy.yml";
        const text = fs.readFileSync(checkout.path(workflow), "utf8");
        checkout.edit(workflow, (yaml) =>
            yaml.replace("provenance: false", "provenance: false\n          squash: true"),
        );
        const run = await checkout.run("sandbox:release");
        assert.equal(run.code, 1);
        assert.match(run.output, /Build and push: the stand-in does not know the input squash/);
        fs.writeFileSync(checkout.path(workflow), text);
    });

    it("takes the actions from another folder, and gives the same result", async () => {
        fs.cpSync(checkout.path("sandbox/actions"), checkout.path("elsewhere"), { recursive: true });
        fs.rmSync(checkout.path("elsewhere/actions/checkout"), { recursive: true });
        const missing = await checkout.run("sandbox:release -- --actions-folder elsewhere");
        assert.equal(missing.code, 1);
        assert.match(missing.output, /uses actions\/checkout@[0-9a-f]{40}, and .* has no action\.yml/);
        fs.cpSync(checkout.path("sandbox/actions/actions"), checkout.path("elsewhere/actions"), { recursive: true });
        const run = await succeed("sandbox:release -- --actions-folder elsewhere");
        assert.equal((await served("version.txt")).trim(), versionOf(run));
    });

    it("is previewed with the credentials of a pull request, and not without its permissions", async () => {
        const run = await succeed("sandbox:preview -- --as-pull-request");
        assert.match(run.output, /\d+ unchanged/);
        const iam = new IAM(root);
        const RoleName = output("previewRoleArn").split("/")[1]!;
        const [PolicyName] = (await iam.listRolePolicies({ RoleName })).PolicyNames!;
        const { PolicyDocument } = await iam.getRolePolicy({ RoleName, PolicyName });
        await iam.deleteRolePolicy({ RoleName, PolicyName });
        const refused = await checkout.run("sandbox:preview -- --as-pull-request");
        assert.equal(refused.code, 1);
        assert.match(
            refused.output,
            /not authorized to perform: (ec2:DescribeAvailabilityZones|ecr:GetAuthorizationToken)/,
        );
        await iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: decodeURIComponent(PolicyDocument!) });
    });

    it("says what is missing where there is no stack, and is taken away with all its revisions and images", async () => {
        const run = await succeed("sandbox:destroy");
        assert.match(run.output, /Left over: nothing/);
        assert.deepEqual(await containersOf(checkout), []);
        assert.deepEqual(checkout.processes(), []);
        const early = await checkout.run("sandbox:release");
        assert.equal(early.code, 1);
        assert.match(early.output, /There is no sandbox to release to: run npm run sandbox:up first/);
    });
});
