// After a release that has failed: registers what is newest once more, with the image that is live. Scheduled tasks run the newest
// revision, and no revision can be put behind another.
"use strict";
const { setTimeout: sleep } = require("node:timers/promises");
const { aws, last, pause, step } = require("./aws.js");
const { serviceOf } = require("./deployments.js");

const { CLUSTER: cluster, CONTAINER: container, SERVICE: service, TASK_DEFINITION: withdrawn } = process.env;

/** What DescribeTaskDefinition answers beyond what RegisterTaskDefinition takes. */
const ofTheRevision = [
    ...["taskDefinitionArn", "revision", "status", "registeredAt", "registeredBy", "deregisteredAt"],
    ...["deleteRequestedAt", "requiresAttributes", "compatibilities"],
];

/** A revision by its name, or a family's newest. */
const describe = (taskDefinition) => aws("ecs", "describe-task-definition", { taskDefinition, include: ["TAGS"] });

const primary = () => serviceOf(cluster, service).deployments.find(({ status }) => status === "PRIMARY").taskDefinition;

/** The revision that the service goes on with: ECS may show the former for a moment after a roll-out, as that of a run that was cancelled. */
async function revisionOf() {
    for (let looks = 5; looks > 1; looks--) {
        if (primary() === withdrawn) return withdrawn;
        await sleep(pause);
    }
    return primary();
}

step(async () => {
    const live = await revisionOf();
    if (live === withdrawn) {
        console.log(`${service} runs ${last(withdrawn)}, or is about to: it stays the newest revision.`);
        return;
    }
    const { taskDefinition: newest, tags = [] } = describe(last(withdrawn).replace(/:\d+$/, ""));
    if (newest.taskDefinitionArn !== withdrawn) {
        console.log(`${last(newest.taskDefinitionArn)} is newer than ${last(withdrawn)}: nothing is left to be done.`);
        return;
    }
    const inContainer = ({ name }) => name === container;
    const { image, dockerLabels } = describe(live).taskDefinition.containerDefinitions.find(inContainer);
    Object.assign(newest.containerDefinitions.find(inContainer), { image, dockerLabels });
    const parameters = Object.fromEntries(Object.entries(newest).filter(([name]) => !ofTheRevision.includes(name)));
    const { taskDefinition } = aws("ecs", "register-task-definition", {
        ...parameters,
        ...(tags.length > 0 && { tags }), // an empty list is refused
    });
    const registered = last(taskDefinition.taskDefinitionArn);
    console.log(`${registered} has the image of ${last(live)} again: scheduled tasks run no ${last(withdrawn)}.`);
});
