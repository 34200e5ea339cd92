import { RunError } from "@pulumi/pulumi";
import { parseArgs } from "node:util";

/**
 * The options that a command was called with, each with a text.
 * @param defaults the value of each option that may be left out
 * @throws RunError that names the options, for any other argument
 */
export function options<Name extends string>(defaults: Readonly<Record<Name, string>>): Readonly<Record<Name, string>> {
    const names = Object.keys(defaults);
    const known = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
    try {
        return { ...defaults, ...parseArgs({ args: process.argv.slice(2), options: known }).values };
    } catch (error) {
        const taken = names.map((name) => `--${name} <value>`).join(" and ");
        throw new RunError(`${(error as Error).message}\nThis command takes ${taken}, after "--".`);
    }
}

/** Runs a command. What its user can mend is told as it is; only for a mistake of ours there is a stack trace. */
export function run(command: () => Promise<void>): void {
    command().catch((error: unknown) => {
        console.error(RunError.isInstance(error) ? error.message : error);
        process.exitCode = 1;
    });
}
