import { ClientException } from "@aws-sdk/client-ecs";
import assert from "node:assert/strict";
import { lastReleases } from "../tools/operations/releases";
import { report } from "../tools/operations/releasesReport";

const commit = "0123456789abcdef0123456789abcdef01234567";
const run = "https://github.com/acme/shop/actions/runs/42";
/** The number of a revision that is deleted: of one, DescribeTaskDefinition knows nothing (hashicorp/terraform-provider-aws#29749). */
const deleted = 9;
const definition = (number: number) => `arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:${number}`;

/**
 * ECS's answers about a service whose deployments were of these revisions, the oldest first, and ended so; what is under way has a share of
 * the requests where they are shifted, and tasks where they are replaced.
 */
function service(
    ...ended: (readonly [revision: number, status: string, reason?: string, share?: number, tasks?: object])[]
) {
    const deployments = ended.map(([revision, status, statusReason], index) => ({
        serviceDeploymentArn: `deployment/${index}`,
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
        describeServiceDeployments: async ({ serviceDeploymentArns: [arn] }: { serviceDeploymentArns: [string] }) => ({
            serviceDeployments: deployments
                .filter(({ serviceDeploymentArn }) => serviceDeploymentArn === arn)
                .map((deployment) => {
                    const [, , , share, tasks] = ended[deployments.indexOf(deployment)]!;
                    return {
                        ...deployment,
                        deploymentConfiguration: { strategy: share === undefined ? "ROLLING" : "CANARY" },
                        // That of a rolling one says nothing of visitors.
                        targetServiceRevision: { requestedProductionTrafficWeight: share ?? 100 },
                        ...tasks,
                    };
                }),
        }),
        describeServiceRevisions: async ({ serviceRevisionArns: arns }: { serviceRevisionArns: string[] }) => ({
            serviceRevisions: arns.map((arn) => ({
                serviceRevisionArn: arn,
                taskDefinition: definition(Number(arn.split("/")[1])),
            })),
        }),
        describeTaskDefinition: async ({ taskDefinition }: { taskDefinition: string }) => {
            if (taskDefinition === definition(deleted)) {
                const message = "Unable to describe task definition.";
                throw new ClientException({ message, $metadata: {} });
            }
            return { taskDefinition: { containerDefinitions: [containerOf(taskDefinition)] } };
        },
    } as unknown as Parameters<typeof lastReleases>[0];
}

describe("the list of releases", () => {
    it("tells when, of which commit, by which run and how each ended, and which is live", async () => {
        const ecs = service([1, "SUCCESSFUL"], [2, "SUCCESSFUL"], [3, "ROLLBACK_SUCCESSFUL", "It did not start."]);
        const { last } = await lastReleases(ecs, "shop", "shop", 10);
        assert.deepEqual(report("shop", last).split("\n"), [
            "The last releases of shop",
            "",
            `   when (UTC)        commit        revision  by${" ".repeat(42)}  how it ended`,
            `   2026-01-01 02:00  0123456789ab  shop:3    ${run}  ROLLBACK_SUCCESSFUL: It did not start.`,
            `→  2026-01-01 01:00  0123456789ab  shop:2    ${run}  SUCCESSFUL, live`,
            `   2026-01-01 00:00                shop:1    pulumi up${" ".repeat(35)}  SUCCESSFUL`,
        ]);
    });

    it("tells of a release whose revision is deleted what ECS still knows", async () => {
        const { last } = await lastReleases(service([deleted, "SUCCESSFUL"], [2, "SUCCESSFUL"]), "shop", "shop", 10);
        assert.deepEqual(report("shop", last).split("\n").slice(-2), [
            `→  2026-01-01 01:00  0123456789ab  shop:2    ${run}  SUCCESSFUL, live`,
            `   2026-01-01 00:00                shop:9    ?${" ".repeat(43)}  SUCCESSFUL`,
        ]);
        const denied = Object.assign(new Error("not authorized"), { name: "AccessDeniedException" });
        const ecs = { ...service([2, "SUCCESSFUL"]), describeTaskDefinition: () => Promise.reject(denied) };
        await assert.rejects(lastReleases(ecs, "shop", "shop", 10), denied);
    });

    it("marks of a revision that was released twice the later time, and asks for no more than is shown", async () => {
        const ecs = service([2, "SUCCESSFUL"], [3, "SUCCESSFUL"], [2, "SUCCESSFUL"], [4, "ROLLBACK_SUCCESSFUL"]);
        const { last } = await lastReleases(ecs, "shop", "shop", 10);
        assert.deepEqual(
            last.map((each) => each.live),
            [false, true, false, false],
        );
        assert.equal((await lastReleases(ecs, "shop", "shop", 2)).last.length, 2);
    });

    it("knows what is live while the next one is under way, and after more failures than are shown", async () => {
        const ecs = service(
            [7, "SUCCESSFUL"],
            [8, "ROLLBACK_SUCCESSFUL"],
            [9, "ROLLBACK_FAILED"],
            [10, "ROLLBACK_IN_PROGRESS"],
        );
        const { last, live, underWay } = await lastReleases(ecs, "shop", "shop", 2);
        assert.deepEqual(
            [last.length, live!.revision, live!.live, underWay!.serviceDeploymentArn],
            [2, "shop:7", true, "deployment/3"],
        );
        const over = await lastReleases(service([7, "SUCCESSFUL"], [8, "STOPPED"]), "shop", "shop", 2);
        assert.equal(over.underWay, undefined);
    });

    it("marks the one under way once it has all visitors, and tells its share until then", async () => {
        const lines = async (share: number) => {
            const shifting = service([7, "SUCCESSFUL"], [8, "IN_PROGRESS", undefined, share]);
            const { last, live } = await lastReleases(shifting, "shop", "shop", 2);
            const ends = report("shop", last).split("\n").slice(3);
            return [live!.revision, ...ends.map((line) => line.replace(/ .*  /, " "))];
        };
        assert.deepEqual(await lines(20), ["shop:7", " IN_PROGRESS, 20 % of the requests", "→ SUCCESSFUL, live"]);
        assert.deepEqual(await lines(100), ["shop:8", "→ IN_PROGRESS, 100 % of the requests, live", " SUCCESSFUL"]);
    });

    // "How CloudWatch alarms detect Amazon ECS deployment failures": ECS watches on once the new tasks run and the old ones are gone.
    it("marks a rolling one that is under way once its tasks alone are there, unless it is taken back", async () => {
        const live = async (target: object, sources: object[] | undefined, status = "IN_PROGRESS") => {
            const tasks = { status, targetServiceRevision: target, sourceServiceRevisions: sources };
            const rolling = service([7, "SUCCESSFUL"], [8, status, undefined, undefined, tasks]);
            return (await lastReleases(rolling, "shop", "shop", 2)).live!.revision;
        };
        const all = { requestedTaskCount: 2, runningTaskCount: 2 };
        assert.equal(await live(all, [{ runningTaskCount: 0 }, {}]), "shop:8");
        assert.equal(await live({ ...all, runningTaskCount: 3 }, undefined), "shop:8");
        assert.equal(await live(all, [{ runningTaskCount: 0 }, { runningTaskCount: 1 }]), "shop:7");
        assert.equal(await live({ ...all, runningTaskCount: 1 }, []), "shop:7");
        assert.equal(await live({ requestedTaskCount: 0, runningTaskCount: 0 }, []), "shop:7");
        assert.equal(await live({}, []), "shop:7");
        assert.equal(await live(all, [], "ROLLBACK_IN_PROGRESS"), "shop:7");
    });

    it("says so where there is none", async () => {
        assert.deepEqual(await lastReleases(service(), "shop", "shop", 10), {
            ...{ last: [], live: undefined, underWay: undefined },
        });
        assert.equal(report("shop", []), "shop has no release that AWS remembers.");
    });
});
