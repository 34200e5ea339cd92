/** The states of the stacks in this sandbox, as the engine keeps them. */
import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../progress";
import { backendDir, projectName } from "./project";
import { markInterrupted } from "./runLock";

/** What a state says about one resource, as far as the sandbox reads it. */
export interface Resource {
    readonly type: string;
    readonly id?: string;
    readonly outputs?: Readonly<Record<string, string>>;
}

const folder = () => path.join(backendDir, ".pulumi", "stacks", projectName());

/** The file with a stack's state. */
const stateFile = (stack: string) => path.join(folder(), `${stack}.json`);

const files = () => (fs.existsSync(folder()) ? fs.readdirSync(folder()) : []);

/** Every stack that has a state, be it an empty one. */
const stacks = () => files().flatMap((name) => /^(.+)\.json$/.exec(name)?.[1] ?? []);

/**
 * Pulumi replaces the files of its state as a whole, but not the descriptions beside them, which a kill leaves empty. They are
 * not needed, and a broken one is read as a broken state.
 */
export function dropBrokenDescriptions(): void {
    for (const name of files()) {
        const file = path.join(folder(), name);
        if (name.endsWith(".tmp") || (name.endsWith(".attrs") && fs.statSync(file).size === 0)) {
            fs.rmSync(file);
        }
    }
}

/** @throws UserError when a state was cut off while it was written; nothing is changed then. */
export function assertStatesReadable(): void {
    for (const stack of stacks()) {
        const file = stateFile(stack);
        try {
            JSON.parse(fs.readFileSync(file, "utf8"));
        } catch (error) {
            markInterrupted(stack); // whatever state is put back may be older than what exists
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
}

/** The other stacks of the sandbox that have something, or were killed while they made it, with what they know of. */
export function otherStacks(stack: string): { readonly stack: string; readonly resources: readonly Resource[] }[] {
    return stacks()
        .filter((each) => each !== stack)
        .map((each) => ({ stack: each, ...knownTo(each) }))
        .filter(({ resources, pending }) => resources.length + pending > 0)
        .map(({ stack: other, resources }) => ({ stack: other, resources }));
}

/** What the stack exports; nothing where it was never brought up. */
export function outputsOf(stack: string): Readonly<Record<string, string | undefined>> {
    const known = fs.existsSync(stateFile(stack)) ? knownTo(stack).resources : [];
    return known.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
}

function knownTo(stack: string): { resources: readonly Resource[]; pending: number } {
    const { checkpoint } = JSON.parse(fs.readFileSync(stateFile(stack), "utf8")) as {
        checkpoint?: { latest?: { resources?: Resource[]; pending_operations?: unknown[] } };
    };
    const { resources = [], pending_operations: pending = [] } = checkpoint?.latest ?? {};
    return { resources, pending: pending.length };
}
