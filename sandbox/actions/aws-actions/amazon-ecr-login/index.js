"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

toolkit.action({}, async () => {
    const { ECR } = toolkit.require("@aws-sdk/client-ecr");
    const { authorizationData } = await new ECR({}).getAuthorizationToken({});
    const [{ authorizationToken, proxyEndpoint }] = authorizationData;
    const [username, password] = Buffer.from(authorizationToken, "base64").toString().split(":");
    toolkit.mask(password);
    const registry = proxyEndpoint.replace(/^https?:\/\//, "");
    // What `docker login` writes; its own check of the login would go by way of the engine.
    const { mkdirSync, readFileSync, writeFileSync, existsSync } = require("node:fs");
    const file = `${process.env.DOCKER_CONFIG}/config.json`;
    mkdirSync(process.env.DOCKER_CONFIG, { recursive: true });
    const config = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    const auth = Buffer.from(`${username}:${password}`).toString("base64");
    writeFileSync(file, JSON.stringify({ ...config, auths: { ...config.auths, [registry]: { auth } } }), {
        mode: 0o600,
    });
    toolkit.setOutput("registry", registry);
    console.log(`Logged in to ${registry}`);
});
