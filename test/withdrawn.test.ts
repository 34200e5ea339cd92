import assert from "node:assert/strict";
import { commandsIn, definition, ecs, revision, runScript, settings, type Answers } from "./pipelineScripts";

const { CLUSTER, CONTAINER, SERVICE, TASK_DEFINITION } = settings;
const withdraw = (answers: Answers) =>
    runScript("withdraw.js", { CLUSTER, CONTAINER, SERVICE, TASK_DEFINITION }, answers);

/** A service that goes on with a revision, beside what it still drains. */
const runs = (taskDefinition: string): Answers => ({
    "ecs describe-services": [
        {
            services: [
                {
                    deployments: [
                        { status: "INACTIVE", taskDefinition: revision },
                        { status: "PRIMARY", taskDefinition },
                    ],
                },
            ],
        },
    ],
});

describe("the revision of a release that has failed", () => {
    const [app] = definition.containerDefinitions;
    const sidecar = { name: "sidecar", image: "registry/sidecar" };
    const newest = {
        ...definition,
        containerDefinitions: [{ ...app, dockerLabels: { run: "the failed one" } }, sidecar],
        family: "shop",
        revision: 7,
        status: "ACTIVE",
        cpu: "512",
        registeredBy: ecs("role/deploy"),
        requiresAttributes: [{ name: "com.amazonaws.ecs.capability.logging-driver.awslogs" }],
        compatibilities: ["EC2", "FARGATE"],
    };
    const before = {
        taskDefinitionArn: ecs("task-definition/shop:4"),
        cpu: "256",
        containerDefinitions: [{ ...app, image: "registry/shop:live", dockerLabels: { run: "the live one" } }],
    };
    const tags = [{ key: "stack", value: "dev" }];
    const answers = (more: object) => ({
        ...runs(before.taskDefinitionArn),
        "ecs describe-task-definition": [{ taskDefinition: newest, ...more }, { taskDefinition: before }],
        "ecs register-task-definition": [{ taskDefinition: { taskDefinitionArn: ecs("task-definition/shop:8") } }],
    });

    // What RegisterTaskDefinition takes of what DescribeTaskDefinition answers: Amazon ECS API Reference.
    it("makes way for one with the image that is live, and with what pulumi up has changed since that was released", () => {
        const run = withdraw(answers({ tags }));
        assert.equal(run.code, 0, run.output);
        const later = run.calls.filter(({ operation }) => operation !== "ecs describe-services");
        assert.deepEqual(
            later.map(({ parameters }) => parameters),
            [
                { taskDefinition: "shop", include: ["TAGS"] },
                { taskDefinition: ecs("task-definition/shop:4"), include: ["TAGS"] },
                {
                    family: "shop",
                    cpu: "512",
                    containerDefinitions: [...before.containerDefinitions, sidecar],
                    tags,
                },
            ],
        );
        assert.equal(run.output, "shop:8 has the image of shop:4 again: scheduled tasks run no shop:7.\n");
        const untagged = withdraw(answers({ tags: [] })).calls.at(-1)!;
        assert.ok(!("tags" in untagged.parameters), "RegisterTaskDefinition takes no empty list");
    });

    it("stays the newest where it is live, as after a failure that came later", () => {
        const run = withdraw(runs(revision));
        assert.equal(run.code, 0, run.output);
        assert.equal(run.output, "shop runs shop:7, or is about to: it stays the newest revision.\n");
        assert.equal(run.calls.length, 1);
    });

    // "The Amazon ECS API follows an eventual consistency model": RunTask in its API Reference.
    it("stays the newest where ECS shows only a moment later that it is rolled out", () => {
        const [former] = runs(before.taskDefinitionArn)["ecs describe-services"]!;
        const [now] = runs(revision)["ecs describe-services"]!;
        const run = withdraw({ ...answers({}), "ecs describe-services": [former!, former!, now!] });
        assert.equal(run.output, "shop runs shop:7, or is about to: it stays the newest revision.\n");
        assert.equal(run.calls.length, 3);
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
