// After the job.
"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

toolkit.action({ "skip-logout": "false" }, async () => {
    const { STATE_registries: registry } = process.env;
    if (!registry) return;
    console.log(`Logging out of registry ${registry}`);
    const { code, stderr } = await toolkit.attempt("docker", ["logout", registry]);
    if (code !== 0) {
        console.log(`::error::Could not logout of registry ${registry}: ${stderr.trim()}`);
        throw new Error(`Failed to logout: ${registry}`);
    }
});
