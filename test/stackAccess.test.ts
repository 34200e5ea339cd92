import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { aStack, runCommand } from "./operated";

/** A key of a stack's configuration, as `pulumi config --json` has it. */
interface Entry {
    readonly value: string;
    readonly secret?: boolean;
}

describe("the account that the commands for a stack that runs look into", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-pulumi-"));
    /** What AWS was asked: by which access key, for which service, in which region. */
    let asked: string[] = [];
    /** Whose the credentials are; nobody is told where it is empty. */
    let account = "123456789012";
    /** What AWS answers in place of nothing. */
    let answer: { readonly status: number; readonly body: object } | undefined;
    const aws = http.createServer((request, response) => {
        const [, key, region, service] = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)/.exec(
            String(request.headers.authorization),
        )!;
        asked.push([key, service, region].join(" "));
        // Every role's key is the same; and nobody has deployed anything.
        const assumed =
            "<AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>" +
            "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>";
        const caller = `<Arn>arn:aws:iam::${account}:user/me</Arn><Account>${account}</Account>`;
        const identity = `<GetCallerIdentityResult>${caller}</GetCallerIdentityResult>`;
        if (service === "sts") {
            response.statusCode = account === "" ? 403 : 200;
            response.setHeader("content-type", "text/xml");
            response.end(`<Response>${assumed}${identity}</Response>`);
            return;
        }
        response.statusCode = answer?.status ?? 200;
        response.setHeader("content-type", "application/x-amz-json-1.1");
        response.end(JSON.stringify(answer?.body ?? {}));
    });
    let address: string;
    let endpoints: Entry;

    before(async () => {
        await new Promise<void>((resolve) => aws.listen(0, "127.0.0.1", resolve));
        address = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
        const all = { ecs: address, sts: address, cloudwatchlogs: address };
        endpoints = { value: JSON.stringify([all]) };
        fs.writeFileSync(
            path.join(folder, "credentials"),
            "[work]\naws_access_key_id = WORK\naws_secret_access_key = s\n",
        );
    });
    after(() => {
        aws.close();
        aws.closeAllConnections();
        fs.rmSync(folder, { recursive: true });
    });

    /** Whom the command comes as to whom, where a stack has this configuration and the shell the credentials of `SHELL`. */
    async function comes(config: Readonly<Record<string, Entry>>, command = "releases", more: NodeJS.ProcessEnv = {}) {
        const { client: _, connect: __, region: ___, ...outputs } = aStack;
        const hidden = Object.entries(config).map(([key, { value, secret }]) => [key, secret ? { secret } : { value }]);
        const script = [
            "#!/bin/sh",
            `echo "$*" >> ${folder}/called`,
            'case "$*" in',
            `stack*) echo '${JSON.stringify(outputs)}' ;;`,
            `*--show-secrets*) echo '${JSON.stringify(config)}' ;;`,
            `*) echo '${JSON.stringify(Object.fromEntries(hidden))}' ;;`,
            "esac",
        ];
        fs.writeFileSync(path.join(folder, "pulumi"), script.join("\n"), { mode: 0o755 });
        fs.rmSync(path.join(folder, "called"), { force: true });
        asked = [];
        const keys = { AWS_ACCESS_KEY_ID: "SHELL", AWS_SECRET_ACCESS_KEY: "s", ...more };
        const { failed, stdout, stderr } = await runCommand(folder, [command, "--stack", "prod"], keys);
        const said = failed ? stderr : stdout;
        return { asked, said, pulumi: fs.readFileSync(path.join(folder, "called"), "utf8").trim().split("\n") };
    }

    const region = { value: "eu-west-1" };

    it("is that of the stack's keys, at the stack's addresses, over those of the environment", async () => {
        const keys = { "aws:accessKey": { value: "STACK" }, "aws:secretKey": { value: "s", secret: true } };
        const config = { "aws:region": region, "aws:endpoints": endpoints, ...keys };
        const { asked: by, said, pulumi } = await comes(config);
        assert.deepEqual([by, said], [["STACK ecs eu-west-1"], "shop has no release that AWS remembers.\n"]);
        assert.deepEqual(pulumi, [
            "stack output --json --stack prod",
            "config --json --open --stack prod",
            "config --json --show-secrets --stack prod",
        ]);
        assert.deepEqual((await comes(config, "logs")).asked, ["STACK logs eu-west-1"]);
    });

    it("is that of the stack's profile, in the stack's files", async () => {
        const files = { value: JSON.stringify([path.join(folder, "credentials")]) };
        const profile = { "aws:profile": { value: "work" }, "aws:sharedCredentialsFiles": files };
        const { asked: by } = await comes({ "aws:region": region, "aws:endpoints": endpoints, ...profile });
        assert.deepEqual(by, ["WORK ecs eu-west-1"]);
    });

    it("is that of the role that the stack assumes", async () => {
        const roles = { value: JSON.stringify([{ roleArn: "arn:aws:iam::1:role/deployer", externalId: "x" }]) };
        const config = { "aws:assumeRoles": roles, "aws:stsRegion": { value: "us-east-1" } };
        const { asked: by } = await comes({ "aws:region": region, "aws:endpoints": endpoints, ...config });
        assert.deepEqual(by, ["SHELL sts us-east-1", "ROLE ecs eu-west-1"]);
    });

    it("is the environment's where the stack names none, and no secret of the app is read for it", async () => {
        const config = { "fargate-cicd:secrets": { value: "s", secret: true } };
        const environment = { AWS_ENDPOINT_URL: address, AWS_REGION: "eu-north-1" };
        const { asked: by, pulumi } = await comes(config, "releases", environment);
        assert.deepEqual(by, ["SHELL ecs eu-north-1"]);
        assert.deepEqual(pulumi, ["stack output --json --stack prod", "config --json --open --stack prod"]);
    });

    // resolve_credentials.go of aws-sdk-go-v2/config: an environment's keys come before its profile, which the SDK here has the other way.
    it("is that of the environment's keys beside a profile of the environment, as it is for the provider", async () => {
        const profile = { AWS_PROFILE: "work", AWS_SHARED_CREDENTIALS_FILE: path.join(folder, "credentials") };
        const config = { "aws:region": region, "aws:endpoints": endpoints };
        assert.deepEqual((await comes(config, "releases", profile)).asked, ["SHELL ecs eu-west-1"]);
        const configured = { ...config, "aws:profile": { value: "work" } };
        assert.deepEqual((await comes(configured, "releases", profile)).asked, ["WORK ecs eu-west-1"]);
    });

    it("is asked through the proxy of the stack, or of the environment, that the provider takes as well", async () => {
        const host = "http://ecs.example.com";
        const through = { "aws:region": region, "aws:endpoints": { value: JSON.stringify([{ ecs: host }]) } };
        const configured = { ...through, "aws:httpProxy": { value: address } };
        assert.deepEqual((await comes(configured)).asked, ["SHELL ecs eu-west-1"]);
        assert.deepEqual((await comes(through, "releases", { HTTP_PROXY: address })).asked, ["SHELL ecs eu-west-1"]);
        const none = { HTTP_PROXY: address, NO_PROXY: "example.com,.example.com" };
        const { asked: by, said } = await comes(through, "releases", none);
        assert.deepEqual(by, []);
        assert.match(said, /ENOTFOUND ecs\.example\.com|EAI_AGAIN/);
        // As Go's, which the provider has: what is on this machine is asked for itself.
        const nobody = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" };
        const here = { "aws:region": region, "aws:endpoints": endpoints };
        assert.deepEqual((await comes(here, "releases", nobody)).asked, ["SHELL ecs eu-west-1"]);
    });

    /** What a command says to which AWS answers with such an error. */
    async function missing(type: string, command: string, config: Readonly<Record<string, Entry>> = {}) {
        answer = { status: 400, body: { __type: type, message: "There is none." } };
        const { said } = await comes({ "aws:region": region, "aws:endpoints": endpoints, ...config }, command);
        answer = undefined;
        return said;
    }

    it("is said to have no such part where somebody has deleted it, and with what to do", async () => {
        for (const [type, command, part] of [
            ["ServiceNotFoundException", "releases", "service shop"],
            ["ClusterNotFoundException", "shell", "cluster shop"],
            ["ResourceNotFoundException", "logs", "log group /ecs/shop"],
        ] as const) {
            assert.equal(
                await missing(type, command),
                `${type}: There is none. Somebody has deleted ${part} of account 123456789012 in eu-west-1: ` +
                    "pulumi refresh, then pulumi up.\n",
            );
        }
    });

    it("is said to be closed to credentials whose time is over, with how to get others", async () => {
        for (const type of ["ExpiredTokenException", "UnrecognizedClientException"]) {
            assert.match(
                await missing(type, "logs"),
                new RegExp(`^${type}: There is none\\. Set AWS_PROFILE or .*, log in anew `),
            );
        }
    });

    // A refresh with another account's credentials takes all that runs for gone.
    it("is told apart from the stack's, and nobody is sent to refresh a stack that runs elsewhere", async () => {
        const where =
            "ClusterNotFoundException: There is none. The stack is in account 123456789012, region eu-west-1, and ";
        const whose = "the credentials are those of arn:aws:iam::123456789012:user/me in account 123456789012";
        const use = "use what the stack was made with (AWS_PROFILE or aws:profile, AWS_REGION or aws:region).\n";
        assert.equal(
            await missing("ClusterNotFoundException", "releases", { "aws:region": { value: "us-east-1" } }),
            `${where}${whose}, asking in us-east-1: ${use}`,
        );
        try {
            account = "999999999999";
            assert.equal(
                await missing("ClusterNotFoundException", "releases"),
                `${where}${whose.replaceAll("123456789012", account)}, asking in eu-west-1: ${use}`,
            );
            account = "";
            assert.equal(
                await missing("ClusterNotFoundException", "releases"),
                "ClusterNotFoundException: There is none.\n",
            );
        } finally {
            account = "123456789012";
        }
    });

    it("is said in one line to be out of reach where what leads into it cannot be read", async () => {
        const web = (more: object) => ({ value: JSON.stringify({ roleArn: "arn:aws:iam::1:role/deployer", ...more }) });
        const withWeb = (more: object) => comes({ "aws:region": region, "aws:assumeRoleWithWebIdentity": web(more) });
        const missingFile = path.join(folder, "missing");
        assert.match((await withWeb({})).said, /^aws:assumeRoleWithWebIdentity has no token: .*\n$/);
        assert.match(
            (await withWeb({ webIdentityTokenFile: missingFile })).said,
            /^aws:assumeRoleWithWebIdentity: webIdentityTokenFile cannot be read: ENOENT.*\n$/,
        );
        const { said } = await comes({ "aws:region": region }, "releases", { AWS_CA_BUNDLE: missingFile });
        assert.equal(said, `AWS_CA_BUNDLE cannot be read: ENOENT: no such file or directory, open '${missingFile}'\n`);
        const configured = { "aws:region": region, "aws:customCaBundle": { value: folder } };
        assert.match(
            (await comes(configured, "releases", { AWS_CA_BUNDLE: missingFile })).said,
            /^aws:customCaBundle cannot be read: EISDIR.*\n$/,
        );
    });

    it("is none where there is no region", async () => {
        const { said } = await comes({});
        assert.equal(said, "The stack has no region: pulumi config set aws:region <region>, or set AWS_REGION.\n");
    });
});
