// Tells the steps that follow what the image is called, and whether it is there. A call that fails is no answer: the image would be built,
// and refused as one that is there already.
"use strict";
const { appendFileSync } = require("node:fs");
const { step } = require("./aws.js");
const { imageOf } = require("./images.js");

const { ECR_REPOSITORY, GITHUB_OUTPUT, IMAGE } = process.env;

step(async () => {
    const { found, failure } = imageOf(ECR_REPOSITORY, IMAGE);
    if (failure && failure.failureCode !== "ImageNotFound") throw new Error(`${IMAGE}: ${failure.failureReason}`);
    console.log(found ? `${IMAGE} was pushed by an earlier run` : `${IMAGE} is not there yet`);
    appendFileSync(GITHUB_OUTPUT, `name=${IMAGE}\nexists=${found !== undefined}\n`);
});
