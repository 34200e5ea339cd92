import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { lastReleases } from "../tools/releases/releases";
import { report } from "../tools/releases/report";
import { projectFolder } from "./settings";

const commit = "0123456789abcdef0123456789abcdef01234567";
const run = "https://github.com/acme/shop/actions/runs/42";
const definition = (number: number) => `arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:${number}`;

/** A service whose deployments were of these revisions, the oldest first, and ended so. */
function service(current: number, ...ended: (readonly [revision: number, status: string, reason?: string])[]) {
    const deployments = ended.map(([revision, status, statusReason], index) => ({
        createdAt: new Date(Date.UTC(2026, 0, 1, index)),
        targetServiceRevisionArn: `revision/${revision}`,
        status,
        statusReason,
    }));
    const containerOf = (arn: string) =>
        arn === definition(1)
            ? { image: "registry/shop@sha256:0" }
            : { image: `registry/shop:${commit}-X64`, dockerLabels: { run } };
    return {
        // ECS promises no order, and tells them in pages.
        listServiceDeployments: async ({ nextToken }: { nextToken?: string }) =>
            nextToken
                ? { serviceDeployments: deployments.slice(1) }
                : { serviceDeployments: deployments.slice(0, 1), nextToken: "more" },
        describeServiceRevisions: async ({ serviceRevisionArns: arns }: { serviceRevisionArns: string[] }) => ({
            serviceRevisions: arns.map((arn) => ({
                serviceRevisionArn: arn,
                taskDefinition: definition(Number(arn.split("/")[1])),
            })),
        }),
        describeServices: async () => ({ services: [{ taskDefinition: definition(current) }] }),
        describeTaskDefinition: async ({ taskDefinition }: { taskDefinition: string }) => ({
            taskDefinition: { containerDefinitions: [containerOf(taskDefinition)] },
        }),
    } as unknown as Parameters<typeof lastReleases>[0];
}

describe("the list of releases", () => {
    it("tells when, of which commit, by which run and how each ended, and which is live", async () => {
        const ecs = service(2, [1, "SUCCESSFUL"], [2, "SUCCESSFUL"], [3, "ROLLBACK_SUCCESSFUL", "It did not start."]);
        const releases = await lastReleases(ecs, "shop", "shop", 10);
        assert.deepEqual(report("shop", releases).split("\n"), [
            "The last releases of shop",
            "",
            `   when (UTC)        commit        revision  by${" ".repeat(42)}  how it ended`,
            `   2026-01-01 02:00  0123456789ab  shop:3    ${run}  ROLLBACK_SUCCESSFUL: It did not start.`,
            `→  2026-01-01 01:00  0123456789ab  shop:2    ${run}  SUCCESSFUL, live`,
            `   2026-01-01 00:00                shop:1    pulumi up${" ".repeat(35)}  SUCCESSFUL`,
        ]);
    });

    it("marks of a revision that was released twice the later time, and asks for no more than is shown", async () => {
        const ecs = service(2, [2, "SUCCESSFUL"], [3, "SUCCESSFUL"], [2, "SUCCESSFUL"], [4, "IN_PROGRESS"]);
        const live = (await lastReleases(ecs, "shop", "shop", 10)).map((each) => each.live);
        assert.deepEqual(live, [false, true, false, false]);
        assert.equal((await lastReleases(ecs, "shop", "shop", 2)).length, 2);
    });

    it("is asked for of a stack that has a service, by a Pulumi that is there, and of a number that ECS takes", () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-pulumi-"));
        const refusal = (...args: string[]) => {
            const main = ["-r", "./tools/transpile.js", "tools/releases/main.ts", ...args];
            const env = { PATH: folder };
            const { status, stderr } = spawnSync(process.execPath, main, { cwd: projectFolder, env, encoding: "utf8" });
            assert.equal(status, 1);
            return stderr.trim();
        };
        assert.match(refusal(), /^pulumi cannot be run: .*ENOENT$/);
        fs.writeFileSync(path.join(folder, "pulumi"), "#!/bin/sh\necho {}\n", { mode: 0o755 });
        assert.equal(refusal("--stack", "dev"), "The stack has no service yet: `pulumi up` makes it.");
        fs.writeFileSync(path.join(folder, "pulumi"), '#!/bin/sh\necho "error: no stack named $5" >&2\nexit 255\n');
        assert.equal(refusal("--stack", "dev"), "error: no stack named dev");
        for (const count of ["0", "21", "some"]) {
            assert.equal(refusal("--count", count), `--count: expected a number from 1 to 20, got "${count}"`);
        }
        fs.rmSync(folder, { recursive: true });
    });

    it("says so where there is none", async () => {
        assert.deepEqual(await lastReleases(service(1), "shop", "shop", 10), []);
        assert.equal(report("shop", []), "shop has no release that AWS remembers.");
    });
});
