/** The AWS CLI for a run's steps, which call it a dozen times and more: the original, loaded once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { runVariable } from "../stack/engine";
import { checkout, stateDir } from "../paths";

const script = path.join(checkout, "sandbox", "workflow", "aws.py");

export interface LoadedAwsCli {
    /** Has `aws`, and is removed when it is stopped, or as soon as this process has ended. */
    readonly folder: string;
    stop(): Promise<void>;
}

/**
 * Has it loaded, without waiting for that: a call that comes first loads it for itself.
 * @param program the CLI as pip has installed it, or a link to it
 */
export function loadAwsCli(program: string): LoadedAwsCli {
    const python = path.join(path.dirname(fs.realpathSync(program)), "python");
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "aws-")); // a socket's path has room for 107 bytes
    const socket = path.join(folder, "socket");
    const call = [python, "-IS", script, "call", socket, program].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    fs.writeFileSync(path.join(folder, "aws"), `#!/bin/sh\nexec ${call.join(" ")} "$@"\n`, { mode: 0o755 });
    const server = spawn(python, [script, "serve", socket], {
        env: { ...process.env, [runVariable]: stateDir },
        stdio: ["pipe", "ignore", "inherit"],
    });
    const ended = once(server, "close");
    return {
        folder,
        async stop() {
            server.stdin.end();
            await ended;
            fs.rmSync(folder, { recursive: true, force: true }); // where it could not even begin
        },
    };
}
