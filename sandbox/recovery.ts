/** Brings the state and the emulators together again after a command, or an emulator, was killed. */
import type * as automation from "@pulumi/pulumi/automation";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Existing } from "./inventory";
import { serviceIdentity } from "./machine/services";
import { stateDir } from "./paths";
import { step } from "./progress";
import { wasInterrupted } from "./runLock";
import type { Resource } from "./states";

interface Deployment {
    readonly resources?: readonly Resource[];
    readonly pending_operations?: readonly unknown[];
}

/** Which run of the emulator a stack has last been on. */
const knownEmulator = (stack: string) => path.join(stateDir, `emulator.${stack}`);

/**
 * Makes a stack usable that was left behind by a killed command, or that refers to an emulator which lost its memory.
 * @param others the sandbox's other stacks: what a killed command made of them is not this stack's
 * @param existing what exists now, without what the others know of
 */
export async function recover(
    stack: automation.Stack,
    others: readonly automation.Stack[],
    existing: () => Promise<Existing[]>,
): Promise<void> {
    const emulator = serviceIdentity("aws") ?? "";
    const file = knownEmulator(stack.name);
    const remembered = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
    const forgetful = remembered !== emulator && (await deploymentOf(stack)).resources !== undefined;
    const interrupted = [stack, ...others].filter(({ name }) => wasInterrupted(name));
    const stale = forgetful && !wasInterrupted(stack.name) ? [stack, ...interrupted] : interrupted;
    if (stale.length > 0) {
        const names = interrupted.map(({ name }) => name).join(" and ");
        const reason = names ? `the last command for ${names} did not finish` : "the AWS emulator was restarted";
        await step(`Compare the state with what exists: ${reason}`, async () => {
            for (const each of stale) {
                await each.cancel(); // lets go of a lock whose holder is gone; `exclusively` made sure of that
                await forgetPendingOperations(each);
                await each.refresh({ onOutput: () => undefined });
            }
            for (const orphan of await orphans(stack, existing)) {
                await orphan.remove();
            }
        });
    }
    fs.writeFileSync(file, emulator);
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
