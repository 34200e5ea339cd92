/** The real Pulumi engine, running the program of this checkout with everything that it calls on loopback. */
import * as automation from "@pulumi/pulumi/automation";
import { createRequire } from "node:module";
import * as path from "node:path";
import { rootEnvironment } from "../aws/emulator";
import { githubToken, githubUrl } from "../github/start";
import type { Machine } from "../machine";
import { pulumiHome } from "../machine/pulumi";
import { run } from "../machine/run";
import { checkout, stateDir } from "../paths";
import { projectDir, projectName, secretsKey, type Project } from "./project";

/** Marks the engine and its plugins, so that those of a killed run are found again. */
export const runVariable = "FARGATE_CICD_SANDBOX_RUN";

/** A value for NO_PROXY: what the user has in it, and this machine. */
export function noProxy(): string {
    return [process.env.NO_PROXY, "localhost", ".localhost", "127.0.0.1"].filter(Boolean).join(",");
}

/**
 * The environment of the engine, its plugins and the program. Whatever credentials, profiles or endpoints the user has are
 * replaced: nothing that runs here can reach an account on AWS or GitHub.
 */
function cloudEnvironment(region: string): Record<string, string> {
    const nowhere = path.join(stateDir, "none");
    return {
        ...rootEnvironment(region),
        AWS_SESSION_TOKEN: "",
        AWS_PROFILE: "",
        AWS_CONFIG_FILE: nowhere,
        AWS_SHARED_CREDENTIALS_FILE: nowhere,
        AWS_MAX_ATTEMPTS: "5", // the provider's own 25 are minutes of silence where an emulator is down
        GITHUB_BASE_URL: `${githubUrl()}/`,
        GITHUB_WRITE_DELAY_MS: "1", // a second between two writes is for GitHub's limits
        GITHUB_TOKEN: githubToken,
        NO_PROXY: noProxy(),
    };
}

const load = createRequire(__filename);
/** Once the program has told the engine all that it has to tell. */
const { waitForRPCs } = load("@pulumi/pulumi/runtime/settings") as { waitForRPCs: () => Promise<void> };

/**
 * Runs the checkout's program; what it exports are the stack's outputs. One in which a value fails has failed, and the engine deletes
 * nothing: the CLI's host has it so (beforeExitHandler in cmd/run/index.js of the SDK), and that of a program in this process would tell
 * the engine first that all is done (automation/server.js).
 */
const program: automation.PulumiFn = async () => {
    const failures: unknown[] = [];
    const fail = (error: unknown) => void failures.push(error);
    process.on("unhandledRejection", fail);
    try {
        const outputs = { ...(load("../../index") as Record<string, unknown>) };
        await waitForRPCs();
        await new Promise((resolve) => setImmediate(resolve)); // a rejection is told after what waits for it
        if (failures.length > 0) {
            throw failures[0];
        }
        return outputs;
    } finally {
        process.off("unhandledRejection", fail);
    }
};

/** What both ways to a stack have alike. */
function workspace(region: string, toolFolder: string, extra: Readonly<Record<string, string>>) {
    const envVars: Record<string, string> = {
        ...cloudEnvironment(region),
        ...extra,
        PATH: `${toolFolder}:${process.env.PATH ?? ""}`,
        PULUMI_HOME: pulumiHome,
        PULUMI_IGNORE_AMBIENT_PLUGINS: "true", // one on the PATH may be of another version
        PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE ?? "sandbox",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        [runVariable]: stateDir,
    };
    return { workDir: projectDir, envVars, pulumiHome: envVars.PULUMI_HOME };
}

/**
 * The stack, created when there is none.
 * @param machine where `pulumi` is, and the plugins that it does not fetch
 * @param extra further environment, such as BuildKit's
 * @param roleArn what the stack's aws provider assumes, if it is not to be the account's root
 */
export async function openStack(
    project: Project,
    { binFolder, plugins }: Pick<Machine, "binFolder" | "plugins">,
    extra: Readonly<Record<string, string>>,
    roleArn?: string,
): Promise<automation.Stack> {
    project.write(plugins, roleArn);
    const options = workspace(project.settings().region, binFolder, extra);
    // The program runs in this process and is to see what the engine sees; the marker is for the engine's processes only.
    const { [runVariable]: _marker, ...programEnvironment } = options.envVars;
    Object.assign(process.env, programEnvironment);
    process.chdir(checkout);
    const names = { stackName: project.stack, projectName: projectName() };
    const stack = await automation.LocalWorkspace.createOrSelectStack({ ...names, program }, options);
    for (const [variable, input] of Object.entries(project.secrets())) {
        const setting = ["--secret", "--path", `${secretsKey()}.${variable}`, "--stack", project.stack];
        const environment = { cwd: projectDir, env: options.envVars, input };
        await run("pulumi", ["config", "set", ...setting, "--non-interactive"], environment);
    }
    // After each update it would start the CLI three times more, for the outputs, which the state has, and the history, which nothing reads.
    return Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });
}

/** Another stack of the sandbox as it was last left, to compare its state with what exists: its program is not run. */
export async function openOther(
    stackName: string,
    region: string,
    toolFolder: string,
    extra: Readonly<Record<string, string>>,
): Promise<automation.Stack> {
    const names = { stackName, projectName: projectName(), program: () => Promise.resolve({}) };
    return automation.LocalWorkspace.selectStack(names, workspace(region, toolFolder, extra));
}
