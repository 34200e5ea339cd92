/**
 * A tiny process supervisor. Services outlive the command that starts them, also when it is killed, and the next
 * command finds them again: each writes its own identity into `.sandbox/run` before it becomes the service, so there
 * is no moment at which a service runs unrecorded.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { portVariables, ports, stateDir } from "../paths";
import { UserError } from "../progress";
import { isOwnMarker, markedEnvironment, markerOf, serviceVariable } from "./marker";
import { assertPortFree } from "./ports";
import { commandLine, environmentOf, isAlive, parseStat, processesMarked, type ProcessId, signal } from "./processes";

export interface ServiceSpec {
    /** Names the log and the pid file. */
    readonly name: string;
    readonly command: string;
    readonly args: readonly string[];
    /** Added to this process's own environment. */
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    /** The port it will listen on; checked before it starts. */
    readonly port?: number;
    /** Asked until it is true; throwing means "not yet". */
    readonly ready: () => Promise<boolean>;
    /** Milliseconds. */
    readonly readyWithin: number;
    /** Milliseconds from SIGTERM to SIGKILL when it is stopped; 10 s unless it needs longer to end well. */
    readonly stopWithin?: number;
    /** It takes over the processes that a killed predecessor left, which are then not stopped before it starts. */
    readonly adoptsOrphans?: boolean;
}

interface Recorded extends ProcessId {
    readonly fingerprint: string;
    readonly stopWithin: number;
}

const runDir = path.join(stateDir, "run");
const logDir = path.join(stateDir, "logs");
const usualStopWithin = 10_000;

// Runs as the new process: it records itself under its final pid, in one rename, and then becomes the service.
const recordAndExec = `file=$1 how=$2; shift 2
{ cat /proc/sys/kernel/random/boot_id "/proc/$$/stat" && echo "$how"; } >"$file.$$" && mv "$file.$$" "$file" && exec "$@"`;

const pidFile = (name: string) => path.join(runDir, `${name}.pid`);
export const logFile = (name: string): string => path.join(logDir, `${name}.log`);

function recorded(name: string): Recorded | undefined {
    let text: string;
    try {
        text = fs.readFileSync(pidFile(name), "latin1");
    } catch {
        return undefined;
    }
    const [bootId, stat, how] = text.split("\n");
    const id = parseStat(stat ?? "");
    if (!bootId || !id) {
        return undefined;
    }
    const [fingerprint, stopWithin] = (how ?? "").split(" ");
    return { ...id, bootId, fingerprint: fingerprint ?? "", stopWithin: Number(stopWithin) || usualStopWithin };
}

/** What a running service must have been started with to be the one that is asked for. */
function fingerprintOf(spec: ServiceSpec): string {
    const { command, args, env, cwd } = spec;
    return createHash("sha256")
        .update(JSON.stringify([command, args, env ?? {}, cwd ?? ""]))
        .digest("hex");
}

/** The last lines that a service logged, or an empty string. */
export function logTail(name: string, lines = 20): string {
    try {
        return fs.readFileSync(logFile(name), "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
        return "";
    }
}

/** True while the service's own process runs, ready or not. */
export function isRunning(name: string): boolean {
    const process = recorded(name);
    return process !== undefined && isAlive(process);
}

async function isReady(spec: ServiceSpec): Promise<boolean> {
    return spec.ready().catch(() => false);
}

function failure(name: string, what: string): UserError {
    const tail = logTail(name);
    return new UserError(`${name} ${what}. Its log, ${logFile(name)}, ${tail ? `ends with:\n${tail}` : "is empty."}`);
}

/** Waits until it is ready, and gives up early when its process has ended. */
async function awaitReady(spec: ServiceSpec, hasEnded: () => boolean): Promise<void> {
    const deadline = Date.now() + spec.readyWithin;
    // Recorded first: until then what answers is somebody else, and what starts could not be found again.
    while (!isRunning(spec.name) || !(await isReady(spec))) {
        if (hasEnded() || Date.now() > deadline) {
            const what = hasEnded() ? "ended before it was ready" : `was not ready after ${spec.readyWithin / 1000} s`;
            await stopService(spec.name);
            throw failure(spec.name, what);
        }
        await sleep(50);
    }
}

function launch(spec: ServiceSpec): { hasEnded: () => boolean } {
    fs.mkdirSync(runDir, { recursive: true });
    fs.mkdirSync(logDir, { recursive: true });
    const log = logFile(spec.name);
    if (fs.existsSync(log)) {
        fs.renameSync(log, `${log}.previous`); // the reason of a crash is worth keeping, one generation of it
    }
    const output = fs.openSync(log, "a");
    const how = `${fingerprintOf(spec)} ${spec.stopWithin ?? usualStopWithin}`;
    const child = spawn("/bin/sh", ["-c", recordAndExec, "sh", pidFile(spec.name), how, spec.command, ...spec.args], {
        cwd: spec.cwd ?? stateDir,
        env: markedEnvironment(markerOf(spec.name, runDir), spec.env),
        detached: true, // a session of its own: Ctrl-C and the end of this command do not reach it
        stdio: ["ignore", output, output],
    });
    fs.closeSync(output);
    child.unref();
    return { hasEnded: () => child.exitCode !== null || child.signalCode !== null };
}

/**
 * Starts a service, or keeps the one that runs when it was started in the same way and is ready. One that was
 * started differently, or does not answer, is restarted.
 * @returns whether it was started now.
 * @throws UserError with the end of its log when it does not become ready; it is stopped then.
 */
export async function startService(spec: ServiceSpec): Promise<{ started: boolean }> {
    const running = recorded(spec.name);
    if (running && isAlive(running) && running.fingerprint === fingerprintOf(spec)) {
        const deadline = Date.now() + spec.readyWithin; // an earlier command may have been killed while it started
        while (isAlive(running) && Date.now() < deadline) {
            if (await isReady(spec)) {
                return { started: false };
            }
            await sleep(100);
        }
    }
    if (isRunning(spec.name) || !spec.adoptsOrphans) {
        await stopService(spec.name);
    }
    if (spec.port !== undefined) {
        const key = (Object.keys(portVariables) as (keyof typeof portVariables)[]).find((k) => ports[k] === spec.port);
        await assertPortFree(spec.port, spec.name, key && portVariables[key]);
    }
    const { hasEnded } = launch(spec);
    await awaitReady(spec, hasEnded);
    return { started: true };
}

async function ended(processes: () => ProcessId[], withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    while (processes().length > 0) {
        if (Date.now() > deadline) {
            return false;
        }
        await sleep(50);
    }
    return true;
}

/**
 * Stops a service with SIGTERM and, when it has not ended within its bound, with SIGKILL, together with all that
 * it started and left behind. A service that does not run is fine.
 */
export async function stopService(name: string): Promise<void> {
    const marker = markerOf(name, runDir);
    const known = recorded(name);
    const main = () => (known && isAlive(known) ? [known] : []);
    const family = () => processesMarked(serviceVariable, (value) => value === marker);
    main().forEach((id) => signal(id, "SIGTERM"));
    const within = known?.stopWithin ?? usualStopWithin;
    await ended(main, within);
    family().forEach((id) => signal(id, "SIGTERM"));
    if (!(await ended(family, main().length > 0 ? 0 : Math.min(within, 2_000)))) {
        family().forEach((id) => signal(id, "SIGKILL"));
        main().forEach((id) => signal(id, "SIGKILL"));
        await ended(() => [...main(), ...family()], 5_000);
    }
    for (const file of fs.existsSync(runDir) ? fs.readdirSync(runDir) : []) {
        if (file.startsWith(`${name}.pid`)) {
            fs.rmSync(path.join(runDir, file), { force: true }); // also one that was killed while it was written
        }
    }
}

/** Tells one run of a service from the next: undefined when it does not run. */
export function serviceIdentity(name: string): string | undefined {
    const process = recorded(name);
    return process && isAlive(process) ? `${process.bootId} ${process.pid} ${process.startTime}` : undefined;
}

/** The names of the services that were started and not stopped, whether they still run or not, oldest first. */
export function recordedServices(): string[] {
    const files = fs.existsSync(runDir) ? fs.readdirSync(runDir).filter((file) => file.endsWith(".pid")) : [];
    return files
        .map((file) => file.slice(0, -".pid".length))
        .sort((a, b) => Number(recorded(a)?.startTime ?? 0) - Number(recorded(b)?.startTime ?? 0));
}

/** Stops every service, the latest first, since later ones use earlier ones, then those whose record was deleted. */
export async function stopAllServices(): Promise<void> {
    for (const name of recordedServices().reverse()) {
        await stopService(name);
    }
    for (const name of new Set(leftoverProcesses().map(({ service }) => service))) {
        await stopService(name);
    }
}

/** Every process that this checkout's sandbox started, also indirectly, and that still runs: none after a destroy. */
export function leftoverProcesses(): { pid: number; service: string; command: string }[] {
    return processesMarked(serviceVariable, isOwnMarker).map(({ pid }) => ({
        pid,
        service: path.basename(environmentOf(pid, serviceVariable) ?? ""),
        command: commandLine(pid),
    }));
}
