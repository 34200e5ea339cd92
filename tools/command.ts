import { RunError } from "@pulumi/pulumi/errors";
import { parseArgs } from "node:util";

/** Options of a command: each with a text, or a switch. */
export type Flags = Readonly<Record<string, string | boolean>>;

/**
 * The options that a command was called with.
 * @param defaults the value of each option that may be left out
 * @param values what an option takes, where its name does not tell
 * @throws RunError that names the options, for any other argument, and for an option that npm has kept
 */
export function options<T extends Flags>(
    defaults: T,
    args = process.argv.slice(2),
    values: Readonly<Record<string, string>> = {},
): Widened<T> {
    const shown = (name: string) => (defaults[name] === false ? `--${name}` : `--${name} <${values[name] ?? "value"}>`);
    const names = Object.keys(defaults);
    refuseKeptByNpm(names, shown);
    try {
        return { ...defaults, ...parseArgs({ args, options: optionsOf(defaults) }).values } as Widened<T>;
    } catch (error) {
        const taken = names.map(shown).join(" and ");
        throw new RunError(`${(error as Error).message}\nThis command takes ${taken}, after "--".`);
    }
}

/**
 * Refuses what npm was called with before "--": it takes that for its own configuration, and a command would never see it. Of that it hands
 * on what is not its default (set-envs.js of @npmcli/config), but for names that npm itself had once.
 * @param shown how an option is written
 */
export function refuseKeptByNpm(names: readonly string[], shown: (name: string) => string): void {
    const kept = names.filter((name) => process.env[`npm_config_${name.replaceAll("-", "_")}`]);
    if (kept.length > 0) {
        throw new RunError(
            `npm keeps ${kept.map((name) => `--${name}`).join(" and ")} for itself. Put "--" before it: ` +
                `npm run ${process.env.npm_lifecycle_event} -- ${kept.map(shown).join(" ")}`,
        );
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
