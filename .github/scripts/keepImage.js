// Gives the image that is live a tag by which the registry keeps it: ECR's rules count what was pushed, and know nothing of ECS, so that
// as many releases which fail would push out the image that runs (aws/containers-roadmap#1078).
"use strict";
const { aws, step } = require("./aws.js");
const { serviceOf } = require("./deployments.js");
const { imageOf } = require("./images.js");

const { CLUSTER, CONTAINER, ECR_REPOSITORY: repositoryName, LIVE, SERVICE } = process.env;

function live() {
    const { taskDefinition } = serviceOf(CLUSTER, SERVICE);
    const { containerDefinitions } = aws("ecs", "describe-task-definition", { taskDefinition }).taskDefinition;
    return containerDefinitions.find(({ name }) => name === CONTAINER).image;
}

step(async () => {
    const image = LIVE || live();
    const { found, failure } = imageOf(repositoryName, image);
    if (!found) throw new Error(`${image}: ${failure?.failureReason}`);
    const imageTag = `live-${found.imageId.imageDigest.replace("sha256:", "")}`;
    if (imageOf(repositoryName, `${repositoryName}:${imageTag}`).found) return;
    const { imageManifest, imageManifestMediaType } = found;
    aws("ecr", "put-image", { repositoryName, imageManifest, imageManifestMediaType, imageTag });
    console.log(`${image} is kept as ${imageTag}`);
});
