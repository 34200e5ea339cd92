/** Tasks at set times, and other bounds at other hours. That AWS runs them: sandbox/test/schedules.test.ts. */
import assert from "node:assert/strict";
import { account } from "../tools/fakeCloud";
import * as ecs from "./ecsEvents";
import { assertVerdicts, mayAssume, policyOf } from "./iam";
import { record, type Recording } from "./record";
import { standard, withSchedules } from "./scenarios";
import type { Values } from "./settings";

const scheduleType = "aws:scheduler/schedule:Schedule";
const actionType = "aws:appautoscaling/scheduledAction:ScheduledAction";
const alarmType = "aws:cloudwatch/metricAlarm:MetricAlarm";

const nightly = { schedule: "cron(0 3 * * ? *)", command: ["node", "clean.js"], timezone: "Europe/Berlin" };
const night = { schedule: "cron(0 20 * * ? *)", minTasks: 0, maxTasks: 0, timezone: "Europe/Berlin" };
const morning = { schedule: "cron(0 7 ? * MON-FRI *)" };

const withHours = (hours: object, values: Values = {}) =>
    record({ values: { scaleSchedule: JSON.stringify(hours), ...values } });

describe("schedules", () => {
    let run: Recording;
    before(async () => {
        run = await withSchedules();
    });
    const arnOf = (type: string, name?: string, recording = run) => String(recording.one(type, name).outputs.arn);
    const cluster = () => arnOf("aws:ecs/cluster:Cluster");
    const family = () => String(run.one("aws:ecs/taskDefinition:TaskDefinition").outputs.arnWithoutRevision);
    const queue = () => run.one("aws:sqs/queue:Queue");
    const target = (name: string, recording = run) =>
        recording.one(scheduleType, name).inputs.target as Record<string, unknown>;

    it("are nothing where none is set", async () => {
        const without = await standard();
        const types = [scheduleType, "aws:scheduler/scheduleGroup:ScheduleGroup", "aws:sqs/queue:Queue", actionType];
        assert.deepEqual(
            types.map((type) => without.of(type).length),
            [0, 0, 0, 0],
        );
    });

    it("are in a group with the stack's name, each with its expression and time zone, on time", () => {
        assert.equal(run.one("aws:scheduler/scheduleGroup:ScheduleGroup").inputs.name, "fargate-cicd-dev");
        const described = run.of(scheduleType).map(({ inputs }) => {
            const { name, groupName, scheduleExpression, scheduleExpressionTimezone, flexibleTimeWindow, description } =
                inputs;
            return [name, groupName, scheduleExpression, scheduleExpressionTimezone, flexibleTimeWindow, description];
        });
        const [group, off] = ["fargate-cicd-dev", { mode: "OFF" }];
        assert.deepEqual(described, [
            ["nightly", group, nightly.schedule, "Europe/Berlin", off, "fargate-cicd-dev runs node clean.js"],
            ["hourly", group, "rate(1 hour)", "UTC", off, "fargate-cicd-dev runs bin/sync"],
        ]);
    });

    it("run their command in a task of the family's latest revision, where the service's own run", async () => {
        const schedules = JSON.stringify({ nightly });
        const elsewhere = await record({ values: { schedules, capacity: "spot", natGateways: "none" } });
        for (const recording of [run, elsewhere]) {
            const { networkConfiguration, capacityProviderStrategies } =
                recording.one("aws:ecs/service:Service").inputs;
            const { arn, roleArn, ecsParameters, input } = target("main-nightly", recording);
            assert.equal(arn, arnOf("aws:ecs/cluster:Cluster", undefined, recording));
            assert.equal(roleArn, arnOf("aws:iam/role:Role", "main-schedules", recording));
            assert.deepEqual(ecsParameters, {
                taskDefinitionArn: family(),
                capacityProviderStrategies,
                networkConfiguration,
                group: "schedule:nightly",
                enableEcsManagedTags: true,
                propagateTags: "TASK_DEFINITION",
            });
            assert.deepEqual(JSON.parse(String(input)), {
                containerOverrides: [{ name: "app", command: ["node", "clean.js"] }],
            });
        }
    });

    it("are tried again for a quarter of an hour, and then kept in a queue that is encrypted, for as long as SQS keeps them", () => {
        for (const { name } of run.of(scheduleType)) {
            const { retryPolicy, deadLetterConfig } = target(name);
            assert.deepEqual(retryPolicy, { maximumEventAgeInSeconds: 900 });
            assert.deepEqual(deadLetterConfig, { arn: queue().outputs.arn });
        }
        const { sqsManagedSseEnabled, messageRetentionSeconds } = queue().inputs;
        assert.deepEqual([sqsManagedSseEnabled, messageRetentionSeconds], [true, 14 * 24 * 3600]);
        const { queueUrl, policy } = run.one("aws:sqs/queuePolicy:QueuePolicy").inputs;
        assert.equal(queueUrl, queue().outputs.url);
        const [statement, ...others] = (JSON.parse(String(policy)) as { Statement: Record<string, unknown>[] })
            .Statement;
        assert.deepEqual(others, []);
        assert.deepEqual(statement, {
            Sid: "OverTlsOnly",
            Effect: "Deny",
            Principal: "*",
            Action: ["sqs:*"],
            Resource: [queue().outputs.arn],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
        });
    });

    it("are tagged by their group and their queue, as AWS has no tags of a schedule", () => {
        const types = ["aws:scheduler/scheduleGroup:ScheduleGroup", "aws:sqs/queue:Queue", scheduleType, actionType];
        const tagged = types.map((type) => run.of(type).map(({ inputs }) => inputs.tags !== undefined));
        assert.deepEqual(tagged, [[true], [true], [false, false], [false, false]]);
    });

    it("begin once tasks can start, and end before the service does", () => {
        for (const { name, dependsOn } of run.of(scheduleType)) {
            const needs = dependsOn.map(({ type, name }) => `${type} ${name}`);
            for (const need of [
                "aws:iam/rolePolicy:RolePolicy main-schedules",
                "aws:iam/rolePolicy:RolePolicy main-execution",
                "aws:ecs/service:Service main",
            ]) {
                assert.ok(needs.includes(need), `${name}: ${need}`);
            }
        }
    });

    describe("have a role", () => {
        it("that the scheduler alone may assume, for this group of this account alone", () => {
            const trust = policyOf(run.one("aws:iam/role:Role", "main-schedules"), "assumeRolePolicy");
            const group = arnOf("aws:scheduler/scheduleGroup:ScheduleGroup");
            const may = (service: string, sourceArn: string, sourceAccount = account) =>
                mayAssume(trust, service, "sts:AssumeRole", {
                    "aws:SourceArn": sourceArn,
                    "aws:SourceAccount": sourceAccount,
                });
            assert.equal(may("scheduler.amazonaws.com", group), true);
            assert.equal(may("scheduler.amazonaws.com", `${group}-2`), false);
            assert.equal(may("scheduler.amazonaws.com", group.replace("fargate-cicd-dev", "default")), false);
            assert.equal(may("scheduler.amazonaws.com", group, "999999999999"), false);
            assert.equal(may("events.amazonaws.com", group), false);
        });

        it("that runs this family in this cluster, passes its two roles to ECS, and keeps what did not start", async () => {
            const policy = policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-schedules"));
            const revision = `${family()}:7`;
            const [within, elsewhere] = [cluster(), `${cluster()}-2`].map((arn) => ({ "ecs:cluster": arn }));
            const task = `${cluster().replace(":cluster/", ":task/")}/0123`;
            // A schedule names the family alone.
            const { Resource } = policy.Statement.find(({ Sid }) => Sid === "RunTask")!;
            assert.deepEqual(Resource, [family(), `${family()}:*`]);
            const running = { "ecs:CreateAction": "RunTask" };
            const [execution, own, deploy] = ["main-execution", "main-task", "main-deploy"].map((name) =>
                arnOf("aws:iam/role:Role", name),
            );
            const toTasks = { "iam:PassedToService": "ecs-tasks.amazonaws.com" };
            const kept = String(queue().outputs.arn);
            await assertVerdicts(policy, "allowed", [
                ["ecs:RunTask", revision, within],
                ["ecs:TagResource", task, running],
                ["iam:PassRole", execution!, toTasks],
                ["iam:PassRole", own!, toTasks],
                ["sqs:SendMessage", kept],
            ]);
            await assertVerdicts(policy, "denied", [
                ["ecs:RunTask", revision, elsewhere],
                ["ecs:RunTask", revision.replace(":task-definition/", ":task-definition/other-"), within],
                ["ecs:TagResource", task, { "ecs:CreateAction": "StartTask" }],
                ["ecs:TagResource", task],
                ["ecs:TagResource", task.replace("fargate-cicd-dev", "other"), running],
                ["iam:PassRole", execution!, { "iam:PassedToService": "ec2.amazonaws.com" }],
                ["iam:PassRole", deploy!, toTasks],
                ["sqs:SendMessage", `${kept}-2`],
                ["sqs:ReceiveMessage", kept],
                ["ecs:StopTask", task, within],
            ]);
        });
    });

    it("raise an alarm while the queue has a message, which the dashboard shows", async () => {
        const { outputs, inputs } = run.one(alarmType, "main-run-not-started");
        const { name, namespace, metricName, dimensions, comparisonOperator, threshold, treatMissingData } = inputs;
        assert.deepEqual(
            [name, namespace, metricName, dimensions, comparisonOperator, threshold, treatMissingData],
            [
                "fargate-cicd-dev-run-not-started",
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                { QueueName: queue().outputs.name },
                "GreaterThanThreshold",
                0,
                "notBreaching",
            ],
        );
        assert.deepEqual(inputs.alarmActions, [arnOf("aws:sns/topic:Topic")]);
        assert.ok(
            String(run.one("aws:cloudwatch/dashboard:Dashboard").inputs.dashboardBody).includes(String(outputs.arn)),
        );
        assert.equal(
            (await standard()).of(alarmType).some(({ name }) => name === "main-run-not-started"),
            false,
        );
    });

    it("are told of where the app's container ends with another code than 0, or where a run ends in any other way", () => {
        const patterns = ["main-run-failed", "main-run-cut-off"].map((name) => {
            const { eventPattern } = run.one("aws:cloudwatch/eventRule:EventRule", name).inputs;
            return JSON.parse(String(eventPattern)) as unknown;
        });
        const pattern = (detail: object) => ({
            source: ["aws.ecs"],
            "detail-type": ["ECS Task State Change"],
            detail: { clusterArn: [cluster()], group: [{ prefix: "schedule:" }], lastStatus: ["STOPPED"], ...detail },
        });
        assert.deepEqual(patterns, [
            pattern({
                stopCode: ["EssentialContainerExited"],
                containers: { name: ["app"], exitCode: [{ "anything-but": 0 }] },
            }),
            pattern({ stopCode: [{ "anything-but": "EssentialContainerExited" }] }),
        ]);
    });

    it("are told of in a sentence that names the schedule, where one fails, is cut off or does not start", () => {
        const origin = { clusterArn: cluster(), serviceArn: arnOf("aws:ecs/service:Service") };
        const told = ["main-run-failed", "main-run-cut-off"].map((name) => {
            const { inputTransformer } = run.one("aws:cloudwatch/eventTarget:EventTarget", name).inputs;
            const { inputPaths, inputTemplate } = inputTransformer as Record<"inputTemplate", string> & {
                inputPaths: Record<string, string>;
            };
            const { detail } = ecs.run(origin, { exitCode: 1, stoppedReason: "Essential container in task exited" });
            return Object.entries(inputPaths).reduce(
                (text, [member, path]) => text.replace(`<${member}>`, String(detail[path.replace("$.detail.", "")])),
                JSON.parse(inputTemplate) as string,
            );
        });
        const task = `${cluster().replace(":cluster/", ":task/")}/c13b4cb40f1f4fe4a2971f76ae5a47ad`;
        assert.deepEqual(told, [
            `A run of schedule:nightly of fargate-cicd-dev has failed: its command did not end with 0. See the log of ${task}`,
            "A run of schedule:nightly of fargate-cicd-dev could not start, or not end. ECS says: Essential container in task exited",
        ]);
    });
});

describe("hours", () => {
    const alarm = (recording: Recording, kind: string) => recording.one(alarmType, `main-${kind}`).inputs;

    it("change the bounds of the one scalable target, with the settings' own for what is left out", async () => {
        const run = await withSchedules();
        const target = run.one("aws:appautoscaling/target:Target");
        assert.deepEqual(
            run
                .of(actionType)
                .map(({ inputs }) => [
                    ...[inputs.name, inputs.resourceId, inputs.schedule, inputs.timezone, inputs.scalableTargetAction],
                ]),
            [
                [
                    "night",
                    target.inputs.resourceId,
                    night.schedule,
                    "Europe/Berlin",
                    { minCapacity: 0, maxCapacity: 0 },
                ],
                ["morning", target.inputs.resourceId, morning.schedule, "UTC", { minCapacity: 2, maxCapacity: 4 }],
            ],
        );
    });

    it("are changed one after the other, as AWS refuses two changes of a target at a time", async () => {
        const run = await withSchedules();
        const before = run.of(actionType).map(({ name, dependsOn }) => [name, dependsOn.map(({ name }) => name)]);
        assert.deepEqual(before, [
            ["main-night", ["main-requests"]],
            ["main-morning", ["main-night"]],
        ]);
    });

    it("leave the bounds of the settings to be changed at once", async () => {
        const run = await withHours({ night, morning }, { minTasks: "3", maxTasks: "9" });
        const { inputs, ignoreChanges } = run.one("aws:appautoscaling/target:Target");
        assert.deepEqual([inputs.minCapacity, inputs.maxCapacity, ignoreChanges ?? []], [3, 9, []]);
    });

    it("take no task for no outage, where there are to be none at times", async () => {
        const run = await withSchedules();
        assert.equal(alarm(run, "no-healthy-task").treatMissingData, "notBreaching");
        assert.equal(
            run.of(alarmType).some(({ name }) => name === "main-too-few-tasks"),
            false,
        );
        // After such an hour the tasks that start are the only ones, and none of them is healthy yet.
        const patience = async (values: Values) =>
            alarm(await withHours({ night, morning }, values), "no-healthy-task").datapointsToAlarm;
        assert.deepEqual([await patience({}), await patience({ startSeconds: "600" })], [3, 12]);
        const insights = await withHours({ night, morning }, { containerInsights: "enabled" });
        const tooFew = alarm(insights, "too-few-tasks");
        assert.equal(tooFew.treatMissingData, "notBreaching");
        assert.ok(tooFew.metricQueries);
    });

    it("have alarms count from the hour with the fewest tasks, and silence an outage, where there are always some", async () => {
        const run = await withHours({
            night: { ...night, minTasks: 1, maxTasks: 1 },
            sale: { ...morning, minTasks: 4 },
        });
        assert.equal(alarm(run, "too-few-tasks").threshold, 1);
        assert.equal(alarm(run, "no-healthy-task").treatMissingData, "breaching");
    });
});
