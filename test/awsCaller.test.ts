import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { AwsCaller } from "../infra/awsCaller";

/** As whom, and how: test/stackAccess.test.ts has it from a command on. */
describe("what calls AWS itself", () => {
    let ends = new Date();
    let refuses = false;
    const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "AWS_CA_BUNDLE"];
    const environment = Object.fromEntries(proxies.map((name) => [name, process.env[name]]));
    before(() => proxies.forEach((name) => delete process.env[name]));
    after(() => {
        for (const [name, value] of Object.entries(environment)) {
            if (value !== undefined) {
                process.env[name] = value;
            }
        }
    });
    const calls: URLSearchParams[] = [];
    const sts = http.createServer((request, response) => {
        let body = "";
        request.on("data", (part: Buffer) => (body += String(part)));
        request.on("end", () => {
            const call = new URLSearchParams(body);
            calls.push(call);
            response.setHeader("content-type", "text/xml");
            if (refuses) {
                response.statusCode = 403;
                response.end(
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
                );
                return;
            }
            response.end(
                `<${call.get("Action")}Response><${call.get("Action")}Result><Credentials><AccessKeyId>ROLE${calls.length}</AccessKeyId>` +
                    `<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${ends.toISOString()}</Expiration>` +
                    `</Credentials></${call.get("Action")}Result></${call.get("Action")}Response>`,
            );
        });
    });
    let endpoints: string;
    before(async () => {
        await new Promise<void>((resolve) => sts.listen(0, "127.0.0.1", resolve));
        endpoints = JSON.stringify([{ sts: `http://127.0.0.1:${(sts.address() as AddressInfo).port}` }]);
    });
    beforeEach(() => void calls.splice(0));
    after(() => {
        sts.close();
        sts.closeAllConnections();
    });

    const keys = { "aws:accessKey": "STACK", "aws:secretKey": "s" };
    async function settingsOf(config: Readonly<Record<string, string>>) {
        const caller = new AwsCaller();
        const all: Readonly<Record<string, string>> = { "aws:endpoints": endpoints, ...keys, ...config };
        await caller.configure({ config: { get: (key: string) => all[key] } });
        return caller.clientSettings("eu-west-1");
    }
    /** The key that a client would have next. */
    const keyOf = async (settings: Awaited<ReturnType<typeof settingsOf>>) => {
        const { credentials } = settings("ecs");
        return (typeof credentials === "function" ? await credentials() : credentials)?.accessKeyId;
    };
    const inAnHour = () => new Date(Date.now() + 3_600_000);

    it("assumes a role once for all of its clients, and again before the session ends", async () => {
        const settings = await settingsOf({
            "aws:assumeRoles": JSON.stringify([{ roleArn: "arn:aws:iam::1:role/deployer", duration: "2h30m" }]),
        });
        assert.equal(calls.length, 0);
        ends = inAnHour();
        assert.deepEqual(await Promise.all([keyOf(settings), keyOf(settings)]), ["ROLE1", "ROLE1"]);
        assert.equal(calls[0]!.get("DurationSeconds"), "9000");
        ends = new Date(Date.now() + 60_000);
        const short = await settingsOf({ "aws:assumeRoles": JSON.stringify([{ roleArn: "arn:aws:iam::1:role/a" }]) });
        assert.deepEqual([await keyOf(short), await keyOf(short)], ["ROLE2", "ROLE3"]);
        assert.equal(calls[1]!.get("DurationSeconds"), null);
    });

    it("asks again where a role could not be assumed", async () => {
        const settings = await settingsOf({
            "aws:assumeRoles": JSON.stringify([{ roleArn: "arn:aws:iam::1:role/a" }]),
        });
        ends = inAnHour();
        refuses = true;
        await assert.rejects(keyOf(settings), /AccessDenied/);
        refuses = false;
        assert.match((await keyOf(settings))!, /^ROLE/);
    });

    it("reads the token of a web identity anew each time, and says which setting names a file that is not there", async () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-token-"));
        const webIdentityTokenFile = path.join(folder, "token");
        const identity = JSON.stringify({ roleArn: "arn:aws:iam::1:role/web", webIdentityTokenFile });
        const config = { "aws:assumeRoleWithWebIdentity": identity };
        await assert.rejects(
            settingsOf(config),
            /^Error: aws:assumeRoleWithWebIdentity: webIdentityTokenFile cannot be read: ENOENT.*token'$/,
        );
        fs.writeFileSync(webIdentityTokenFile, "first");
        ends = new Date();
        const settings = await settingsOf(config);
        await keyOf(settings);
        fs.writeFileSync(webIdentityTokenFile, "second");
        await keyOf(settings);
        fs.rmSync(folder, { recursive: true });
        assert.deepEqual(
            calls.map((call) => call.get("WebIdentityToken")),
            ["first", "second"],
        );
        await assert.rejects(
            settingsOf({ "aws:assumeRoleWithWebIdentity": JSON.stringify({ roleArn: "arn:aws:iam::1:role/web" }) }),
            /has no token: set its webIdentityToken, or webIdentityTokenFile/,
        );
    });

    it("trusts the certificates of the configuration's bundle", async () => {
        const file = path.join(os.tmpdir(), `fargate-cicd-bundle-${process.pid}`);
        fs.writeFileSync(file, "a certificate");
        const { requestHandler } = (await settingsOf({ "aws:customCaBundle": file }))("ecs");
        fs.rmSync(file);
        const without = (await settingsOf({}))("ecs");
        assert.equal(String(requestHandler!.httpsAgent.options.ca), "a certificate");
        assert.ok(!("requestHandler" in without));
    });
});
