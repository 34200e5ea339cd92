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
    /** What AWS answers in place of nothing. */
    let answer: { readonly status: number; readonly body: object } | undefined;
    const aws = http.createServer((request, response) => {
        const [, key, region, service] = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)/.exec(
            String(request.headers.authorization),
        )!;
        asked.push([key, service, region].join(" "));
        // Every role's key is the same; and nobody has deployed anything.
        const assumed =
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>" +
            "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        if (answer && service !== "sts") {
            response.statusCode = answer.status;
            response.setHeader("content-type", "application/x-amz-json-1.1");
            response.end(JSON.stringify(answer.body));
            return;
        }
        response.setHeader("content-type", service === "sts" ? "text/xml" : "application/x-amz-json-1.1");
        response.end(service === "sts" ? assumed : "{}");
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

    it("is said to have no such service or cluster where somebody has deleted it, and with what to do", async () => {
        answer = { status: 400, body: { __type: "ServiceNotFoundException", message: "Service not found." } };
        const { said } = await comes({ "aws:region": region, "aws:endpoints": endpoints });
        answer = undefined;
        assert.equal(
            said,
            "ServiceNotFoundException: Service not found. Somebody has deleted it. pulumi refresh, then pulumi up.\n",
        );
    });

    it("is none where there is no region", async () => {
        const { said } = await comes({});
        assert.equal(said, "The stack has no region: pulumi config set aws:region <region>, or set AWS_REGION.\n");
    });
});
