"use strict";
const { writeFileSync } = require("node:fs");
const path = require("node:path");
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

toolkit.action({ "task-definition-family": "", "container-name": undefined, image: undefined }, async (inputs) => {
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
    const file = path.join(process.env.RUNNER_TEMP, `task-definition-${Date.now()}.json`);
    writeFileSync(file, JSON.stringify({ ...toolkit.registrable(taskDefinition), tags }, null, 2));
    toolkit.setOutput("task-definition", file);
    console.log(`Rendered ${taskDefinition.taskDefinitionArn} with ${inputs.image}`);
});
