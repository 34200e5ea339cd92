/** What `npm run sandbox:up`, `sandbox:preview` and `sandbox:destroy` do. */
import type * as automation from "@pulumi/pulumi/automation";
import * as fs from "node:fs";
import * as http from "node:http";
import { reachable } from "./address";
import { startAwsEmulator, stopAwsEmulator } from "./aws/emulator";
import { ensureHostedZone } from "./aws/hostedZone";
import { openStack } from "./engine";
import { jwksUrl, startGitHub } from "./github/service";
import { existing, type Existing } from "./inventory";
import { prepareMachine, releaseMachine } from "./machine";
import { leftoverProcesses, stopAllServices } from "./machine/services";
import { stateDir } from "./paths";
import { step, UserError } from "./progress";
import { sampleSecret, sandboxSettings, undecryptable } from "./project";
import { pullRequestCredentials } from "./pullRequest";
import { assertStateReadable, dropBrokenDescriptions, recover } from "./recovery";
import { noticingInterruption } from "./runLock";

const color = process.stdout.isTTY ? "always" : "never";

/**
 * The engine's output as it comes, and an end to its waiting: it does not notice that the program, which runs in this process, has
 * failed where a value that another resource needs could not be looked up (pulumi/pulumi#16665).
 */
function live() {
    const controller = new AbortController();
    return {
        color,
        onOutput: (text: string) => void process.stdout.write(text),
        onEvent: ({ diagnosticEvent }: automation.EngineEvent) => {
            if (diagnosticEvent?.severity === "error" && diagnosticEvent.message.includes("Unhandled exception")) {
                setTimeout(() => controller.abort(), secondsToEnd * 1000).unref();
            }
        },
        signal: controller.signal,
    } as const;
}

/** What is under way when the program fails gets this long to be recorded. */
const secondsToEnd = 5;

interface Sandbox {
    readonly stack: automation.Stack;
    /** The stack again, with other credentials than those of the account's root. */
    readonly stackWith: (credentials: Record<string, string>) => Promise<automation.Stack>;
    readonly existing: () => Promise<Existing[]>;
}

/** Starts everything that the engine talks to, and opens the stack. */
async function open(): Promise<Sandbox> {
    const { region, github, domain } = sandboxSettings(); // what is wrong in the configuration is said before a machine is prepared
    dropBrokenDescriptions();
    assertStateReadable();
    const started = Date.now();
    for (const variable of undecryptable()) {
        console.log(`${variable} is encrypted for the stack's own backend: here its value is "${sampleSecret}".`);
    }
    console.log("Prepare this machine");
    const { binFolder, python, dockerHost, buildEnv } = await prepareMachine(["engine", "docker-build", "buildkit"]);
    const repository = `${github.owner}/${github.repository}`;
    await Promise.all([
        step("AWS emulator", () => startAwsEmulator({ python, dockerHost, region, jwksUrl: jwksUrl() })),
        step("GitHub emulator", () => startGitHub({ repository, repositoryExists: !github.create })),
    ]);
    if (domain) {
        await step("DNS zone, as the team has it", () => ensureHostedZone(region, domain.hostedZone));
    }
    const stack = await step("Pulumi stack", () => openStack(binFolder, { ...buildEnv }));
    const sandbox = {
        stack,
        stackWith: (credentials: Record<string, string>) => openStack(binFolder, { ...buildEnv, ...credentials }),
        existing: () => existing(region, dockerHost),
    };
    await recover(stack, sandbox.existing);
    console.log(`  ready after ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    return sandbox;
}

/** As `pulumi up` and `pulumi preview` know them. */
export interface Options {
    readonly diff?: boolean;
    readonly expectNoChanges?: boolean;
}

export async function up(options: Options): Promise<void> {
    const { stack } = await open();
    const { outputs } = await noticingInterruption(() => stack.up({ ...live(), ...options }));
    const settings = sandboxSettings();
    const url = reachable(String(outputs.url?.value), settings);
    await step("The app answers", () => assertAnswers(url));
    console.log(`
Open      ${url}${settings.domain ? `   in place of ${outputs.url?.value}: TLS is not emulated` : ""}
State     ${stateDir}
Next      npm run sandbox:preview   what an edit would change
          npm run sandbox:release   deploy.yml itself, for an edit in app/
          npm run sandbox:destroy   take everything away again
`);
}

export async function preview({ asPullRequest, ...options }: Options & { asPullRequest: boolean }): Promise<void> {
    const { stack, stackWith } = await open();
    const viewed = asPullRequest ? await stackWith(await pullRequestCredentials(sandboxSettings())) : stack;
    await viewed.preview({ ...live(), ...options });
}

export async function destroy(): Promise<void> {
    if (!fs.existsSync(stateDir)) {
        console.log("There is no sandbox in this checkout.");
        return;
    }
    const { stack, existing } = await open();
    await noticingInterruption(() => stack.destroy({ ...live(), remove: true }));
    const remains = await existing();
    // Docker keeps the images that tasks were started from; on AWS there is no such copy that the stack could take away.
    const images = remains.filter(({ type }) => type === "docker:image");
    await Promise.all(images.map((image) => image.remove()));
    const left = remains.filter((item) => !images.includes(item)).map(({ type, id }) => `${type} ${id}`);
    await stopAwsEmulator();
    await releaseMachine();
    await stopAllServices();
    left.push(...leftoverProcesses().map(({ pid, command }) => `process ${pid} ${command}`));
    if (left.length > 0) {
        throw new UserError(`Destroyed, but this is left:\n${left.map((what) => `  ${what}`).join("\n")}`);
    }
    fs.rmSync(stateDir, { recursive: true, force: true });
    console.log(
        "Left over: nothing, on AWS, on GitHub, in Docker, and no process. The stack and its history are gone as well.",
    );
}

/** Asks as a visitor would; browsers and curl find names below localhost, but not every resolver does. */
async function assertAnswers(url: string): Promise<void> {
    const { host, port } = new URL(url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
        const options = { host: "127.0.0.1", port, headers: { Host: host }, timeout: 10_000 };
        const request = http.get(options, (response) => resolve(response.resume().statusCode));
        request.on("timeout", () => request.destroy(new Error("no answer within 10 s"))).on("error", reject);
    });
    if (status !== 200) {
        throw new UserError(`${url} answers ${status} instead of 200: ${stateDir}/logs/aws.log may say why.`);
    }
}
