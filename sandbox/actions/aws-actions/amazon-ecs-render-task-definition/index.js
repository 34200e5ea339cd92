"use strict";
const { writeFileSync } = require("node:fs");
const path = require("node:path");
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

const declared = { "task-definition-family": "", "container-name": undefined, image: undefined, "docker-labels": "" };

/** One `key=value` a line; like the original's, a value ends at a second `=`. */
function labelsIn(text) {
    const lines = text.split("\n").map((line) => line.trim());
    return Object.fromEntries(
        lines.filter(Boolean).map((line) => {
            if (!line.includes("=")) {
                throw new Error(
                    `Can't parse logConfiguration option ${line}. Must be in key=value format, one per line`,
                );
            }
            return line.split("=", 2);
        }),
    );
}

toolkit.action(declared, async (inputs) => {
    const { ECS } = toolkit.require("@aws-sdk/client-ecs");
    const family = inputs["task-definition-family"];
    if (family === "") {
        throw new Error("Either task definition, task definition arn or task definition family must be provided");
    }
    const asked = new ECS({}).describeTaskDefinition({ taskDefinition: family, include: ["TAGS"] });
    const { taskDefinition, tags } = await asked.catch((error) => {
        toolkit.setFailed(`Failed to describe task definition in ECS: ${error.message}`);
        throw error;
    });
    const container = taskDefinition.containerDefinitions.find(({ name }) => name === inputs["container-name"]);
    if (!container) {
        throw new Error("Invalid task definition: Could not find container definition with matching name");
    }
    container.image = inputs.image;
    const labels = labelsIn(inputs["docker-labels"]);
    if (Object.keys(labels).length > 0) container.dockerLabels = { ...container.dockerLabels, ...labels };
    const file = path.join(process.env.RUNNER_TEMP, `task-definition-${Date.now()}.json`);
    writeFileSync(file, JSON.stringify({ ...toolkit.registrable(taskDefinition), tags }, null, 2));
    toolkit.setOutput("task-definition", file);
    console.log(`Rendered ${taskDefinition.taskDefinitionArn} with ${inputs.image}`);
});
