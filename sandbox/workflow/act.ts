/** The workflow runner: act, with what a runner of GitHub has and nothing of whoever starts it. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { runVariable } from "../engine";
import { stateDir } from "../paths";
import { UserError } from "../progress";

export interface WorkflowRun {
    /** The folder with `act` and `buildx`. */
    readonly binFolder: string;
    /** The repository that is run, its commit checked out. */
    readonly repositoryFolder: string;
    /** Relative to it. */
    readonly workflow: string;
    /** The label of `runs-on`. */
    readonly runner: string;
    readonly secrets: Readonly<Record<string, string>>;
    readonly variables: Readonly<Record<string, string>>;
    /** What every step gets, beside what a workflow has of its own. */
    readonly environment: Readonly<Record<string, string>>;
    /** Local folders in place of actions from GitHub, by `owner/name@commit`. */
    readonly actions: ReadonlyMap<string, string>;
}

const folder = path.join(stateDir, "workflow");

/** Removes the credentials, profiles and endpoints of whoever runs this: a workflow has none but those that it is given. */
function ownEnvironment(): NodeJS.ProcessEnv {
    const foreign = /^(AWS_|GITHUB_|GH_|ACTIONS_|RUNNER_|PULUMI_|INPUT_|DOCKER_CONFIG$|BUILDX_|CI$)/;
    return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** A home for Docker's client with buildx as its plugin, as a runner has it; logins stay in it. */
function dockerConfig(binFolder: string): string {
    const config = path.join(folder, "docker");
    const plugin = path.join(config, "cli-plugins", "docker-buildx");
    fs.rmSync(config, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(plugin), { recursive: true });
    fs.symlinkSync(fs.realpathSync(path.join(binFolder, "buildx")), plugin);
    return config;
}

/** Values are read from files that only this user can read: arguments can be seen by every process. */
function valueFile(name: string, values: Readonly<Record<string, string>>): string {
    const file = path.join(folder, name);
    const lines = Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}\n`);
    fs.writeFileSync(file, lines.join(""), { mode: 0o600 });
    return file;
}

/**
 * Runs a workflow as a push, its output on this process's.
 * @returns the steps that failed, with the error that each wrote; none where the workflow succeeded.
 */
export async function runWorkflow(run: WorkflowRun): Promise<string[]> {
    fs.mkdirSync(folder, { recursive: true });
    const environment = { ...run.environment, DOCKER_CONFIG: dockerConfig(run.binFolder) };
    const args = [
        ...["push", "--workflows", run.workflow, "--platform", `${run.runner}=-self-hosted`],
        ...["--pull=false", "--no-cache-server", "--actor", "sandbox"],
        ...["--secret-file", valueFile("secrets", run.secrets), "--var-file", valueFile("variables", run.variables)],
        ...["--env-file", valueFile("environment", environment), "--input-file", "/dev/null"],
        ...[...run.actions].flatMap(([action, source]) => ["--local-repository", `${action}=${source}`]),
    ];
    const child = spawn(path.join(run.binFolder, "act"), args, {
        cwd: run.repositoryFolder,
        env: {
            ...ownEnvironment(),
            HOME: path.join(folder, "home"),
            XDG_CACHE_HOME: path.join(folder, "cache"),
            PATH: `${run.binFolder}:${process.env.PATH ?? ""}`,
            [runVariable]: stateDir, // so that a killed release leaves no runner behind
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
            output += text;
            process.stdout.write(text);
        });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
        child.on("error", (error) => reject(new UserError(`act could not be run: ${error.message}`)));
        child.on("close", resolve);
    });
    if (code === 0) {
        return [];
    }
    const failures = failuresOf(output);
    return failures.length > 0 ? failures : [`act ended with ${code === null ? "a signal" : `exit code ${code}`}`];
}

/** The steps that act marks as failed, and the error that each reported (`::error::`, which act prints behind ❗). */
function failuresOf(output: string): string[] {
    const lines = output.split("\n").map((line) => line.replace(/\x1b\[[0-9;]*m/g, ""));
    const errors = lines.flatMap((line) => /❗ +::error.*?::(.*)$/.exec(line)?.[1] ?? []);
    const steps = lines.flatMap((line) => /❌ +Failure - Main (.+?)(?: \[[\d.]+m?s\])?$/.exec(line)?.[1] ?? []);
    return steps.map((step, index) => (errors[index] ? `${step}: ${errors[index]}` : step));
}
