/**
 * Alarms, the dashboard, shells and guards on the real engine. The steps build on each other, in this order. A minute of CloudWatch
 * lasts a second here, or as many as SANDBOX_CLOUDWATCH_MINUTE says. What the emulator cannot show: that an e-mail arrives, how late
 * CloudWatch is, and the session of a shell.
 */
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import type { Task } from "@aws-sdk/client-ecs";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { SNS } from "@aws-sdk/client-sns";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import * as ecsEvents from "../../test/ecsEvents";
import { asOnAws } from "./asOnAws";
import { root, rootOptions } from "../checkouts/awsClients";
import { containersOf, CopiedCheckout, fetchPage } from "../checkouts/copiedCheckout";
import { Inbox } from "./inbox";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const name = "fargate-cicd-dev";
const service = { cluster: name, services: [name] };
/** Seconds. */
const minute = Number(process.env.SANDBOX_CLOUDWATCH_MINUTE ?? 1);

describe("a stack that is watched, opened and guarded", function () {
    const checkout = new CopiedCheckout();
    const cloudWatch = new CloudWatch(rootOptions);
    const events = new EventBridge(rootOptions);
    const sns = new SNS(rootOptions);
    let inbox: Inbox;
    /** What the topic has told in sentences, one like this among them. */
    const told = async (sentence: RegExp): Promise<string[]> => {
        for (let left = 300; ; left--) {
            const messages = inbox.messages.map((message) => JSON.parse(message) as unknown);
            const sentences = messages.filter((each) => typeof each === "string");
            if (sentences.some((each) => sentence.test(each))) return sentences;
            assert.ok(left > 0, `${sentence} is not in\n${inbox.messages.join("\n")}`);
            await sleep(200);
        }
    };
    const { ecr, ecs, elb, iam, logs } = root();

    const outputsOf = (type: string, logicalName: string): Record<string, any> =>
        checkout
            .state()
            .deployment.resources.find(
                (each) => each.type === type && each.urn.endsWith(`::${logicalName}`) && !each.delete,
            ).outputs;
    const url = (): string => checkout.state().deployment.resources[0].outputs.url;
    const run = async (script: string, expected = 0) => {
        const { code, output } = await checkout.run(script);
        assert.equal(code, expected, output);
        return output;
    };
    /** The status, once it has this. */
    const statusWith = async (wanted: RegExp): Promise<string> => {
        for (let left = 30; ; left--) {
            const { output } = await checkout.succeed("sandbox:status");
            if (wanted.test(output)) return output;
            assert.ok(left > 0, `${wanted} is not in\n${output}`);
            await sleep(1000);
        }
    };
    const alarms = async () => (await cloudWatch.describeAlarms({})).MetricAlarms!;
    /** The dimensions of the stack's own parts, as CloudWatch writes them. */
    const parts = () => {
        const LoadBalancer: string = outputsOf("aws:lb/loadBalancer:LoadBalancer", "main").arnSuffix;
        const groups = ["main", "main-alternate"].map((each) => outputsOf("aws:lb/targetGroup:TargetGroup", each));
        return {
            balancer: { LoadBalancer },
            targets: groups.map(({ arnSuffix }) => ({ LoadBalancer, TargetGroup: arnSuffix as string })),
            tasks: { ClusterName: name, ServiceName: name },
        };
    };
    const topicArn = (): string => outputsOf("aws:sns/topic:Topic", "main").arn;
    const described = async () => (await ecs.describeServices(service)).services![0]!;

    before("npm run sandbox:up", async () => {
        checkout.configure("fargate-cicd:alarmEmail", "on-call@example.com");
        checkout.configure("fargate-cicd:containerInsights", true);
        checkout.configure("fargate-cicd:enableExec", true);
        checkout.configure("fargate-cicd:readOnlyRoot", false);
        await run("sandbox:up");
    });
    after(async () => {
        inbox?.close();
        try {
            if (
                fs.existsSync(checkout.stateFile()) &&
                fs.readFileSync(checkout.stateFile(), "utf8").includes('"protect"')
            ) {
                checkout.configure("fargate-cicd:deletionProtection", undefined);
                await run("sandbox:up");
            }
        } finally {
            await checkout.remove();
        }
    });

    it("has an alarm on each measure of its own load balancer, target group and service, which tells the topic", async () => {
        const { balancer, targets, tasks } = parts();
        const text = (metric: unknown) => inspect(metric, { sorted: true }); // of its keys, which AWS gives in any order
        const byText = (a: unknown, b: unknown) => text(a).localeCompare(text(b));
        const ofBoth = (...names: string[]) =>
            names.flatMap((each) => targets.map((group) => [each, group])).sort(byText);
        const measured = (metric: { MetricName?: string; Dimensions?: { Name?: string; Value?: string }[] }) => [
            metric.MetricName,
            Object.fromEntries(metric.Dimensions!.map(({ Name, Value }) => [Name!, Value!])),
        ];
        const found = (await alarms()).map((alarm) => [
            alarm.AlarmName,
            (alarm.Metrics ?? [])
                .flatMap(({ MetricStat }) => (MetricStat ? [measured(MetricStat.Metric!)] : []))
                .sort(byText),
            ...(alarm.Metrics ? [] : [measured(alarm)]),
        ]);
        assert.deepEqual(found, [
            [`${name}-app-errors`, ofBoth("HTTPCode_Target_5XX_Count", "RequestCount")],
            [`${name}-high-cpu`, [], ["CPUUtilization", tasks]],
            [`${name}-high-memory`, [], ["MemoryUtilization", tasks]],
            [
                `${name}-load-balancer-errors`,
                [
                    ["HTTPCode_ELB_502_Count", balancer],
                    ["HTTPCode_ELB_504_Count", balancer],
                    ["RequestCount", balancer],
                ],
            ],
            [`${name}-no-healthy-task`, ofBoth("HealthyHostCount")],
            [
                `${name}-too-few-tasks`,
                [
                    ["DesiredTaskCount", tasks],
                    ["RunningTaskCount", tasks],
                ],
            ],
            [`${name}-unhealthy-task`, ofBoth("UnHealthyHostCount")],
        ]);
        for (const { AlarmActions, OKActions } of await alarms()) {
            assert.deepEqual([AlarmActions, OKActions], [[topicArn()], [topicArn()]]);
        }
    });

    it("is measured: every alarm has data or needs none, and none is raised while all is well", async () => {
        for (let left = 15 * minute + 100; ; left--) {
            const states = (await alarms()).map(({ StateValue }) => StateValue);
            const { Metrics } = await cloudWatch.listMetrics({ Namespace: "AWS/ECS" });
            const cpu = Metrics!.some(({ MetricName }) => MetricName === "CPUUtilization");
            if (cpu && states.every((state) => state === "OK")) break;
            assert.ok(left > 0, states.join());
            await sleep(200);
        }
    });

    it("asks the address to confirm before it sends anything to it", async () => {
        const { Subscriptions } = await sns.listSubscriptionsByTopic({ TopicArn: topicArn() });
        assert.deepEqual(
            Subscriptions!.map(({ Protocol, Endpoint, SubscriptionArn }) => [Protocol, Endpoint, SubscriptionArn]),
            [["email", "on-call@example.com", "PendingConfirmation"]],
        );
    });

    it("has a dashboard of this stack's alarms and of nothing but its own parts", async () => {
        const { DashboardBody } = await cloudWatch.getDashboard({ DashboardName: `${name}-ap-northeast-1` });
        const { widgets } = JSON.parse(DashboardBody!) as { widgets: { type: string; properties: any }[] };
        const [shown, ...graphs] = widgets;
        assert.deepEqual(shown!.properties.alarms.sort(), (await alarms()).map(({ AlarmArn }) => AlarmArn).sort());
        const measured = graphs.flatMap(({ properties }) => properties.metrics as [string, string, ...unknown[]][]);
        const dimensions = measured.map(([, , ...rest]) => rest.slice(0, -1));
        const asWritten = (part: Record<string, string>) => JSON.stringify(Object.entries(part).flat());
        const { balancer, targets, tasks } = parts();
        assert.deepEqual(
            new Set(dimensions.map((each) => JSON.stringify(each))),
            new Set([...targets.map(asWritten), asWritten(balancer), asWritten(tasks)]),
        );
    });

    it("keeps what Container Insights writes in a group of its own, for as long as the app's logs", async () => {
        const logGroupName = `/aws/ecs/containerinsights/${name}/performance`;
        const { logGroups } = await logs.describeLogGroups({});
        assert.deepEqual(logGroups!.map((group) => [group.logGroupName, group.retentionInDays]).sort(), [
            [logGroupName, 30],
            [`/ecs/${name}`, 30],
            [`/ecs/${name}/shell`, 30],
        ]);
        const { logStreams } = await logs.describeLogStreams({ logGroupName });
        assert.equal(logStreams!.length, 1);
    });

    it("leaves nothing for a second up to change", async () => {
        await run("sandbox:up -- --expect-no-changes");
    });

    it("gives a shell's agent the rights on its channels and its log, and no other: without them ECS refuses a shell", async () => {
        const roleName: string = outputsOf("aws:iam/role:Role", "main-task").name;
        const { PolicyNames } = await iam.listRolePolicies({ RoleName: roleName });
        assert.equal(PolicyNames!.length, 1);
        assert.deepEqual((await iam.listAttachedRolePolicies({ RoleName: roleName })).AttachedPolicies, []);
        const policy = { RoleName: roleName, PolicyName: PolicyNames![0] };
        const { PolicyDocument } = await iam.getRolePolicy(policy);
        const document = decodeURIComponent(PolicyDocument!);
        const { Statement } = JSON.parse(document) as { Statement: { Action: string[] }[] };
        assert.deepEqual(
            Statement.flatMap(({ Action }) => Action),
            [
                ...["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map(
                    (action) => `ssmmessages:${action}`,
                ),
                ...["DescribeLogGroups", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"].map(
                    (action) => `logs:${action}`,
                ),
            ],
        );

        assert.equal((await described()).enableExecuteCommand, true);
        const [task] = (await ecs.listTasks({ cluster: name })).taskArns!;
        const shell = { cluster: name, task, container: "app", command: "sh", interactive: true };
        assert.ok((await ecs.executeCommand(shell)).session);
        await iam.deleteRolePolicy(policy);
        await assert.rejects(ecs.executeCommand(shell), /execute command agent isn't running/);
        await iam.putRolePolicy({ ...policy, PolicyDocument: document });
        assert.ok((await ecs.executeCommand(shell)).session);
    });

    it("opens a shell: here Docker's, and on AWS with the session that the Session Manager plugin is called with", async () => {
        const { output } = await checkout.succeed("sandbox:shell -- --command=id");
        assert.match(output, /^uid=\d+\(www-data\)/m);

        const programs = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-plugin-"));
        const open = (task: string) => checkout.run(`shell -- --stack dev --task=${task}`, asOnAws(checkout, programs));
        const missing = await open("");
        assert.deepEqual([missing.code, /A shell needs AWS's Session Manager plugin/.test(missing.output)], [1, true]);
        const plugin = `#!/bin/sh\n[ $# -eq 0 ] || printf '%s\\n' "$@"\n`;
        fs.writeFileSync(path.join(programs, "session-manager-plugin"), plugin, { mode: 0o755 });

        const [task] = (await ecs.listTasks({ cluster: name })).taskArns!;
        const { containers } = (await ecs.describeTasks({ cluster: name, tasks: [task!] })).tasks![0]!;
        const id = task!.split("/").at(-1)!;
        const opened = await open(id.slice(0, 4));
        assert.equal(opened.code, 0, opened.output);
        const [which, session, region, operation, profile, parameters] = opened.output.trim().split("\n");
        assert.match(which!, new RegExp(`^${name} in ${rootOptions.region}, task ${id.slice(0, 8)}`));
        assert.deepEqual(Object.keys(JSON.parse(session!) as object).sort(), ["sessionId", "streamUrl", "tokenValue"]);
        const target = JSON.stringify({ Target: `ecs:${name}_${id}_${containers![0]!.runtimeId}` });
        assert.deepEqual([region, operation, profile, parameters], [rootOptions.region, "StartSession", "", target]);
        fs.rmSync(programs, { recursive: true });
    });

    it("shows what the app writes: of all tasks or one, and of each line that comes, once", async () => {
        const [task] = (await ecs.listTasks({ cluster: name })).taskArns!;
        const id = task!.split("/").at(-1)!.slice(0, 8);
        const line = new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ ${id} .*"GET / HTTP/1.1" 200`, "m");
        assert.match((await checkout.succeed("sandbox:logs")).output, line);
        assert.match(
            (await checkout.succeed(`logs -- --stack dev --task ${id} --since 1h`, asOnAws(checkout))).output,
            line,
        );
        const nothing = await checkout.succeed("sandbox:logs -- --task nobody");
        assert.match(nothing.output, /^Nothing of task nobody is in \/ecs\/fargate-cicd-dev of the last 10m: /);

        const page = `followed${Date.now()}`;
        const { process: follower, finished } = checkout.start(`sandbox:logs -- --follow --since 1m --filter ${page}`);
        let seen = "";
        const arrived = new Promise<void>((resolve) =>
            follower.stdout!.on("data", (chunk) => (seen += chunk).includes(page) && resolve()),
        );
        await fetchPage(`${url()}/${page}`);
        await arrived;
        await sleep(5000); // another look or two
        process.kill(-follower.pid!, "SIGINT");
        await finished;
        assert.equal(seen.split("\n").filter((each) => each.includes(page)).length, 1, seen);
    });

    it("tells the topic of what nobody may miss in what ECS reports, and of nothing else", async () => {
        const origin = {
            clusterArn: outputsOf("aws:ecs/cluster:Cluster", "main").arn,
            serviceArn: (await described()).serviceArn!,
        };
        const rules = (await events.listRules({})).Rules!;
        const matching = async (event: ecsEvents.EcsEvent) => {
            const matches = await Promise.all(
                rules.map(async ({ EventPattern, Description }) => {
                    const { Result } = await events.testEventPattern({ EventPattern, Event: JSON.stringify(event) });
                    return Result ? [Description!.replace(`${name}: `, "")] : [];
                }),
            );
            return matches.flat();
        };
        const samples = Object.entries(ecsEvents.incidents(origin));
        assert.deepEqual(
            rules.map(({ Description }) => Description).sort(),
            samples.map(([kind]) => `${name}: ${kind}`).sort(),
        );
        const { clusterArn, serviceArn } = origin;
        const elsewhere = [
            { clusterArn, serviceArn: `${serviceArn}-2` },
            { clusterArn: `${clusterArn}-2`, serviceArn: serviceArn.replace(`/${name}/`, `/${name}-2/`) },
        ];
        for (const [kind, [event]] of samples) {
            assert.deepEqual(await matching(event), [kind]);
        }
        for (const other of elsewhere) {
            for (const [kind, [event]] of Object.entries(ecsEvents.incidents(other))) {
                assert.deepEqual(await matching(event), [], `${kind} of ${other.serviceArn}`);
            }
        }
        for (const [kind, event] of Object.entries(ecsEvents.everyday(origin))) {
            assert.deepEqual(await matching(event), [], kind);
        }
    });

    it("tells the topic why a task cannot start, and that none does", async () => {
        inbox = await Inbox.of(sns, topicArn());
        const role: string = outputsOf("aws:iam/role:Role", "main-execution").name;
        const policy = {
            RoleName: role,
            PolicyName: (await iam.listRolePolicies({ RoleName: role })).PolicyNames![0]!,
        };
        const document = decodeURIComponent((await iam.getRolePolicy(policy)).PolicyDocument!);
        const without = document.replace('"ecr:BatchGetImage",', "");
        assert.notEqual(without, document);
        await iam.putRolePolicy({ ...policy, PolicyDocument: without });
        await ecs.updateService({ cluster: name, service: name, desiredCount: 2 });
        const sentences = await told(/fail again and again/);
        const status = await statusWith(
            /^ {2}ALARM +fargate-cicd-dev-too-few-tasks +.*\(\d+ min\) +Threshold Crossed/m,
        );
        assert.match(status, /^Tasks: 2 desired, 1 running, \d pending$/m);
        assert.match(status, /^Alarms: \d raised of 7$/m);
        assert.match(
            status,
            /^Stopped in the last hour: \d+\n {2}\w{8} +fargate-cicd-dev:\d+ +.*CannotPullContainerError/m,
        );
        await iam.putRolePolicy({ ...policy, PolicyDocument: document });
        await ecs.updateService({ cluster: name, service: name, desiredCount: 1 });
        const start = `A task of ${name} could not start. ECS says: CannotPullContainerError: `;
        assert.ok(sentences[0]!.startsWith(start), sentences.join("\n"));
        assert.match(sentences[0]!, /is not authorized to perform: ecr:BatchGetImage on resource/);
        const settled = async () => {
            const { desiredCount, runningCount, pendingCount } = await described();
            const { StateValue } = (await alarms()).find(({ AlarmName }) => AlarmName === `${name}-too-few-tasks`)!;
            return `${desiredCount} desired, ${runningCount} running, ${pendingCount} pending, ${StateValue}`;
        };
        for (let left = 300; (await settled()) !== "1 desired, 1 running, 0 pending, OK"; left--) {
            assert.ok(left > 0, await settled());
            await sleep(200);
        }
        inbox.messages.splice(0);
    });

    it("tells the topic that a task cannot be placed, and the status why, until there is room", async () => {
        const { networkConfiguration, taskDefinition } = await described();
        const { taskDefinition: own } = await ecs.describeTaskDefinition({ taskDefinition });
        const { executionRoleArn, containerDefinitions, requiresCompatibilities, networkMode } = own!;
        const shared = { executionRoleArn, containerDefinitions, requiresCompatibilities, networkMode };
        const others: Task[] = [];
        // With the app's quarter of one these are the six vCPUs of a new account.
        for (const cpu of [4096, 1024, 512, 256]) {
            const size = { family: `other-${cpu}`, cpu: String(cpu), memory: String(2 * cpu) };
            await ecs.registerTaskDefinition({ ...shared, ...size });
            const run = { cluster: name, launchType: "FARGATE", networkConfiguration } as const;
            const { tasks } = await ecs.runTask({ ...run, taskDefinition: size.family });
            others.push(tasks![0]!);
        }
        await ecs.updateService({ cluster: name, service: name, desiredCount: 2 });
        const sentences = await told(/cannot be placed/);
        assert.match(sentences.join("\n"), /ECS goes on trying, and says: RESOURCE:FARGATE/);
        await statusWith(
            /^ECS says\n.*\(service fargate-cicd-dev\) was unable to place a task\. Reason: You've reached the limit/m,
        );
        for (const { taskArn, taskDefinitionArn } of others) {
            await ecs.stopTask({ cluster: name, task: taskArn! });
            await ecs.deregisterTaskDefinition({ taskDefinition: taskDefinitionArn! });
            await ecs.deleteTaskDefinitions({ taskDefinitions: [taskDefinitionArn!] });
        }
        for (let left = 300; (await described()).runningCount !== 2; left--) {
            assert.ok(left > 0, inspect(await described()));
            await sleep(200);
        }
        await ecs.updateService({ cluster: name, service: name, desiredCount: 1 });
        inbox.messages.splice(0);
    });

    it("takes back a release whose pages fail after it was rolled out, fails its run, tells the topic, and shows it", async () => {
        const before = (await described()).taskDefinition;
        const page = (await fetchPage(url())).body;
        const fails = "RedirectMatch 500 ^/orders";
        checkout.edit("app/Dockerfile", (text) => `${text}CMD ["httpd-foreground", "-c", "${fails}"]\n`);
        let releasing = true;
        const statuses = new Set<number>();
        const release = checkout.start("sandbox:release");
        let printed = "";
        // Before the new version is rolled out, nobody asks for what fails in it.
        const rolledOut = new Promise<void>((resolve) => {
            release.process.stdout!.on("data", (chunk) => /Run Main Roll out/.test((printed += chunk)) && resolve());
            release.process.on("close", () => resolve());
        });
        const visitor = (async () => {
            await rolledOut;
            while (releasing) {
                statuses.add((await fetchPage(`${url()}/orders`)).status);
                await sleep(25);
            }
        })();
        const { code, output } = await release.finished.finally(() => (releasing = false));
        await visitor;

        assert.equal(code, 1, output);
        assert.deepEqual(statuses, new Set([404, 500])); // those of after the release, and its own
        const [, revision] = /Registered arn:\S+\/(\S+)/.exec(output)!;
        const taken = "ROLLBACK_SUCCESSFUL: Service deployment rolled back because an alarm was detected.";
        assert.ok(
            output.includes(`The release failed:\n  Follow the deployment: ${revision} is not live. ${taken}`),
            output,
        );
        const shown = [
            `ALARM ${name}-app-errors: The app`,
            `A release of ${name} has failed`,
            `A release of ${name} is taken back`,
        ];
        for (const message of shown) {
            assert.ok(output.includes(`\nTold      ${message}`), output);
        }
        const now = await described();
        assert.deepEqual(
            [now.taskDefinition, now.deployments!.map(({ rolloutState }) => rolloutState)],
            [before, ["COMPLETED"]],
        );
        assert.match(now.events!.map(({ message }) => message).join("\n"), /deployment failed: alarm detected\./);
        assert.equal((await fetchPage(url())).body, page);
        assert.equal((await fetchPage(`${url()}/orders`)).status, 404);

        const alarm = () =>
            inbox.messages
                .map((message) => JSON.parse(message) as { AlarmName?: string; NewStateValue?: string })
                .filter(({ AlarmName }) => AlarmName === `${name}-app-errors`);
        for (let left = 15 * minute + 100; alarm().length < 2 && left > 0; left--) await sleep(200);
        assert.deepEqual(
            alarm().map(({ NewStateValue }) => NewStateValue),
            ["ALARM", "OK"],
        );
        await told(/has failed/);
        assert.deepEqual((await told(/taken back/)).sort(), [
            `A release of ${name} has failed. ECS says: ECS deployment failed: alarm detected: ${name}-app-errors.`,
            `A release of ${name} is taken back: the one before it goes live again. ECS says: ECS deployment rollback in progress: rolling back to deployment ${now.deployments![0]!.id}.`,
        ]);
    });

    it("refuses to be destroyed while it is guarded, deletes nothing, and says how to lift that", async () => {
        checkout.configure("fargate-cicd:deletionProtection", true);
        await run("sandbox:up");
        const resources = () => checkout.state().deployment.resources.map(({ urn, id }) => `${urn} ${id}`);
        const [before, containers] = [resources(), await containersOf(checkout)];
        const output = await run("sandbox:destroy", 1);
        const guarded = [
            "aws:cloudwatch/logGroup:LogGroup main",
            "aws:cloudwatch/logGroup:LogGroup main-shell",
            "aws:ecr/repository:Repository main",
            "aws:lb/loadBalancer:LoadBalancer main",
        ];
        const listed = /Pulumi protects\n((?: {2}.*\n)+)To lift it, set fargate-cicd:deletionProtection to false/;
        assert.deepEqual(listed.exec(output)?.[1]!.trim().split(/\n */).sort(), guarded, output);
        assert.deepEqual(resources(), before);
        assert.deepEqual(await containersOf(checkout), containers);
        assert.equal((await fetchPage(url())).status, 200);
    });

    it("keeps load balancer and images where only Pulumi's guard is taken away: AWS refuses", async () => {
        const LoadBalancerArn: string = outputsOf("aws:lb/loadBalancer:LoadBalancer", "main").arn;
        const state = JSON.parse(fs.readFileSync(checkout.stateFile(), "utf8"));
        const unguarded = state.checkpoint.latest.resources.filter((each: { protect?: boolean }) => each.protect);
        for (const each of unguarded) each.protect = false; // what `pulumi state unprotect --all` does
        fs.writeFileSync(checkout.stateFile(), JSON.stringify(state));
        const output = await run("sandbox:destroy", 1);
        assert.match(output, /OperationNotPermitted\w*: .*deletion protection is enabled/);
        const balancers = await elb.describeLoadBalancers({ LoadBalancerArns: [LoadBalancerArn] });
        assert.equal(balancers.LoadBalancers!.length, 1);
        await assert.rejects(ecr.deleteRepository({ repositoryName: name }), { name: "RepositoryNotEmptyException" });
    });

    it("is taken away without a trace once the guard is lifted", async () => {
        checkout.configure("fargate-cicd:deletionProtection", undefined);
        await run("sandbox:up");
        assert.match(await run("sandbox:destroy"), /Left over: nothing/);
        assert.deepEqual(await containersOf(checkout), []);
        assert.deepEqual(checkout.processes(), []);
    });
});
