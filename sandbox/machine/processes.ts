/** What Linux's /proc knows about processes: enough to never signal one that is not ours. */
import * as fs from "node:fs";

/** A process's identity: a pid alone may have been handed to somebody else since, after a reboot all of them. */
export interface ProcessId {
    readonly pid: number;
    /** Clock ticks from boot to the start of the process: field 22 of /proc/PID/stat. */
    readonly startTime: string;
    readonly bootId: string;
}

function read(file: string): string | undefined {
    try {
        return fs.readFileSync(file, "latin1");
    } catch {
        return undefined; // it ended meanwhile, or it is another user's
    }
}

export function bootId(): string {
    return read("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

interface Stat {
    readonly pid: number;
    readonly state: string;
    readonly threads: number;
    readonly startTime: string;
}

/** A zombie has ended once it has a single thread: before, the others have what it has opened, ports among it. */
const hasEnded = ({ state, threads }: Stat): boolean => state === "Z" && threads <= 1;

/** Parses a line of /proc/PID/stat. The name in parentheses may itself hold spaces and parentheses. */
export function parseStat(line: string): Stat | undefined {
    const match = /^(\d+) \(.*\) (.*)$/s.exec(line.trim());
    const fields = match?.[2]?.split(" ");
    const startTime = fields?.[19];
    if (!match || !fields || !startTime) {
        return undefined;
    }
    return { pid: Number(match[1]), state: fields[0]!, threads: Number(fields[17]), startTime };
}

/** True when a process of this name has ended and its parent has not noticed: others still take it for running. */
export function hasZombie(name: string): boolean {
    return allPids().some((pid) => read(`/proc/${pid}/stat`)?.includes(`(${name}) Z `));
}

/** True while this very process runs. */
export function isAlive(id: ProcessId): boolean {
    const stat = parseStat(read(`/proc/${id.pid}/stat`) ?? "");
    return stat !== undefined && !hasEnded(stat) && stat.startTime === id.startTime && id.bootId === bootId();
}

/** The command line with spaces between its arguments, or the kernel's short name of the process. */
export function commandLine(pid: number): string {
    const words = read(`/proc/${pid}/cmdline`)?.split("\0").filter(Boolean).join(" ");
    return words || read(`/proc/${pid}/comm`)?.trim() || "unknown command";
}

export function allPids(): number[] {
    return fs
        .readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
}

/** The value of an environment variable that the process was started with. */
export function environmentOf(pid: number, variable: string): string | undefined {
    const prefix = `${variable}=`;
    const found = read(`/proc/${pid}/environ`)
        ?.split("\0")
        .find((entry) => entry.startsWith(prefix));
    return found?.slice(prefix.length);
}

/** Running processes, this one excepted, whose environment has `variable` with a value that `matches`. */
export function processesMarked(variable: string, matches: (value: string) => boolean): ProcessId[] {
    const boot = bootId();
    return allPids().flatMap((pid) => {
        const value = pid === process.pid ? undefined : environmentOf(pid, variable);
        const stat = value !== undefined && matches(value) ? parseStat(read(`/proc/${pid}/stat`) ?? "") : undefined;
        return stat && !hasEnded(stat) ? [{ pid, startTime: stat.startTime, bootId: boot }] : [];
    });
}

/** Sends a signal to exactly this process; one that has ended is not an error. */
export function signal(id: ProcessId, name: NodeJS.Signals): void {
    if (!isAlive(id)) {
        return;
    }
    try {
        process.kill(id.pid, name);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
            throw error;
        }
    }
}
