import type { DeploymentConfiguration, ServiceDeployment } from "@aws-sdk/client-ecs";
import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { arn, Issuer, roleArn } from "./awsFixture";
import { server, ServiceFixture } from "./serviceFixture";

/** Seconds that a minute takes: `SANDBOX_MINUTE`. */
const minute = 1;
const trust = { Principal: { Service: "ecs.amazonaws.com" }, Action: "sts:AssumeRole" };

describe("the emulated AWS, shifting the requests of a release", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let fixture: ServiceFixture;
    let groups: string[];
    let rule: string;

    const role = () =>
        fixture.aws.role("shift", trust, [
            { Action: "elasticloadbalancing:Describe*", Resource: "*" },
            {
                Action: ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
                Resource: groups,
            },
            { Action: "elasticloadbalancing:ModifyRule", Resource: arn("elasticloadbalancing", "listener-rule/app/*") },
        ]);
    const forwarding = async (listener: string): Promise<string> => {
        const TargetGroups = groups.map((TargetGroupArn, index) => ({ TargetGroupArn, Weight: 1 - index }));
        const { Rules } = await fixture.aws.as().elb.createRule({
            ListenerArn: listener,
            Priority: 1,
            Conditions: [{ Field: "path-pattern", PathPatternConfig: { Values: ["/*"] } }],
            Actions: [{ Type: "forward", ForwardConfig: { TargetGroups } }],
        });
        return Rules![0]!.RuleArn!;
    };
    const weights = async (): Promise<(number | undefined)[]> => {
        const { Rules } = await fixture.aws.as().elb.describeRules({ RuleArns: [rule] });
        const { TargetGroups } = Rules![0]!.Actions![0]!.ForwardConfig!;
        return groups.map((group) => TargetGroups!.find(({ TargetGroupArn }) => TargetGroupArn === group)?.Weight);
    };

    async function newest(): Promise<ServiceDeployment> {
        const { ecs } = fixture.aws.as();
        const { serviceDeployments } = await ecs.listServiceDeployments({ cluster: "app", service: "app" });
        const serviceDeploymentArns = [serviceDeployments![0]!.serviceDeploymentArn!];
        return (await ecs.describeServiceDeployments({ serviceDeploymentArns })).serviceDeployments![0]!;
    }
    /** Follows the newest deployment to its end: each stage and share of the requests that it comes through, in their order. */
    async function followed(): Promise<{ deployment: ServiceDeployment; seen: string[] }> {
        const seen: string[] = [];
        for (let left = 600; left > 0; left--) {
            const deployment = await newest();
            const share = deployment.targetServiceRevision!.requestedProductionTrafficWeight;
            const now = `${deployment.lifecycleStage} ${share}`;
            if (seen.at(-1) !== now) seen.push(now);
            if (deployment.finishedAt) return { deployment, seen };
            await sleep(50);
        }
        throw new Error(`it does not end: ${seen.join()}`);
    }
    /** Waits until this holds. */
    async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
        for (let left = 1000; !(await holds()); left--) {
            assert.ok(left > 0, `not ${what}: ${JSON.stringify(await newest())}`);
            await sleep(20);
        }
    }
    const atShare = (percent: number) =>
        until(
            `at ${percent} %`,
            async () => (await newest()).targetServiceRevision!.requestedProductionTrafficWeight! >= percent,
        );
    async function configure(deploymentConfiguration: DeploymentConfiguration): Promise<void> {
        const { ecs } = fixture.aws.as();
        await ecs.updateService({ cluster: "app", service: "app", deploymentConfiguration });
    }

    before(async () => {
        tokens = await Issuer.start();
        fixture = await ServiceFixture.start(tokens);
        const { ecs, cloudwatch } = fixture.aws.as();
        groups = [await fixture.targetGroup("blue"), await fixture.targetGroup("green")];
        rule = await forwarding(await fixture.listener(80, groups[0]!));
        const testRule = await forwarding(await fixture.listener(9000, groups[0]!));
        await role();
        await cloudwatch.putMetricAlarm({
            AlarmName: "errors",
            Namespace: "AWS/ApplicationELB",
            MetricName: "HTTPCode_Target_5XX_Count",
            Dimensions: [],
            Statistic: "Sum",
            Period: 60,
            EvaluationPeriods: 1,
            ComparisonOperator: "GreaterThanThreshold",
            Threshold: 5,
            TreatMissingData: "notBreaching",
        });
        await ecs.createService({
            cluster: "app",
            serviceName: "app",
            taskDefinition: await fixture.revision(server("one")),
            desiredCount: 2,
            launchType: "FARGATE",
            networkConfiguration: { awsvpcConfiguration: { subnets: fixture.subnets } },
            loadBalancers: [
                {
                    targetGroupArn: groups[0],
                    containerName: "app",
                    containerPort: 80,
                    advancedConfiguration: {
                        alternateTargetGroupArn: groups[1],
                        productionListenerRule: rule,
                        testListenerRule: testRule,
                        roleArn: roleArn("shift"),
                    },
                },
            ],
            healthCheckGracePeriodSeconds: 10,
            deploymentConfiguration: {
                strategy: "BLUE_GREEN",
                bakeTimeInMinutes: 3,
                deploymentCircuitBreaker: { enable: true, rollback: true },
                alarms: { enable: true, rollback: true, alarmNames: ["errors"] },
            },
        });
        await fixture.steady();
        assert.deepEqual(await weights(), [1, 0], "a first deployment has nothing to shift");
    });
    after(async () => {
        await fixture?.stop();
        tokens?.stop();
    });

    it("shifts all requests at once, tests first, and keeps the old tasks for the bake time", async () => {
        await fixture.release(await fixture.revision(server("two")));
        const answers = await fixture.whileAsking(async () => {
            const isTested = async () => (await fixture.ask("/", 9000)).body === "two";
            const [{ deployment, seen }] = await Promise.all([followed(), until("tested", isTested)]);
            assert.equal(deployment.status, "SUCCESSFUL");
            assert.deepEqual(
                seen.filter((each) => /SCALE_UP|BAKE|CLEAN/.test(each)).filter((each) => !/^POST_SCALE/.test(each)),
                ["SCALE_UP 0", "BAKE_TIME 100", "CLEAN_UP 100"],
            );
            assert.ok(deployment.finishedAt!.getTime() - deployment.createdAt!.getTime() >= 3 * minute * 1000);
        });
        assert.deepEqual(Object.keys(answers).sort(), ["200 one", "200 two"], JSON.stringify(answers));
        assert.deepEqual(await weights(), [0, 100]);
        assert.equal((await fixture.ask()).body, "two");
        const { deploymentConfiguration, loadBalancers } = await fixture.described();
        assert.equal(deploymentConfiguration!.strategy, "BLUE_GREEN");
        assert.equal(loadBalancers![0]!.targetGroupArn, groups[0]!, "as it was given, whichever serves");
    });

    it("gives a canary its share, and then all", async () => {
        await configure({
            strategy: "CANARY",
            bakeTimeInMinutes: 0,
            canaryConfiguration: { canaryPercent: 20, canaryBakeTimeInMinutes: 10 },
        });
        await fixture.release(await fixture.revision(server("three")));
        await atShare(20);
        const answers = await fixture.whileAsking(() => sleep(3 * minute * 1000));
        assert.deepEqual(Object.keys(answers).sort(), ["200 three", "200 two"], JSON.stringify(answers));
        const { "200 two": two = 0, "200 three": three = 0 } = answers;
        assert.ok(Math.abs(three - (two + three) / 5) <= 3, JSON.stringify(answers));
        const { targetServiceRevision, sourceServiceRevisions } = await newest();
        assert.deepEqual(
            [targetServiceRevision!, ...sourceServiceRevisions!].map((each) => [
                each.requestedProductionTrafficWeight,
                each.requestedTestTrafficWeight,
                each.requestedTaskCount,
                each.runningTaskCount,
            ]),
            [
                [20, 100, 2, 2],
                [80, 0, 2, 2],
            ],
        );
        const { deployment, seen } = await followed();
        assert.deepEqual([deployment.status, seen.at(-1)], ["SUCCESSFUL", "CLEAN_UP 100"]);
        assert.deepEqual(await weights(), [100, 0], "the groups take turns");
    });

    it("shifts in equal steps, the last to all", async () => {
        await configure({
            strategy: "LINEAR",
            bakeTimeInMinutes: 0,
            linearConfiguration: { stepPercent: 30, stepBakeTimeInMinutes: 3 },
        });
        await fixture.release(await fixture.revision(server("four")));
        const { seen } = await followed();
        const shifts = seen.filter((each) => each.startsWith("PRODUCTION_TRAFFIC_SHIFT"));
        assert.deepEqual(
            shifts.slice(0, 3),
            [30, 60, 90].map((percent) => `PRODUCTION_TRAFFIC_SHIFT ${percent}`),
        );
        assert.deepEqual(await weights(), [0, 100]);
    });

    for (const [title, script] of [
        ["a version that exits", "process.exit(1)"],
        ["a version that never becomes healthy", server("sick", 500)],
    ] as const) {
        it(`takes back ${title} by the circuit breaker, without a request of its own`, async () => {
            const bad = await fixture.revision(script);
            const answers = await fixture.whileAsking(async () => {
                await fixture.release(bad);
                const { deployment } = await followed();
                assert.deepEqual(
                    [deployment.status, deployment.statusReason],
                    [
                        "ROLLBACK_SUCCESSFUL",
                        "Service deployment rolled back because the circuit breaker threshold was exceeded.",
                    ],
                );
                assert.equal(deployment.deploymentCircuitBreaker!.status, "TRIGGERED");
            });
            assert.deepEqual(Object.keys(answers), ["200 four"], JSON.stringify(answers));
            assert.deepEqual(await weights(), [0, 100]);
        });
    }

    it("gives the requests back as soon as the alarm is raised", async () => {
        const { cloudwatch } = fixture.aws.as();
        const broken = await fixture.revision(server("broken", 200, 0, 500));
        const answers = await fixture.whileAsking(async (seen) => {
            await fixture.release(broken);
            await until("met", () => "500 broken" in seen);
            await cloudwatch.setAlarmState({ AlarmName: "errors", StateValue: "ALARM", StateReason: "a test" });
            const { deployment } = await followed();
            assert.deepEqual(
                [deployment.status, deployment.statusReason, deployment.alarms!.triggeredAlarmNames],
                ["ROLLBACK_SUCCESSFUL", "Service deployment rolled back because an alarm was detected.", ["errors"]],
            );
        });
        assert.deepEqual(Object.keys(answers).sort(), ["200 four", "500 broken"], JSON.stringify(answers));
        assert.deepEqual(await weights(), [0, 100]);
        const after = await fixture.whileAsking(() => sleep(500));
        assert.deepEqual(Object.keys(after), ["200 four"], JSON.stringify(after));
    });

    it("goes back to the last completed version before a release in the middle of another begins", async () => {
        const [five, six] = [await fixture.revision(server("five")), await fixture.revision(server("six"))];
        await fixture.release(five);
        await atShare(30);
        await fixture.release(six);
        const answers = await fixture.whileAsking(async () => {
            const { deployment } = await followed();
            assert.equal(deployment.status, "SUCCESSFUL");
        });
        assert.deepEqual(Object.keys(answers).sort(), ["200 four", "200 six"], JSON.stringify(answers));
    });

    it("rolls on in the group that serves once the strategy is rolling again", async () => {
        const before = await weights();
        await configure({ strategy: "ROLLING" });
        const answers = await fixture.whileAsking(async () => {
            await fixture.release(await fixture.revision(server("seven")));
            await fixture.steady();
        });
        assert.deepEqual(Object.keys(answers).sort(), ["200 seven", "200 six"], JSON.stringify(answers));
        assert.deepEqual(await weights(), before);
        assert.equal((await newest()).lifecycleStage, undefined);
    });

    it("refuses a role that ECS cannot work with, and what the API reference has no room for", async () => {
        const { ecs } = fixture.aws.as();
        const { loadBalancers } = await fixture.described();
        const service = { cluster: "app", service: "app" };
        const { targetGroupArn, containerName, containerPort, advancedConfiguration } = loadBalancers![0]!;
        const withRole = (name: string) =>
            ecs.updateService({
                ...service,
                loadBalancers: [
                    {
                        targetGroupArn,
                        containerName,
                        containerPort,
                        advancedConfiguration: { ...advancedConfiguration!, roleArn: roleArn(name) },
                    },
                ],
            });
        await assert.rejects(withRole("execution"), /Unable to assume role .* has the proper permissions/);
        for (const deploymentConfiguration of [
            { strategy: "CANARY", canaryConfiguration: { canaryPercent: 0 } },
            { strategy: "CANARY", canaryConfiguration: { canaryPercent: 12.34 } },
            { strategy: "LINEAR", linearConfiguration: { stepPercent: 2.9 } },
            { strategy: "BLUE_GREEN", bakeTimeInMinutes: 1441 },
        ] as const) {
            await assert.rejects(ecs.updateService({ ...service, deploymentConfiguration }), /InvalidParameter/);
        }
    });

    it("takes a release back whose role may not change the rule", async () => {
        await configure({ strategy: "BLUE_GREEN", bakeTimeInMinutes: 0 });
        await fixture.aws.role("shift", trust, [{ Action: "elasticloadbalancing:Describe*", Resource: "*" }]);
        await fixture.release(await fixture.revision(server("eight")));
        const { deployment } = await followed();
        assert.equal(deployment.status, "ROLLBACK_SUCCESSFUL");
        assert.match(deployment.statusReason!, /is not authorized to perform elasticloadbalancing:ModifyRule/);
        assert.equal((await fixture.ask()).body, "seven");
    });
});
