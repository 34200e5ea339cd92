/**
 * Releases by each strategy on the stack's own service, as a pipeline makes them, with a client that asks all the time. One stack,
 * whose `rollout` changes while it serves; a minute of ECS and CloudWatch lasts a second.
 */
import type { ServiceDeployment } from "@aws-sdk/client-ecs";
import { SNS } from "@aws-sdk/client-sns";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { root, rootOptions } from "../checkouts/awsClients";
import { fetchPage, type Run } from "../checkouts/copiedCheckout";
import { Inbox } from "./inbox";
import { releaseKilledAt } from "./killed";
import { inverse, planOf, type Plan } from "./plans";
import { versionOf } from "../checkouts/twoStacks";
import { httpd, serving, shareOf, VisitedStack, type Answers } from "./visitedStack";

const called = "fargate-cicd-dev";
const reasons = {
    breaker: /^Service deployment rolled back because the circuit breaker threshold was exceeded\.$/,
    alarm: /^Service deployment rolled back because an alarm was detected\.$/,
    hand: /because a rollback was requested\.$/,
};

/** What a container does in place of the app, to no good. */
const broken = { exits: "exit 1", "never becomes healthy": "exec sleep 600" };
const failing = `${httpd} -c 'RedirectMatch 500 ^/release.txt'`;

/** What is planned where the service alone is another, and where it gets a listener for tests. */
const inPlace = ["~ aws:ecs:Service main"];
const withTestPort = [
    ...inPlace,
    "~ aws:iam:RolePolicy main-shift",
    "+ aws:lb:Listener main-test",
    "+ aws:lb:ListenerRule main-test-http",
    "+ aws:vpc:SecurityGroupIngressRule main-alb-test",
];

/** Milliseconds that tasks may take to start and to end, on a machine that has other things to do. */
const toStart = 30_000;
/** Milliseconds until a release is taken back at the latest: less than the minute for which `stayingThere` has it stay. */
const toGoBack = 55_000;
const durationOf = ({ createdAt, finishedAt }: ServiceDeployment) => finishedAt!.getTime() - createdAt!.getTime();

describe("releases by rolling, blue/green, canary and linear", () => {
    const stack = new VisitedStack();
    let inbox: Inbox;
    let releases = 0;

    const releaseFile = async (url: string) => (await fetchPage(`${url}/release.txt`)).body.trim();

    /** A release that ends well, which every visitor gets a page of. */
    async function goesLive(minutes?: number): Promise<Answers["measured"]> {
        const [before, next] = [stack.live, `release-${++releases}`];
        const { counts, measured } = await stack.whileAsking(async () => {
            await stack.release(serving(next));
            const deployment = await stack.ended();
            assert.equal(deployment.status, "SUCCESSFUL");
            if (minutes !== undefined) {
                const took = durationOf(deployment);
                assert.ok(took >= minutes * 1000 && took <= minutes * 1000 + toStart, `${minutes} minutes: ${took} ms`);
            }
            await sleep(300);
        });
        stack.live = next;
        assert.deepEqual(Object.keys(counts).sort(), [before, next].sort(), JSON.stringify(counts));
        assert.equal(await releaseFile(stack.url()), next);
        return measured;
    }
    /** Holds what was measured while ECS said a share against that share: the emulator deals the requests out evenly. */
    function assertShare(measured: Answers["measured"], percent: number, least = 15): void {
        const { of = 0, all = 0 } = measured.get(percent) ?? {};
        assert.ok(all >= least, `${percent} %: only ${all} requests`);
        const off = Math.abs(of - (all * percent) / 100);
        assert.ok(off <= (percent === 100 ? 0 : 4), `${percent} %: ${of} of ${all}`);
        console.log(`      ${percent} %: ${of} of ${all} requests`);
    }
    /** Releases by deploy.yml, whose run is killed while the new version has a share, and run again. */
    async function killedAndRunAgain(strategy: string): Promise<Run> {
        const page = "app/public/index.html";
        stack.edit(page, (html) => html.replace("</h1>", `, by ${strategy}</h1>`));
        let run: Run;
        await stack.unnoticed(async () => {
            await stack.stayingThere(() => releaseKilledAt(stack, /IN_PROGRESS \w+: [1-9]\d* % of requests/));
            const { serviceDeploymentArn, status } = await stack.newest();
            assert.equal(status, "IN_PROGRESS");
            run = await stack.succeed("sandbox:release");
            assert.ok(run.output.includes(`| Strategy | ${strategy} |`), run.output);
            assert.equal((await fetchPage(`${stack.url()}/version.txt`)).body.trim(), versionOf(run));
            assert.notEqual((await stack.newest()).serviceDeploymentArn, serviceDeploymentArn);
        });
        stack.edit(page, (html) => html.replace(`, by ${strategy}`, "")); // which would be up's to register
        return run!;
    }
    /** What the topic has told in sentences after so many messages, once there are two: of the failure, and of what is done about it. */
    async function toldSince(first: number): Promise<string[]> {
        for (let left = 100; ; left--) {
            const messages = inbox.messages.slice(first).map((message) => JSON.parse(message) as unknown);
            const sentences = messages.filter((each) => typeof each === "string");
            if (sentences.length >= 2 || left === 0) return sentences.sort();
            await sleep(100);
        }
    }
    async function changeTo(settings: object, plan: Plan = inPlace): Promise<void> {
        stack.configureAll(settings);
        let done: string[] = [];
        await stack.unnoticed(async () => (done = planOf((await stack.succeed("sandbox:up")).output)));
        // A guard takes down that releases are shifted from now on, and the listener's own action, which no request gets to, may follow
        // the target group that serves.
        const onAws = done.filter((line) => / aws:/.test(line) && line !== "~ aws:lb:Listener main-http");
        assert.deepEqual(onAws, [...plan].sort());
    }

    before("npm run sandbox:up", async () => {
        stack.configureAll({ minTasks: 2, startSeconds: 0 });
        await stack.succeed("sandbox:up");
        inbox = await Inbox.of(new SNS(rootOptions), stack.outputsOf("Topic", "main").arn as string);
        await stack.release(serving("release-0"));
        assert.equal((await stack.ended()).status, "SUCCESSFUL");
        stack.live = "release-0";
    });
    after(async () => {
        inbox?.close();
        await stack.remove();
    });

    describe("with rolling", () => {
        it("roll on task by task, as before", async () => {
            await goesLive();
            assert.deepEqual(await stack.weights(), [1, 0]);
        });
    });

    // `minutes`: of all steps but the one to 100 %, and of the bake time.
    const gradual = [
        { rollout: "blue-green", settings: { bakeMinutes: 3 }, plan: inPlace, shares: [100], minutes: 3 },
        {
            rollout: "canary",
            settings: { bakeMinutes: 4, rolloutPercent: 20, rolloutStepMinutes: 4, rolloutTestPort: 9000 },
            plan: withTestPort,
            shares: [20, 100],
            minutes: 8,
        },
        {
            rollout: "linear",
            settings: { bakeMinutes: 2, rolloutPercent: 40, rolloutStepMinutes: 3 },
            plan: inPlace,
            shares: [40, 80, 100],
            minutes: 8,
        },
    ] as const;
    for (const { rollout, settings, plan, shares, minutes } of gradual) {
        describe(`with ${rollout}`, () => {
            it("are what a running stack changes to in place, without a failed request", async () => {
                await changeTo({ rollout, ...settings }, plan);
                const { services } = await root().ecs.describeServices({ cluster: called, services: [called] });
                assert.equal(services![0]!.deploymentConfiguration!.bakeTimeInMinutes, settings.bakeMinutes);
            });

            it("give the new version the share that is configured, for the minutes that are, and fail no request", async () => {
                const measured = await goesLive(minutes);
                for (const percent of shares) assertShare(measured, percent);
            });

            const takenBack = async (command: string, why: RegExp, meanwhile = () => Promise.resolve()) => {
                const atFirst = await stack.weights();
                const answers = await stack.whileAsking(async () => {
                    await stack.release(command);
                    await meanwhile();
                    const deployment = await stack.ended();
                    assert.equal(deployment.status, "ROLLBACK_SUCCESSFUL");
                    assert.match(deployment.statusReason!, why);
                    const took = durationOf(deployment);
                    assert.ok(took <= toGoBack, `taken back after ${took} ms`);
                });
                const serves = (all: Awaited<ReturnType<typeof stack.weights>>) => all.map((weight) => weight! > 0);
                assert.deepEqual(serves(await stack.weights()), serves(atFirst));
                await stack.unnoticed(() => sleep(500));
                return answers;
            };

            for (const [title, command] of Object.entries(broken)) {
                it(`take back a version that ${title}, which nobody ever sees`, async () => {
                    const { counts } = await takenBack(command, reasons.breaker);
                    assert.deepEqual(Object.keys(counts), [stack.live], JSON.stringify(counts));
                });
            }

            const assertTold = async (first: number, why: string) => {
                const [failed, back, ...more] = await toldSince(first);
                assert.equal(failed, `A release of ${called} has failed. ECS says: ECS deployment failed: ${why}`);
                assert.match(
                    back!,
                    new RegExp(
                        `^A release of ${called} is taken back: the one before it goes live again\\. ECS says: ECS deployment rollback in progress: rolling back to deployment ecs-svc/\\w+\\.$`,
                    ),
                );
                assert.deepEqual(more, []);
            };

            it("take back a version that answers 5xx to its share, and to no more, and the topic tells", async () => {
                await stack.stayingThere(async () => {
                    const { length } = inbox.messages;
                    const { counts, measured } = await takenBack(failing, reasons.alarm);
                    assert.deepEqual(Object.keys(counts).sort(), ["500", stack.live], JSON.stringify(counts));
                    assertShare(measured, shares[0], 1); // as soon as there are more failures than the alarm bears, it is over
                    await assertTold(length, `alarm detected: ${called}-app-errors.`);
                });
            });

            it("go back when they are stopped by hand, fail no request, and the topic tells", async () => {
                await stack.stayingThere(async () => {
                    const { length } = inbox.messages;
                    const { counts } = await takenBack(serving("stopped"), reasons.hand, async () => {
                        await stack.atShare(shares[0]);
                        const { serviceDeploymentArn } = await stack.newest();
                        await root().ecs.stopServiceDeployment({ serviceDeploymentArn, stopType: "ROLLBACK" });
                    });
                    assert.deepEqual(
                        Object.keys(counts).sort(),
                        [stack.live, "stopped"].sort(),
                        JSON.stringify(counts),
                    );
                    await assertTold(length, "a rollback was requested.");
                });
            });

            it("go live when another takes their place in the middle, and fail no request", async () => {
                const next = `release-${++releases}`;
                const { counts } = await stack.whileAsking(async () => {
                    await stack.stayingThere(async () => {
                        await stack.release(serving(next));
                        await stack.atShare(shares[0]);
                    });
                    await stack.release(serving(next));
                    assert.equal((await stack.ended()).status, "SUCCESSFUL");
                });
                assert.deepEqual(Object.keys(counts).sort(), [stack.live, next].sort(), JSON.stringify(counts));
                stack.live = next;
                assert.equal(await releaseFile(stack.url()), stack.live);
            });

            if (rollout === "canary") return; // which is, below, while its share stays for as long as that takes
            it("go live by deploy.yml, also where its run was killed in the middle, and fail no request", async () => {
                await killedAndRunAgain(rollout.toUpperCase().replace("-", "_"));
            });
        });
    }

    describe("on a stack that is changed, or looked at, meanwhile", () => {
        it("take their time", async () => {
            await changeTo({ rollout: "canary", rolloutPercent: 20, rolloutStepMinutes: 90 });
        });

        it("go on while pulumi up looks at all there is, which leaves the shares to ECS and refuses to start them again, and are what the test port answers with", async () => {
            const next = `release-${++releases}`;
            const { counts } = await stack.whileAsking(async () => {
                await stack.release(serving(next));
                await stack.atShare(20);
                const atFirst = await stack.weights();
                await stack.succeed("sandbox:up -- --refresh --expect-no-changes");
                stack.configureAll({ startSeconds: 5 });
                await stack.fail(
                    "sandbox:up",
                    /a release is under way, and with this change of the service it would start again/,
                );
                stack.configureAll({ startSeconds: 0 });
                const testPort = stack.url().replace("http://", "http://9000.");
                const tested = await Promise.all(Array.from({ length: 20 }, () => releaseFile(testPort)));
                const deployment = await stack.newest();
                assert.deepEqual(
                    [deployment.status, shareOf(deployment), await stack.weights()],
                    ["IN_PROGRESS", 20, atFirst],
                );
                assert.deepEqual([...new Set(tested)], [next]);
                assert.equal((await stack.ended()).status, "SUCCESSFUL");
            });
            assert.deepEqual(Object.keys(counts).sort(), [stack.live, next].sort(), JSON.stringify(counts));
            stack.live = next;
        });

        it("go live by deploy.yml, which tells share, minutes and strategy, also where its run was killed in the middle", async () => {
            const { output } = await killedAndRunAgain("CANARY");
            const line = "20 % of requests, 2 of 2 tasks running, about 92 min left";
            assert.ok(output.includes(`IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT: ${line}`), output);
        });

        it("are rolling again, in whichever target group serves", async () => {
            await changeTo({ rollout: "rolling", rolloutTestPort: undefined }, inverse(withTestPort));
            const before = await stack.weights();
            await goesLive();
            assert.deepEqual(await stack.weights(), before);
        });
    });
});
