"use strict";
const { readFileSync } = require("node:fs");
const path = require("node:path");
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

/** Minutes, as in the original. */
const longestWait = 360;

/** Seconds between two looks at a service; the original has 15 at the least, but here ECS is a loopback call away. */
const pause = 0.5;

const declared = {
    "task-definition": undefined,
    cluster: "default",
    service: "",
    "wait-for-service-stability": "",
    "wait-for-minutes": "30",
    "wait-max-delay-seconds": "",
};

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

const primaryOf = (service) => service.deployments?.find(({ status }) => status === "PRIMARY")?.id;

toolkit.action(declared, async (inputs) => {
    const { ECS, waitUntilServicesStable } = toolkit.require("@aws-sdk/client-ecs");
    const ecs = new ECS({});
    const { cluster, service } = inputs;
    const minutes = Math.min(Number.parseInt(inputs["wait-for-minutes"]) || 30, longestWait);
    const file = path.resolve(process.env.GITHUB_WORKSPACE, inputs["task-definition"]);
    const definition = registrable(JSON.parse(readFileSync(file, "utf8")));
    const { taskDefinition } = await ecs.registerTaskDefinition(definition).catch((error) => {
        toolkit.setFailed(`Failed to register task definition in ECS: ${error.message}`);
        throw error;
    });
    const arn = taskDefinition.taskDefinitionArn;
    toolkit.setOutput("task-definition-arn", arn);
    console.log(`Registered ${arn}`);
    if (service === "") return;

    const { services, failures } = await ecs.describeServices({ cluster, services: [service] });
    if (failures?.length) throw new Error(`${failures[0].arn} is ${failures[0].reason}`);
    if (services[0].status !== "ACTIVE") throw new Error(`Service is ${services[0].status}`);
    const updated = await ecs.updateService({ cluster, service, taskDefinition: arn, forceNewDeployment: false });
    console.log(`Deployment started in ${cluster}/${service}`);
    if (inputs["wait-for-service-stability"].toLowerCase() !== "true") return;

    const waiting = { client: ecs, minDelay: pause, maxDelay: pause, maxWaitTime: minutes * 60 };
    await waitUntilServicesStable(waiting, { cluster, services: [service] });
    const id = primaryOf(updated.service);
    if (id === undefined || id === primaryOf(services[0])) return; // nothing was there to deploy
    const [stable] = (await ecs.describeServices({ cluster, services: [service] })).services;
    const deployment = stable.deployments.find((each) => each.id === id);
    if (!deployment) {
        const likely = "The deployment was likely rolled back by the deployment circuit breaker.";
        throw new Error(`Deployment ${id} not found after stabilization. ${likely}`);
    }
    if (deployment.rolloutState === "FAILED") {
        throw new Error(`Deployment ${id} FAILED: ${deployment.rolloutStateReason}`);
    }
    console.log(`Rolled out ${arn}`);
});
