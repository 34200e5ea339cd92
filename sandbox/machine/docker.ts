/** The Docker engine that runs the tasks of the emulated ECS. */
import { setTimeout as sleep } from "node:timers/promises";
import { step, UserError } from "../progress";
import { DockerApi } from "./dockerApi";
import { hasZombie } from "./processes";
import { ask, run } from "./run";
import { isRunning, recordedServices, startService, stopService } from "./services";

const service = "dockerd";
const zombieWithin = 15_000;
const defaultHost = "unix:///var/run/docker.sock";

async function installed(command: string): Promise<boolean> {
    return (await ask("/bin/sh", ["-c", `command -v ${command}`])) !== undefined;
}

/** The engine that this machine uses; it need not run. */
export function dockerHost(): string {
    const host = process.env.DOCKER_HOST || defaultHost;
    if (!host.startsWith("unix://")) {
        throw new UserError(
            `DOCKER_HOST is ${host}, but the sandbox must reach the containers, so it needs an engine on this machine ` +
                "behind a unix socket. Unset DOCKER_HOST, or set it to unix:///path/to/docker.sock.",
        );
    }
    return host;
}

async function install(): Promise<void> {
    const apt = ["install", "--yes", "--no-install-recommends", "docker.io"];
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    try {
        await run("apt-get", apt, { env });
    } catch {
        await run("apt-get", ["update"], { env }); // package lists are often missing or stale on a fresh machine
        await run("apt-get", apt, { env });
    }
}

function noDocker(reason: string): UserError {
    return new UserError(
        `No Docker: the sandbox runs the service's tasks as containers, and ${reason}. Install Docker ` +
            "(Debian and Ubuntu: sudo apt-get install docker.io; elsewhere: https://docs.docker.com/engine/install/), " +
            "start it (sudo systemctl start docker), check that `docker info` works, and run this again.",
    );
}

/** Starts dockerd with its data in its usual place; it listens on its unix socket alone. */
async function start(api: DockerApi): Promise<void> {
    if (!(await installed("dockerd"))) {
        if (!(await installed("apt-get"))) {
            throw noDocker(
                `no engine answers at ${api.host}, and dockerd is not installed, which only works by itself where there is apt-get`,
            );
        }
        await step("Docker from apt", install);
    }
    if (await api.ping()) {
        return; // installing the package started it
    }
    // A new dockerd would wait in vain for the containerd of one that was killed, as long as it is still listed.
    for (const deadline = Date.now() + zombieWithin; hasZombie("containerd") && Date.now() < deadline;) {
        await sleep(100);
    }
    await startService({
        name: service,
        command: "dockerd",
        args: [`--host=${api.host}`],
        ready: () => api.ping(),
        readyWithin: 60_000,
        stopWithin: 30_000, // it stops its containers first
        adoptsOrphans: true, // the containers
    });
}

/**
 * Uses the engine that answers, or starts one where that is possible: with dockerd or apt-get.
 * @returns `host`, a value for DOCKER_HOST, and whether this sandbox started the engine, now or earlier.
 * @throws UserError that says what is missing and how to get it.
 */
export async function ensureDocker(): Promise<{ host: string; ours: boolean }> {
    const host = dockerHost();
    const api = new DockerApi(host);
    if (!(await api.ping())) {
        await start(api);
    }
    return { host, ours: isRunning(service) };
}

/**
 * Stops the engine when this sandbox started it. Containers in it are stopped with it, and stay.
 * @returns the names of those that ran: somebody else's, when the sandbox has removed its own.
 */
export async function releaseDocker(): Promise<string[]> {
    if (!recordedServices().includes(service)) {
        return [];
    }
    const api = new DockerApi(dockerHost());
    if (!isRunning(service)) {
        await start(api); // it was killed: only a new one ends the containers that the old one left running
    }
    const containers = isRunning(service) ? await api.containers().catch(() => []) : [];
    await stopService(service);
    return containers.filter(({ state }) => state === "running").map(({ name, image }) => `${name} (${image})`);
}
