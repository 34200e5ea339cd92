import type { ExecuteCommandCommandInput, Task } from "@aws-sdk/client-ecs";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { throughPlugin, type Opened } from "../tools/operations/sessionPlugin";
import { openShell } from "../tools/operations/shell";
import { aStack } from "./operated";
import { projectFolder } from "./settings";

const task = (id: string, minute: number, more: Task = {}): Task => ({
    taskArn: `arn:aws:ecs:eu-west-1:123456789012:task/shop/${id}`,
    ...{ lastStatus: "RUNNING", startedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)), enableExecuteCommand: true },
    // GuardDuty's agent is in each task of an account that has its runtime monitoring, and in no task definition.
    containers: [
        { name: "aws-guardduty-agent-x", runtimeId: `${id}-0` },
        { name: "app", runtimeId: `${id}-1` },
    ],
    ...more,
});
const credentials = { accessKeyId: "ROLE", secretAccessKey: "r" };
const session = { sessionId: "s", streamUrl: "wss://stream", tokenValue: "secret" };

/** Opens a shell in a service with these tasks. */
async function open(tasks: Task[], id = "", command = "/bin/sh") {
    const asked: ExecuteCommandCommandInput[] = [];
    const opened: Opened[] = [];
    const ecs = {
        config: { credentials: async () => credentials },
        listTasks: async () => ({ taskArns: tasks.map(({ taskArn }) => taskArn!) }),
        describeTasks: async () => ({ tasks }),
        describeTaskDefinition: async () => ({ taskDefinition: { containerDefinitions: [{ name: "app" }] } }),
        executeCommand: async (request: ExecuteCommandCommandInput) => (asked.push(request), { session }),
    } as unknown as Parameters<typeof openShell>[0];
    const run = async (each: Opened) => (opened.push(each), 3);
    const told: unknown[] = [];
    const print = console.error.bind(console);
    console.error = (line: unknown) => void told.push(line);
    try {
        const code = await openShell(ecs, { ...aStack, connect: { ...aStack.connect, run } }, id, command);
        return { code, asked, opened, told };
    } finally {
        console.error = print;
    }
}

describe("a shell in a task", () => {
    it("is in the newest task that runs, and ends with the code of this end", async () => {
        const { code, asked, opened } = await open([
            task("older", 1),
            task("newest", 2),
            task("starting", 3, { lastStatus: "PENDING" }),
        ]);
        assert.equal(code, 3);
        const taskArn = task("newest", 2).taskArn;
        assert.deepEqual(asked, [
            { cluster: "shop", command: "/bin/sh", task: taskArn, container: "app", interactive: true },
        ]);
        assert.deepEqual(opened, [
            {
                ...{ region: "eu-west-1", credentials, session, command: "/bin/sh", cluster: "shop" },
                ...{ task: "newest", runtimeId: "newest-1" },
            },
        ]);
    });

    it("is in the task that is asked for, with another command", async () => {
        const { asked, told } = await open([task("older", 1), task("newest", 2)], "old", "id");
        assert.deepEqual([asked[0]!.task, asked[0]!.command], [task("older", 1).taskArn, "id"]);
        assert.deepEqual(told, ["shop in eu-west-1, task older: id"]);
    });

    it("is refused where no such task runs, and where the stack has no enableExec, with what to do", async () => {
        await assert.rejects(
            open([task("one", 1)], "two"),
            /^Error: No task two of shop runs: npm run status says why/,
        );
        await assert.rejects(open([]), /^Error: No task of shop runs/);
        const without = task("one", 1, { enableExecuteCommand: false });
        await assert.rejects(open([without]), /^Error: Task one takes no shell.*pulumi config set enableExec true/);
    });

    it("calls AWS's plugin as AWS's CLI does, and says how to get it", async () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-plugin-"));
        const { PATH } = process.env;
        Object.assign(process.env, { PATH: folder, AWS_PROFILE: "other", AWS_SESSION_TOKEN: "other" });
        try {
            assert.throws(
                throughPlugin.check,
                /^Error: A shell needs AWS's Session Manager plugin.*https:\/\/docs\.aws/,
            );
            const told = path.join(folder, "told");
            const keys = '"$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY ${AWS_SESSION_TOKEN-none} ${AWS_PROFILE-none}"';
            const script = `#!/bin/sh\n[ $# -eq 0 ] || printf '%s\\n' "$@" ${keys} > ${told}\nexit 4\n`;
            fs.writeFileSync(path.join(folder, "session-manager-plugin"), script, { mode: 0o755 });
            throughPlugin.check();
            const opened = {
                region: "eu-west-1",
                credentials,
                session,
                command: "sh",
                cluster: "shop",
                task: "one",
                runtimeId: "r",
            };
            assert.equal(await throughPlugin.run(opened), 4);
            const [given, ...rest] = fs.readFileSync(told, "utf8").trim().split("\n");
            assert.deepEqual(JSON.parse(given!), session);
            assert.deepEqual(rest, [
                ...[
                    "eu-west-1",
                    "StartSession",
                    "",
                    '{"Target":"ecs:shop_one_r"}',
                    "https://ecs.eu-west-1.amazonaws.com",
                ],
                // Not the shell's own, where the stack is reached otherwise: the plugin encrypts the session by kmsKeyArn with them.
                "ROLE r none none",
            ]);
        } finally {
            Object.assign(process.env, { PATH });
            ["AWS_PROFILE", "AWS_SESSION_TOKEN"].forEach((name) => delete process.env[name]);
            fs.rmSync(folder, { recursive: true });
        }
    });

    it("leaves Ctrl-C, Ctrl-\\ and Ctrl-Z to the other end, and the terminal as it was", () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-terminal-"));
        try {
            const called = path.join(folder, "called");
            const stty = `#!/bin/sh\necho "stty $@" >> ${called}\n[ "$1" != -g ] || echo saved\n`;
            fs.writeFileSync(path.join(folder, "stty"), stty, { mode: 0o755 });
            const program = `echo session >> ${called}; for key in INT QUIT TSTP; do kill -$key $PPID; done; sleep 0.2; exit 5`;
            const session =
                "process.stdin.isTTY = true;" +
                'require("./tools/operations/sessionPlugin.ts")' +
                `.inTerminal("/bin/sh", ["-c", ${JSON.stringify(program)}]).then((code) => (process.exitCode = code))`;
            const { status, signal } = spawnSync(process.execPath, ["-r", "./tools/transpile.js", "-e", session], {
                cwd: projectFolder,
                env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder },
                timeout: 20_000,
                killSignal: "SIGKILL", // one that is stopped takes no other
            });
            assert.deepEqual([status, signal], [5, null]);
            const lines = fs.readFileSync(called, "utf8").trim().split("\n");
            assert.deepEqual(lines, ["stty -g", "stty quit undef susp undef", "session", "stty saved"]);
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
    });
});
