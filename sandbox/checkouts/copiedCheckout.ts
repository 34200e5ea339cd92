import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseDocument } from "yaml";

const checkout = path.resolve(__dirname, "../..");

/** Mocha counts its workers from 0; a file that is run without them is like the first. */
const worker = Number(process.env.MOCHA_WORKER_ID ?? 0);

const portBase = Number(process.env.TEST_PORT_BASE ?? 5566);
const firstPort = portBase + 10 * worker;

/** A hundred more for each worker, for the emulators that a test starts by itself. */
export const firstOwnPort = portBase + 100 + 100 * worker;

/** Ports beside the default ones, so that the tests leave a sandbox alone that runs on this machine, and one another too. */
export const testPorts = {
    SANDBOX_AWS_PORT: String(firstPort),
    SANDBOX_GITHUB_PORT: String(firstPort + 1),
    SANDBOX_MIRROR_PORT: String(firstPort + 2),
} as const;

/** The environment of a checkout that is not about how long ECS watches a release: six minutes with its alarms, which last 1.5 s so. */
export const brief = { SANDBOX_CLOUDWATCH_MINUTE: "0.25" } as const;

export interface Run {
    /** The exit code, or null if it was killed. */
    readonly code: number | null;
    /** What it printed, both streams in order. */
    readonly output: string;
    readonly seconds: number;
}

/** A copy of this checkout in a folder of its own, as somebody has it who cloned the repository; tests edit it at will. */
export class CopiedCheckout {
    public readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-"));

    /** @param env what each of its commands has in its environment */
    constructor(private readonly env: Readonly<Record<string, string>> = {}) {
        const files = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
        const listed = spawnSync("git", files, { cwd: checkout, encoding: "utf8" });
        for (const file of listed.stdout
            .split("\0")
            .filter((name) => name && fs.existsSync(path.join(checkout, name)))) {
            fs.cpSync(path.join(checkout, file), path.join(this.folder, file));
        }
        fs.symlinkSync(path.join(checkout, "node_modules"), path.join(this.folder, "node_modules"));
    }

    path(...parts: string[]): string {
        return path.join(this.folder, ...parts);
    }

    /** Runs `npm run <script>` there. */
    async run(script: string, env: Record<string, string> = {}, user?: number): Promise<Run> {
        return this.start(script, env, user).finished;
    }

    /** Runs a script that has to end well. */
    async succeed(script: string, env: Record<string, string> = {}): Promise<Run> {
        const run = await this.run(script, env);
        assert.equal(run.code, 0, run.output);
        return run;
    }

    /** Runs a script that has to fail, and to say each of these. */
    async fail(script: string, ...reasons: readonly RegExp[]): Promise<Run> {
        const run = await this.run(script);
        assert.equal(run.code, 1, run.output);
        for (const reason of reasons) assert.match(run.output, reason);
        return run;
    }

    /** Starts `npm run <script>` there, in a process group of its own, as another user if one is given by number. */
    start(
        script: string,
        env: Record<string, string> = {},
        user?: number,
    ): { process: ChildProcess; finished: Promise<Run> } {
        const began = Date.now();
        const child = spawn("npm", ["run", "--silent", ...script.split(" ")], {
            cwd: this.folder,
            env: { ...process.env, ...testPorts, ...this.env, ...env },
            detached: true,
            uid: user,
            gid: user,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let output = "";
        child.stdout.on("data", (chunk) => (output += chunk));
        child.stderr.on("data", (chunk) => (output += chunk));
        const finished = new Promise<Run>((resolve) =>
            child.on("close", (code) => resolve({ code, output, seconds: (Date.now() - began) / 1000 })),
        );
        return { process: child, finished };
    }

    /** Changes one key in the stack's configuration file; undefined takes it out. */
    configure(key: string, value: string | number | boolean | object | undefined, stack = "dev"): void {
        const file = this.path(`Pulumi.${stack}.yaml`);
        const document = parseDocument(fs.readFileSync(file, "utf8"));
        if (value === undefined) {
            document.deleteIn(["config", key]);
        } else {
            document.setIn(["config", key], value);
        }
        fs.writeFileSync(file, document.toString());
    }

    /** Changes settings of the program, by their keys without its namespace. */
    configureAll(settings: object, stack = "dev"): void {
        for (const [key, value] of Object.entries(settings)) {
            this.configure(`fargate-cicd:${key}`, value as string | number | boolean | object | undefined, stack);
        }
    }

    edit(file: string, change: (text: string) => string): void {
        fs.writeFileSync(this.path(file), change(fs.readFileSync(this.path(file), "utf8")));
    }

    stateFile(stack = "dev"): string {
        return this.path(`.sandbox/pulumi/.pulumi/stacks/fargate-cicd/${stack}.json`);
    }

    /** The stack's state as the engine wrote it, without the time of its writing. */
    state(stack = "dev"): { deployment: { resources: any[] } } {
        const { checkpoint } = JSON.parse(fs.readFileSync(this.stateFile(stack), "utf8"));
        return { deployment: { ...checkpoint.latest, manifest: undefined } };
    }

    /** The pid of a service of the sandbox. */
    servicePid(name: string): number {
        return Number(
            fs
                .readFileSync(this.path(`.sandbox/run/${name}.pid`), "utf8")
                .split("\n")[1]!
                .split(" ")[0],
        );
    }

    /** Command lines of all processes that run in this copy or were given a path in it. */
    processes(): string[] {
        return this.pids().flatMap((pid) => readOfProcess(pid, "cmdline")?.replaceAll("\0", " ") ?? []);
    }

    private pids(): string[] {
        return fs.readdirSync("/proc").filter((pid) => {
            const mine = (file: string) => readOfProcess(pid, file)?.includes(this.folder);
            return /^\d+$/.test(pid) && (mine("cwd") || mine("cmdline") || mine("environ"));
        });
    }

    /**
     * Destroys what a failed test has left, and deletes the copy. One that cannot be destroyed stays, to be looked at, and runs no
     * more: its ports are those of the tests that follow.
     * @param env what it was run with
     */
    async remove(env: Record<string, string> = {}): Promise<void> {
        for (const stack of ["prod", "dev"]) {
            if (stack === "dev" ? fs.existsSync(this.path(".sandbox")) : fs.existsSync(this.stateFile(stack))) {
                const { code, output } = await this.run(`sandbox:destroy -- --stack ${stack}`, env);
                if (code !== 0) {
                    await this.kill();
                }
                assert.equal(code, 0, `the sandbox in ${this.folder} was not destroyed:\n${output}`);
            }
        }
        fs.rmSync(this.folder, { recursive: true, force: true });
    }

    private async kill(): Promise<void> {
        spawnSync("kill", ["-KILL", ...this.pids()]);
        for (const { Id } of await docker<{ Id: string }[]>(`/containers/json?all=true&filters=${labelOf(this)}`)) {
            await docker(`/containers/${Id}?force=true`, "DELETE");
        }
    }
}

/** A file of a process, or where a link in its place leads to; undefined once it has ended. */
function readOfProcess(pid: string, file: string): string | undefined {
    const name = `/proc/${pid}/${file}`;
    try {
        return file === "cwd" ? fs.readlinkSync(name) : fs.readFileSync(name, "utf8");
    } catch {
        return undefined;
    }
}

/** The types of what the engine says that it created, changed, replaced or deleted. */
export function changedTypes(output: string): string[] {
    const lines = output.matchAll(/^ *(?:[+~-]|\+-|-\+|\+\+|--) +([\w-]+(?:[:/][\w-]+)+) /gm);
    return [...new Set([...lines].map((match) => match[1]!))].sort();
}

/** Asks the load balancer that the URL names, which not every resolver knows. */
export async function fetchPage(url: string): Promise<{ status: number; body: string }> {
    const { host, port, pathname } = new URL(url);
    return new Promise((resolve, reject) => {
        http.get({ host: "127.0.0.1", port, path: pathname, headers: { Host: host } }, (response) => {
            let body = "";
            response.setEncoding("utf8").on("data", (chunk) => (body += chunk));
            response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        }).on("error", reject);
    });
}

/**
 * Asks for a page about fifty times a second while `work` goes on.
 * @param see told of each answer; one that does not come has status 0
 */
export async function visiting<T>(
    url: string,
    work: Promise<T>,
    see: (answer: { readonly status: number; readonly body: string }) => void,
): Promise<T> {
    let isOver = false;
    const visitor = (async () => {
        for (; !isOver; await sleep(20)) {
            see(await fetchPage(url).catch((error: Error) => ({ status: 0, body: error.message })));
        }
    })();
    const result = await work.finally(() => (isOver = true));
    await visitor;
    return result;
}

/**
 * Visits a page while `work` goes on.
 * @throws AssertionError where an answer's status is none of `expected`
 */
export async function undisturbed<T>(url: string, work: Promise<T>, expected: readonly number[] = [200]): Promise<T> {
    const failures: string[] = [];
    let asked = 0;
    const result = await visiting(url, work, ({ status, body }) => {
        asked++;
        if (!expected.includes(status)) {
            failures.push(`${status} at ${new Date().toISOString()}: ${body}`);
        }
    });
    assert.ok(asked > 50, `${asked} requests`);
    assert.deepEqual(failures, [], `of ${asked} requests`);
    return result;
}

async function docker<T>(path: string, method = "GET"): Promise<T> {
    const socketPath = (process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");
    return new Promise((resolve, reject) => {
        const request = http.request({ socketPath, path, method }, (response) => {
            let body = "";
            response.setEncoding("utf8").on("data", (chunk) => (body += chunk));
            response.on("end", () => resolve(JSON.parse(body || "null") as T));
        });
        request.on("error", reject).end();
    });
}

/** The filter for what Docker runs for a copy's sandbox. */
function labelOf(copy: CopiedCheckout): string {
    const id = createHash("sha256").update(copy.folder).digest("hex").slice(0, 12);
    return encodeURIComponent(JSON.stringify({ label: [`fargate-cicd.sandbox=${id}`] }));
}

export interface Container {
    readonly id: string;
    readonly pid: number;
    /** The references of its image by digest. */
    readonly repoDigests: readonly string[];
    /** `NAME=value` each. */
    readonly environment: readonly string[];
}

/** The tasks of a copy's sandbox that Docker runs. */
export async function containersOf(copy: CopiedCheckout): Promise<Container[]> {
    const containers = await docker<{ Id: string; ImageID: string }[]>(`/containers/json?filters=${labelOf(copy)}`);
    return Promise.all(
        containers.map(async ({ Id, ImageID }) => {
            const image = await docker<{ RepoDigests: string[] | null }>(`/images/${ImageID}/json`);
            const { Config, State } = await docker<{ Config: { Env: string[] }; State: { Pid: number } }>(
                `/containers/${Id}/json`,
            );
            return { id: Id, pid: State.Pid, repoDigests: image.RepoDigests ?? [], environment: Config.Env };
        }),
    );
}
