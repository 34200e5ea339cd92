"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);
const { changeLogins } = require("./logins.js");

toolkit.action({}, async () => {
    const { ECR } = toolkit.require("@aws-sdk/client-ecr");
    const { authorizationData } = await new ECR({}).getAuthorizationToken({});
    const [{ authorizationToken, proxyEndpoint }] = authorizationData;
    const [username, password] = Buffer.from(authorizationToken, "base64").toString().split(":");
    toolkit.mask(password);
    const registry = proxyEndpoint.replace(/^https?:\/\//, "");
    // What `docker login` writes; its own check of the login would go by way of the engine.
    const auth = Buffer.from(`${username}:${password}`).toString("base64");
    changeLogins((logins) => ({ ...logins, [registry]: { auth } }));
    toolkit.saveState("registry", registry);
    toolkit.setOutput("registry", registry);
    console.log(`Logged in to ${registry}`);
});
