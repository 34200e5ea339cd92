/** The real Pulumi engine, running the program of this checkout with everything that it calls on loopback. */
import * as automation from "@pulumi/pulumi/automation";
import { createRequire } from "node:module";
import * as path from "node:path";
import { rootEnvironment } from "./aws/emulator";
import { githubToken, githubUrl } from "./github/service";
import { run } from "./machine/run";
import { checkout, stateDir } from "./paths";
import {
    configuredSecrets,
    projectDir,
    projectName,
    sandboxSettings,
    secretsKey,
    stackName,
    writeProject,
} from "./project";

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
function cloudEnvironment(): Record<string, string> {
    const nowhere = path.join(stateDir, "none");
    return {
        ...rootEnvironment(sandboxSettings().region),
        AWS_SESSION_TOKEN: "",
        AWS_PROFILE: "",
        AWS_CONFIG_FILE: nowhere,
        AWS_SHARED_CREDENTIALS_FILE: nowhere,
        GITHUB_BASE_URL: `${githubUrl()}/`,
        GITHUB_TOKEN: githubToken,
        NO_PROXY: noProxy(),
    };
}

/** Runs the checkout's program; what it exports are the stack's outputs. */
const program: automation.PulumiFn = () =>
    Promise.resolve({ ...(createRequire(__filename)("../index") as Record<string, unknown>) });

/**
 * The stack, created when there is none.
 * @param toolFolder the folder with the programs `pulumi` and `pulumi-resource-docker-build`
 * @param extra further environment, such as BuildKit's
 */
export async function openStack(toolFolder: string, extra: Record<string, string>): Promise<automation.Stack> {
    writeProject(toolFolder);
    const envVars = {
        ...cloudEnvironment(),
        ...extra,
        PATH: `${toolFolder}:${process.env.PATH ?? ""}`,
        PULUMI_HOME: path.join(stateDir, "pulumi-home"),
        PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE ?? "sandbox",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        [runVariable]: stateDir,
    };
    // The program runs in this process and is to see what the engine sees; the marker is for the engine's processes only.
    const { [runVariable]: _marker, ...programEnvironment } = envVars;
    Object.assign(process.env, programEnvironment);
    process.chdir(checkout);
    const stack = await automation.LocalWorkspace.createOrSelectStack(
        { stackName, projectName: projectName(), program },
        { workDir: projectDir, envVars, pulumiHome: envVars.PULUMI_HOME },
    );
    for (const [variable, input] of Object.entries(configuredSecrets())) {
        const setting = [
            "--secret",
            "--path",
            `${secretsKey()}.${variable}`,
            "--stack",
            stackName,
            "--non-interactive",
        ];
        await run("pulumi", ["config", "set", ...setting], { cwd: projectDir, env: envVars, input });
    }
    return stack;
}
