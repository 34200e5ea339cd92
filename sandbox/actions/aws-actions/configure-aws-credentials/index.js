"use strict";
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

async function identityToken(audience) {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = process.env;
    const response = await fetch(`${url}&audience=${encodeURIComponent(audience)}`, {
        headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) {
        const why = `Error Code : ${response.status} Error Message: ${await response.text()}`;
        throw new Error(`getIDToken call failed: Error message: Failed to get ID Token. ${why}`);
    }
    return (await response.json()).value;
}

toolkit.action({ "role-to-assume": "", "aws-region": undefined }, async (inputs) => {
    const { "role-to-assume": role, "aws-region": region } = inputs;
    const { STS } = toolkit.require("@aws-sdk/client-sts");
    const offered = process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN;
    if (role && !offered) {
        console.log(
            "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` permission?",
        );
    }
    if (!/^[a-z0-9-]+$/.test(region)) throw new Error(`Region is not valid: ${region}`);
    toolkit.exportVariable("AWS_DEFAULT_REGION", region);
    toolkit.exportVariable("AWS_REGION", region);
    if (!role || !offered) {
        // The original goes on with the credentials that the runner has; the sandbox's has none.
        const why = await new STS({ region }).config.credentials().then(
            () => "a runner of the sandbox has none of its own",
            (error) => error.message,
        );
        throw new Error(`Credentials could not be loaded, please check your action inputs: ${why}`);
    }

    const token = await identityToken("sts.amazonaws.com");
    toolkit.mask(token);
    console.log("Assuming role with OIDC");
    // The call is not signed: nobody is anybody yet. The original repeats one that fails, as a role that is new to AWS takes a
    // while to be known everywhere; here it is known at once.
    const sts = new STS({ region, credentials: { accessKeyId: "", secretAccessKey: "" } });
    const assumed = sts.assumeRoleWithWebIdentity({
        RoleArn: role,
        RoleSessionName: "GitHubActions",
        WebIdentityToken: token,
        DurationSeconds: 3600,
    });
    const { Credentials, AssumedRoleUser } = await assumed.catch((error) => {
        throw new Error(`Could not assume role with OIDC: ${error.message}`);
    });
    console.log(`Authenticated as assumedRoleId ${AssumedRoleUser?.AssumedRoleId}`);
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = Credentials;
    [accessKeyId, secretAccessKey, sessionToken].forEach(toolkit.mask);
    toolkit.exportVariable("AWS_ACCESS_KEY_ID", accessKeyId);
    toolkit.exportVariable("AWS_SECRET_ACCESS_KEY", secretAccessKey);
    toolkit.exportVariable("AWS_SESSION_TOKEN", sessionToken);
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    const { Account, Arn } = await new STS({ region, credentials }).getCallerIdentity({});
    toolkit.setOutput("aws-account-id", Account);
    toolkit.setOutput("authenticated-arn", Arn);
});
