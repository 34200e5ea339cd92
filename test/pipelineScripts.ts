/** Runs the scripts of deploy.yml as a runner does, with AWS's CLI played by answers that are given in advance. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectFolder } from "./settings";

/** What AWS answers to each call of an operation (`ecs list-tasks`) in its turn, the last one again and again; a text is an error. */
export type Answers = Readonly<Record<string, readonly (object | string)[]>>;

export interface ScriptRun {
    readonly code: number | null;
    readonly output: string;
    /** What is on the page of the run. */
    readonly summary: string;
    /** What later steps are told. */
    readonly outputs: string;
    /** The calls in their order. */
    readonly calls: readonly { readonly operation: string; readonly parameters: Readonly<Record<string, unknown>> }[];
}

/** Loaded before the script: it stands in for AWS's CLI in the same process, as starting one for each call takes most of a test's time. */
const fake = `
const childProcess = require("node:child_process");
const fs = require("node:fs");
const answers = JSON.parse(fs.readFileSync("answers", "utf8"));
const turns = {};
childProcess.spawnSync = (command, [service, operation, , , , parameters]) => {
    if (command !== "aws") throw new Error(command + " is none of the programs that the scripts start");
    const name = service + " " + operation;
    fs.appendFileSync("calls", JSON.stringify({ operation: name, parameters: JSON.parse(parameters) }) + "\\n");
    const given = answers[name];
    if (!given) return { status: 2, stdout: "", stderr: "no answer to " + name };
    const turn = turns[name] ?? 0;
    turns[name] = turn + 1;
    const answer = given[Math.min(turn, given.length - 1)];
    const failed = typeof answer === "string";
    return { status: failed ? 254 : 0, stdout: failed ? "" : JSON.stringify(answer), stderr: failed ? "\\n" + answer + "\\n" : "" };
};
`;

/** @param name of a script in .github/scripts */
export function runScript(name: string, env: Readonly<Record<string, string>>, answers: Answers = {}): ScriptRun {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-script-"));
    const file = (of: string) => path.join(folder, of);
    const read = (of: string) => (fs.existsSync(file(of)) ? fs.readFileSync(file(of), "utf8") : "");
    fs.writeFileSync(file("aws.js"), fake);
    fs.writeFileSync(file("answers"), JSON.stringify(answers));
    const script = path.join(projectFolder, ".github/scripts", name);
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", "./aws.js", script], {
        cwd: folder,
        encoding: "utf8",
        timeout: 20_000, // one that waits for what never comes
        env: {
            PAUSE_SECONDS: "0",
            GITHUB_OUTPUT: file("outputs"),
            GITHUB_STEP_SUMMARY: file("summary"),
            ...env,
        },
    });
    const calls = read("calls").trim().split("\n").filter(Boolean);
    const run = {
        code: status,
        output: stdout + stderr,
        summary: read("summary"),
        outputs: read("outputs"),
        calls: calls.map((line) => JSON.parse(line) as ScriptRun["calls"][number]),
    };
    fs.rmSync(folder, { recursive: true });
    return run;
}

/**
 * The lines that a runner would take for commands, as its ActionCommand.cs does: `::name::` at the start, and `##[name]` anywhere, but
 * between `::stop-commands::` with a token and that token. The two are left out.
 */
export function commandsIn(output: string): string[] {
    const found: string[] = [];
    let token: string | undefined;
    for (const line of output.split(/\r\n|\r|\n/)) {
        if (token !== undefined) {
            if (line === `::${token}::`) token = undefined;
            continue;
        }
        token = /^::stop-commands::([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(line)?.[1];
        if (token === undefined && (line.trimStart().startsWith("::") || line.includes("##["))) found.push(line);
    }
    return found;
}

/* What the tests of the scripts have alike: a service, and a revision of it. */
export const ecs = (resource: string) => `arn:aws:ecs:eu-west-1:123456789012:${resource}`;
export const revision = ecs("task-definition/shop:7");
export const deployment = ecs("service-deployment/shop/shop/new");
export const commit = "0123456789abcdef0123456789abcdef01234567";

export const settings = {
    APP_URL: "http://shop.example.com",
    CLUSTER: "shop",
    CONTAINER: "app",
    SERVICE: "shop",
    TASK_DEFINITION: revision,
    VERSION: commit,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "acme/shop",
};

export const definition = {
    taskDefinitionArn: revision,
    registeredAt: 1000,
    containerDefinitions: [
        {
            name: "app",
            image: `registry/shop:${commit}-X64`,
            logConfiguration: { options: { "awslogs-group": "/ecs/shop", "awslogs-stream-prefix": "app" } },
        },
    ],
};
