// After the job, as the original does unless it is told to skip it.
"use strict";
const { changeLogins } = require("./logins.js");

const { STATE_registry: registry } = process.env;
if (registry) {
    changeLogins(({ [registry]: _, ...others }) => others);
    console.log(`Logged out of ${registry}`);
}
