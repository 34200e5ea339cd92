// Stops the deployments of the service that are under way, and waits until what was live before is so again.
"use strict";
const { aws, last, step } = require("./aws.js");
const { describe, follow } = require("./deployments.js");

const { CLUSTER: cluster, SERVICE: service } = process.env;

const goesOn = ["PENDING", "IN_PROGRESS"];
const endsAlready = ["STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];

step(async () => {
    const status = [...goesOn, ...endsAlready];
    const { serviceDeployments } = aws("ecs", "list-service-deployments", { cluster, service, status });
    if (serviceDeployments.length === 0) console.log(`No deployment of ${service} is under way.`);
    for (const { serviceDeploymentArn, status } of serviceDeployments) {
        console.log(`Deployment ${last(serviceDeploymentArn)}`);
        if (goesOn.includes(status)) {
            try {
                aws("ecs", "stop-service-deployment", { serviceDeploymentArn, stopType: "ROLLBACK" });
            } catch (error) {
                // It was over first, or all but: with which of its errors ECS says so is nowhere said.
                const { status: now, lifecycleStage } = describe(serviceDeploymentArn) ?? {};
                if (now === undefined || (goesOn.includes(now) && lifecycleStage !== "CLEAN_UP")) throw error;
            }
        }
        await follow(serviceDeploymentArn);
    }
});
