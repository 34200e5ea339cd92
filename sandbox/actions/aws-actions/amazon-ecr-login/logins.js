"use strict";
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");

/** Changes the logins in the configuration of Docker's client, by registry. */
exports.changeLogins = (change) => {
    const folder = process.env.DOCKER_CONFIG;
    const file = `${folder}/config.json`;
    mkdirSync(folder, { recursive: true });
    const config = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    writeFileSync(file, JSON.stringify({ ...config, auths: change(config.auths ?? {}) }), { mode: 0o600 });
};
