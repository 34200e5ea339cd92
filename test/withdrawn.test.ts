import assert from "node:assert/strict";
import { commandsIn, definition, ecs, revision, runScript, settings, type Answers } from "./pipelineScripts";

const { CLUSTER, SERVICE, TASK_DEFINITION } = settings;
const withdraw = (answers: Answers) => runScript("withdraw.js", { CLUSTER, SERVICE, TASK_DEFINITION }, answers);
const runs = (taskDefinition: string): Answers => ({ "ecs describe-services": [{ services: [{ taskDefinition }] }] });

describe("the revision of a release that has failed", () => {
    const before = {
        ...definition,
        taskDefinitionArn: ecs("task-definition/shop:6"),
        family: "shop",
        revision: 6,
        status: "ACTIVE",
        cpu: "256",
        registeredBy: ecs("role/deploy"),
        requiresAttributes: [{ name: "com.amazonaws.ecs.capability.logging-driver.awslogs" }],
        compatibilities: ["EC2", "FARGATE"],
    };
    const tags = [{ key: "stack", value: "dev" }];
    const answers = (more: object) => ({
        ...runs(before.taskDefinitionArn),
        "ecs describe-task-definition": [{ taskDefinition: definition }, { taskDefinition: before, ...more }],
        "ecs register-task-definition": [{ taskDefinition: { taskDefinitionArn: ecs("task-definition/shop:8") } }],
    });

    // What RegisterTaskDefinition takes and DescribeTaskDefinition answers: Amazon ECS API Reference.
    it("makes way for what was the newest before it, as that was, with its tags", () => {
        const run = withdraw(answers({ tags }));
        assert.equal(run.code, 0, run.output);
        assert.deepEqual(run.calls.map(({ parameters }) => parameters).slice(1), [
            { taskDefinition: "shop", include: ["TAGS"] },
            { taskDefinition: "shop:6", include: ["TAGS"] },
            { family: "shop", cpu: "256", containerDefinitions: definition.containerDefinitions, tags },
        ]);
        assert.equal(run.output, "shop:8 is shop:6 once more: scheduled tasks run no shop:7.\n");
        const untagged = withdraw(answers({ tags: [] })).calls.at(-1)!;
        assert.ok(!("tags" in untagged.parameters), "RegisterTaskDefinition takes no empty list");
    });

    it("stays the newest where it is live, as after a failure that came later", () => {
        const run = withdraw(runs(revision));
        assert.equal(run.code, 0, run.output);
        assert.equal(run.output, "shop runs shop:7, or is about to: it stays the newest revision.\n");
        assert.equal(run.calls.length, 1);
    });

    it("is left alone where it is not the newest any more", () => {
        const newer = { taskDefinition: { ...definition, taskDefinitionArn: ecs("task-definition/shop:8") } };
        const run = withdraw({ ...runs(before.taskDefinitionArn), "ecs describe-task-definition": [newer] });
        assert.equal(run.code, 0, run.output);
        assert.equal(run.output, "shop:8 is newer than shop:7: nothing is left to be done.\n");
    });

    it("is told of in AWS's words where it could not be withdrawn", () => {
        const denied =
            "An error occurred (AccessDeniedException) when calling the RegisterTaskDefinition operation: no";
        const run = withdraw({ ...answers({}), "ecs register-task-definition": [denied] });
        assert.equal(run.code, 1);
        assert.deepEqual(commandsIn(run.output), [`::error::${denied}`]);
    });
});
