/** Brings the state and the emulators together again after a command, or an emulator, was killed. */
import type * as automation from "@pulumi/pulumi/automation";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Existing } from "./inventory";
import { serviceIdentity } from "./machine/services";
import { stateDir } from "./paths";
import { step, UserError } from "./progress";
import { stateFile } from "./project";
import { markInterrupted, wasInterrupted } from "./runLock";

interface Deployment {
    resources?: { type: string; id?: string }[];
    pending_operations?: unknown[];
}

const knownEmulator = path.join(stateDir, "emulator");

/**
 * Pulumi replaces the files of its state as a whole, but not the descriptions beside them, which a kill leaves empty. They are
 * not needed, and a broken one is read as a broken state.
 */
export function dropBrokenDescriptions(): void {
    const folder = path.dirname(stateFile());
    for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
        const file = path.join(folder, name);
        if (name.endsWith(".tmp") || (name.endsWith(".attrs") && fs.statSync(file).size === 0)) {
            fs.rmSync(file);
        }
    }
}

/** @throws UserError when the state was cut off while it was written; nothing is changed then. */
export function assertStateReadable(): void {
    const file = stateFile();
    if (!fs.existsSync(file)) {
        return;
    }
    try {
        JSON.parse(fs.readFileSync(file, "utf8"));
    } catch (error) {
        markInterrupted(); // whatever state is put back may be older than what exists
        const backup = `${file}.bak`;
        const age = fs.existsSync(backup) ? fs.statSync(backup).mtime.toISOString() : undefined;
        throw new UserError(
            `The state file ${file} is damaged: ${(error as Error).message}. Nothing was changed.\n` +
                (age
                    ? `Pulumi's copy of the state before, of ${age}, is beside it. Put it back with\n` +
                      `    cp ${backup} ${file}\n` +
                      "and run this again: what it does not know of is found and made anew."
                    : "There is no copy of it: delete the folder .sandbox and run this again."),
        );
    }
}

/**
 * Makes a stack usable that was left behind by a killed command, or that refers to an emulator which lost its memory.
 * @param existing what exists now
 */
export async function recover(stack: automation.Stack, existing: () => Promise<Existing[]>): Promise<void> {
    const emulator = serviceIdentity("aws") ?? "";
    const remembered = fs.existsSync(knownEmulator) ? fs.readFileSync(knownEmulator, "utf8") : undefined;
    const forgetful = remembered !== emulator && (await deploymentOf(stack)).resources !== undefined;
    if (wasInterrupted() || forgetful) {
        const reason = wasInterrupted() ? "the last command did not finish" : "the AWS emulator was restarted";
        await step(`Compare the state with what exists: ${reason}`, async () => {
            await stack.cancel(); // lets go of a lock whose holder is gone; `exclusively` made sure of that
            await forgetPendingOperations(stack);
            await stack.refresh({ onOutput: () => undefined });
            for (const orphan of await orphans(stack, existing)) {
                await orphan.remove();
            }
        });
    }
    fs.writeFileSync(knownEmulator, emulator);
}

/** What was being created when the engine died is in the emulator or not; the state cannot tell, `orphans` can. */
async function forgetPendingOperations(stack: automation.Stack): Promise<void> {
    const exported = await stack.exportStack();
    if ((exported.deployment as Deployment).pending_operations?.length) {
        await stack.importStack({ ...exported, deployment: { ...exported.deployment, pending_operations: [] } });
    }
}

/** What exists and the state does not know. Containers are never in the state: the service that it knows has them. */
async function orphans(stack: automation.Stack, existing: () => Promise<Existing[]>): Promise<Existing[]> {
    const { resources = [] } = await deploymentOf(stack);
    const known = new Set(resources.map(({ type, id }) => `${type} ${id}`));
    return (await existing()).filter(({ type, id }) => !type.startsWith("docker:") && !known.has(`${type} ${id}`));
}

async function deploymentOf(stack: automation.Stack): Promise<Deployment> {
    return (await stack.exportStack()).deployment as Deployment;
}
