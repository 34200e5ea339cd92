"use strict";
const { readFileSync } = require("node:fs");
const { setTimeout: pause } = require("node:timers/promises");
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

/** Minutes, as in the original. */
const longestWait = 360;

const declared = {
    "task-definition": undefined,
    cluster: undefined,
    service: undefined,
    "wait-for-service-stability": "false",
    "wait-for-minutes": "30",
    "wait-max-delay-seconds": "120",
};

toolkit.action(declared, async (inputs) => {
    const { ECS } = toolkit.require("@aws-sdk/client-ecs");
    const ecs = new ECS({});
    const { cluster, service } = inputs;
    const minutes = Math.min(toolkit.positive("wait-for-minutes", inputs["wait-for-minutes"]), longestWait);
    const longestPause = toolkit.positive("wait-max-delay-seconds", inputs["wait-max-delay-seconds"]);
    const rendered = toolkit.registrable(JSON.parse(readFileSync(inputs["task-definition"], "utf8")));
    if (rendered.tags?.length === 0) delete rendered.tags;
    const { taskDefinition } = await ecs.registerTaskDefinition(rendered);
    const arn = taskDefinition.taskDefinitionArn;
    toolkit.setOutput("task-definition-arn", arn);
    console.log(`Registered ${arn}`);

    const { services, failures } = await ecs.describeServices({ cluster, services: [service] });
    if (failures?.length) throw new Error(`${failures[0].arn} is ${failures[0].reason}`);
    if (services[0].status !== "ACTIVE") throw new Error(`Service is ${services[0].status}`);
    const updated = await ecs.updateService({ cluster, service, taskDefinition: arn });
    const { id } = updated.service.deployments.find(({ status }) => status === "PRIMARY");
    if (!toolkit.isTrue("wait-for-service-stability", inputs["wait-for-service-stability"])) return;

    // As the original: the service must be stable, with what it was told to run or with what ECS has gone back to.
    const deadline = Date.now() + minutes * 60_000;
    let failure;
    for (;;) {
        const [now] = (await ecs.describeServices({ cluster, services: [service] })).services;
        const ours = now.deployments.find((deployment) => deployment.id === id);
        const reason = ours?.rolloutStateReason ?? now.events?.[0]?.message ?? "ECS gives no reason";
        if (!ours || ours.status !== "PRIMARY" || ours.rolloutState === "FAILED") failure ??= reason;
        const stable = now.deployments.length === 1 && now.runningCount === now.desiredCount;
        // Where there is nothing to go back to, the original waits until its minutes are over.
        if (failure && (stable || ours?.status === "PRIMARY")) {
            throw new Error(`The deployment of ${arn} was rolled back: ${failure}`);
        }
        if (stable) {
            console.log(`Rolled out ${arn}`);
            return;
        }
        if (Date.now() > deadline) throw new Error(`The service is not stable after ${minutes} minutes: ${reason}`);
        await pause(Math.min(500, longestPause * 1000)); // ECS is a loopback call away here
    }
});
