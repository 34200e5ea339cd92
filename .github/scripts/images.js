// Images in ECR, for the scripts of deploy.yml.
"use strict";
const { aws } = require("./aws.js");

const acceptedMediaTypes = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/** An image, `registry/repository:tag` or `registry/repository@digest`, as ECR takes it. */
const idOf = (image) =>
    image.includes("@") ? { imageDigest: image.split("@")[1] } : { imageTag: image.split(":").at(-1) };

/** @returns ECR's answer about the tag of an image: what is under it, or why nothing is */
exports.imageOf = (repositoryName, image) => {
    const imageIds = [idOf(image)];
    const { images = [], failures = [] } = aws("ecr", "batch-get-image", {
        repositoryName,
        imageIds,
        acceptedMediaTypes,
    });
    return { found: images[0], failure: failures[0] };
};
