"use strict";
const { readFileSync } = require("node:fs");
const path = require("node:path");
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

const isEmpty = (value) =>
    value === null || value === "" || (typeof value === "object" && Object.values(value).every(isEmpty));

/** Nothing that is empty is sent, at any depth. */
function withoutEmpty(value) {
    if (Array.isArray(value)) return value.filter((each) => !isEmpty(each)).map(withoutEmpty);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).filter(([, each]) => !isEmpty(each));
    return Object.fromEntries(members.map(([name, each]) => [name, withoutEmpty(each)]));
}

/** What ECS registers: of all that is empty it gets the values of environment variables only, which it insists on. */
function registrable(rendered) {
    const definition = withoutEmpty(toolkit.registrable(rendered));
    for (const container of definition.containerDefinitions ?? []) {
        container.environment?.forEach((variable) => (variable.value ??= ""));
    }
    return definition;
}

toolkit.action({ "task-definition": undefined }, async (inputs) => {
    const { ECS } = toolkit.require("@aws-sdk/client-ecs");
    const file = path.resolve(process.env.GITHUB_WORKSPACE, inputs["task-definition"]);
    const definition = registrable(JSON.parse(readFileSync(file, "utf8")));
    const { taskDefinition } = await new ECS({}).registerTaskDefinition(definition).catch((error) => {
        toolkit.setFailed(`Failed to register task definition in ECS: ${error.message}`);
        throw error;
    });
    toolkit.setOutput("task-definition-arn", taskDefinition.taskDefinitionArn);
    console.log(`Registered ${taskDefinition.taskDefinitionArn}`);
});
