"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

toolkit.action({ "skip-logout": "false" }, async (inputs) => {
    const { ECR } = toolkit.require("@aws-sdk/client-ecr");
    const { authorizationData } = await new ECR({}).getAuthorizationToken({});
    if (!authorizationData?.length) throw new Error("Could not retrieve an authorization token from Amazon ECR");
    const [{ authorizationToken, proxyEndpoint }] = authorizationData;
    const [username, password] = Buffer.from(authorizationToken, "base64").toString().split(":", 2);
    toolkit.mask(password);
    const registry = proxyEndpoint.replace(/^https?:\/\//, "");
    toolkit.setOutput("registry", registry);
    // Unlike the original's, the password is not among the arguments, which every user of this machine can see.
    const login = ["login", "--username", username, "--password-stdin", proxyEndpoint];
    const { code, stderr } = await toolkit.attempt("docker", login, { input: password });
    if (code !== 0) throw new Error(`Could not login: ${stderr}`);
    if (inputs["skip-logout"] !== "true") toolkit.saveState("registries", registry);
    console.log(`Logged in to ${registry}`);
});
