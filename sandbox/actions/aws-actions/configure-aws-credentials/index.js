"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

async function identityToken(audience) {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = process.env;
    if (!url || !token) throw new Error("there is no OIDC token: the job lacks the permission id-token: write");
    const response = await fetch(`${url}&audience=${encodeURIComponent(audience)}`, {
        headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`GitHub gave no OIDC token: ${response.status} ${await response.text()}`);
    return (await response.json()).value;
}

toolkit.action({ "role-to-assume": undefined, "aws-region": undefined }, async (inputs) => {
    const region = inputs["aws-region"];
    const { STS } = toolkit.require("@aws-sdk/client-sts");
    const token = await identityToken("sts.amazonaws.com");
    toolkit.mask(token);
    // The call is not signed: nobody is anybody yet.
    const sts = new STS({ region, credentials: { accessKeyId: "", secretAccessKey: "" } });
    const { Credentials } = await sts.assumeRoleWithWebIdentity({
        RoleArn: inputs["role-to-assume"],
        RoleSessionName: "GitHubActions",
        WebIdentityToken: token,
        DurationSeconds: 3600,
    });
    toolkit.mask(Credentials.AccessKeyId);
    toolkit.mask(Credentials.SecretAccessKey);
    toolkit.mask(Credentials.SessionToken);
    toolkit.exportVariable("AWS_REGION", region);
    toolkit.exportVariable("AWS_DEFAULT_REGION", region);
    toolkit.exportVariable("AWS_ACCESS_KEY_ID", Credentials.AccessKeyId);
    toolkit.exportVariable("AWS_SECRET_ACCESS_KEY", Credentials.SecretAccessKey);
    toolkit.exportVariable("AWS_SESSION_TOKEN", Credentials.SessionToken);
    const credentials = {
        accessKeyId: Credentials.AccessKeyId,
        secretAccessKey: Credentials.SecretAccessKey,
        sessionToken: Credentials.SessionToken,
    };
    const { Account, Arn } = await new STS({ region, credentials }).getCallerIdentity({});
    toolkit.setOutput("aws-account-id", Account);
    console.log(`Authenticated as ${Arn}`);
});
