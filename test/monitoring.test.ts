import assert from "node:assert/strict";
import { record, type Recording } from "./record";
import { alternative, production, standard } from "./scenarios";

const alarmType = "aws:cloudwatch/metricAlarm:MetricAlarm";
const dashboardType = "aws:cloudwatch/dashboard:Dashboard";

interface Query {
    readonly id: string;
    readonly metric?: { readonly namespace: string; readonly metricName: string; readonly dimensions: object };
    readonly expression?: string;
    readonly returnData?: boolean;
}

describe("monitoring", () => {
    let run: Recording;
    let prod: Recording;
    before(async () => {
        [run, prod] = [await standard(), await production()];
    });

    const suffix = (recording: Recording, type: string) => recording.one(type).outputs.arnSuffix;
    const balancer = (recording: Recording) => ({
        LoadBalancer: suffix(recording, "aws:lb/loadBalancer:LoadBalancer"),
    });
    const targets = (recording: Recording) =>
        recording.of("aws:lb/targetGroup:TargetGroup").map(({ outputs }) => ({
            ...balancer(recording),
            TargetGroup: outputs.arnSuffix,
        }));
    const service = (name: string) => ({ ClusterName: name, ServiceName: name });
    const queries = (recording: Recording, alarm: string) =>
        recording.one(alarmType, alarm).inputs.metricQueries as readonly Query[];

    it("raises an alarm for what a visitor or the team would notice, each on this stack's own metrics", () => {
        const measured = run.of(alarmType).map(({ inputs }) => {
            const { name, namespace, metricName, statistic, dimensions, comparisonOperator, threshold } = inputs;
            return [name, namespace, metricName, statistic, dimensions, comparisonOperator, threshold];
        });
        const [ecs, own] = ["AWS/ECS", service("fargate-cicd-dev")];
        const [above, from, below] = [
            "GreaterThanThreshold",
            "GreaterThanOrEqualToThreshold",
            "LessThanThreshold",
        ] as const;
        const named = (kind: string) => `fargate-cicd-dev-${kind}`;
        assert.deepEqual(measured, [
            [named("app-errors"), undefined, undefined, undefined, undefined, above, 5],
            [named("load-balancer-errors"), undefined, undefined, undefined, undefined, above, 5],
            [named("no-healthy-task"), undefined, undefined, undefined, undefined, below, 1],
            [named("unhealthy-task"), undefined, undefined, undefined, undefined, from, 1],
            [named("too-few-tasks"), ecs, "CPUUtilization", "SampleCount", own, below, 2],
            [named("high-cpu"), ecs, "CPUUtilization", "Average", own, above, 85],
            [named("high-memory"), ecs, "MemoryUtilization", "Average", own, above, 85],
        ]);
    });

    const metric = (metricName: string, group: number, stat: string) => ({
        namespace: "AWS/ApplicationELB",
        metricName,
        dimensions: targets(run)[group],
        stat,
        period: 60,
    });

    it("counts the app's errors as a share of each target group's own requests, and a handful as none", () => {
        const ofGroup = (group: number) => [
            { id: `errors${group}`, metric: metric("HTTPCode_Target_5XX_Count", group, "Sum") },
            { id: `requests${group}`, metric: metric("RequestCount", group, "Sum") },
            { id: `failed${group}`, expression: `FILL(errors${group}, 0)`, returnData: false },
            {
                id: `rate${group}`,
                expression: `IF(failed${group} >= 5, 100 * failed${group} / FILL(requests${group}, 1), 0)`,
                returnData: false,
            },
        ];
        assert.deepEqual(queries(run, "main-app-errors"), [
            ...ofGroup(0),
            ...ofGroup(1),
            {
                id: "rate",
                expression: "MAX([rate0, rate1])",
                label: "5xx responses of the app (%)",
                returnData: true,
            },
        ]);
    });

    // "Troubleshoot your Application Load Balancers": a 501 is a visitor's doing, a 503 has no target.
    it("counts what the load balancer answers for the app as a share of the requests, and a handful as none", () => {
        const own = (metricName: string) => ({ ...metric(metricName, 0, "Sum"), dimensions: balancer(run) });
        assert.deepEqual(queries(run, "main-load-balancer-errors"), [
            { id: "broken", metric: own("HTTPCode_ELB_502_Count") },
            { id: "late", metric: own("HTTPCode_ELB_504_Count") },
            { id: "requests", metric: own("RequestCount") },
            { id: "failed", expression: "FILL(broken, 0) + FILL(late, 0)", returnData: false },
            {
                id: "rate",
                expression: "IF(failed >= 5, 100 * failed / FILL(requests, 1), 0)",
                label: "502 and 504 responses (%)",
                returnData: true,
            },
        ]);
    });

    it("gives a task all the time to start that is configured before it counts as unhealthy", async () => {
        const slow = await record({ values: { startSeconds: "600" } });
        const patience = (kind: string) => slow.one(alarmType, `main-${kind}`).inputs.datapointsToAlarm;
        assert.deepEqual([patience("unhealthy-task"), patience("no-healthy-task")], [12, 2]);
    });

    it("counts tasks in whichever target group they are, where the other has none and reports nothing", () => {
        for (const [alarm, metricName] of [
            ["main-no-healthy-task", "HealthyHostCount"],
            ["main-unhealthy-task", "UnHealthyHostCount"],
        ] as const) {
            assert.deepEqual(queries(run, alarm), [
                { id: "hosts0", metric: metric(metricName, 0, "Maximum") },
                { id: "hosts1", metric: metric(metricName, 1, "Maximum") },
                { id: "hosts", expression: "MAX([hosts0, hosts1])", label: "Tasks", returnData: true },
            ]);
        }
    });

    it("knows from Container Insights how many tasks are missing, and otherwise when fewer run than always should", async () => {
        const missing = queries(prod, "main-too-few-tasks");
        assert.deepEqual(
            missing.map(({ id, metric, expression, returnData }) => [
                id,
                metric?.namespace,
                metric?.metricName,
                metric?.dimensions,
                expression,
                returnData,
            ]),
            [
                [
                    "desired",
                    "ECS/ContainerInsights",
                    "DesiredTaskCount",
                    service("fargate-cicd-prod"),
                    undefined,
                    undefined,
                ],
                [
                    "running",
                    "ECS/ContainerInsights",
                    "RunningTaskCount",
                    service("fargate-cicd-prod"),
                    undefined,
                    undefined,
                ],
                ["missing", undefined, undefined, undefined, "desired - running", true],
            ],
        );
        const { comparisonOperator, threshold: none } = prod.one(alarmType, "main-too-few-tasks").inputs;
        assert.deepEqual([comparisonOperator, none], ["GreaterThanThreshold", 0]);
        const { threshold, metricQueries } = (await alternative()).one(alarmType, "main-too-few-tasks").inputs;
        assert.deepEqual([threshold, metricQueries], [3, undefined]);
    });

    it("waits as long as a release or a burst takes, and takes silence for an outage where it is one", () => {
        const patience = run.of(alarmType).map(({ name, inputs }) => {
            const { period, evaluationPeriods, datapointsToAlarm, treatMissingData } = inputs;
            assert.equal(period, inputs.metricQueries ? undefined : 60, name);
            return [name, datapointsToAlarm, evaluationPeriods, treatMissingData];
        });
        assert.deepEqual(patience, [
            ["main-app-errors", 2, 5, "notBreaching"],
            ["main-load-balancer-errors", 2, 5, "notBreaching"],
            ["main-no-healthy-task", 2, 2, "breaching"],
            ["main-unhealthy-task", 5, 5, "notBreaching"],
            ["main-too-few-tasks", 10, 10, "breaching"],
            ["main-high-cpu", 15, 15, "notBreaching"],
            ["main-high-memory", 15, 15, "notBreaching"],
        ]);
    });

    it("tells the topic of every alarm, when it is raised and when it is over, and says what to do", () => {
        for (const recording of [run, prod]) {
            const topic = recording.one("aws:sns/topic:Topic").outputs.arn;
            for (const { name, inputs } of recording.of(alarmType)) {
                assert.deepEqual([inputs.alarmActions, inputs.okActions], [[topic], [topic]], name);
                assert.match(String(inputs.alarmDescription), /: .{10}/, name);
            }
        }
    });

    it("sends alarms to the configured address, and to nobody by default", () => {
        const subscriptions = (recording: Recording) =>
            recording.of("aws:sns/topicSubscription:TopicSubscription").map(({ inputs }) => inputs);
        assert.deepEqual(subscriptions(run), []);
        const topic = prod.one("aws:sns/topic:Topic").outputs.arn;
        assert.deepEqual(subscriptions(prod), [{ topic, protocol: "email", endpoint: "on-call@example.com" }]);
    });

    // HTTPCode_Target_5XX_Count "does not include any response codes generated by the load balancer", as it answers for an app that hangs.
    it("takes a release back on the alarms on what visitors notice, and on no other", () => {
        for (const [recording, name] of [
            [run, "fargate-cicd-dev"],
            [prod, "fargate-cicd-prod"],
        ] as const) {
            const { alarms } = recording.one("aws:ecs/service:Service").inputs;
            assert.deepEqual(alarms, {
                enable: true,
                rollback: true,
                alarmNames: [`${name}-app-errors`, `${name}-load-balancer-errors`],
            });
        }
    });

    it("calls on the alarms that silence raises only once the service is there to be heard", () => {
        const silent = run.of(alarmType).filter(({ inputs }) => inputs.treatMissingData === "breaching");
        assert.equal(silent.length, 2);
        for (const { name, dependsOn } of silent) {
            assert.deepEqual(
                dependsOn.map(({ type }) => type),
                ["aws:ecs/service:Service"],
                `${name}, which on destroy goes before the service, too`,
            );
        }
    });

    it("has Container Insights off, said so that no account's default turns it on; and on with a log group that ends", () => {
        const settings = (recording: Recording) => recording.one("aws:ecs/cluster:Cluster").inputs.settings;
        assert.deepEqual(settings(run), [{ name: "containerInsights", value: "disabled" }]);
        assert.deepEqual(settings(prod), [{ name: "containerInsights", value: "enabled" }]);
        const group = prod.one("aws:cloudwatch/logGroup:LogGroup", "main-insights");
        assert.equal(group.inputs.name, "/aws/ecs/containerinsights/fargate-cicd-prod/performance");
        assert.equal(group.inputs.retentionInDays, 30);
        const needs = prod.one("aws:ecs/cluster:Cluster").dependsOn.map(({ name }) => name);
        assert.deepEqual(needs, ["main-insights"], "the cluster goes first, so that nothing makes the group again");
        // What comes late makes it again, and a group that is there already could not be made when Insights is turned on once more.
        assert.ok(run.one("aws:cloudwatch/logGroup:LogGroup", "main-insights"));
    });

    it("has Container Insights of each container where it is enhanced, with the same group and alarm", async () => {
        const enhanced = await record({ values: { containerInsights: "enhanced" } });
        const { settings } = enhanced.one("aws:ecs/cluster:Cluster").inputs;
        assert.deepEqual(settings, [{ name: "containerInsights", value: "enhanced" }]);
        assert.equal(enhanced.of("aws:cloudwatch/logGroup:LogGroup").length, 2);
        assert.equal(queries(enhanced, "main-too-few-tasks").length, 3);
    });

    describe("dashboard", () => {
        interface Widget {
            readonly type: string;
            readonly width: number;
            readonly height: number;
            readonly properties: {
                readonly title: string;
                readonly region?: string;
                readonly alarms?: readonly string[];
                readonly metrics?: readonly (readonly unknown[])[];
            };
        }
        const widgets = (recording: Recording) =>
            (JSON.parse(String(recording.one(dashboardType).inputs.dashboardBody)) as { widgets: Widget[] }).widgets;

        it("has the stack's name", () => {
            assert.equal(run.one(dashboardType).inputs.dashboardName, "fargate-cicd-dev-ap-northeast-1");
            assert.equal(prod.one(dashboardType).inputs.dashboardName, "fargate-cicd-prod-ap-northeast-1");
        });

        it("shows every alarm, and below them latency, traffic, errors and saturation", () => {
            const [first, ...graphs] = widgets(run);
            assert.deepEqual(
                first!.properties.alarms,
                run.of(alarmType).map(({ outputs }) => outputs.arn),
            );
            assert.deepEqual(
                graphs.map(({ properties }) => [
                    properties.title,
                    properties.metrics!.map(([, metricName]) => metricName),
                ]),
                [
                    ["Latency", ["TargetResponseTime", "TargetResponseTime", "TargetResponseTime"]],
                    ["Traffic", ["RequestCount", "RequestCount", "RequestCount"]],
                    [
                        "Errors of the app",
                        ["HTTPCode_Target_5XX_Count", "HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count"],
                    ],
                    ["Errors of the load balancer", ["HTTPCode_ELB_5XX_Count", "RejectedConnectionCount"]],
                    ["Saturation", ["CPUUtilization", "CPUUtilization", "MemoryUtilization", "MemoryUtilization"]],
                    ["Tasks", ["HealthyHostCount", "HealthyHostCount", "UnHealthyHostCount", "UnHealthyHostCount"]],
                ],
            );
        });

        it("shows this stack's metrics in its region, each with a statistic and a name, in CloudWatch's grid", () => {
            const known = [balancer(run), ...targets(run), service("fargate-cicd-dev")].map((one) =>
                JSON.stringify(one),
            );
            for (const { type, width, properties } of widgets(run).slice(1)) {
                assert.deepEqual([type, width, properties.region], ["metric", 12, "ap-northeast-1"]);
                for (const [namespace, metricName, ...rest] of properties.metrics!) {
                    const options = rest.at(-1) as { stat: string; label: string };
                    const pairs = rest.slice(0, -1) as string[];
                    const dimensions: Record<string, string> = {};
                    for (let index = 0; index < pairs.length; index += 2) {
                        dimensions[pairs[index]!] = pairs[index + 1]!;
                    }
                    assert.ok(known.includes(JSON.stringify(dimensions)), `${String(namespace)} ${String(metricName)}`);
                    assert.deepEqual(Object.keys(options).sort(), ["label", "stat"]);
                }
            }
        });
    });
});
