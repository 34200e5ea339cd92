// The original starts a BuildKit of its own; the sandbox runs one already, which BUILDX_BUILDER names.
"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

toolkit.action({}, () => {
    const { BUILDX_BUILDER: builder } = process.env;
    if (!builder) throw new Error("the sandbox has not said which builder to use");
    toolkit.run("docker", ["buildx", "inspect", builder]);
    toolkit.setOutput("name", builder);
});
