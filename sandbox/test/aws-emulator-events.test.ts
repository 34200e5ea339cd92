import { EventBridge, type Target } from "@aws-sdk/client-eventbridge";
import { SNS } from "@aws-sdk/client-sns";
import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { awsAccount } from "../aws/emulator";
import { arn, Issuer, nodeImage, region, roleArn, taskTrust, TestAws } from "./awsFixture";
import { Inbox } from "./inbox";

describe("the emulated AWS, telling what happens to tasks and deployments", function () {
    this.timeout(60_000);
    let tokens: Issuer;
    let aws: TestAws;
    let events: EventBridge;
    let sns: SNS;
    let inbox: Inbox;

    const topic = arn("sns", "on-call");
    const rule = arn("events", "rule/all");
    const target: Target = {
        Id: "topic",
        Arn: topic,
        RoleArn: roleArn("teller"),
        InputTransformer: {
            InputPathsMap: {
                type: "$.detail-type",
                what: "$.detail.eventName",
                stop: "$.detail.stopCode",
                why: "$.detail.reason",
                stopped: "$.detail.stoppedReason",
            },
            InputTemplate: '"<type>: <what><stop>: <why><stopped>"',
        },
    };
    const pull = [
        { Action: "ecr:GetAuthorizationToken", Resource: "*" },
        { Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource: arn("ecr", "repository/app") },
    ];
    const execution = (statements: readonly object[]) => aws.role("execution", taskTrust, statements);
    const publish = [{ Action: "sns:Publish", Resource: topic }];
    /** The role that EventBridge delivers with. */
    const teller = (source = rule) => {
        const Condition = { StringEquals: { "aws:SourceAccount": awsAccount }, ArnEquals: { "aws:SourceArn": source } };
        return { Principal: { Service: "events.amazonaws.com" }, Action: "sts:AssumeRole", Condition };
    };
    const revision = async (script: string, image = "node") => {
        const { taskDefinition } = await aws.as().ecs.registerTaskDefinition({
            family: "app",
            executionRoleArn: await execution(pull),
            containerDefinitions: [
                {
                    name: "app",
                    image: `${aws.registry}/app:${image}`,
                    memory: 128,
                    command: [process.execPath, "-e", script],
                },
            ],
        });
        return taskDefinition!.taskDefinitionArn!;
    };
    const update = (taskDefinition: string) =>
        aws.as().ecs.updateService({ cluster: "app", service: "app", taskDefinition });
    const primary = async () => {
        const { services } = await aws.as().ecs.describeServices({ cluster: "app", services: ["app"] });
        return services![0]!.deployments!.find(({ status }) => status === "PRIMARY")!;
    };
    /** The messages from now on, once one of them is like this. */
    async function told(last: RegExp, times = 1): Promise<string[]> {
        for (let left = 200; ; left--) {
            const said = inbox.messages.map((message) => JSON.parse(message) as string);
            if (said.filter((each) => last.test(each)).length >= times) return said;
            assert.ok(left > 0, `${last} is not ${times} times in\n${said.join("\n")}`);
            await sleep(100);
        }
    }

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const credentials = { accessKeyId: awsAccount, secretAccessKey: "any" };
        const options = { endpoint: aws.endpoint, region, credentials, maxAttempts: 1 };
        [events, sns] = [new EventBridge(options), new SNS(options)];
        const { ecr, ecs } = aws.as();
        await ecr.createRepository({ repositoryName: "app" });
        await aws.login(aws.as());
        assert.ok(aws.dockerClient(["import", "-", `${aws.registry}/app:node`], nodeImage()).ok);
        assert.ok(aws.dockerClient(["push", `${aws.registry}/app:node`]).ok);

        await sns.createTopic({ Name: "on-call" });
        inbox = await Inbox.of(sns, topic);
        await aws.role("teller", teller(), publish);
        await events.putRule({ Name: "all", EventPattern: JSON.stringify({ source: ["aws.ecs"] }) });
        await events.putTargets({ Rule: "all", Targets: [target] });

        await ecs.createCluster({ clusterName: "app" });
        await ecs.createService({
            cluster: "app",
            serviceName: "app",
            taskDefinition: await revision("process.on('SIGTERM', process.exit); setInterval(() => 0, 1e6)"),
            desiredCount: 1,
            deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
        });
    });
    afterEach(() => inbox.messages.splice(0));
    after(async () => {
        inbox?.close();
        await aws?.stop();
        aws?.dockerClient(["image", "rm", "--force", `${aws.registry}/app:node`]);
        tokens?.stop();
    });

    it("reports a deployment from its beginning to its end", async () => {
        assert.deepEqual(await told(/COMPLETED/), [
            `ECS Deployment State Change: SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment ${(await primary()).id} in progress.`,
            `ECS Deployment State Change: SERVICE_DEPLOYMENT_COMPLETED: ECS deployment ${(await primary()).id} completed.`,
        ]);
    });

    it("reports a deployment that fails, and the one that takes its place", async () => {
        const { id, taskDefinition } = await primary();
        await update(await revision("process.exit(1)"));
        await told(/COMPLETED/);
        const said = await told(/^ECS Deployment/, 4); // each is told on a way of its own
        const deployments = said.filter((each) => each.startsWith("ECS Deployment")).slice(1);
        // EventBridge keeps no order.
        assert.deepEqual(deployments.sort(), [
            `ECS Deployment State Change: SERVICE_DEPLOYMENT_COMPLETED: ECS deployment ${id} completed.`,
            "ECS Deployment State Change: SERVICE_DEPLOYMENT_FAILED: ECS deployment circuit breaker: tasks failed to start.",
            `ECS Deployment State Change: SERVICE_DEPLOYMENT_IN_PROGRESS: ECS deployment circuit breaker: rolling back to deploymentId ${id}.`,
        ]);
        const stopped = said.filter((each) => each.startsWith("ECS Task State Change"));
        assert.ok(stopped.includes("ECS Task State Change: EssentialContainerExited: Essential container exited"));
        assert.equal((await primary()).taskDefinition, taskDefinition);
    });

    it("reports a task that cannot start and why, and after some of them that the service is impaired", async () => {
        const { ecs } = aws.as();
        const scaled = (desiredCount: number) => ecs.updateService({ cluster: "app", service: "app", desiredCount });
        await execution([pull[0]!]);
        await scaled(2);
        await told(/SERVICE_TASK_START_IMPAIRED/);
        const start = /^ECS Task State Change: TaskFailedToStart: CannotPullContainerError: /;
        const said = await told(start, 3);
        await scaled(1);
        await execution(pull);
        assert.match(
            said.find((each) => start.test(each))!,
            /not authorized to perform: ecr:BatchGetImage/,
        );
    });

    it("delivers with the target's role alone: for this rule, and only what the role may", async () => {
        const { ecs, iam } = aws.as();
        const { InputTemplate } = target.InputTransformer!;
        const InputTransformer = {
            ...target.InputTransformer,
            InputTemplate: InputTemplate!.replace('"', '"witness: '),
        };
        const witness = {
            ...target,
            Id: "witness",
            RoleArn: await aws.role("witness", teller(), publish),
            InputTransformer,
        };
        await events.putTargets({ Rule: "all", Targets: [witness] });
        /** Stops a task, of which the witness is told in any case. */
        const assertTold = async (isTold: boolean, why?: string) => {
            inbox.messages.splice(0);
            const { tasks } = await ecs.runTask({ cluster: "app", taskDefinition: "app" });
            await ecs.stopTask({ cluster: "app", task: tasks![0]!.taskArn });
            await told(/^witness: .*: Task stopped by user/);
            if (isTold) {
                await told(/^ECS .*: Task stopped by user/);
            } else {
                await sleep(500); // each is told on a way of its own
                const said = (await told(/^witness/)).filter((each) => /^ECS .*: Task stopped by user/.test(each));
                assert.deepEqual(said, [], why);
            }
        };
        const trust = (source: string) =>
            iam.updateAssumeRolePolicy({
                RoleName: "teller",
                PolicyDocument: JSON.stringify({ Statement: [{ Effect: "Allow", ...teller(source) }] }),
            });

        await assertTold(true);
        await trust(arn("events", "rule/other"));
        await assertTold(false, "the role is for another rule");
        await trust(rule);
        await aws.role("teller", teller(), [{ Action: "sns:Publish", Resource: arn("sns", "another") }]);
        await assertTold(false, "the role may not publish to this topic");
        await events.putTargets({ Rule: "all", Targets: [{ ...target, RoleArn: undefined }] });
        await assertTold(true, "the topic's own policy lets the account's services publish");
        await aws.role("teller", teller(), publish);
        await events.putTargets({ Rule: "all", Targets: [target] });
        await events.removeTargets({ Rule: "all", Ids: [witness.Id] });
    });

    it("keeps a rule that has targets", async () => {
        await assert.rejects(events.deleteRule({ Name: "all" }), {
            name: "ValidationException",
            message: "Rule can't be deleted since it has targets.",
        });
    });

    it("takes no event of AWS's own from anybody else", async () => {
        const { Entries } = await events.putEvents({
            Entries: [{ Source: "aws.ecs", DetailType: "ECS Service Action", Detail: "{}" }],
        });
        assert.equal(Entries![0]!.ErrorCode, "NotAuthorizedForSourceException");
    });
});
