/** BuildKit, which builds the app's image and pushes it, and the builder entry through which its clients find it. */
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { stateDir } from "../paths";
import { UserError } from "../progress";
import { clearBuildRemains } from "./buildRemains";
import { shortHash } from "./cached";
import { ask } from "./run";
import { isRunning, startService, stopService } from "./services";

export interface BuildkitOptions {
    /** `host:port` of a plain-HTTP registry that is asked for the images of others before them; none: they are. */
    readonly registryMirror: string | undefined;
    /** Registries on plain HTTP that images are pushed to, as `host:port`. */
    readonly insecureRegistries: readonly string[];
}

export interface BuildkitEnvironment {
    readonly BUILDX_CONFIG: string;
    readonly BUILDX_BUILDER: string;
}

const service = "buildkitd";
const builder = "fargate-cicd-sandbox";
const folder = path.join(stateDir, "buildkit");
const root = path.join(folder, "root");
const cgroup = `fargate-cicd-${shortHash(stateDir)}`; // tells our build steps from those of other checkouts
const socketName = "buildkitd.sock";
const longestSocketPath = 100; // the kernel's limit is 107 bytes

/** A path for a unix socket: in the state folder, or under a short name where that path is too long for the kernel. */
export function socketPath(name: string, dir = folder): string {
    const natural = path.join(dir, name);
    return natural.length <= longestSocketPath ? natural : path.join(os.tmpdir(), `${shortHash(dir)}-${name}`);
}

/** The text of buildkitd.toml. Strings in TOML and in JSON are written alike. */
export function buildkitdConfig(socket: string, options: BuildkitOptions): string {
    const text = JSON.stringify;
    const insecure = [...options.insecureRegistries, ...(options.registryMirror ? [options.registryMirror] : [])];
    return [
        `root = ${text(root)}`,
        "[grpc]",
        `  address = [${text(`unix://${socket}`)}]`,
        "[otel]",
        `  socketPath = ${text(`${socket}.otel`)}`,
        "[worker.oci]",
        "  enabled = true",
        `  defaultCgroupParent = ${text(cgroup)}`,
        "[worker.containerd]",
        "  enabled = false",
        ...["public.ecr.aws", "docker.io"].flatMap((host) =>
            options.registryMirror ? [`[registry.${text(host)}]`, `  mirrors = [${text(options.registryMirror)}]`] : [],
        ),
        ...insecure.flatMap((host) => [`[registry.${text(host)}]`, "  http = true"]),
        "",
    ].join("\n");
}

/** Written whole or not at all; an unchanged file keeps its time. */
function write(file: string, content: string): void {
    if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === content) {
        return;
    }
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.new`, content);
    fs.renameSync(`${file}.new`, file);
}

async function answers(socket: string): Promise<boolean> {
    return new Promise((resolve) => {
        const connection = net.connect(socket, () => {
            connection.destroy();
            resolve(true);
        });
        connection.on("error", () => resolve(false));
    });
}

/**
 * Runs buildkitd as a service; `buildkitd` must be in `binFolder`. Its layers are kept in `.sandbox/buildkit`, so an
 * unchanged image is not built twice.
 * @returns the environment with which `buildx` and the docker-build provider use it.
 * @throws UserError without runc, or with the end of its log.
 */
export async function ensureBuildkit(
    binFolder: string,
    options: BuildkitOptions,
): Promise<{ env: BuildkitEnvironment }> {
    if ((await ask("runc", ["--version"])) === undefined) {
        throw new UserError(
            "BuildKit needs runc, which is not on the PATH. It comes with Docker's packages (docker.io, containerd.io); " +
                "alone, on Debian and Ubuntu: sudo apt-get install runc.",
        );
    }
    const socket = socketPath(socketName);
    const config = buildkitdConfig(socket, options);
    const configFile = path.join(folder, `buildkitd-${shortHash(config)}.toml`); // another content, another command line
    write(configFile, config);
    const instance = {
        Name: builder,
        Driver: "remote",
        Nodes: [{ Name: `${builder}0`, Endpoint: `unix://${socket}` }],
    };
    const buildxConfig = path.join(folder, "buildx");
    write(path.join(buildxConfig, "instances", builder), JSON.stringify(instance));
    if (!isRunning(service)) {
        await clearBuildRemains(root, cgroup);
    }
    await startService({
        name: service,
        command: path.join(binFolder, "buildkitd"),
        args: ["--config", configFile],
        ready: () => answers(socket),
        readyWithin: 30_000,
    });
    return { env: { BUILDX_CONFIG: buildxConfig, BUILDX_BUILDER: builder } };
}

/** Stops buildkitd; its layers stay for the next time. */
export async function releaseBuildkit(): Promise<void> {
    await stopService(service);
    await clearBuildRemains(root, cgroup);
    for (const socket of [socketPath(socketName), `${socketPath(socketName)}.otel`]) {
        fs.rmSync(socket, { force: true }); // outside of the state folder where that has a long path
    }
}
