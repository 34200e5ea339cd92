/** Runs the programs that set the machine up. */
import { type ChildProcess, spawn } from "node:child_process";
import * as path from "node:path";
import { stateDir } from "../paths";
import { UserError } from "../progress";
import { markedEnvironment, markerOf } from "./marker";

export interface RunOptions {
    readonly cwd?: string;
    /** Added to this process's own environment. */
    readonly env?: Readonly<Record<string, string>>;
    /** What it reads on its standard input: other than its arguments, no other process sees that. */
    readonly input?: string;
    /** Milliseconds; unlimited without it. */
    readonly timeout?: number;
}

const keptLines = 25;
const marker = markerOf("setup", path.join(stateDir, "run"));

/** What runs now; it must not go on working for a command that has failed elsewhere and ended. */
const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill()));

/** The end of a program's output, which is where compilers and package managers say what went wrong. */
export function lastLines(output: string, count = keptLines): string {
    return output.trimEnd().split("\n").slice(-count).join("\n");
}

/**
 * Runs a program to its end. It carries the sandbox's mark, so that one left behind by a killed command is found.
 * @returns its standard output
 * @throws UserError with the last lines of its output when it is missing, fails or takes too long.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, {
            cwd: options.cwd,
            env: markedEnvironment(marker, options.env),
            stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
            timeout: options.timeout,
            killSignal: "SIGKILL",
        });
        running.add(child);
        const out: Buffer[] = [];
        const all: Buffer[] = [];
        child.stdin?.on("error", () => undefined).end(options.input); // one that does not read fails for its own reason
        child.stdout!.on("data", (chunk: Buffer) => out.push(chunk) && all.push(chunk));
        child.stderr!.on("data", (chunk: Buffer) => all.push(chunk));
        const text = [command, ...args].join(" ");
        child.on("error", (error) => {
            running.delete(child);
            reject(new UserError(`Could not run "${text}": ${error.message}`));
        });
        child.on("close", (code, signal) => {
            running.delete(child);
            if (code === 0) {
                resolve(Buffer.concat(out).toString());
                return;
            }
            const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
            reject(
                new UserError(`"${text}" ${how}. The end of its output:\n${lastLines(Buffer.concat(all).toString())}`),
            );
        });
    });
}

/** The output of a program, or undefined when it is missing or fails. For questions, not for work. */
export async function ask(command: string, args: readonly string[], options?: RunOptions): Promise<string | undefined> {
    return run(command, args, { timeout: 10_000, ...options }).catch(() => undefined);
}
