/** What ECS reports, and who is told how. That EventBridge matches these patterns with such events: sandbox/test/monitoring.test.ts. */
import assert from "node:assert/strict";
import * as ecs from "./ecsEvents";
import type { Recording, Registration } from "./record";
import { alternative, standard } from "./scenarios";

const ruleType = "aws:cloudwatch/eventRule:EventRule";
const targetType = "aws:cloudwatch/eventTarget:EventTarget";

interface Transformer {
    readonly inputPaths?: Readonly<Record<string, string>>;
    readonly inputTemplate: string;
}

describe("what ECS reports", () => {
    let run: Recording;
    let origin: ecs.Origin;
    before(async () => {
        run = await standard();
        origin = {
            clusterArn: String(run.one("aws:ecs/cluster:Cluster").outputs.arn),
            serviceArn: String(run.one("aws:ecs/service:Service").outputs.arn),
        };
    });
    const kindOf = ({ name }: Registration) => name.replace("main-", "");
    const transformerOf = (target: Registration) => target.inputs.inputTransformer as Transformer;

    it("is told where it is a release that fails or is taken back, or a task that cannot be placed or started", () => {
        const patterns = run
            .of(ruleType)
            .map((rule) => [kindOf(rule), JSON.parse(String(rule.inputs.eventPattern)) as object]);
        const service = (detailType: string, detail: object) => ({
            source: ["aws.ecs"],
            "detail-type": [detailType],
            resources: [origin.serviceArn],
            detail,
        });
        assert.deepEqual(Object.fromEntries(patterns), {
            "release-failed": service("ECS Deployment State Change", { eventName: ["SERVICE_DEPLOYMENT_FAILED"] }),
            "release-taken-back": service("ECS Deployment State Change", {
                eventName: ["SERVICE_DEPLOYMENT_IN_PROGRESS"],
                reason: [{ wildcard: "*rolling back*" }],
            }),
            "task-not-placed": service("ECS Service Action", {
                eventName: ["SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_CONFIGURATION_FAILURE"],
            }),
            "task-not-started": {
                source: ["aws.ecs"],
                "detail-type": ["ECS Task State Change"],
                detail: {
                    clusterArn: [origin.clusterArn],
                    group: ["service:fargate-cicd-dev"],
                    lastStatus: ["STOPPED"],
                    stopCode: ["TaskFailedToStart"],
                },
            },
            "tasks-keep-failing": service("ECS Service Action", { eventName: ["SERVICE_TASK_START_IMPAIRED"] }),
        });
    });

    it("reaches the topic of the alarms as a sentence about this service, with what ECS says", () => {
        const samples = ecs.incidents(origin);
        const topic = run.one("aws:sns/topic:Topic").outputs.arn;
        const sentences = run.of(targetType).map((target) => {
            const { inputPaths = {}, inputTemplate } = transformerOf(target);
            const rule = run.one(ruleType, target.name).outputs.name;
            assert.deepEqual([target.inputs.rule, target.inputs.arn], [rule, topic], target.name);
            const [event, said] = samples[kindOf(target)]!;
            const told = Object.fromEntries(
                Object.entries(inputPaths).map(([name, path]) => {
                    assert.match(path, /^\$\.detail\.\w+$/);
                    return [name, event.detail[path.split(".")[2]!]];
                }),
            );
            assert.deepEqual(Object.values(told), said === undefined ? [] : [said], target.name);
            return (JSON.parse(inputTemplate) as string).replace(/<\w+>/, String(said));
        });
        const breaker = "ECS says: ECS deployment circuit breaker:";
        assert.deepEqual(sentences, [
            `A release of fargate-cicd-dev has failed. ${breaker} task failed to start.`,
            `A release of fargate-cicd-dev is taken back: the one before it goes live again. ${breaker} rolling back to deploymentId deploymentID.`,
            "A task of fargate-cicd-dev cannot be placed, as AWS has no room for it or the account's quota of vCPUs is used up: the service's events tell. ECS goes on trying, and says: RESOURCE:FARGATE",
            `A task of fargate-cicd-dev could not start. ECS says: ${samples["task-not-started"]![1]}`,
            "Tasks of fargate-cicd-dev fail again and again, and ECS waits longer each time: see their logs, and the service's events",
        ]);
    });

    it("is told under the name that the stack goes by", async () => {
        const other = await alternative();
        const called = String(other.one("aws:ecs/service:Service").inputs.name);
        for (const target of other.of(targetType)) {
            assert.ok(transformerOf(target).inputTemplate.includes(` of ${called} `), target.name);
        }
    });

    it("is published by the topic's own policy, without a role", () => {
        const policy = run.one("aws:sns/topicPolicy:TopicPolicy");
        for (const { name, inputs } of run.of(targetType)) {
            assert.deepEqual([inputs.arn, inputs.roleArn], [policy.inputs.arn, undefined], name);
        }
    });
});
