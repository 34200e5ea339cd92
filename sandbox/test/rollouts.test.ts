/**
 * Releases by each strategy on the stack's own service, as a pipeline makes them, with a client that asks without pause. One stack,
 * whose `rollout` changes while it serves; a minute of ECS and CloudWatch lasts a second.
 */
import type { ServiceDeployment } from "@aws-sdk/client-ecs";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./awsClients";
import { CopiedCheckout, fetchPage } from "./copiedCheckout";

const name = "fargate-cicd-dev";
const threshold = /^Service deployment rolled back because the circuit breaker threshold was exceeded\.$/;
const alarm = /^Service deployment rolled back because an alarm was detected\.$/;

/** By how many points the share of requests that are dealt out by chance may differ from `percent`: four standard deviations. */
const deviation = (percent: number, requests: number) => 4 * Math.sqrt((percent * (100 - percent)) / requests);

/** What a container does in place of the app: which version it is, is at /release.txt. */
const httpd = "exec httpd-foreground";
const opened = ["Alias /release.txt /tmp/release.txt", "<Directory /tmp>", "Require all granted", "</Directory>"];
const serving = (version: string) =>
    `echo ${version} > /tmp/release.txt && ${httpd} ${opened.map((line) => `-c '${line}'`).join(" ")}`;
const broken = { exits: "exit 1", "never becomes healthy": "exec sleep 600" };
const failing = `${httpd} -c 'RedirectMatch 500 ^/release.txt'`;

describe("releases by rolling, blue/green, canary and linear", function () {
    this.timeout(180_000);
    const checkout = new CopiedCheckout();
    const { cloudwatch, ecs } = root();
    const ofService = { cluster: name, service: name };
    let live = "";
    let releases = 0;

    const url = (): string => checkout.state().deployment.resources[0].outputs.url;
    const weights = async (): Promise<readonly (number | undefined)[]> => {
        const { Rules } = await root().elb.describeRules({ RuleArns: [outputsOf("main-production-http").arn] });
        const { TargetGroups = [] } = Rules![0]!.Actions![0]!.ForwardConfig!;
        return ["main", "main-alternate"].map(
            (group) => TargetGroups.find((each) => each.TargetGroupArn === outputsOf(group, "TargetGroup").arn)?.Weight,
        );
    };
    const outputsOf = (logicalName: string, kind = "ListenerRule"): Record<string, any> =>
        checkout
            .state()
            .deployment.resources.find(({ type, urn }) => type.endsWith(`:${kind}`) && urn.endsWith(`::${logicalName}`))
            .outputs;

    async function newest(): Promise<ServiceDeployment> {
        const { serviceDeployments } = await ecs.listServiceDeployments(ofService);
        const serviceDeploymentArns = [serviceDeployments![0]!.serviceDeploymentArn!];
        return (await ecs.describeServiceDeployments({ serviceDeploymentArns })).serviceDeployments![0]!;
    }
    const shareOf = (deployment: ServiceDeployment) =>
        deployment.targetServiceRevision!.requestedProductionTrafficWeight;

    /** Registers a revision as the pipeline does, from the latest, and rolls it out. */
    async function release(command: string): Promise<void> {
        for (let left = 200; left > 0; left--) {
            const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: [`${name}-app-errors`] });
            if (MetricAlarms![0]!.StateValue === "OK") break;
            await sleep(100); // one that is raised is not watched
        }
        const { taskDefinition: latest } = await ecs.describeTaskDefinition({ taskDefinition: name });
        const [container] = latest!.containerDefinitions!;
        const { taskDefinition } = await ecs.registerTaskDefinition({
            family: name,
            cpu: latest!.cpu,
            memory: latest!.memory,
            networkMode: latest!.networkMode,
            requiresCompatibilities: latest!.requiresCompatibilities,
            executionRoleArn: latest!.executionRoleArn,
            taskRoleArn: latest!.taskRoleArn,
            runtimePlatform: latest!.runtimePlatform,
            containerDefinitions: [{ ...container!, command: ["sh", "-c", command] }],
        });
        await ecs.updateService({ ...ofService, taskDefinition: taskDefinition!.taskDefinitionArn });
    }
    async function atShare(percent: number): Promise<void> {
        for (let left = 900; shareOf(await newest()) !== percent; left--) {
            assert.ok(left > 0, `the new version never has ${percent} %`);
            await sleep(20);
        }
    }
    async function ended(): Promise<ServiceDeployment> {
        for (let left = 900; left > 0; left--) {
            const deployment = await newest();
            if (deployment.finishedAt) return deployment;
            await sleep(50);
        }
        throw new Error("the deployment does not end");
    }

    interface Answers {
        /** By version, or by what went wrong. */
        readonly counts: Record<string, number>;
        /** The shares of the new version, by what ECS said to be its share while they were counted. */
        readonly measured: Map<number, { of: number; all: number }>;
    }
    /** Asks without pause, three requests at a time, while `work` goes on. */
    async function whileAsking(work: () => Promise<unknown>): Promise<Answers> {
        const counts: Record<string, number> = {};
        const measured = new Map<number, { of: number; all: number }>();
        const before = live;
        let share: number | undefined;
        let working = true;
        const looking = (async () => {
            while (working) {
                const deployment = await newest();
                share = deployment.finishedAt ? undefined : shareOf(deployment);
                await sleep(50);
            }
        })();
        const asking = [1, 2, 3].map(async () => {
            while (working) {
                const told = share;
                const { status, body } = await fetchPage(`${url()}/release.txt`).catch((error: Error) => ({
                    status: 0,
                    body: error.message,
                }));
                const answer = status === 200 ? body.trim() : String(status || body);
                counts[answer] = (counts[answer] ?? 0) + 1;
                if (told !== undefined && told === share) {
                    const seen = measured.get(told) ?? { of: 0, all: 0 };
                    measured.set(told, { of: seen.of + (answer === before ? 0 : 1), all: seen.all + 1 });
                }
            }
        });
        await work().finally(() => (working = false));
        await Promise.all([looking, ...asking]);
        return { counts, measured };
    }

    /** A release that ends well, which every visitor gets a page of. */
    async function goesLive(): Promise<Answers["measured"]> {
        const [before, next] = [live, `release-${++releases}`];
        const { counts, measured } = await whileAsking(async () => {
            await release(serving(next));
            assert.equal((await ended()).status, "SUCCESSFUL");
            await sleep(300);
        });
        live = next;
        assert.deepEqual(Object.keys(counts).sort(), [before, next].sort(), JSON.stringify(counts));
        assert.equal((await fetchPage(`${url()}/release.txt`)).body.trim(), next);
        return measured;
    }
    /** Holds what was measured while ECS said a share against that share. */
    function assertShares(measured: Answers["measured"], expected: readonly number[]): void {
        for (const percent of expected) {
            const { of = 0, all = 0 } = measured.get(percent) ?? {};
            assert.ok(all >= 50, `${percent} %: only ${all} requests`);
            const share = (100 * of) / all;
            assert.ok(Math.abs(share - percent) <= deviation(percent, all), `${percent} %: ${of} of ${all}`);
            console.log(`      ${percent} %: ${share.toFixed(1)} % of ${all} requests`);
        }
    }
    /** Has ECS stay at the first share until something happens: how late an alarm comes depends on the machine. */
    async function stayingThere(work: () => Promise<unknown>): Promise<void> {
        const { services } = await ecs.describeServices({ cluster: name, services: [name] });
        const { deploymentConfiguration } = services![0]!;
        const { canaryConfiguration: canary, linearConfiguration: linear } = deploymentConfiguration!;
        const long = {
            ...deploymentConfiguration,
            bakeTimeInMinutes: 60,
            canaryConfiguration: canary && { ...canary, canaryBakeTimeInMinutes: 60 },
            linearConfiguration: linear && { ...linear, stepBakeTimeInMinutes: 60 },
        };
        await ecs.updateService({ ...ofService, deploymentConfiguration: long });
        await work().finally(() => ecs.updateService({ ...ofService, deploymentConfiguration }));
    }
    async function changeTo(rollout: string, others: Record<string, number> = {}): Promise<void> {
        checkout.configureAll({ rollout, ...others });
        const { counts } = await whileAsking(() => checkout.succeed("sandbox:up"));
        assert.deepEqual(Object.keys(counts), [live], JSON.stringify(counts));
    }

    before("npm run sandbox:up", async () => {
        checkout.configure("fargate-cicd:minTasks", 2);
        checkout.configure("fargate-cicd:startSeconds", 0);
        checkout.configure("fargate-cicd:bakeMinutes", 2);
        checkout.configure("fargate-cicd:rolloutTestPort", 9000);
        await checkout.succeed("sandbox:up");
        await release(serving("release-0"));
        assert.equal((await ended()).status, "SUCCESSFUL");
        live = "release-0";
    });
    after(() => checkout.remove());

    describe("with rolling", () => {
        it("roll on task by task, as before", async () => {
            await goesLive();
            assert.deepEqual(await weights(), [1, 0]);
        });
    });

    const gradual = [
        { rollout: "blue-green", settings: {}, shares: [100] },
        { rollout: "canary", settings: { rolloutPercent: 20, rolloutStepMinutes: 4 }, shares: [20, 100] },
        { rollout: "linear", settings: { rolloutPercent: 40, rolloutStepMinutes: 3 }, shares: [40, 80, 100] },
    ] as const;
    for (const { rollout, settings, shares } of gradual) {
        describe(`with ${rollout}`, () => {
            it("are what a running stack changes to in place, without a failed request", async () => {
                await changeTo(rollout, settings);
            });

            it("give the new version the share that is configured, and fail no request", async () => {
                assertShares(await goesLive(), shares);
            });

            const takenBack = async (command: string, why: RegExp, meanwhile = () => Promise.resolve()) => {
                const atFirst = await weights();
                const { counts } = await whileAsking(async () => {
                    await release(command);
                    await meanwhile();
                    const { status, statusReason } = await ended();
                    assert.equal(status, "ROLLBACK_SUCCESSFUL");
                    assert.match(statusReason!, why);
                });
                const serves = (all: Awaited<ReturnType<typeof weights>>) => all.map((weight) => weight! > 0);
                assert.deepEqual(serves(await weights()), serves(atFirst));
                const after = await whileAsking(() => sleep(500));
                assert.deepEqual(Object.keys(after.counts), [live], JSON.stringify(after.counts));
                return counts;
            };

            for (const [title, command] of Object.entries(broken)) {
                it(`take back a version that ${title}, which nobody ever sees`, async () => {
                    const counts = await takenBack(command, threshold);
                    assert.deepEqual(Object.keys(counts), [live], JSON.stringify(counts));
                });
            }

            it("take back a version that answers 5xx to its share, and to no more", async () => {
                await stayingThere(async () => {
                    const counts = await takenBack(failing, alarm);
                    assert.deepEqual(Object.keys(counts).sort(), ["500", live], JSON.stringify(counts));
                    const share = (100 * counts["500"]!) / (counts["500"]! + counts[live]!);
                    const most = shares[0] + deviation(shares[0], counts["500"]! + counts[live]!);
                    assert.ok(share <= most, `${share.toFixed(1)} % of the requests failed`);
                });
            });

            it("go back when they are stopped by hand, and fail no request", async () => {
                await stayingThere(async () => {
                    const counts = await takenBack(
                        serving("stopped"),
                        /because a rollback was requested\.$/,
                        async () => {
                            await atShare(shares[0]);
                            const { serviceDeploymentArn } = await newest();
                            await ecs.stopServiceDeployment({ serviceDeploymentArn, stopType: "ROLLBACK" });
                        },
                    );
                    assert.deepEqual(Object.keys(counts).sort(), [live, "stopped"].sort(), JSON.stringify(counts));
                });
            });

            it("go live when their run was killed in the middle and is started again, and fail no request", async () => {
                const next = `release-${++releases}`;
                const { counts } = await whileAsking(async () => {
                    await release(serving(next));
                    await atShare(shares[0]);
                    await release(serving(next)); // a run that is started again registers a revision of its own
                    assert.equal((await ended()).status, "SUCCESSFUL");
                });
                assert.deepEqual(Object.keys(counts).sort(), [live, next].sort(), JSON.stringify(counts));
                live = next;
                assert.equal((await fetchPage(`${url()}/release.txt`)).body.trim(), live);
            });
        });
    }

    describe("on a stack that is changed, or looked at, meanwhile", () => {
        it("go on while pulumi up runs, which leaves the shares to ECS", async () => {
            await release(serving("release-up"));
            await atShare(40);
            await checkout.succeed("sandbox:up -- --expect-no-changes");
            const { status } = await ended();
            assert.equal(status, "SUCCESSFUL");
            live = "release-up";
            assert.equal((await fetchPage(`${url()}/release.txt`)).body.trim(), live);
        });

        it("can be tried on the test port before visitors reach them", async () => {
            await release(serving("release-tested"));
            const tested = () => fetchPage(`${url().replace("http://", "http://9000.")}/release.txt`);
            while ((await tested()).body.trim() !== "release-tested") await sleep(20);
            assert.equal((await ended()).status, "SUCCESSFUL");
            live = "release-tested";
        });

        it("are rolling again, in whichever target group serves", async () => {
            await changeTo("rolling");
            const before = await weights();
            await goesLive();
            assert.deepEqual(await weights(), before);
        });
    });
});
