/**
 * Tasks at set times, and other numbers of tasks at other hours, on the real engine. The steps build on each other, in this order. A
 * minute of the calendar lasts a second here. What the emulator cannot show: how soon AWS tries again what it could not start.
 */
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { SNS } from "@aws-sdk/client-sns";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { root, rootOptions } from "../checkouts/awsClients";
import { changedTypes, CopiedCheckout, fetchPage } from "../checkouts/copiedCheckout";
import { Inbox } from "./inbox";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const name = "fargate-cicd-dev";
const page = "app/public/index.html";
const night = { schedule: "rate(8 minutes)", minTasks: 0, maxTasks: 0 };
const tick = {
    schedule: "rate(5 minutes)",
    command: ["sh", "-c", "echo tick of $(cat /usr/local/apache2/htdocs/version.txt)"],
    timezone: "Europe/Berlin",
};
/** Not while this runs; at three each night would be every 24 minutes. */
const never = "cron(0 3 1 1 ? 2199)";

describe("a stack with schedules", () => {
    const checkout = new CopiedCheckout();
    const cloudWatch = new CloudWatch(rootOptions);
    const { ecs, iam, scaling, scheduler, sqs } = root();
    let inbox: Inbox;

    const succeed = async (script: string) => (await checkout.succeed(script)).output;
    /** With the rights of docs/deployer/ alone. */
    const up = () => succeed("sandbox:up -- --as-deployer");
    const configure = (settings: object) => checkout.configureAll(settings);
    const outputsOf = (type: string, logicalName: string): Record<string, any> =>
        checkout
            .state()
            .deployment.resources.find((each) => each.type === type && each.urn.endsWith(`::${logicalName}`)).outputs;
    const url = () => checkout.state().deployment.resources[0].outputs.url as string;
    const version = async () => (await fetchPage(`${url()}/version.txt`)).body.trim();
    const service = async () => (await ecs.describeServices({ cluster: name, services: [name] })).services![0]!;
    async function eventually<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
        for (let left = 300; left > 0; left--) {
            const found = await look();
            if (found) return found;
            await sleep(200);
        }
        throw new assert.AssertionError({ message: `${what} never came` });
    }
    /** A line of the app's log group, as whoever looks for it there sees it. */
    const logged = (line: string) =>
        eventually(
            async () => new RegExp(`^\\S+Z \\S+ ${line}$`, "m").test(await succeed("sandbox:logs -- --since 1h")),
            `the line "${line}"`,
        );
    const told = (sentence: RegExp) =>
        eventually(async () => inbox.messages.find((message) => sentence.test(message)), String(sentence));
    const raised = async (kind: string) =>
        (await cloudWatch.describeAlarms({ AlarmNames: [`${name}-${kind}`] })).MetricAlarms![0]?.StateValue;
    const rested = () =>
        eventually(async () => (await service()).runningCount === 0 && (await service()).desiredCount === 0, "rest");
    const alarms = async () => {
        const { MetricAlarms } = await cloudWatch.describeAlarms({ StateValue: "ALARM" });
        return MetricAlarms!.map(({ AlarmName, StateReason }) => `${AlarmName}: ${StateReason}`);
    };
    /** The alarms that were raised, by what the topic was told after the first so many messages. */
    const raisedSince = (first: number) =>
        inbox.messages
            .slice(first)
            .map((message) => JSON.parse(message) as { AlarmName?: string; NewStateValue?: string })
            .filter(({ NewStateValue }) => NewStateValue === "ALARM")
            .map(({ AlarmName }) => AlarmName);
    const names = async () =>
        (await scheduler.listSchedules({ GroupName: name })).Schedules!.map(({ Name }) => Name).sort();

    before(async () => {
        configure({ schedules: { tick } });
        await up();
        inbox = await Inbox.of(new SNS(rootOptions), outputsOf("aws:sns/topic:Topic", "main").arn as string);
    });
    after(async () => {
        inbox?.close();
        await checkout.remove();
    });

    it("runs a command in a task of its own, whose log is beside the app's, and has nothing to change then", async () => {
        await logged(`tick of ${await version()}`);
        await succeed("sandbox:up -- --refresh --expect-no-changes");
    });

    it("runs the next release from its first run on, without a change of the stack", async () => {
        const before = await version();
        checkout.edit(page, (html) => html.replace("</h1>", ", released</h1>"));
        await succeed("sandbox:release");
        const released = await version();
        assert.notEqual(released, before);
        await logged(`tick of ${released}`);
        await up(); // takes the edit up, so that the next one changes schedules only
    });

    it("changes and takes away schedules while it runs, and tells of a run that fails, by its schedule", async () => {
        configure({ schedules: { failing: { schedule: "rate(4 minutes)", command: ["sh", "-c", "exit 3"] } } });
        assert.deepEqual(changedTypes(await up()), ["aws:scheduler:Schedule"]);
        assert.deepEqual(await names(), ["failing"]);
        const sentence = await told(/A run of schedule:/);
        assert.match(
            JSON.parse(sentence) as string,
            /^A run of schedule:failing of fargate-cicd-dev has failed: its command did not end with 0\. See the log of arn:/,
        );
        configure({ schedules: { failing: { schedule: never, command: ["sh", "-c", "exit 3"] } } });
        assert.deepEqual(changedTypes(await up()), ["aws:scheduler:Schedule"]);
        const { ScheduleExpression } = await scheduler.getSchedule({ GroupName: name, Name: "failing" });
        assert.equal(ScheduleExpression, never);
    });

    it("keeps what could not be started, raises an alarm on it, and is over it once that is deleted", async () => {
        const RoleName = outputsOf("aws:iam/role:Role", "main-schedules").name as string;
        const { PolicyNames } = await iam.listRolePolicies({ RoleName });
        const PolicyName = PolicyNames![0]!;
        const document = decodeURIComponent((await iam.getRolePolicy({ RoleName, PolicyName })).PolicyDocument!);
        const { Version, Statement } = JSON.parse(document) as { Version: string; Statement: { Sid: string }[] };
        const left = Statement.filter(({ Sid }) => Sid !== "RunTask");
        await iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument: JSON.stringify({ Version, Statement: left }) });
        configure({ schedules: { tick } });
        await succeed("sandbox:up");

        await told(/run-not-started.*"NewStateValue": ?"ALARM"/);
        const QueueUrl = outputsOf("aws:sqs/queue:Queue", "main-not-started").url as string;
        const { Messages } = await sqs.receiveMessage({
            QueueUrl,
            MessageAttributeNames: ["All"],
            VisibilityTimeout: 0,
        });
        const attributes = Messages![0]!.MessageAttributes!;
        assert.match(attributes.ERROR_MESSAGE!.StringValue!, /not authorized to perform: ecs:RunTask on resource/);
        assert.match(attributes.SCHEDULE_ARN!.StringValue!, /schedule\/fargate-cicd-dev\/tick$/);

        await succeed("sandbox:up -- --refresh"); // gives the role its right again
        inbox.messages.splice(0);
        await eventually(async () => {
            await sqs.purgeQueue({ QueueUrl }); // some may have been on their way
            return (await raised("run-not-started")) === "OK";
        }, "the end of the alarm");
    });

    it("has nothing left of schedules once there are none", async () => {
        configure({ schedules: undefined });
        await up();
        assert.deepEqual((await scheduler.listSchedules({})).Schedules, []);
        const { ScheduleGroups } = await scheduler.listScheduleGroups({});
        assert.deepEqual(
            ScheduleGroups!.map(({ Name }) => Name),
            ["default"],
        );
        assert.deepEqual((await sqs.listQueues({})).QueueUrls ?? [], []);
        assert.equal(await raised("run-not-started"), undefined);
        await succeed("sandbox:up -- --expect-no-changes");
    });

    it("rests at an hour without tasks, without an alarm, and stays at rest through an up", async () => {
        const { length } = inbox.messages;
        configure({ scaleSchedule: { night } });
        await up();
        await rested();
        await succeed("sandbox:up -- --expect-no-changes");
        for (let minute = 0; minute < 20; minute++) {
            await fetchPage(url()); // which has nobody to answer
            await sleep(1000);
        }
        assert.deepEqual(await alarms(), []);
        assert.deepEqual(raisedSince(length), []);
        assert.equal((await fetchPage(url())).status, 503);
    });

    it("releases at such an hour, and says that nobody is there to be asked", async () => {
        checkout.edit(page, (html) => html.replace(", released</h1>", ", at rest</h1>"));
        const output = await succeed("sandbox:release");
        assert.match(output, /fargate-cicd-dev is to have no task at this hour: nobody is asked for the new version/);
        assert.equal((await service()).desiredCount, 0);
    });

    it("wakes at the next hour that has tasks, in the version that was released at rest, without an alarm", async () => {
        const { length } = inbox.messages;
        const morning = { schedule: "rate(8 minutes)", minTasks: 1, maxTasks: 1 };
        configure({ scaleSchedule: { night: { ...night, schedule: never }, morning } });
        await up();
        await eventually(async () => (await fetchPage(url())).body.includes(", at rest<"), "the page");
        await sleep(5000);
        assert.deepEqual(await alarms(), []);
        // Two health checks are some of these minutes, and none on AWS.
        assert.deepEqual(
            raisedSince(length).filter((alarm) => alarm !== `${name}-no-healthy-task`),
            [],
        );
        configure({ scaleSchedule: { night } });
        await up();
        await rested();
    });

    it("does not stay at rest unnoticed when such hours are taken out, and comes back as the warning says", async () => {
        configure({ scaleSchedule: undefined });
        const { output } = await checkout.run("sandbox:up"); // which misses the page at its end
        assert.match(
            output,
            /fargate-cicd-dev is to run no task at the moment, and no hour of scaleSchedule says so any more/,
        );
        await eventually(async () => (await raised("no-healthy-task")) === "ALARM", "the alarm");
        await checkout.run("sandbox:up -- --refresh"); // which may come before the task that it brings back
        await eventually(async () => (await service()).runningCount === 1, "a task");
        await eventually(async () => (await fetchPage(url())).status === 200, "the page");
        assert.match((await fetchPage(url())).body, /, at rest</);
        const { ScheduledActions } = await scaling.describeScheduledActions({ ServiceNamespace: "ecs" });
        assert.deepEqual(ScheduledActions, []);
        await succeed("sandbox:up -- --expect-no-changes");
    });

    it("leaves nothing behind that would come at set times", async () => {
        configure({
            schedules: { tick },
            scaleSchedule: { sale: { schedule: "rate(1 day)", minTasks: 2, maxTasks: 2 } },
        });
        await succeed("sandbox:up");
        await succeed("sandbox:destroy");
    });
});
