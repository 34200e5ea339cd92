import { CloudWatch, type PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";
import type { Service, UpdateServiceRequest } from "@aws-sdk/client-ecs";
import { SNS } from "@aws-sdk/client-sns";
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { awsAccount } from "../aws/emulator";
import { ensurePython } from "../machine/python";
import { arn, Issuer, nodeImage, region, taskTrust, TestAws } from "./awsFixture";

describe("the emulated AWS, watching what it runs, on minutes that last a second", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let aws: TestAws;
    let cloudWatch: CloudWatch;
    let sns: SNS;

    /** An alarm that somebody else raises and ends: there is no data, and it stays as it is. */
    const byHand = (AlarmName: string): PutMetricAlarmInput => ({
        AlarmName,
        Namespace: "Hand",
        MetricName: "Raised",
        Statistic: "Sum",
        Period: 60,
        EvaluationPeriods: 9, // so that a deployment bakes for ten minutes
        Threshold: 0,
        ComparisonOperator: "GreaterThanThreshold",
        TreatMissingData: "ignore",
    });
    const set = (AlarmName: string, StateValue: "ALARM" | "OK") =>
        cloudWatch.setAlarmState({ AlarmName, StateValue, StateReason: "the test says so" });
    const stateOf = async (name: string) =>
        (await cloudWatch.describeAlarms({ AlarmNames: [name] })).MetricAlarms![0]!.StateValue;
    async function until<T>(ask: () => Promise<T>, done: (answer: T) => boolean): Promise<T> {
        for (let left = 400; ; left--) {
            const answer = await ask();
            if (done(answer)) return answer;
            assert.ok(left > 0, JSON.stringify(answer));
            await sleep(100);
        }
    }
    const described = async (): Promise<Service> =>
        (await aws.as().ecs.describeServices({ cluster: "app", services: ["app"] })).services![0]!;
    const rollouts = ({ deployments }: Service) =>
        deployments!.map(({ status, rolloutState, runningCount }) => `${status} ${rolloutState} ${runningCount}`);
    const update = (request: Partial<UpdateServiceRequest>) =>
        aws.as().ecs.updateService({ cluster: "app", service: "app", ...request });
    const watching = (...alarmNames: string[]) => ({
        deploymentConfiguration: { alarms: { alarmNames, enable: true, rollback: true } },
    });
    const steady = () => until(described, (service) => rollouts(service).join() === "PRIMARY COMPLETED 1");
    /** A deployment in its bake time, whose tasks are alone. */
    const baking = async () => {
        await update({ forceNewDeployment: true });
        return until(described, (service) => rollouts(service).join() === "PRIMARY IN_PROGRESS 1");
    };

    /** The newest deployments in the service's history, with what became of each. */
    const history = async (count: number) => {
        const { serviceDeployments } = await aws.as().ecs.listServiceDeployments({ cluster: "app", service: "app" });
        const newest = serviceDeployments!.slice(0, count);
        return newest.map(({ status, targetServiceRevisionArn: revision }) => [
            `ecs-svc/${revision!.split("/")[3]}`,
            status,
        ]);
    };

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const credentials = { accessKeyId: awsAccount, secretAccessKey: "any" };
        const options = { endpoint: aws.endpoint, region, credentials, maxAttempts: 1 };
        [cloudWatch, sns] = [new CloudWatch(options), new SNS(options)];
        const { ecr, ecs } = aws.as();
        await ecr.createRepository({ repositoryName: "app" });
        await aws.login(aws.as());
        assert.ok(aws.dockerClient(["import", "-", `${aws.registry}/app:node`], nodeImage()).ok);
        assert.ok(aws.dockerClient(["push", `${aws.registry}/app:node`]).ok);
        const executionRoleArn = await aws.role("execution", taskTrust, [
            { Action: "ecr:GetAuthorizationToken", Resource: "*" },
            { Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource: arn("ecr", "repository/app") },
        ]);
        const { taskDefinition } = await ecs.registerTaskDefinition({
            family: "app",
            executionRoleArn,
            containerDefinitions: [
                {
                    name: "app",
                    image: `${aws.registry}/app:node`,
                    memory: 128,
                    command: [process.execPath, "-e", "process.on('SIGTERM', process.exit); setInterval(() => 0, 1e6)"],
                },
            ],
        });
        await ecs.createCluster({ clusterName: "app" });
        await cloudWatch.putMetricAlarm(byHand("one"));
        await cloudWatch.putMetricAlarm(byHand("two"));
        await ecs.createService({
            cluster: "app",
            serviceName: "app",
            taskDefinition: taskDefinition!.taskDefinitionArn,
            desiredCount: 1,
            ...watching("one", "two"),
        });
        await steady();
    });
    after(async () => {
        await aws?.stop();
        aws?.dockerClient(["image", "rm", "--force", `${aws.registry}/app:node`]);
        tokens?.stop();
    });

    it("completes a deployment after its bake time, in which the old one is not listed any more", async () => {
        const before = await described();
        const during = await baking();
        const after = await steady();
        const { ecs } = aws.as();
        const { taskArns } = await ecs.listTasks({ cluster: "app", desiredStatus: "STOPPED" });
        const { tasks } = await ecs.describeTasks({ cluster: "app", tasks: taskArns });
        const old = tasks!.find(({ stoppedReason }) => stoppedReason!.includes(after.deployments![0]!.id!))!;
        const { serviceDeployments } = await ecs.listServiceDeployments({ cluster: "app", service: "app" });
        const baked = serviceDeployments![0]!.finishedAt!.getTime() - old.stoppedAt!.getTime();
        assert.ok(baked >= 10_000, `nine periods of the alarm and one more: ${baked} ms`);
        assert.notEqual(after.deployments![0]!.id, before.deployments![0]!.id);
        assert.equal(after.deployments![0]!.id, during.deployments![0]!.id);
    });

    it("rolls back a deployment in its bake time when one of its alarms is raised", async () => {
        const before = await described();
        const { deployments } = await baking();
        await set("two", "ALARM");
        const { events } = await until(
            described,
            ({ deployments: now }) => now!.length === 1 && now![0]!.id === before.deployments![0]!.id,
        );
        const said = events!.map(({ message }) => message!);
        const failed = `(service app) (deployment ${deployments![0]!.id}) deployment failed: alarm detected.`;
        assert.ok(said.includes(failed), said.join("\n"));
        assert.ok(said.includes(`(service app) rolling back to deployment ${before.deployments![0]!.id}.`));
        await steady();
        assert.deepEqual(await history(1), [[deployments![0]!.id, "ROLLBACK_SUCCESSFUL"]]);
    });

    it("ignores an alarm for as long as a deployment lasts that started when it was raised, and not another one", async () => {
        assert.equal(await stateOf("two"), "ALARM");
        const { deployments } = await baking();
        await set("two", "OK");
        await set("two", "ALARM");
        assert.equal((await steady()).deployments![0]!.id, deployments![0]!.id);
        await baking();
        await set("one", "ALARM");
        assert.equal(
            (await until(described, ({ deployments: now }) => now!.length === 1)).deployments![0]!.id,
            deployments![0]!.id,
        );
        await steady();
    });

    it("goes back to what was complete before from a deployment that has taken the place of one in its bake time", async () => {
        for (const alarm of ["one", "two"]) await set(alarm, "OK");
        const before = await described();
        const first = (await baking()).deployments![0]!.id;
        const second = (await update({ forceNewDeployment: true })).service!.deployments![0]!.id;
        const both = (service: Service) => service.deployments!.map(({ id }) => id).join();
        assert.equal(both(await described()), `${second},${first}`);
        await until(described, (service) => rollouts(service).join() === "PRIMARY IN_PROGRESS 1,ACTIVE IN_PROGRESS 0");
        await set("one", "ALARM");
        await until(described, (service) => both(service) === before.deployments![0]!.id);
        await steady();
        assert.deepEqual(await history(2), [
            [second, "ROLLBACK_SUCCESSFUL"],
            [first, "STOPPED"],
        ]);
    });

    it("refuses to watch an alarm that is not there, or none", async () => {
        await assert.rejects(update(watching("one", "three")), /The deployment alarms three do not exist/);
        await assert.rejects(update(watching()), /no alarm names are given/);
    });

    it("evaluates metric math for each minute, and what is missing as declared", async () => {
        const query = (Id: string) => ({
            Id,
            MetricStat: { Metric: { Namespace: "Shop", MetricName: Id }, Stat: "Sum", Period: 60 },
            ReturnData: false,
        });
        const alarm = (AlarmName: string, Expression: string, TreatMissingData: string) =>
            cloudWatch.putMetricAlarm({
                AlarmName,
                Metrics: [query("errors"), query("requests"), { Id: "rate", Expression, ReturnData: true }],
                ComparisonOperator: "GreaterThanThreshold",
                Threshold: 5,
                EvaluationPeriods: 1,
                TreatMissingData,
            });
        await alarm("share", "IF(errors >= 5, 100 * errors / requests, 0)", "notBreaching");
        await alarm("silence", "errors - requests", "breaching");
        await alarm("filled", "FILL(errors, 9)", "notBreaching");
        await alarm("largest", "MAX([errors, requests])", "notBreaching");
        /** They are looked at one after the other. */
        const become = (...expected: readonly string[]) =>
            until(
                async () => (await Promise.all(["silence", "share", "filled", "largest"].map(stateOf))).join(),
                (states) => states === expected.join(),
            );
        await become("ALARM", "OK", "ALARM", "OK");
        let counts = { errors: 4, requests: 4 };
        let publishing = true;
        const publisher = (async () => {
            while (publishing) {
                const MetricData = Object.entries(counts).map(([MetricName, Value]) => ({ MetricName, Value }));
                await cloudWatch.putMetricData({ Namespace: "Shop", MetricData });
                await sleep(1000 - (Date.now() % 1000) + 500); // once in each minute, in the middle of it
            }
        })();
        try {
            await become("OK", "OK", "OK", "OK"); // 100 %, of four requests
            counts = { errors: 10, requests: 100 };
            await become("OK", "ALARM", "ALARM", "ALARM");
        } finally {
            publishing = false;
            await publisher;
        }
        await until(
            () => stateOf("share"),
            (state) => state === "OK",
        );
        await assert.rejects(
            alarm("share", "ANOMALY_DETECTION_BAND(errors, 2)", "missing"),
            /ANOMALY_DETECTION_BAND\(errors, 2\)/,
        );
        await assert.rejects(alarm("share", "errors / visits", "missing"), /Unrecognized ids visits/);
    });

    it("takes what is missing in metric math for what AWS does", async () => {
        const { python } = await ensurePython();
        const cases: readonly [expression: string, known: Record<string, number>, value: number | null][] = [
            ["a - b", { a: 3, b: 1 }, 2],
            ["a - b", { a: 3 }, 3],
            ["a - b", { b: 3 }, -3],
            ["a - b", {}, null],
            ["a / b", { a: 3 }, null], // nothing is divided by 0
            ["100 * a", {}, null],
            ["2 * 60 * a", { a: 1 }, 120],
            ["MAX([a / b, a])", { a: 3 }, 3],
            ["FILL(a, 0) / b", {}, null],
            ["MAX([a, b])", { b: 2 }, 2],
            ["MAX([a, b])", {}, null],
            // Of infra/service/scaling.ts: a minute without a request is 0, and one that the load balancer has not told of is none.
            ["MAX([a, 0 * MAX([b, c])])", { a: 7, b: 2 }, 7],
            ["MAX([a, 0 * MAX([b, c])])", { c: 2 }, 0],
            ["MAX([a, 0 * MAX([b, c])])", {}, null],
        ];
        const program = `import json, sys, arithmetic
print(json.dumps([arithmetic.value(expression, known.get) for expression, known, _ in json.load(sys.stdin)]))`;
        const output = execFileSync(python, ["-c", program], {
            cwd: path.join(__dirname, "../aws"),
            input: JSON.stringify(cases),
            encoding: "utf8",
        });
        assert.deepEqual(
            JSON.parse(output),
            cases.map(([, , value]) => value),
        );
    });

    // The data is there before its time, so that a machine that stalls changes nothing: each minute is looked at, if late.
    it("raises an alarm at as many minutes out of those that it looks back on as declared", async () => {
        const first = Math.ceil(Date.now() / 1000) + 5;
        for (const [AlarmName, minutesBetween] of Object.entries({ often: 4, seldom: 5 })) {
            const MetricName = AlarmName;
            await cloudWatch.putMetricAlarm({
                ...byHand(AlarmName),
                MetricName,
                EvaluationPeriods: 5,
                DatapointsToAlarm: 2,
                TreatMissingData: "notBreaching",
            });
            const MetricData = [first, first + minutesBetween].map((minute) => ({
                MetricName,
                Timestamp: new Date(minute * 1000 + 500),
                Value: 1,
            }));
            await cloudWatch.putMetricData({ Namespace: "Hand", MetricData });
        }
        const changes = async (AlarmName: string) => {
            const { AlarmHistoryItems } = await cloudWatch.describeAlarmHistory({
                AlarmName,
                HistoryItemType: "StateUpdate",
                ScanBy: "TimestampAscending",
            });
            return AlarmHistoryItems!.map(({ HistorySummary }) => /to (\w+)/.exec(HistorySummary!)![1]);
        };
        const often = await until(
            () => changes("often"),
            (states) => states.join().endsWith("ALARM,OK"),
        );
        assert.equal(often.filter((state) => state === "ALARM").length, 1);
        assert.deepEqual((await changes("seldom")).slice(-1), ["OK"]);
        assert.ok(!(await changes("seldom")).includes("ALARM"));
    });

    it("lists dashboards with the time of their last change", async () => {
        const before = Date.now();
        await cloudWatch.putDashboard({ DashboardName: "golden", DashboardBody: '{"widgets":[]}' });
        const { DashboardEntries } = await cloudWatch.listDashboards({});
        assert.deepEqual(
            DashboardEntries!.map((each) => each.DashboardName),
            ["golden"],
        );
        assert.ok(Math.abs(DashboardEntries![0]!.LastModified!.getTime() - before) < 10_000);
        await cloudWatch.deleteDashboards({ DashboardNames: ["golden"] });
    });

    it("asks an e-mail address before it sends anything, and cannot end a subscription that waits", async () => {
        const { TopicArn } = await sns.createTopic({ Name: "on-call" });
        const email = { TopicArn, Protocol: "email", Endpoint: "on-call@example.com" };
        assert.equal((await sns.subscribe(email)).SubscriptionArn, "pending confirmation");
        const { SubscriptionArn } = await sns.subscribe({ ...email, ReturnSubscriptionArn: true });
        const { Subscriptions } = await sns.listSubscriptionsByTopic({ TopicArn });
        assert.deepEqual(
            Subscriptions!.map((each) => each.SubscriptionArn),
            ["PendingConfirmation"],
        );
        await assert.rejects(sns.unsubscribe({ SubscriptionArn }), /pending confirmation/);
        await sns.deleteTopic({ TopicArn });
        await assert.rejects(sns.getSubscriptionAttributes({ SubscriptionArn }), { name: "NotFoundException" });
    });
});
