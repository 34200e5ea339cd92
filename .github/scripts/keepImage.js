// Gives the image that is live a second tag, by which the registry keeps it: ECR's rules count what was pushed, and know nothing of ECS, so
// that as many releases which fail would push out the image that runs (aws/containers-roadmap#1078).
"use strict";
const { aws, step } = require("./aws.js");
const { imageOf } = require("./images.js");

const { ECR_REPOSITORY: repositoryName, IMAGE: image } = process.env;

step(async () => {
    const kept = image.replace(/:([^:]+)$/, ":live-$1");
    if (imageOf(repositoryName, kept).found) return;
    const { found, failure } = imageOf(repositoryName, image);
    if (!found) throw new Error(`${image}: ${failure?.failureReason}`);
    const { imageManifest, imageManifestMediaType } = found;
    const imageTag = kept.split(":").at(-1);
    aws("ecr", "put-image", { repositoryName, imageManifest, imageManifestMediaType, imageTag });
    console.log(`Kept as ${imageTag}`);
});
