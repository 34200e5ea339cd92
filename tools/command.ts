import { RunError } from "@pulumi/pulumi/errors";
import { parseArgs } from "node:util";

/** Options of a command: each with a text, or a switch. */
export type Flags = Readonly<Record<string, string | boolean>>;

/**
 * The options that a command was called with.
 * @param defaults the value of each option that may be left out
 * @throws RunError that names the options, for any other argument
 */
export function options<T extends Flags>(defaults: T, args = process.argv.slice(2)): Widened<T> {
    try {
        return { ...defaults, ...parseArgs({ args, options: optionsOf(defaults) }).values } as Widened<T>;
    } catch (error) {
        const taken = Object.entries(defaults).map(([name, value]) =>
            value === false ? `--${name}` : `--${name} <value>`,
        );
        throw new RunError(`${(error as Error).message}\nThis command takes ${taken.join(" and ")}, after "--".`);
    }
}

type Widened<T> = { readonly [Name in keyof T]: T[Name] extends boolean ? boolean : string };

/** Options as `parseArgs` wants them. */
export const optionsOf = (defaults: Flags) =>
    Object.fromEntries(
        Object.entries(defaults).map(([name, value]) => [
            name,
            { type: typeof value === "boolean" ? ("boolean" as const) : ("string" as const) },
        ]),
    );

/** Runs a command. What its user can mend is told as it is; only for a mistake of ours there is a stack trace. */
export function run(command: () => Promise<void>): void {
    process.stdout.on("error", () => process.exit(1)); // whoever read the output is gone (`| head`)
    command().catch((error: unknown) => {
        console.error(RunError.isInstance(error) ? error.message : error);
        process.exitCode = 1;
    });
}
