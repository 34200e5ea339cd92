// Fetches the commit that is released, from the repository that the sandbox has made of the working tree.
"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

toolkit.action({ "persist-credentials": "true", "fetch-depth": "1" }, (inputs) => {
    toolkit.isTrue("persist-credentials", inputs["persist-credentials"]); // there is none that could stay
    const { GITHUB_SHA: sha, GITHUB_REF_NAME: branch, SANDBOX_REPOSITORY: repository } = process.env;
    const git = (...args) => toolkit.run("git", args, { cwd: process.env.GITHUB_WORKSPACE });
    git("init", "--quiet", `--initial-branch=${branch}`);
    git("remote", "add", "origin", `file://${repository}`);
    // Of all that there is with 0, like the original, which has the branch at the run's own commit after that.
    const depth = Number(inputs["fetch-depth"]);
    if (depth === 0)
        git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
    const shallow = depth > 0 ? [`--depth=${depth}`] : [];
    git("fetch", "--quiet", "--no-tags", ...shallow, "origin", `+${sha}:refs/remotes/origin/${branch}`);
    git("checkout", "--quiet", "--force", "-B", branch, `refs/remotes/origin/${branch}`);
    toolkit.setOutput("ref", process.env.GITHUB_REF);
    toolkit.setOutput("commit", sha);
    console.log(`Checked out ${sha}`);
});
