/** The whole stack on the real engine, as the README's reader runs it. The steps build on each other, in this order. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { changedTypes, containersOf, CopiedCheckout, fetchPage, testPorts } from "../checkouts/copiedCheckout";

interface Resource {
    readonly type: string;
    readonly urn: string;
    readonly id?: string;
    readonly inputs?: Record<string, any>;
    readonly outputs?: Record<string, any>;
}

const tags = { Project: "fargate-cicd", Stack: "dev", ManagedBy: "pulumi" };

describe("the stack in the sandbox", function () {
    const checkout = new CopiedCheckout();
    const resources = (): Resource[] => checkout.state().deployment.resources;
    const only = (type: string): Resource => {
        const found = resources().filter((resource) => resource.type === type);
        assert.equal(found.length, 1, `${found.length} resources of type ${type}`);
        return found[0]!;
    };
    const output = (name: string): string => only("pulumi:pulumi:Stack").outputs![name];
    const succeed = (script: string, env?: Record<string, string>) => checkout.succeed(script, env);

    before("npm run sandbox:up", async () => {
        const run = await succeed("sandbox:up");
        console.log(`      from nothing to the app's page: ${run.seconds.toFixed(0)} s`);
        assert.match(run.output, new RegExp(`Open +http://main-\\S+\\.alb\\.localhost:${testPorts.SANDBOX_AWS_PORT}`));
    });

    after(() => checkout.remove());

    it("serves the page of app/ through the load balancer, with the version that was built", async () => {
        const page = await fetchPage(output("url"));
        assert.equal(page.status, 200);
        assert.match(page.body, /github actions CICD test/);
        const version = only("docker-build:index:Image").inputs!.buildArgs.VERSION as string;
        assert.ok(page.body.includes(`version <code>${version}<`), page.body);
    });

    it("runs minTasks containers from the image that was pushed, by its digest", async () => {
        const digest = only("docker-build:index:Image").outputs!.digest as string;
        const containers = await containersOf(checkout);
        assert.equal(containers.length, 1);
        const definition = JSON.parse(only("aws:ecs/taskDefinition:TaskDefinition").inputs!.containerDefinitions);
        assert.equal(definition[0].image, `localhost:${testPorts.SANDBOX_AWS_PORT}/fargate-cicd-dev@${digest}`);
        assert.ok(containers[0]!.repoDigests.includes(definition[0].image), JSON.stringify(containers));
    });

    it("has secrets on GitHub that open to the roles' ARNs, and variables that name the rest", async () => {
        const url = `http://127.0.0.1:${testPorts.SANDBOX_GITHUB_PORT}/_sandbox/secrets?repository=octo-org/hello-fargate`;
        const response = await fetch(url, { headers: { authorization: "Bearer sandbox-token" } });
        assert.deepEqual(await response.json(), {
            secrets: {
                AWS_IAM_ROLE_TO_ASSUME: output("deployRoleArn"),
                AWS_IAM_PREVIEW_ROLE_TO_ASSUME: output("previewRoleArn"),
            },
            variables: {
                APP_URL: output("url"),
                AWS_REGION: "ap-northeast-1",
                CONTAINER_NAME: "app",
                ECR_REPOSITORY: "fargate-cicd-dev",
                ECS_CLUSTER: "fargate-cicd-dev",
                ECS_SERVICE: "fargate-cicd-dev",
                ECS_TASK_DEFINITION: "fargate-cicd-dev",
                IMAGE_SBOM: "false",
                IMAGE_SCAN: "report",
                LOAD_BALANCER: "internet-facing",
                PULUMI_GITHUB_APP: "true",
                PULUMI_ORGANIZATION: "organization",
                PULUMI_STACK: "dev",
                PULUMI_TOKEN: "organization",
                RELEASE_COMMAND: "[]",
                RUNNER: "ubuntu-24.04",
            },
        });
    });

    it("carries the three tags on everything that AWS tags, inside the VPC component too", () => {
        const tagged = resources().filter(
            ({ outputs, type }) => type.startsWith("aws:") && outputs && "tagsAll" in outputs,
        );
        const untagged = tagged.filter(({ outputs }) =>
            Object.entries(tags).some(([key, value]) => outputs!.tagsAll?.[key] !== value),
        );
        assert.deepEqual(
            untagged.map(({ urn }) => urn),
            [],
        );
        assert.equal(new Set(tagged.map(({ type }) => type)).has("aws:ec2/subnet:Subnet"), true);
        assert.ok(tagged.length > 30, `${tagged.length} tagged resources`);
    });

    it("attaches the S3 endpoint to every route table of the VPC", () => {
        const tables = resources().filter(({ type }) => type === "aws:ec2/routeTable:RouteTable");
        const attached = only("aws:ec2/vpcEndpoint:VpcEndpoint").outputs!.routeTableIds as string[];
        assert.deepEqual([...attached].sort(), tables.map(({ id }) => id).sort());
    });

    it("has of the VPC's component what the official one has, also where nothing of the program reads it", () => {
        assert.equal(only("aws:ec2/vpcEndpoint:VpcEndpoint").inputs!.tags.Name, "main-vpc");
        const subnets = resources().filter(({ type }) => type === "aws:ec2/subnet:Subnet");
        assert.deepEqual(
            subnets.map(({ inputs }) => inputs!.assignIpv6AddressOnCreation),
            [false, false, false, false],
        );
    });

    it("keeps no password or token readable in the state", () => {
        const text = fs.readFileSync(checkout.stateFile(), "utf8");
        assert.ok(text.includes('"ciphertext"'));
        assert.ok(!text.includes("sandbox-token"), "the GitHub token is in the state");
        const image = only("docker-build:index:Image").inputs!;
        assert.ok(JSON.stringify(image.registries).includes("ciphertext"), JSON.stringify(image.registries));
    });

    it("changes nothing in a second up", async () => {
        const run = await succeed("sandbox:up -- --expect-no-changes");
        console.log(`      up without a change: ${run.seconds.toFixed(0)} s`);
    });

    it("changes nothing in a preview, nor after files were checked out with another umask", async () => {
        fs.chmodSync(checkout.path("app/public/index.html"), 0o664);
        await succeed("sandbox:preview -- --expect-no-changes");
    });

    it("leaves out what the stack's file says of accounts, and says so", async () => {
        checkout.configure("aws:profile", "team");
        checkout.configure("github:token", { secure: "v1:abc" });
        const { output } = await succeed("sandbox:preview -- --expect-no-changes");
        assert.match(output, /^aws:profile is about an account of yours, and is left out/m);
        assert.match(output, /^github:token is about an account of yours, and is left out/m);
        checkout.configure("aws:profile", undefined);
        checkout.configure("github:token", undefined);
    });

    it("previews a change of memory without making it, and then changes the task definition and nothing else", async () => {
        checkout.configure("fargate-cicd:memory", 1024);
        const before = checkout.state();
        const previewed = await succeed("sandbox:preview");
        assert.deepEqual(changedTypes(previewed.output), ["aws:ecs:TaskDefinition"]);
        assert.deepEqual(checkout.state(), before);

        const container = (await containersOf(checkout))[0]!.id;
        const run = await succeed("sandbox:up");
        assert.deepEqual(changedTypes(run.output), ["aws:ecs:TaskDefinition"]);
        assert.deepEqual(
            (await containersOf(checkout)).map(({ id }) => id),
            [container],
        );
    });

    it("releases nothing on an edit of app/ while the pipeline owns the releases", async () => {
        const before = (await fetchPage(output("url"))).body;
        checkout.edit("app/public/index.html", (html) => html.replace("</h1>", ", edited</h1>"));
        await succeed("sandbox:up");
        assert.equal((await fetchPage(output("url"))).body, before);
    });

    it("releases an edit of app/ with up where releasedBy is pulumi, and takes it back", async () => {
        checkout.configure("fargate-cicd:releasedBy", "pulumi");
        await succeed("sandbox:up");
        assert.match((await fetchPage(output("url"))).body, /CICD test, edited</);
        checkout.edit("app/public/index.html", (html) => html.replace(", edited</h1>", "</h1>"));
        await succeed("sandbox:up");
        assert.match((await fetchPage(output("url"))).body, /CICD test</);
    });

    it("moves the app to another port, in the same target groups, where releasedBy is pulumi", async () => {
        const groups = () =>
            resources()
                .filter(({ type }) => type === "aws:lb/targetGroup:TargetGroup")
                .map(({ id }) => id)
                .sort(); // an update changes their places in the state
        const before = groups();
        checkout.edit("app/Dockerfile", (text) => text.replace("Listen 8080", "Listen 9000"));
        checkout.configure("fargate-cicd:containerPort", 9000);
        await succeed("sandbox:up");
        assert.equal((await fetchPage(output("url"))).status, 200);
        assert.deepEqual(groups(), before);
    });

    it("lists every bad value at once and changes nothing", async () => {
        const before = checkout.state();
        checkout.configure("fargate-cicd:githubRepository", "shop");
        checkout.configure("fargate-cicd:containerPort", 70000);
        checkout.configure("fargate-cicd:natGateways", "two");
        const run = await checkout.run("sandbox:up");
        assert.equal(run.code, 1);
        assert.match(run.output, /Pulumi\.dev\.yaml has 3 invalid settings:/);
        assert.match(
            run.output,
            /githubRepository: expected .*, got "shop"\n +fix: pulumi config set githubRepository acme\/shop/,
        );
        assert.match(run.output, /containerPort: expected a whole number from 1 to 65535, got "70000"/);
        assert.match(run.output, /natGateways: expected "none" or "single" or "one-per-az", got "two"/);
        assert.doesNotMatch(run.output, /\n +at /, "a stack trace");
        assert.deepEqual(checkout.state(), before);
        checkout.configure("fargate-cicd:githubRepository", "OWNER/REPOSITORY");
        checkout.configure("fargate-cicd:containerPort", 9000);
        checkout.configure("fargate-cicd:natGateways", undefined);
    });

    it("goes on running where a tool does not match its checksum, which is said, and with that tool as it was", async () => {
        const sums = "sandbox/toolchain/pulumi/go.sum";
        const before = checkout.state();
        const [container] = await containersOf(checkout);
        let whole = "";
        checkout.edit(sums, (text) => {
            whole = text;
            return text.replace(/^(github\.com\/pulumi\/pulumi\/pkg\/v3 v\S+ h1:).{4}/m, "$1AAAA");
        });
        const { code, output: text } = await checkout.run("sandbox:up", { SANDBOX_OFFLINE: "1" });
        checkout.edit(sums, () => whole);
        assert.equal(code, 1, text);
        assert.match(text, /✗ Pulumi (engine|provider) .*pkg\/v3@v[\d.]+: checksum mismatch/s);
        assert.equal((await fetchPage(output("url"))).status, 200);
        assert.equal((await containersOf(checkout))[0]!.id, container!.id);
        assert.deepEqual(checkout.state(), before);
        await succeed("sandbox:preview -- --expect-no-changes");
    });

    it("refuses a wrong passphrase and loses nothing", async () => {
        const before = checkout.state();
        const run = await checkout.run("sandbox:up", { PULUMI_CONFIG_PASSPHRASE: "wrong" });
        assert.equal(run.code, 1);
        assert.match(run.output, /The passphrase is wrong/);
        assert.deepEqual(checkout.state(), before);
    });

    it("refuses a half-written state, names the copy to put back, and goes on from there", async () => {
        const file = checkout.stateFile();
        const whole = fs.readFileSync(file);
        fs.writeFileSync(file, whole.subarray(0, whole.length / 2));
        const run = await checkout.run("sandbox:up");
        assert.equal(run.code, 1);
        assert.match(run.output, /The state file .*dev\.json is damaged/);
        const command = /cp (\S+\.bak) (\S+)/.exec(run.output)!;
        fs.copyFileSync(command[1]!, command[2]!);
        await succeed("sandbox:up");
        assert.equal((await fetchPage(output("url"))).status, 200);
    });

    it("starts again from nothing after the AWS emulator was killed", async () => {
        process.kill(checkout.servicePid("aws"), "SIGKILL");
        const run = await succeed("sandbox:up");
        assert.match(run.output, /the AWS emulator was restarted/);
        assert.equal((await fetchPage(output("url"))).status, 200);
        await succeed("sandbox:up -- --expect-no-changes");
    });

    it("destroys everything: nothing on AWS or GitHub, no container, no process, no state", async () => {
        const run = await succeed("sandbox:destroy");
        console.log(`      destroy: ${run.seconds.toFixed(0)} s`);
        assert.match(run.output, /Left over: nothing/);
        assert.deepEqual(await containersOf(checkout), []);
        assert.deepEqual(checkout.processes(), []);
        for (const folder of [".sandbox", ".build"]) assert.ok(!fs.existsSync(checkout.path(folder)), folder);
    });
});
