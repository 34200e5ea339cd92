// After a release that has failed: makes what was the newest revision before it the newest again. Scheduled tasks run the newest, and
// the next release is rendered from it. A revision cannot be put behind another: what was there before is registered once more.
"use strict";
const { aws, last, step } = require("./aws.js");

const { CLUSTER: cluster, SERVICE: service, TASK_DEFINITION: withdrawn } = process.env;

/** What DescribeTaskDefinition answers beyond what RegisterTaskDefinition takes. */
const ofTheRevision = [
    ...["taskDefinitionArn", "revision", "status", "registeredAt", "registeredBy", "deregisteredAt"],
    ...["deleteRequestedAt", "requiresAttributes", "compatibilities"],
];

/** A revision by its name, or a family's newest. */
const describe = (taskDefinition) => aws("ecs", "describe-task-definition", { taskDefinition, include: ["TAGS"] });

step(async () => {
    const { services } = aws("ecs", "describe-services", { cluster, services: [service] });
    if (services[0].taskDefinition === withdrawn) {
        console.log(`${service} runs ${last(withdrawn)}, or is about to: it stays the newest revision.`);
        return;
    }
    const [family, number] = last(withdrawn).split(":");
    const newest = describe(family).taskDefinition.taskDefinitionArn;
    if (newest !== withdrawn) {
        console.log(`${last(newest)} is newer than ${last(withdrawn)}: nothing is left to be done.`);
        return;
    }
    const { taskDefinition: before, tags = [] } = describe(`${family}:${number - 1}`);
    const parameters = Object.fromEntries(Object.entries(before).filter(([name]) => !ofTheRevision.includes(name)));
    const { taskDefinition } = aws("ecs", "register-task-definition", {
        ...parameters,
        ...(tags.length > 0 && { tags }), // an empty list is refused
    });
    const again = last(taskDefinition.taskDefinitionArn);
    console.log(`${again} is ${last(before.taskDefinitionArn)} once more: scheduled tasks run no ${last(withdrawn)}.`);
});
