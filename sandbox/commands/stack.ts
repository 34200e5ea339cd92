/** What `npm run sandbox:up`, `sandbox:preview` and `sandbox:destroy` do. */
import { CommandError } from "@pulumi/pulumi/automation/errors";
import type * as automation from "@pulumi/pulumi/automation";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { fewestTasks } from "../../infra/service/scheduledScaling";
import { reachable } from "../address";
import { startAwsEmulator, stopAwsEmulator } from "../aws/emulator";
import { ensureHostedZone } from "../aws/hostedZone";
import { makeDeployer } from "./deployer";
import { openOther, openStack } from "../stack/engine";
import { ensureReviewers } from "../github/reviewers";
import { jwksUrl, startGitHub } from "../github/start";
import { existing, existingRules } from "../inventory";
import { prepareMachine, releaseMachine } from "../machine";
import { leftoverProcesses, stopAllServices } from "../machine/services";
import { checkout, stateDir } from "../paths";
import { step, UserError } from "../progress";
import { defaultStack, projectName, regionOf, sampleSecret, type Project } from "../stack/project";
import { assertPreviewed, pullRequestCredentials } from "./pullRequest";
import { deploymentOf, recover, type Reality } from "../stack/recovery";
import { noticingInterruption } from "../stack/runLock";
import { assertStatesReadable, dropBrokenDescriptions, otherStacks, outputsOf } from "../stack/states";

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
    readonly reality: Reality;
}

/**
 * Starts everything that the engine talks to, and opens the stack.
 * @param asDeployer with the rights of docs/deployer/ alone, not those of the account's root
 */
async function open(project: Project, asDeployer: boolean): Promise<Sandbox> {
    const settings = project.settings(); // what is wrong in the configuration is said before a machine is prepared
    const { region, github, domain } = settings;
    dropBrokenDescriptions();
    assertStatesReadable();
    assertOneRegion(project.stack, region);
    const started = Date.now();
    const { binFolder, plugins, python, dockerHost, buildEnv } = await prepareMachine("program");
    for (const variable of project.undecryptable()) {
        console.log(`${variable} is encrypted for the stack's own backend: here its value is "${sampleSecret}".`);
    }
    for (const name of project.leftOut()) {
        console.log(`${name} is about an account of yours, and is left out: the sandbox has accounts of its own.`);
    }
    const repository = `${github.owner}/${github.repository}`;
    await Promise.all([
        step("AWS emulator", () => startAwsEmulator({ python, dockerHost, region, jwksUrl: jwksUrl() })),
        step("GitHub emulator", () => startGitHub({ repository, repositoryExists: !github.create })),
    ]);
    if (domain) {
        await step("DNS zone, as the team has it", () => ensureHostedZone(region, domain.hostedZone));
    }
    if (github.environment) {
        const { reviewers } = github.environment;
        await step("Reviewers, as the team has them", () => ensureReviewers(github.owner, reviewers));
    }
    const deployer = asDeployer ? await step("Deployer's role", () => makeDeployer(settings)) : undefined;
    const stack = await step("Pulumi stack", () =>
        openStack(project, { binFolder, plugins }, { ...buildEnv, ...deployer?.environment }, deployer?.roleArn),
    );
    const others = otherStacks(project.stack).map((other) =>
        openOther(other.stack, region, binFolder, { ...buildEnv }),
    );
    const sandbox = {
        stack,
        stackWith: (credentials: Record<string, string>) =>
            openStack(project, { binFolder, plugins }, { ...buildEnv, ...credentials }),
        reality: {
            existing: () => existing(project.stack, region, dockerHost),
            rules: () => existingRules(region),
        },
    };
    await recover(stack, await Promise.all(others), sandbox.reality);
    console.log(`  ready after ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    return sandbox;
}

/** The emulator is started for a region, and would lose what the others have in it. */
function assertOneRegion(stack: string, region: string): void {
    const elsewhere = otherStacks(stack).find((other) => regionOf(other.stack) !== region);
    if (elsewhere) {
        throw new UserError(
            `The sandbox has one region at a time: ${elsewhere.stack} is in ${String(regionOf(elsewhere.stack))}, and ${stack} ` +
                `would be in ${region}. Set aws:region in Pulumi.${stack}.yaml to the same, or destroy ${elsewhere.stack} first.`,
        );
    }
}

/** As `pulumi up` and `pulumi preview` know them. */
export interface Options {
    readonly diff?: boolean;
    readonly expectNoChanges?: boolean;
    /** What is really there is looked up first; `up` changes back what differs. */
    readonly refresh?: boolean;
}

/** Whose credentials the engine gets. */
export interface As {
    readonly asDeployer: boolean;
}

export async function up(project: Project, { asDeployer, ...options }: Options & As): Promise<void> {
    const { stack } = await open(project, asDeployer);
    await noticingInterruption(
        project.stack,
        () => stack.up({ ...live(), ...options }),
        (error) => hasEnded(stack, error),
    );
    const given = String(outputsOf(project.stack).url);
    const url = reachable(given);
    // In an hour of scaleSchedule without tasks nobody is there to answer.
    const mayRest = fewestTasks(project.settings()) === 0;
    await step(`The app answers${mayRest ? ", or is at rest" : ""}`, () => assertAnswers(url, mayRest));
    const flag = flagOf(project.stack);
    console.log(`
Open      ${url}${url === given ? "" : `   in place of ${given}: TLS is not emulated`}
State     ${stateDir}
Next      npm run sandbox:preview${flag}   what an edit would change
          npm run sandbox:release   deploy.yml itself, for an edit in app/
          npm run sandbox:destroy${flag}   take everything away again
`);
}

/**
 * Whether an update that failed is over: the engine has ended by itself, and has nothing under way that it does not know the end of. It
 * ends with 8 where it was cancelled, and with 255 by a fault of its own (sdk/go/common/util/cmdutil/exit.go of pulumi/pulumi).
 */
async function hasEnded(stack: automation.Stack, error: unknown): Promise<boolean> {
    if (!(error instanceof CommandError) || !/failed with exit code [1-7]:/.test(error.message)) {
        return false;
    }
    const { pending_operations = [] } = await deploymentOf(stack);
    return pending_operations.length === 0;
}

/** What names the stack on a command line. */
const flagOf = (stack: string) => (stack === defaultStack ? "" : ` -- --stack ${stack}`);

export async function preview(
    project: Project,
    { asPullRequest, asDeployer, ...options }: Options & As & { asPullRequest: boolean },
): Promise<void> {
    if (asPullRequest) {
        assertPreviewed(project.settings());
    }
    const { stack, stackWith } = await open(project, asDeployer);
    const viewed = asPullRequest ? await stackWith(await pullRequestCredentials(project.settings())) : stack;
    await viewed.preview({ ...live(), ...options });
}

export async function destroy(project: Project, { asDeployer, refresh }: Pick<Options, "refresh"> & As): Promise<void> {
    if (!fs.existsSync(stateDir)) {
        console.log("There is no sandbox in this checkout.");
        return;
    }
    const { stack, reality } = await open(project, asDeployer);
    await assertUnguarded(project.stack, stack);
    await noticingInterruption(
        project.stack,
        () => stack.destroy({ ...live(), refresh, remove: true }),
        (error) => hasEnded(stack, error),
    );
    const remains = await reality.existing();
    // Docker keeps the images that tasks were started from; on AWS there is no such copy that the stack could take away.
    const images = remains.filter(({ type }) => type === "docker:image");
    for (const image of images) {
        await image.remove();
    }
    const left = remains.filter((item) => !images.includes(item)).map(({ type, id }) => `${type} ${id}`);
    const others = otherStacks(project.stack).map((other) => other.stack);
    if (others.length === 0) {
        await stopAwsEmulator();
        await releaseMachine();
        await stopAllServices();
        left.push(...leftoverProcesses().map(({ pid, command }) => `process ${pid} ${command}`));
    }
    if (left.length > 0) {
        throw new UserError(`Destroyed, but this is left:\n${left.map((what) => `  ${what}`).join("\n")}`);
    }
    if (others.length > 0) {
        const rest = others.map((other) => `npm run sandbox:destroy${flagOf(other)}`).join(" and ");
        console.log(
            `Left over of ${project.stack}: nothing, on AWS, on GitHub and in Docker. The sandbox goes on for ${others.join(", ")}; ` +
                `it ends with ${rest}.`,
        );
        return;
    }
    // What the program has copied for the image is root's as well: whoever runs it on AWS could not write there.
    [stateDir, path.join(checkout, ".build")].forEach((folder) => fs.rmSync(folder, { recursive: true, force: true }));
    console.log(
        "Left over: nothing, on AWS, on GitHub, in Docker, and no process. The stack and its history are gone as well.",
    );
}

/**
 * Previews the destruction first, as `pulumi destroy` does and the Automation API does not: without it the engine deletes all that is
 * not protected before it stops at what is.
 */
async function assertUnguarded(name: string, stack: automation.Stack): Promise<void> {
    await stack.previewDestroy().catch((error: Error) => {
        const found = error.message.matchAll(
            /resource "urn:[^"]*\$([^"$]+)::([^"]+)" cannot be deleted\s+because it is protected/g,
        );
        const guarded = new Set([...found].map(([, type, resource]) => `${type} ${resource}`));
        if (guarded.size === 0) throw error;
        throw new UserError(
            `Nothing was deleted: ${name} has deletionProtection, and Pulumi protects\n` +
                [...guarded].map((resource) => `  ${resource}\n`).join("") +
                `To lift it, set ${projectName()}:deletionProtection to false in Pulumi.${name}.yaml, run ` +
                `npm run sandbox:up${flagOf(name)}, and then this again.`,
        );
    });
}

/** Asks as a visitor would; browsers and curl find names below localhost, but not every resolver does. */
async function assertAnswers(url: string, mayRest: boolean): Promise<void> {
    const { host, port } = new URL(url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
        const options = { host: "127.0.0.1", port, headers: { Host: host }, timeout: 10_000 };
        const request = http.get(options, (response) => resolve(response.resume().statusCode));
        request.on("timeout", () => request.destroy(new Error("no answer within 10 s"))).on("error", reject);
    });
    if (status !== 200 && !(mayRest && status === 503)) {
        throw new UserError(`${url} answers ${status} instead of 200: ${stateDir}/logs/aws.log may say why.`);
    }
}
