/** Everything the sandbox needs on a machine, from nothing: called before each run, cheap when all is there. */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout, ports, stateDir } from "../paths";
import { step, UserError } from "../progress";
import { ensureBaseImages, isRegistryReachable } from "./baseImages";
import { type BuildkitEnvironment, ensureBuildkit, releaseBuildkit } from "./buildkit";
import { ensureDocker, releaseDocker } from "./docker";
import { ensureAwsCli, ensurePython } from "./python";
import { ensurePulumi, planPulumi } from "./pulumi";
import { recipes } from "./recipes";
import { ensureScannerImage } from "./scannerImage";
import { stopService } from "./services";
import { type Part, type Reachable, tableOf, whatIsReachable } from "./sources";
import { ensureToolchain } from "./toolchain";

export interface Machine {
    /** A folder for the PATH with the tools: `pulumi`, plugins, `buildkitd`, `buildx`, `act`, `aws`. */
    readonly binFolder: string;
    /** The folders of the plugins that the engine does not fetch, by their packages' names. */
    readonly plugins: Readonly<Record<string, string>>;
    /** The interpreter of the environment that the AWS emulator is installed in. */
    readonly python: string;
    /** A value for DOCKER_HOST. */
    readonly dockerHost: string;
    /** With these, `buildx` and the docker-build provider build on our BuildKit. */
    readonly buildEnv: BuildkitEnvironment;
    readonly reachable: Reachable;
}

/** What a command needs: the engine for the program, or a runner for its workflow. */
export type Purpose = "program" | "workflow";

async function packages(awsCli: boolean): Promise<{ python: string; mirror: string | undefined }> {
    const { python } = await step("Python environment", ensurePython);
    if (awsCli) {
        await step("AWS CLI", ensureAwsCli);
    }
    const { mirror } = await step("Base image", ensureBaseImages, (images) =>
        images.mirror ? `made from packages, served at ${images.mirror}` : "from public.ecr.aws",
    );
    return { python, mirror };
}

/** The emulators, which are never the originals. */
function emulators(): Part[] {
    const requirements = fs.readFileSync(path.join(checkout, "sandbox", "aws", "requirements.txt"), "utf8");
    const [, ministack = ""] = /^ministack==(.+)$/m.exec(requirements) ?? [];
    return [
        { name: "AWS", origin: "emulator", version: `MiniStack ${ministack}, its gaps closed (sandbox/aws)` },
        { name: "GitHub", origin: "emulator", version: "ours (sandbox/github)" },
    ];
}

/** A tool that has releases, and the workflow's actions, which the runner fetches by itself. */
const tool = (name: "buildkit" | "act", { github }: Reachable): Part => ({
    name: name === "act" ? "act" : "BuildKit",
    origin: github ? "original" : "original, built here",
    version: recipes[name].version(),
});
const actions = ({ github }: Reachable): Part => ({
    name: "actions",
    origin: github ? "original" : "stand-in",
    version: "at the workflow's commits",
});
/** @param pulled whether Docker Hub has it */
const scanner = (pulled: boolean): Part => ({
    name: "SBOM scanner",
    ...(pulled
        ? { origin: "original", version: "as Docker Hub has it" }
        : { origin: "stand-in", version: `Syft ${recipes.sbom.version()}, as the original` }),
});

/** What nothing here can make up for, before anything is downloaded or built. */
export function refuseUnfit({ platform, getuid }: Pick<NodeJS.Process, "platform" | "getuid">): void {
    if (platform !== "linux") {
        throw new UserError(
            `The sandbox needs Linux, and this is ${platform}: run it in a virtual machine, such as WSL 2 on Windows or Lima on macOS.`,
        );
    }
    if (getuid?.() !== 0) {
        throw new UserError(
            "The sandbox needs root, as BuildKit runs build steps in containers of its own: put this before the command, " +
                'with your own Node.js: sudo env "PATH=$PATH" …',
        );
    }
}

/**
 * Sets the machine up: first a table of what is real in this run, then a line and a time for each part.
 * @param sbom whether the workflow lists what is in an image
 * @throws UserError that says what is missing and how to get it.
 */
export async function prepareMachine(purpose: Purpose, { sbom = false } = {}): Promise<Machine> {
    refuseUnfit(process);
    const binFolder = path.join(stateDir, "bin");
    const reachable = await whatIsReachable();
    const pulumi = await planPulumi(reachable, binFolder);
    const isProgram = purpose === "program";
    const own = isProgram ? pulumi.parts : [tool("act", reachable), actions(reachable)];
    const pulled = reachable.github && (!sbom || (await isRegistryReachable("registry-1.docker.io")));
    const builders = [tool("buildkit", reachable), ...(sbom ? [scanner(pulled)] : [])];
    console.log(`${tableOf([...own, ...builders, ...emulators()])}\n\nPrepare this machine`);

    // First, because it fails at once where it cannot work, and because apt does one thing at a time.
    const docker = await step(
        "Docker",
        ensureDocker,
        ({ host, ours }) => `${ours ? "our own" : "the machine's"}, ${host}`,
    );
    // Compiling keeps the processors busy, packages mostly the network.
    const [plugins, { python, mirror }] = await Promise.all([
        (async () => {
            const needed = isProgram ? await ensurePulumi(pulumi, binFolder) : {};
            await ensureToolchain(isProgram ? ["buildkit"] : ["buildkit", "act"], binFolder, reachable.github);
            return needed;
        })(),
        packages(!isProgram),
    ]);
    if (sbom && !pulled) {
        await ensureToolchain(["sbom"], binFolder);
        await step("Image of the scanner for SBOMs", () => ensureScannerImage(binFolder));
    }
    const options = {
        registryMirror: mirror,
        insecureRegistries: [`localhost:${ports.aws}`, `127.0.0.1:${ports.aws}`],
    };
    const { env } = await step("Image builder", () => ensureBuildkit(binFolder, options));
    return { binFolder, plugins, python, dockerHost: docker.host, buildEnv: env, reachable };
}

/**
 * Stops what prepareMachine started, and only that: a Docker engine that ran before keeps running.
 * Call it after everything that uses the machine has stopped.
 */
export async function releaseMachine(): Promise<void> {
    await releaseBuildkit();
    await stopService("mirror");
    await stopService("setup"); // a compiler or installer that a killed command left running
    const others = await releaseDocker();
    if (others.length > 0) {
        console.log(`  Docker was stopped, which the sandbox had started, and with it ${others.join(", ")}.`);
    }
}
