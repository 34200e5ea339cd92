/** One command at a time, and what a killed one leaves behind. */
import * as fs from "node:fs";
import * as path from "node:path";
import { runVariable } from "./engine";
import { bootId, isAlive, parseStat, processesMarked, signal, type ProcessId } from "../machine/processes";
import { stateDir } from "../paths";
import { UserError } from "../progress";

const lockFile = path.join(stateDir, "command.lock");
const uncleanFile = (stack: string) => path.join(stateDir, `unclean.${stack}`);

function ownId(): ProcessId {
    return { ...parseStat(fs.readFileSync("/proc/self/stat", "latin1"))!, bootId: bootId() };
}

/**
 * Runs `command` while no other command of this checkout's sandbox runs. Engines and plugins of a killed one are ended first:
 * they would go on writing to the state.
 * @throws UserError that names the running command.
 */
export async function exclusively<T>(name: string, command: () => Promise<T>): Promise<T> {
    fs.mkdirSync(stateDir, { recursive: true });
    const mine = `${lockFile}.${process.pid}`;
    fs.writeFileSync(mine, JSON.stringify({ ...ownId(), name }));
    try {
        for (;;) {
            try {
                fs.linkSync(mine, lockFile); // fails if it exists: there is no moment between look and take
                break;
            } catch (error) {
                if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
                    throw error;
                }
            }
            const holder = readHolder();
            if (holder && isAlive(holder)) {
                throw new UserError(
                    `sandbox:${holder.name} (process ${holder.pid}) is running in this checkout: wait until it has ended, or stop it.`,
                );
            }
            fs.rmSync(lockFile, { force: true });
        }
    } finally {
        fs.rmSync(mine, { force: true });
    }
    try {
        processesMarked(runVariable, (value) => value === stateDir).forEach((id) => signal(id, "SIGKILL"));
        return await command();
    } finally {
        fs.rmSync(lockFile, { force: true });
    }
}

function readHolder(): (ProcessId & { name: string }) | undefined {
    try {
        return JSON.parse(fs.readFileSync(lockFile, "utf8")) as ProcessId & { name: string };
    } catch {
        return undefined; // let go of meanwhile, or written half
    }
}

/** Whether the last command that changes the stack ended before it was done. */
export function wasInterrupted(stack: string): boolean {
    return fs.existsSync(uncleanFile(stack));
}

/** Has the next command compare the stack's state with what exists before it does anything else. */
export function markInterrupted(stack: string): void {
    fs.writeFileSync(uncleanFile(stack), "");
}

/**
 * Runs `change`; until it has ended, `wasInterrupted` says so, also after a kill.
 * @param hasEnded whether one that fails has; the next one then begins with the state that it has left, as it would on AWS
 */
export async function noticingInterruption<T>(
    stack: string,
    change: () => Promise<T>,
    hasEnded: (error: unknown) => Promise<boolean>,
): Promise<T> {
    markInterrupted(stack);
    const unmark = () => fs.rmSync(uncleanFile(stack), { force: true });
    try {
        const result = await change();
        unmark();
        return result;
    } catch (error) {
        if (await hasEnded(error).catch(() => false)) {
            unmark();
        }
        throw error;
    }
}
