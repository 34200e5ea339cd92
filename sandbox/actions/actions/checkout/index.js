// The runner has put the commit into the workspace: this makes sure of it.
"use strict";
const { existsSync } = require("node:fs");
const { action, isTrue } = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

action({ "persist-credentials": "true" }, (inputs) => {
    isTrue("persist-credentials", inputs["persist-credentials"]);
    const { GITHUB_WORKSPACE: folder, GITHUB_SHA: sha } = process.env;
    if (!existsSync(`${folder}/.github/workflows/deploy.yml`)) {
        throw new Error(`${folder} is not the repository's commit ${sha}`);
    }
    console.log(`${sha} is in ${folder}`);
});
