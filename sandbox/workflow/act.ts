/** The workflow runner: act, with what a runner of GitHub has and nothing of whoever starts it. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { noProxy, runVariable } from "../stack/engine";
import { stateDir } from "../paths";
import { UserError } from "../progress";

export interface ActRun {
    /** The folder with `act` and `buildx`. */
    readonly binFolder: string;
    /** The folder with `aws`, as a job finds it on its PATH. */
    readonly awsFolder: string;
    /** What it runs, all jobs of it. */
    readonly workflow: object;
    /** What the run is of: a push, or where it has inputs a start by hand. */
    readonly push: {
        readonly repository: string;
        readonly ref: string;
        readonly sha: string;
        readonly inputs?: Readonly<Record<string, string>>;
        /** How many times its jobs have come up. */
        readonly attempt: number;
    };
    /** The label of `runs-on`. */
    readonly runnerLabel: string;
    readonly secrets: Readonly<Record<string, string>>;
    readonly variables: Readonly<Record<string, string>>;
    /** What every step gets, beside what a workflow has of its own. */
    readonly environment: Readonly<Record<string, string>>;
    /** Local folders in place of actions from GitHub, by `owner/name@commit`. */
    readonly actions: ReadonlyMap<string, string>;
    /** After so many minutes it is told to end: what runs on is what a cancelled job does at its end. */
    readonly minutes?: number;
    /** Keeps the output to itself. */
    readonly silent?: boolean;
}

export interface ActResult {
    /** The steps that failed, with the error that each wrote; none where the workflow succeeded. */
    readonly failures: readonly string[];
    /** Its minutes were over first. */
    readonly timedOut: boolean;
}

/** Milliseconds that a job has for its end, once it is cancelled; GitHub gives five minutes. */
const endWithin = 5 * 60_000;

/** Where a run keeps its files; made anew for each. */
export const workflowDir = path.join(stateDir, "workflow");

/** What act tells of where it looks for Docker and the actions' folders: two long lines for each step. */
const aboutItself = /LocalRepositoryCache (matched|read)|msg="Using docker host/;

const within = (...parts: string[]) => path.join(workflowDir, ...parts);

/** Removes the credentials, profiles and endpoints of whoever runs this: a workflow has none but those that it is given. */
function ownEnvironment(): NodeJS.ProcessEnv {
    const foreign =
        /^(AWS_|GITHUB_|GH_|GIT_|ACTIONS_|RUNNER_|PULUMI_|INPUT_|DOCKER_CONFIG$|BUILDX_|BUILDKIT_|NODE_OPTIONS$|CI$)/;
    return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** A home for Docker's client with buildx as its plugin, as a runner has it; logins stay in it. */
function dockerConfig(binFolder: string): string {
    const config = within("docker");
    const plugin = path.join(config, "cli-plugins", "docker-buildx");
    fs.rmSync(config, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(plugin), { recursive: true });
    fs.symlinkSync(fs.realpathSync(path.join(binFolder, "buildx")), plugin);
    return config;
}

/** Values are read from files that only this user can read: arguments can be seen by every process. */
function valueFile(name: string, values: object): string {
    const file = within(name);
    fs.writeFileSync(file, JSON.stringify(values), { mode: 0o600 }); // JSON is YAML, which act reads by the file's name
    return file;
}

/** The event as GitHub tells it: what is in `github.event`. */
function eventOf({ repository: fullName, ref, sha, inputs }: ActRun["push"]): object {
    const [login, name] = fullName.split("/");
    return {
        ref,
        ...(inputs ? { inputs } : { before: "0".repeat(40), head_commit: { id: sha } }),
        // Also of a start by hand, whose commit GitHub knows by itself, and act from here.
        after: sha,
        deleted: false,
        repository: { name, full_name: fullName, owner: { login }, default_branch: ref.replace("refs/heads/", "") },
    };
}

/** Runs a workflow, its output on this process's. It knows no environments and gives all jobs the same values. */
export async function runWorkflow(run: ActRun): Promise<ActResult> {
    const workspace = within("workspace");
    fs.rmSync(workspace, { recursive: true, force: true });
    fs.mkdirSync(workspace, { recursive: true });
    const environment = {
        ...run.environment,
        GITHUB_REPOSITORY: run.push.repository,
        GITHUB_REPOSITORY_OWNER: run.push.repository.split("/")[0],
        GITHUB_RUN_ATTEMPT: String(run.push.attempt),
        DOCKER_CONFIG: dockerConfig(run.binFolder),
        NO_PROXY: noProxy(),
    };
    const args = [
        ...[
            run.push.inputs ? "workflow_dispatch" : "push",
            "--workflows",
            valueFile("workflow.yml", run.workflow),
            "--eventpath",
            valueFile("event.json", eventOf(run.push)),
        ],
        ...["--platform", `${run.runnerLabel}=-self-hosted`, "--pull=false", "--no-cache-server", "--actor", "sandbox"],
        "--no-skip-checkout", // act would otherwise take the commit for checked out, whatever the workflow says
        ...["--secret-file", valueFile("secrets.yml", run.secrets)],
        ...["--var-file", valueFile("variables.yml", run.variables)],
        ...["--env-file", valueFile("environment.yml", environment), "--input-file", "/dev/null"],
        ...[...run.actions].flatMap(([action, folder]) => ["--local-repository", `${action}=${folder}`]),
    ];
    const child = spawn(path.join(run.binFolder, "act"), args, {
        cwd: workspace,
        env: {
            ...ownEnvironment(),
            HOME: within("home"),
            XDG_CACHE_HOME: within("cache"),
            XDG_CONFIG_HOME: within("home", ".config"),
            ACT_DISABLE_VERSION_CHECK: "1",
            PATH: [run.awsFolder, run.binFolder, process.env.PATH].join(path.delimiter),
            [runVariable]: stateDir, // so that a killed release leaves no runner behind
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on("line", (line) => {
            output.push(line);
            if (!run.silent && !aboutItself.test(line)) {
                console.log(line);
            }
        });
    }
    let timedOut = false;
    const timers: NodeJS.Timeout[] = [];
    if (run.minutes !== undefined) {
        const cancel = () => {
            timedOut = true;
            child.kill("SIGINT");
            timers.push(setTimeout(() => child.kill("SIGKILL"), endWithin));
        };
        timers.push(setTimeout(cancel, run.minutes * 60_000));
    }
    const code = await new Promise<number | null>((resolve, reject) => {
        child.on("error", (error) => reject(new UserError(`act could not be run: ${error.message}`)));
        child.on("close", resolve);
    }).finally(() => timers.forEach(clearTimeout));
    if (timedOut) {
        const exceeded = `has exceeded the maximum execution time of ${run.minutes} minutes.`;
        return { failures: [`The job running on runner ${run.runnerLabel} ${exceeded}`], timedOut };
    }
    if (code === 0) {
        return { failures: [], timedOut };
    }
    const failures = failuresOf(output);
    const end = `act ended with ${code === null ? "a signal" : `exit code ${code}`}: ${output.at(-1) ?? "it said nothing"}`;
    return { failures: failures.length > 0 ? failures : [end], timedOut };
}

/**
 * The steps that act marks as failed, and the errors that each reported: `::error::`, which act prints behind ❗, or behind ❓ where it
 * does not know it again because the message has `::` in it, like every role's ARN. It comes before the mark, or on a busy machine
 * behind it, even after the next step has begun: what one says that succeeds is then of the failed one before, which has said nothing.
 * What repeats an earlier one is left out.
 */
export function failuresOf(output: readonly string[]): string[] {
    const failures: { readonly step: string; readonly errors: string[] }[] = [];
    let errors: string[] = [];
    for (const line of output.map((each) => each.replace(/\x1b\[[0-9;]*m/g, ""))) {
        const error = /[❗❓] +::error.*?::(.*)$/u.exec(line)?.[1];
        const [, stage, step] = /❌ +Failure - (Main|Post) (.+?)(?: \[[\dhmsµ.]+\])?$/.exec(line) ?? [];
        if (/⭐ Run /.test(line)) {
            errors = [];
        }
        if (/✅ +Success - /.test(line) && failures.at(-1)?.errors.length === 0) {
            failures.at(-1)!.errors.push(...errors);
        }
        if (error !== undefined && !errors.some((each) => each.includes(error))) {
            errors.push(error);
        }
        if (step !== undefined) {
            failures.push({ step: `${stage === "Post" ? "Post " : ""}${step}`, errors });
        }
    }
    return failures.map((failure) => [failure.step, ...failure.errors].join(": "));
}
