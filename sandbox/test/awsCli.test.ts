import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureAwsCli } from "../machine/python";
import { run } from "../machine/run";
import { loadAwsCli, type LoadedAwsCli } from "../workflow/awsCli";

describe("the AWS CLI of a run, loaded once", () => {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "aws-cli-test-"));
    const program = path.join(scratch, "aws");
    /** Answers with what it was asked and by whom; refuses `refused`, and leaves `unanswered` without an answer. */
    const endpoint = http.createServer((request, response) => {
        let body = "";
        request.on("data", (chunk) => (body += chunk));
        request.on("end", () => {
            const { "user-agent": agent, authorization } = request.headers;
            if (!body.includes("unanswered")) {
                response.writeHead(body.includes("refused") ? 400 : 200, {
                    "content-type": "application/x-amz-json-1.1",
                });
                // Which features were used is a set, in any order.
                const clusterName = [
                    agent?.replace(/ m\/\S+/, ""),
                    /Credential=(.*?)\/\d+\/(.*?),/.exec(authorization ?? ""),
                    body,
                ].join(" ");
                response.end(JSON.stringify({ clusters: [{ clusterName }], __type: "ClusterNotFoundException" }));
            }
        });
    });
    let loaded: LoadedAwsCli;
    let env: NodeJS.ProcessEnv;

    before(async () => {
        await ensureAwsCli(scratch);
        endpoint.listen(0, "127.0.0.1");
        await once(endpoint, "listening");
        env = {
            PATH: process.env.PATH,
            HOME: scratch,
            AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
            AWS_SECRET_ACCESS_KEY: "secret",
            AWS_REGION: "eu-north-1",
            AWS_DEFAULT_REGION: "eu-north-1",
            AWS_ENDPOINT_URL: `http://127.0.0.1:${(endpoint.address() as net.AddressInfo).port}`,
        };
        fs.writeFileSync(path.join(scratch, "names.json"), JSON.stringify({ clusters: ["from a file"] }));
        fs.writeFileSync(path.join(scratch, "input"), JSON.stringify({ clusters: ["ünïcode", "x".repeat(200_000)] }));
        loaded = loadAwsCli(program);
        await ready();
    });
    after(async () => {
        await loaded?.stop();
        endpoint.closeAllConnections();
        endpoint.close();
        fs.rmSync(scratch, { recursive: true });
    });

    const socket = () => path.join(loaded.folder, "socket");
    async function ready(): Promise<void> {
        for (let i = 0; !fs.existsSync(socket()); i++) {
            assert.ok(i < 600, "it does not listen after a minute");
            await sleep(100);
        }
    }
    async function call(file: string, args: readonly string[]) {
        const input = fs.openSync(path.join(scratch, "input"), "r");
        const child = spawn(file, args, { cwd: scratch, env, stdio: [input, "pipe", "pipe"] });
        fs.closeSync(input);
        let [stdout, stderr] = ["", ""];
        child.stdout!.on("data", (chunk) => (stdout += chunk));
        child.stderr!.on("data", (chunk) => (stderr += chunk));
        const [code] = await once(child, "close");
        return { code, stdout, stderr };
    }
    /** The process that serves, those that have forked from it, and their callers. */
    const processes = async () =>
        (await run("ps", ["-eo", "pid,args"])).split("\n").filter((line) => line.includes(loaded.folder));

    async function nothingRuns(): Promise<void> {
        for (let i = 0; (await processes()).length > 1; i++) {
            assert.ok(i < 100, (await processes()).join("\n"));
            await sleep(100);
        }
    }

    for (const [what, args, code] of [
        ["a call with the environment's region and keys", ["ecs", "describe-clusters", "--clusters", "one"], 0],
        [
            "a call that picks from the answer",
            ["ecs", "describe-clusters", "--query", "failures", "--output", "text"],
            0,
        ],
        [
            "a file of the folder that it is called in",
            ["ecs", "describe-clusters", "--cli-input-json", "file://names.json"],
            0,
        ],
        ["what is sent to its input", ["ecs", "describe-clusters", "--cli-input-json", "file:///dev/stdin"], 0],
        ["a call that is refused", ["ecs", "describe-clusters", "--clusters", "refused"], 255],
        ["a command that does not exist", ["ecs", "describe-nothing"], 2],
        ["its version", ["--version"], 0],
    ] as const) {
        it(`says what the CLI itself says: ${what}`, async () => {
            const itself = await call(program, args);
            assert.deepEqual(await call(path.join(loaded.folder, "aws"), args), itself);
            assert.equal(itself.code, code, itself.stderr);
        });
    }

    it("ends a call with whoever has called", async () => {
        const args = ["ecs", "describe-clusters", "--clusters", "unanswered"];
        const asked = once(endpoint, "request");
        const caller = spawn(path.join(loaded.folder, "aws"), args, { env, stdio: "ignore" });
        await asked;
        const before = await processes();
        assert.equal(before.length, 3, before.join("\n"));
        caller.kill("SIGKILL");
        await nothingRuns();
    });

    it("ends one whose caller is killed while it asks", async () => {
        const caller = net.connect(socket());
        await once(caller, "connect");
        caller.destroy();
        await nothingRuns();
    });

    it("is the CLI itself before it is loaded, and leaves nothing once it is stopped", async () => {
        const other = loadAwsCli(program);
        const { folder } = other;
        const early = await call(path.join(folder, "aws"), ["--version"]);
        assert.deepEqual(early, await call(program, ["--version"]));
        await other.stop();
        assert.equal(fs.existsSync(folder), false);
    });
});
