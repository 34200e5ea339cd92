/** deploy.yml itself, run against the stack. The steps build on each other, in this order. */
import { ECS, type Task, type TaskDefinition } from "@aws-sdk/client-ecs";
import { IAM } from "@aws-sdk/client-iam";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cacheDir } from "../paths";
import { attestationsOf } from "./attestations";
import { root, rootOptions } from "../checkouts/awsClients";
import { containersOf, CopiedCheckout, fetchPage, visiting, type Run } from "../checkouts/copiedCheckout";
import { releaseKilledAt } from "./killed";

/** `host/repository:tag` */
const parse = (image: string) => /\/(?<repositoryName>.*):(?<imageTag>[^:]+)$/.exec(image)!.groups!;

describe("a release in the sandbox", () => {
    const checkout = new CopiedCheckout();
    const page = "app/public/index.html";
    const workflow = ".github/workflows/deploy.yml";
    const output = (name: string): string => checkout.state().deployment.resources[0].outputs[name];
    const served = async (path = "") => (await fetchPage(`${output("url")}/${path}`)).body;
    const succeed = (script: string, env?: Record<string, string>) => checkout.succeed(script, env);
    const versionOf = ({ output: text }: Run) => /^Version +([0-9a-f]{40})$/m.exec(text)?.[1];
    const revision = async (taskDefinition: string) =>
        (await new ECS(rootOptions).describeTaskDefinition({ taskDefinition })).taskDefinition!;
    const newest = () => revision("fargate-cicd-dev");
    const running = async () => {
        const name = { cluster: "fargate-cicd-dev", services: ["fargate-cicd-dev"] };
        const { taskDefinition } = (await new ECS(rootOptions).describeServices(name)).services![0]!;
        return revision(taskDefinition!);
    };
    const imageOf = ({ containerDefinitions }: TaskDefinition) => containerDefinitions![0]!.image;

    before(async () => {
        // With a list of what is in it an image is an index of two, which all that follows has to cope with.
        checkout.configure("fargate-cicd:imageSbom", true);
        checkout.configure("fargate-cicd:startSeconds", 0); // how long a release is given that never becomes healthy
        await succeed("sandbox:up");
    });
    after(() => checkout.remove());

    it("serves an edit of app/ under its commit within 30 s of its task's start, and no request fails meanwhile", async () => {
        checkout.edit(page, (html) => html.replace("</h1>", ", first release</h1>"));
        const answers: number[] = [];
        let seen = Infinity;
        const run = await visiting(output("url"), succeed("sandbox:release"), ({ status, body }) => {
            answers.push(status);
            if (body.includes(", first release<")) seen = Math.min(seen, Date.now());
        });
        const cluster = "fargate-cicd-dev";
        const { taskArns: tasks } = await root().ecs.listTasks({ cluster });
        const [{ startedAt }] = (await root().ecs.describeTasks({ cluster, tasks })).tasks as [Task];
        const seconds = (seen - startedAt!.getTime()) / 1000;
        console.log(
            `      new page ${seconds.toFixed(1)} s after its task's start; all of it ${run.seconds.toFixed(1)} s`,
        );
        assert.match(await served(), /CICD test, first release</);
        assert.match(run.output, /^ +SBOM scanner +(original +as Docker Hub|stand-in +Syft \d)/m);
        assert.equal((await served("version.txt")).trim(), versionOf(run));
        assert.ok(seconds < 30, `the new page ${seconds} s after its task's start`);
        assert.ok(answers.length > 50, `${answers.length} requests`);
        assert.deepEqual(new Set(answers), new Set([200]));
    });

    it("attests how the image was built, and what is in it, under the same tag", async () => {
        const { imageTag } = parse((await running()).containerDefinitions![0]!.image!);
        const attestations = await attestationsOf(output("repositoryUrl"), imageTag!);
        const types = attestations.map(({ predicateType }) => predicateType.replace(/v[\d.]+$/, ""));
        assert.deepEqual(types.sort(), ["https://slsa.dev/provenance/", "https://spdx.dev/Document"]);
        const sbom = attestations.find(({ predicateType }) => predicateType === "https://spdx.dev/Document")!;
        const packages = (sbom.predicate.packages as { name: string }[]).map(({ name }) => name);
        assert.ok(packages.includes("busybox"), packages.join(", "));
    });

    it("runs the same commit again without a second push, and with nothing of the user's AWS configuration", async () => {
        const home = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-home-"));
        fs.mkdirSync(path.join(home, ".aws"));
        for (const file of ["config", "credentials"]) {
            fs.writeFileSync(path.join(home, ".aws", file), "no tool can read this\n");
        }
        const user = { HOME: home, XDG_CACHE_HOME: path.dirname(cacheDir), AWS_PROFILE: "production" };
        const run = await succeed("sandbox:release", user);
        fs.rmSync(home, { recursive: true });
        assert.match(run.output, /exists=true/);
        assert.doesNotMatch(run.output, /Run Main Build and push/);
        assert.equal((await served("version.txt")).trim(), versionOf(run));
    });

    it("is refused where what is live is newer, as for a run that a reviewer lets through too late", async () => {
        const older = (await served("version.txt")).trim();
        checkout.edit(page, (html) => html.replace("</body>", "<!-- newer -->$&"));
        const newer = versionOf(await succeed("sandbox:release"))!;
        checkout.edit(page, (html) => html.replace("<!-- newer -->", ""));
        const git = (...args: string[]) =>
            execFileSync("git", ["--git-dir", checkout.path(".sandbox/workflow/repository.git"), ...args]);
        git("branch", "other", newer); // the branch goes back to the older commit, and so does what is pushed
        git("update-ref", "refs/heads/main", older);
        const run = await checkout.run("sandbox:release");
        assert.equal(run.code, 1, run.output);
        assert.match(
            run.output,
            new RegExp(
                `See that nothing newer is live: fargate-cicd-dev runs ${newer}, which is newer than this run's`,
            ),
        );
        assert.equal((await served("version.txt")).trim(), newer);
        git("update-ref", "refs/heads/main", newer);
    });

    it("leaves the revision its tags, and nothing for up to change", async () => {
        const { taskDefinitionArn } = await running();
        const { tags } = await new ECS(rootOptions).listTagsForResource({ resourceArn: taskDefinitionArn });
        assert.deepEqual(
            new Set(tags?.map(({ key, value }) => `${key}=${value}`)),
            new Set(["Project=fargate-cicd", "Stack=dev", "ManagedBy=pulumi"]),
        );
        const [before] = await containersOf(checkout);
        await succeed("sandbox:up");
        assert.deepEqual(await containersOf(checkout), [before]);
        assert.equal((await running()).taskDefinitionArn, taskDefinitionArn);
        await succeed("sandbox:up -- --expect-no-changes");
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
            assert.match(
                run.output,
                /The release failed:\n +Follow the deployment: fargate-cicd-dev:\d+ is not live\. ROLLBACK_SUCCESSFUL: Service deployment rolled back because the circuit breaker threshold was exceeded\. Task [\w-]+: /,
            );
            const version = (await served("version.txt")).trim();
            assert.match(run.output, new RegExp(`serves as before the version ${version}`));
            assert.equal(await served(), before);
            assert.match(run.output, / again: scheduled tasks run no fargate-cicd-dev:\d+\./);
            assert.equal(imageOf(await newest()), imageOf(await running()));
            fs.writeFileSync(checkout.path("app/Dockerfile"), dockerfile);
        });
    }

    /** What a release says after an edit of the workflow that makes it fail. */
    async function withWorkflow(change: (yaml: string) => string): Promise<string> {
        const text = fs.readFileSync(checkout.path(workflow), "utf8");
        checkout.edit(workflow, change);
        assert.notEqual(fs.readFileSync(checkout.path(workflow), "utf8"), text);
        const run = await checkout.run("sandbox:release");
        fs.writeFileSync(checkout.path(workflow), text);
        assert.equal(run.code, 1, run.output);
        return run.output;
    }

    it("refuses an input that a stand-in does not know, by its name", async () => {
        assert.match(
            await withWorkflow((yaml) => yaml.replace("push: true", "push: true\n          squash: true")),
            /Build and push: the stand-in does not know the input squash/,
        );
        assert.match(
            await withWorkflow((yaml) => yaml.replace(/( +)persist-credentials:/, "$1lfs: true\n$&")),
            /Check out: the stand-in does not know the input lfs/,
        );
        assert.match(
            await withWorkflow((yaml) => yaml.replace(/cache-to: type=gha.+/, "cache-to: type=registry,ref=cache")),
            /Build and push: the stand-in knows no cache-to but type=gha/,
        );
    });

    it("fails like the workflow would on GitHub: without the token, the checkout, the branch, or an action", async () => {
        assert.match(
            await withWorkflow((yaml) => yaml.replace(/ +id-token: write.*\n/, "")),
            /Assume the deploy role: Credentials could not be loaded, please check your action inputs: Could not load credentials/,
        );
        assert.match(
            await withWorkflow((yaml) => yaml.replace(/ +- \*checkout\n/, "")),
            /The release failed:\n +Find the commit/,
        );
        assert.match(
            await withWorkflow((yaml) => yaml.replace("branches: [main]", "branches: [release]")),
            /runs for pushes to release only, and the stack's githubBranch is main/,
        );
        assert.match(
            await withWorkflow((yaml) => yaml.replace("docker/setup-buildx-action", "docker/setup-qemu-action")),
            /uses docker\/setup-qemu-action@[0-9a-f]{40}, for which the sandbox has no stand-in/,
        );
    });

    it("takes the actions from another folder, and gives the same result", async () => {
        fs.cpSync(checkout.path("sandbox/actions"), checkout.path("elsewhere"), { recursive: true });
        const action = checkout.path("elsewhere/docker/build-push-action");
        fs.renameSync(action, `${action}.away`);
        const missing = await checkout.run("sandbox:release -- --official-actions=elsewhere");
        assert.equal(missing.code, 1);
        assert.match(missing.output, /uses docker\/build-push-action@[0-9a-f]{40}, and \S+ has no action\.yml/);
        fs.renameSync(`${action}.away`, action);
        const run = await succeed("sandbox:release -- --official-actions=elsewhere");
        assert.equal((await served("version.txt")).trim(), versionOf(run));
        fs.rmSync(checkout.path("elsewhere"), { recursive: true });
    });

    it("leaves nothing running where it was killed, and can be repeated", async () => {
        for (const when of [/Run Main Build and push/, /Run Main Roll out/]) {
            checkout.edit(page, (html) => html.replace("</h1>", "!</h1>"));
            await releaseKilledAt(checkout, when);
            const run = await succeed("sandbox:release");
            assert.equal((await served("version.txt")).trim(), versionOf(run));
            assert.deepEqual(
                checkout.processes().filter((line) => /\/act /.test(line)),
                [],
            );
        }
    });

    it("refuses options of other commands", async () => {
        for (const option of ["--diff", "--as-pull-request"]) {
            const run = await checkout.run(`sandbox:release -- ${option}`);
            assert.equal(run.code, 1);
            assert.match(
                run.output,
                /Unknown option .*This command takes --stack=…, --official-actions=…, --approve=…, --rerun, --commit=…, --environment=…, after/s,
            );
        }
    });

    it("is previewed with the credentials of a pull request, and not without its permissions", async () => {
        const run = await succeed("sandbox:preview -- --as-pull-request");
        assert.match(run.output, /\d+ unchanged/);
        checkout.configure("fargate-cicd:memory", 2048);
        const changed = await succeed("sandbox:preview -- --as-pull-request");
        assert.match(changed.output, /aws:ecs:TaskDefinition +main +replace/);
        const iam = new IAM(rootOptions);
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
