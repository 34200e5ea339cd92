/** EventBridge Scheduler and Application Auto Scaling's scheduled actions, where a minute lasts a second. */
import type { Task } from "@aws-sdk/client-ecs";
import type { CreateScheduleInput } from "@aws-sdk/client-scheduler";
import type { Message } from "@aws-sdk/client-sqs";
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { awsAccount } from "../aws/emulator";
import { ensurePython } from "../machine/python";
import { arn, Issuer, roleArn } from "./awsFixture";
import { allows } from "../checkouts/awsClients";
import { ServiceFixture } from "./serviceFixture";

describe("the emulated AWS, at set times", function () {
    this.timeout(90_000);
    let tokens: Issuer;
    let fixture: ServiceFixture;

    const queueArn = arn("sqs", "kept");
    const starting = [
        {
            Action: "ecs:RunTask",
            Resource: arn("ecs", "task-definition/app:*"),
            Condition: { ArnEquals: { "ecs:cluster": arn("ecs", "cluster/app") } },
        },
        {
            Action: "ecs:TagResource",
            Resource: arn("ecs", "task/app/*"),
            Condition: { StringEquals: { "ecs:CreateAction": "RunTask" } },
        },
        {
            Action: "iam:PassRole",
            Resource: roleArn("execution"),
            Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        },
        { Action: "sqs:SendMessage", Resource: queueArn },
    ];
    const trust = (group = "app") => ({
        Principal: { Service: "scheduler.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: {
            StringEquals: { "aws:SourceAccount": awsAccount },
            ArnEquals: { "aws:SourceArn": arn("scheduler", `schedule-group/${group}`) },
        },
    });
    const schedule = (Name: string, ScheduleExpression: string, script: string): CreateScheduleInput => ({
        ...{ Name, GroupName: "app", ScheduleExpression, FlexibleTimeWindow: { Mode: "OFF" } },
        Target: {
            Arn: arn("ecs", "cluster/app"),
            RoleArn: roleArn("starter"),
            EcsParameters: {
                TaskDefinitionArn: arn("ecs", "task-definition/app"),
                CapacityProviderStrategy: [{ capacityProvider: "FARGATE", base: 0, weight: 1 }],
                NetworkConfiguration: { awsvpcConfiguration: { Subnets: fixture.subnets, AssignPublicIp: "DISABLED" } },
                Group: `schedule:${Name}`,
                PropagateTags: "TASK_DEFINITION",
            },
            Input: JSON.stringify({ containerOverrides: [{ name: "app", command: [process.execPath, "-e", script] }] }),
            RetryPolicy: { MaximumEventAgeInSeconds: 120 },
            DeadLetterConfig: { Arn: queueArn },
        },
    });

    const ended = async (group: string): Promise<Task[]> => {
        const { ecs } = fixture.aws.as();
        const { taskArns } = await ecs.listTasks({ cluster: "app", desiredStatus: "STOPPED" });
        const { tasks } =
            taskArns!.length > 0 ? await ecs.describeTasks({ cluster: "app", tasks: taskArns }) : { tasks: [] };
        return tasks!.filter((task) => task.group === group);
    };
    async function eventually<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
        for (let left = 150; left > 0; left--) {
            const found = await look();
            if (found !== undefined) return found;
            await sleep(200);
        }
        throw new assert.AssertionError({ message: `${what} never came` });
    }
    const kept = async (): Promise<Message[] | undefined> => {
        const QueueUrl = (await fixture.aws.as().sqs.getQueueUrl({ QueueName: "kept" })).QueueUrl!;
        return (await fixture.aws.as().sqs.receiveMessage({ QueueUrl, MessageAttributeNames: ["All"] })).Messages;
    };

    before(async () => {
        tokens = await Issuer.start();
        fixture = await ServiceFixture.start(tokens);
        const { scheduler, sqs } = fixture.aws.as();
        await sqs.createQueue({ QueueName: "kept", Attributes: { SqsManagedSseEnabled: "true" } });
        await scheduler.createScheduleGroup({ Name: "app" });
        await fixture.aws.role("starter", trust(), starting);
    });
    afterEach(async () => {
        const { scheduler } = fixture.aws.as();
        for (const { Name } of (await scheduler.listSchedules({ GroupName: "app" })).Schedules!) {
            await scheduler.deleteSchedule({ GroupName: "app", Name });
        }
    });
    after(async () => {
        await fixture?.stop();
        tokens?.stop();
    });

    it("a schedule runs its command in a task of the latest revision, and of the next one after that", async () => {
        const { logs, scheduler } = fixture.aws.as();
        const first = await fixture.revision("");
        await scheduler.createSchedule(schedule("often", "rate(3 minutes)", "console.log('tick')"));
        const task = await eventually(async () => (await ended("schedule:often"))[0], "a run");
        assert.deepEqual(
            [task.taskDefinitionArn, task.startedBy, task.containers![0]!.exitCode, task.capacityProviderName],
            [first, "chronos-schedule/often", 0, "FARGATE"],
        );
        const logStreamName = `app/app/${task.taskArn!.split("/").at(-1)}`;
        const { events } = await logs.getLogEvents({ logGroupName: "/app", logStreamName });
        assert.deepEqual(
            events!.map(({ message }) => message),
            ["tick"],
        );

        const second = await fixture.revision("");
        const runs = async () => (await ended("schedule:often")).map(({ taskDefinitionArn }) => taskDefinitionArn);
        await eventually(
            async () => (await runs()).find((revision) => revision === second),
            "a run of the next revision",
        );
    });

    it("what the role may not do is tried again, and then kept with the reason and raised as a metric", async () => {
        const { cloudwatch, scheduler } = fixture.aws.as();
        await fixture.revision("");
        await fixture.aws.role("starter", trust(), starting.slice(1));
        await scheduler.createSchedule(schedule("denied", "rate(2 minutes)", ""));
        const [message] = await eventually(kept, "a message");
        await fixture.aws.role("starter", trust(), starting);
        const said = Object.fromEntries(
            Object.entries(message!.MessageAttributes!).map(([name, { StringValue }]) => [name, StringValue]),
        );
        assert.deepEqual(
            [said.ERROR_CODE, said.SCHEDULE_ARN, said.TARGET_ARN],
            ["AccessDeniedException", arn("scheduler", "schedule/app/denied"), arn("ecs", "cluster/app")],
        );
        assert.match(
            said.ERROR_MESSAGE!,
            /not authorized to perform: ecs:RunTask on resource: .*task-definition\/app:\d+/,
        );
        assert.ok(Number(said.RETRY_ATTEMPTS) >= 1, said.RETRY_ATTEMPTS);
        const { Metrics } = await cloudwatch.listMetrics({ Namespace: "AWS/SQS" });
        assert.deepEqual(Metrics![0]!.Dimensions, [{ Name: "QueueName", Value: "kept" }]);
    });

    it("a schedule is refused whose role the scheduler may not be, or whose hour or zone nobody knows", async () => {
        const { scheduler } = fixture.aws.as();
        const refused = (changed: Partial<CreateScheduleInput>) =>
            allows(() => scheduler.createSchedule({ ...schedule("bad", "rate(1 hour)", ""), ...changed }));
        await fixture.aws.role("stranger", trust("other"), starting);
        const { Target } = schedule("bad", "rate(1 hour)", "");
        assert.match(
            await refused({ Target: { ...Target!, RoleArn: roleArn("stranger") } }),
            /must allow AWS EventBridge Scheduler to assume the role/,
        );
        assert.match(await refused({ ScheduleExpression: "cron(0 3 * * * *)" }), /Invalid Schedule Expression/);
        assert.match(await refused({ ScheduleExpression: "rate(1 fortnight)" }), /Invalid Schedule Expression/);
        assert.match(await refused({ ScheduleExpressionTimezone: "Europe/Berln" }), /Invalid timezone/);
    });

    it("who makes a schedule must be allowed to, in its group, and to pass its role to the scheduler", async () => {
        await fixture.aws.role("maker", { Principal: { AWS: "*" }, Action: "sts:AssumeRole" }, []);
        const { sts } = fixture.aws.as();
        const { Credentials: given } = await sts.assumeRole({ RoleArn: roleArn("maker"), RoleSessionName: "test" });
        const maker = fixture.aws.as({
            accessKeyId: given!.AccessKeyId!,
            secretAccessKey: given!.SecretAccessKey!,
            sessionToken: given!.SessionToken!,
        });
        const create = () => allows(() => maker.scheduler.createSchedule(schedule("made", "rate(1 day)", "")));
        const may = (...statements: object[]) =>
            fixture.aws.role("maker", { Principal: { AWS: "*" }, Action: "sts:AssumeRole" }, statements);
        assert.equal(await create(), "denied scheduler:CreateSchedule");
        const make = { Action: "scheduler:CreateSchedule", Resource: arn("scheduler", "schedule/app/*") };
        await may(make);
        assert.equal(await create(), "denied iam:PassRole");
        await may(make, {
            Action: "iam:PassRole",
            Resource: roleArn("starter"),
            Condition: { StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" } },
        });
        assert.equal(await create(), "allowed");
    });

    const target = {
        ServiceNamespace: "ecs",
        ResourceId: "service/app/app",
        ScalableDimension: "ecs:service:DesiredCount",
    } as const;
    const serve = async (desiredCount: number) => {
        const taskDefinition = await fixture.revision("process.on('SIGTERM', process.exit); setInterval(() => 0, 1e6)");
        await fixture.aws.as().ecs.createService({
            ...{ cluster: "app", serviceName: "app", taskDefinition, desiredCount },
            networkConfiguration: { awsvpcConfiguration: { subnets: fixture.subnets } },
        });
    };

    it("a scheduled action changes the bounds of a service, and moves it into them", async () => {
        const { ecs, scaling } = fixture.aws.as();
        await serve(1);
        await fixture.steady();
        const action = {
            ...target,
            ScheduledActionName: "rest",
            ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 0 },
        };
        assert.match(
            await allows(() => scaling.putScheduledAction({ ...action, Schedule: "rate(2 minutes)" })),
            /^ObjectNotFound/,
        );
        await scaling.registerScalableTarget({ ...target, MinCapacity: 1, MaxCapacity: 2 });
        await scaling.putScheduledAction({ ...action, Schedule: "rate(2 minutes)", Timezone: "Europe/Berlin" });
        await eventually(async () => ((await fixture.described()).runningCount === 0 ? true : undefined), "no task");
        const { ScalableTargets } = await scaling.describeScalableTargets({ ServiceNamespace: "ecs" });
        assert.deepEqual([ScalableTargets![0]!.MinCapacity, ScalableTargets![0]!.MaxCapacity], [0, 0]);
        const { ScheduledActions } = await scaling.describeScheduledActions(target);
        assert.deepEqual(
            ScheduledActions!.map(({ ScheduledActionName, Schedule, Timezone }) => [
                ScheduledActionName,
                Schedule,
                Timezone,
            ]),
            [["rest", "rate(2 minutes)", "Europe/Berlin"]],
        );
        await scaling.deleteScheduledAction({ ...target, ScheduledActionName: "rest" });
        assert.deepEqual((await scaling.describeScheduledActions(target)).ScheduledActions, []);
        await ecs.deleteService({ cluster: "app", service: "app", force: true });
    });

    it("a target is not changed while another change of it is pending", async () => {
        const { ecs, scaling } = fixture.aws.as();
        await serve(0);
        await scaling.registerScalableTarget({ ...target, MinCapacity: 0, MaxCapacity: 2 });
        const follow = (PolicyName: string) => {
            const metric = { PredefinedMetricType: "ECSServiceAverageCPUUtilization" } as const;
            const TargetTrackingScalingPolicyConfiguration = { TargetValue: 60, PredefinedMetricSpecification: metric };
            const policy = { ...target, PolicyName, PolicyType: "TargetTrackingScaling" } as const;
            return allows(() => scaling.putScalingPolicy({ ...policy, TargetTrackingScalingPolicyConfiguration }));
        };
        const answers = await Promise.all([follow("cpu"), follow("requests")]);
        assert.deepEqual(answers.map((answer) => answer.split(":")[0]).sort(), [
            "ConcurrentUpdateException",
            "allowed",
        ]);
        assert.equal((await scaling.describeScalingPolicies(target)).ScalingPolicies!.length, 1);
        assert.deepEqual([await follow("cpu"), await follow("requests")], ["allowed", "allowed"]);
        await ecs.deleteService({ cluster: "app", service: "app", force: true });
    });

    it("an hour is in its time zone, and is one by each of the expression's fields", async () => {
        const { python } = await ensurePython();
        /** Whether an expression names a moment that is given in UTC. */
        const cases: readonly [expression: string, zone: string, moment: string, due: boolean][] = [
            ["cron(0 3 * * ? *)", "UTC", "2027-01-15T03:00", true],
            ["cron(0 3 * * ? *)", "UTC", "2027-01-15T03:01", false],
            ["cron(0 3 * * ? *)", "Europe/Berlin", "2027-01-15T02:00", true],
            ["cron(0 3 * * ? *)", "Europe/Berlin", "2027-07-15T01:00", true],
            ["cron(30 2 * * ? *)", "Europe/Berlin", "2027-10-31T00:30", true], // the clock goes back an hour
            ["cron(30 2 * * ? *)", "Europe/Berlin", "2027-10-31T01:30", false],
            ["cron(0/15 8-10 ? * MON-FRI *)", "UTC", "2027-01-15T10:45", true], // a Friday
            ["cron(0/15 8-10 ? * MON-FRI *)", "UTC", "2027-01-16T10:45", false],
            ["cron(5,35 * ? * SUN,fri *)", "UTC", "2027-01-15T00:35", true],
            ["cron(0 0 L * ? *)", "UTC", "2028-02-29T00:00", true],
            ["cron(0 0 L * ? *)", "UTC", "2028-02-28T00:00", false],
            ["cron(0 0 16W * ? *)", "UTC", "2027-01-15T00:00", true],
            ["cron(0 0 ? * 6L *)", "UTC", "2027-01-29T00:00", true],
            ["cron(0 0 ? * FRI#2 *)", "UTC", "2027-01-08T00:00", true],
            ["cron(0 0 ? * FRI#2 *)", "UTC", "2027-01-15T00:00", false],
            ["cron(0 0 1 JAN-MAR ? 2027)", "UTC", "2027-03-01T00:00", true],
            ["cron(0 0 1 JAN-MAR ? 2027)", "UTC", "2028-03-01T00:00", false],
        ];
        const program = `import json, sys, datetime, hours
for expression, zone, moment, _ in json.load(sys.stdin):
    at = datetime.datetime.fromisoformat(moment).replace(tzinfo=datetime.timezone.utc)
    print(str(hours.due(expression, zone, int(at.timestamp()) // 60, 0)).lower())`;
        const output = execFileSync(python, ["-c", program], {
            cwd: path.join(__dirname, "../aws"),
            input: JSON.stringify(cases),
            encoding: "utf8",
            env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
        });
        const found = output.trim().split("\n");
        assert.deepEqual(
            cases.map(([expression, zone, moment], index) => [expression, zone, moment, found[index] === "true"]),
            cases,
        );
    });
});
