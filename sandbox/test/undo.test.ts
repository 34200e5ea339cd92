/**
 * What can stop a release before it is live, and how one is undone: the release command, the scan, and a commit to go back to. The
 * steps build on each other, in this order.
 */
import { ECS } from "@aws-sdk/client-ecs";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { asOnAws } from "./asOnAws";
import { attestationsOf } from "./attestations";
import { rootOptions } from "../checkouts/awsClients";
import { CopiedCheckout, fetchPage } from "../checkouts/copiedCheckout";
import { releaseKilledAt } from "./killed";
import { jobsOf, versionOf } from "../checkouts/twoStacks";

describe("a release that is held up or undone, in the sandbox", () => {
    const checkout = new CopiedCheckout();
    const page = "app/public/index.html";
    const names = { cluster: "fargate-cicd-dev", service: "fargate-cicd-dev" };
    const ecs = new ECS(rootOptions);
    const url = () => String(checkout.state().deployment.resources[0].outputs.url);
    const version = async () => (await fetchPage(`${url()}/version.txt`)).body.trim();
    const definition = async () =>
        (await ecs.describeServices({ cluster: names.cluster, services: [names.service] })).services![0]!
            .taskDefinition;
    const refused = (script: string) => checkout.fail(script);
    const edit = (text: string) => checkout.edit(page, (html) => html.replace("</body>", `<!-- ${text} -->$&`));
    const pushes = /Run Main Build and push/;
    const scans = /Run Main See that the scan finds nothing critical/;
    let first: string;
    let second: string;

    before(async () => {
        checkout.configure(
            "fargate-cicd:releaseCommand",
            JSON.stringify(["sh", "-c", "echo migrated to $(cat /usr/local/apache2/htdocs/version.txt)"]),
        );
        checkout.configure("fargate-cicd:imageScan", "block");
        await checkout.succeed("sandbox:up");
    });
    after(() => checkout.remove());

    it("has nothing to go back to before the first", async () => {
        const { output } = await refused("sandbox:release -- --commit 0123456");
        assert.match(output, /Nothing was released from main yet: npm run sandbox:release does\./);
    });

    /** The tasks that have run a release's command, by how it ended. */
    const commands = async () => {
        const { cluster, service: family } = names;
        const { taskArns } = await ecs.listTasks({ cluster, family, desiredStatus: "STOPPED" });
        const { tasks } = await ecs.describeTasks({ cluster, tasks: taskArns });
        return tasks!
            .filter(({ startedBy }) => startedBy?.startsWith("release/"))
            .map(({ containers }) => containers![0]!.exitCode);
    };

    it("runs the release command once in a task of the new version, and shows its log", async () => {
        const run = await checkout.succeed("sandbox:release");
        first = versionOf(run)!;
        assert.match(run.output, new RegExp(`\\| migrated to ${first}\n`));
        assert.ok(run.output.indexOf("migrated to") < run.output.indexOf("Run Main Roll out"));
        assert.equal(await version(), first);
        assert.deepEqual(await commands(), [0]);
        assert.match(run.output, /\| ECS \| SUCCESSFUL \|/);
        assert.match(run.output, /\| Revision \| `fargate-cicd-dev:2` \|/);
    });

    it("runs no command again that has succeeded, where its run was killed after it and is run again", async () => {
        edit("killed");
        await releaseKilledAt(checkout, /Run Main Roll out/);
        assert.deepEqual(await commands(), [0, 0]);
        const run = await checkout.succeed("sandbox:release -- --rerun");
        first = versionOf(run)!;
        assert.match(run.output, /Task [\w-]+ has run it for this release already\.\n/);
        assert.doesNotMatch(run.output, /migrated to/);
        assert.deepEqual([await commands(), await version()], [[0, 0], first]);
    });

    it("rolls nothing out where the release command fails", async () => {
        const before = await definition();
        checkout.configure("fargate-cicd:releaseCommand", JSON.stringify(["sh", "-c", "echo no such table; exit 3"]));
        await checkout.succeed("sandbox:up");
        edit("second");
        const { output } = await refused("sandbox:release");
        assert.match(output, /\| no such table\n/);
        assert.match(
            output,
            /The release failed:\n +Run the release command: The release command failed, and nothing was rolled out\. Task [\w-]+: .*; app exited with 3\n/,
        );
        assert.doesNotMatch(output, /Run Main Roll out/);
        assert.deepEqual([await definition(), await version()], [before, first]);
        checkout.configure("fargate-cicd:releaseCommand", undefined);
        await checkout.succeed("sandbox:up");
    });

    it("rolls nothing out in which the scan finds something critical", async () => {
        const dockerfile = fs.readFileSync(checkout.path("app/Dockerfile"), "utf8");
        const finding = 'LABEL fargate-cicd.sandbox.findings="CVE-2026-0001=CRITICAL CVE-2026-0002=LOW"';
        checkout.edit("app/Dockerfile", (text) => `${text}${finding}\n`);
        const { output } = await refused("sandbox:release");
        assert.match(
            output,
            /See that the scan finds nothing critical: ECR has found 1 critical in the image: CVE-2026-0001\. Nothing was rolled out\./,
        );
        assert.doesNotMatch(output, /Run Main (Register|Roll out)/);
        assert.equal(await version(), first);
        fs.writeFileSync(checkout.path("app/Dockerfile"), dockerfile);
        const run = await checkout.succeed("sandbox:release");
        second = versionOf(run)!;
        assert.equal(await version(), second);
    });

    it("refuses a commit that is none of the branch, and changes nothing", async () => {
        const before = await definition();
        const { output } = await refused(`sandbox:release -- --commit ${"f".repeat(40)}`);
        assert.match(
            output,
            new RegExp(`Find the commit: There is no commit ${"f".repeat(40)}\\. Nothing was changed\\.`),
        );
        assert.equal(await definition(), before);
    });

    it("goes back to a commit by the first digits of its hash, without a build or a look at its scan", async () => {
        const run = await checkout.succeed(`sandbox:release -- --commit ${first.slice(0, 9)}`);
        assert.deepEqual(jobsOf(run), { commit: "success", deploy: "success", dev: "skipped", prod: "skipped" });
        assert.doesNotMatch(run.output, pushes);
        assert.doesNotMatch(run.output, scans);
        assert.match(run.output, /No deployment of fargate-cicd-dev is under way/);
        assert.equal(await version(), first);
        await checkout.succeed("sandbox:up -- --expect-no-changes");
        assert.equal(await version(), first);
    });

    it("does not go back by a re-run from what a later run has released since", async () => {
        const live = (await definition())!;
        const { family, containerDefinitions, ...rest } = (await ecs.describeTaskDefinition({ taskDefinition: live }))
            .taskDefinition!;
        const { cpu, memory, networkMode, requiresCompatibilities, executionRoleArn, taskRoleArn, runtimePlatform } =
            rest;
        const [container] = containerDefinitions!;
        const run = container!.dockerLabels!.run!.replace(/\d+$/, (id) => String(Number(id) + 1));
        const { taskDefinition: later } = await ecs.registerTaskDefinition({
            ...{
                family,
                cpu,
                memory,
                networkMode,
                requiresCompatibilities,
                executionRoleArn,
                taskRoleArn,
                runtimePlatform,
            },
            containerDefinitions: [
                { ...container!, image: container!.image!.replace(first, second), dockerLabels: { run } },
            ],
        });
        const { taskDefinitionArn: taskDefinition } = later!;
        await ecs.updateService({ ...names, taskDefinition });
        const { output } = await refused("sandbox:release -- --rerun");
        const said = `fargate-cicd-dev runs what a later run has released, ${run}. Nothing was changed.`;
        assert.ok(output.includes(`See that nothing newer is live: ${said}`), output);
        assert.equal(await definition(), taskDefinition);
        await ecs.updateService({ ...names, taskDefinition: live });
        await ecs.deregisterTaskDefinition({ taskDefinition });
        for (let left = 300, over = false; !over; left--, await sleep(200)) {
            const [service] = (await ecs.describeServices({ cluster: names.cluster, services: [names.service] }))
                .services!;
            over = service!.deployments!.length === 1 && service!.runningCount === 1;
            assert.ok(left > 0, "the former revision does not come back");
        }
    });

    it("releases a commit that is newer than what is live like any other, and so the next push", async () => {
        const run = await checkout.succeed(`sandbox:release -- --commit ${second}`);
        assert.doesNotMatch(run.output, pushes);
        assert.match(run.output, scans);
        assert.equal(await version(), second);
        edit("third");
        const next = await checkout.succeed("sandbox:release");
        assert.equal(await version(), versionOf(next));
    });

    it("takes back a release that is under way, whose run was ended for it, and builds an image that is gone", async () => {
        const live = await version();
        const breaker = (enable: boolean) => {
            const deploymentConfiguration = { deploymentCircuitBreaker: { enable, rollback: enable } };
            return ecs.updateService({ ...names, deploymentConfiguration });
        };
        await breaker(false); // which would take it back before the next run does
        checkout.edit("app/Dockerfile", (text) => `${text}CMD ["sh", "-c", "sleep 600"]\n`); // never healthy, and not dead either
        await releaseKilledAt(checkout, /IN_PROGRESS: /, async () => {
            const { output: status } = await checkout.succeed("sandbox:status"); // while another command runs
            assert.match(
                status,
                new RegExp(`^Live: fargate-cicd-dev:\\d+ since .*\n  commit +${live.slice(0, 12)} by http`, "m"),
            );
            assert.match(status, /^Deployment under way since .+: IN_PROGRESS, \d of 1 tasks running$/m);
        });
        assert.equal(await version(), live);

        const { ECR } = await import("@aws-sdk/client-ecr");
        const repositoryName = "fargate-cicd-dev";
        const ecr = new ECR(rootOptions);
        const { imageDetails } = await ecr.describeImages({ repositoryName });
        const [gone, ...more] = imageDetails!.filter((each) => each.imageTags?.some((tag) => tag.startsWith(second)));
        assert.deepEqual(more, []);
        const { imageDigest, imageTags } = gone!;
        assert.ok(
            imageTags!.includes(imageDigest!.replace("sha256:", "live-")),
            "it was live before others were pushed",
        );
        await ecr.batchDeleteImage({ repositoryName, imageIds: [{ imageDigest }] });
        const run = await checkout.succeed(`sandbox:release -- --commit ${second}`);
        await breaker(true);
        assert.match(run.output, /ROLLBACK_SUCCESSFUL: /);
        assert.match(run.output, pushes);
        assert.equal(await version(), second);

        // What attests to it names the commit that it was built of, not the branch's tip.
        const { repositoryUrl } = checkout.state().deployment.resources[0].outputs;
        const tag = imageTags!.find((each) => each.startsWith(second))!;
        const [provenance, ...others] = await attestationsOf(repositoryUrl, tag);
        assert.match(JSON.stringify(provenance), new RegExp(`"revision":"${second}"`));
        assert.deepEqual(others, []);
    });

    it("lists what was released, how it ended and what is live, from AWS alone", async () => {
        const { output } = await checkout.succeed("sandbox:releases -- --count 20");
        const lines = output.split("\n").filter((line) => /fargate-cicd-dev:\d/.test(line));
        assert.equal(lines.filter((line) => line.startsWith("→")).length, 1, output);
        assert.match(lines[0]!, new RegExp(`^→ .* ${second.slice(0, 12)} .*/actions/runs/\\d+ +SUCCESSFUL, live$`));
        assert.match(lines[1]!, / ROLLBACK_SUCCESSFUL: Service deployment rolled back because /);
        assert.match(lines.at(-1)!, / pulumi up +SUCCESSFUL$/);
        const there = await checkout.succeed("releases -- --stack dev --count 20", asOnAws(checkout));
        assert.equal(there.output.trim(), output.trim());
    });

    it("says how it is on one screen, after a release that was taken back: what is live, its tasks, and why some stopped", async () => {
        const { output } = await checkout.succeed("status -- --stack dev", asOnAws(checkout));
        assert.match(output, /^fargate-cicd-dev in ap-northeast-1, \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m);
        assert.match(
            output,
            new RegExp(`^Live: fargate-cicd-dev:\\d+ since .*\n  commit +${second.slice(0, 12)} by http`, "m"),
        );
        assert.ok(output.includes(`  address  ${url()}\n`), output);
        assert.match(
            output,
            /^Tasks: 1 desired, 1 running, 0 pending\n(?: {2}.*\n)+ {2}\w{8} .* ap-northeast-1\w +RUNNING +healthy +/m,
        );
        assert.match(output, /^Stopped in the last hour: \d+\n {2}\w{8} +fargate-cicd-dev:\d+ +\d{4}-/m);
        assert.match(output, /^Alarms: \d raised of 7$/m);
        assert.match(
            output,
            /^The last releases\n(.*\n)*.* ROLLBACK_SUCCESSFUL: Service deployment rolled back because /m,
        );
        assert.doesNotMatch(output, /under way/);
        assert.match((await checkout.succeed("sandbox:destroy")).output, /Left over: nothing/);
    });
});
