/** Everything the sandbox needs on a machine, from nothing: called before each run, cheap when all is there. */
import { ports } from "../paths";
import { step } from "../progress";
import { ensureBaseImages } from "./baseImages";
import { type BuildkitEnvironment, ensureBuildkit, releaseBuildkit } from "./buildkit";
import { ensureDocker, releaseDocker } from "./docker";
import { ensureAwsCli, ensurePython } from "./python";
import { stopService } from "./services";
import { ensureToolchain, type Tool } from "./toolchain";

export interface Machine {
    /** A folder for the PATH with the tools: `pulumi`, `pulumi-resource-docker-build`, `buildkitd`, `buildx`, `act`, `aws`. */
    readonly binFolder: string;
    /** The interpreter of the environment that the AWS emulator is installed in. */
    readonly python: string;
    /** A value for DOCKER_HOST. */
    readonly dockerHost: string;
    /** With these, `buildx` and the docker-build provider build on our BuildKit. */
    readonly buildEnv: BuildkitEnvironment;
}

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

/**
 * Sets the machine up, with a line and a time for each part.
 * @param tools what to build or install; a run that starts no workflow needs neither act nor the AWS CLI
 * @throws UserError that says what is missing and how to get it.
 */
export async function prepareMachine(tools: readonly (Tool | "aws-cli")[]): Promise<Machine> {
    // First, because it fails at once where it cannot work, and because apt does one thing at a time.
    const docker = await step(
        "Docker",
        ensureDocker,
        ({ host, ours }) => `${ours ? "our own" : "the machine's"}, ${host}`,
    );
    // Compiling keeps the processors busy, packages mostly the network.
    const built = tools.filter((tool) => tool !== "aws-cli");
    const awsCli = built.length < tools.length;
    const [{ binFolder }, { python, mirror }] = await Promise.all([ensureToolchain(built), packages(awsCli)]);
    const options = {
        registryMirror: mirror,
        insecureRegistries: [`localhost:${ports.aws}`, `127.0.0.1:${ports.aws}`],
    };
    const { env } = await step("Image builder", () => ensureBuildkit(binFolder, options));
    return { binFolder, python, dockerHost: docker.host, buildEnv: env };
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
