/** `npm run sandbox:<command>`. */
import { RunError } from "@pulumi/pulumi";
import { CommandError } from "@pulumi/pulumi/automation";
import { parseArgs } from "node:util";
import { destroy, preview, up, type Options } from "./commands";
import { stateDir } from "./paths";
import { UserError } from "./progress";
import { exclusively } from "./runLock";

const commands: Record<string, (options: Options) => Promise<void>> = { up, preview, destroy };

async function main(name = "", ...args: string[]): Promise<void> {
    const command = commands[name];
    if (!command) {
        throw new UserError(
            `"${name}" is not a command of the sandbox: there are ${Object.keys(commands).join(", ")}.`,
        );
    }
    const options = optionsOf(args);
    await exclusively(name, () => command(options));
}

/** The engine's own options, under its own names. */
function optionsOf(args: string[]): Options {
    try {
        const { values } = parseArgs({
            args,
            options: { diff: { type: "boolean" }, "expect-no-changes": { type: "boolean" } },
        });
        return { diff: values.diff, expectNoChanges: values["expect-no-changes"] };
    } catch (error) {
        throw new UserError(`${(error as Error).message} The options are --diff and --expect-no-changes, after "--".`);
    }
}

/** What the user is told: a message alone where it is theirs to act on, the whole error where it is ours. */
function explain(error: unknown): unknown {
    if (error instanceof UserError || RunError.isInstance(error)) {
        return `\n${(error as Error).message}`;
    }
    if (!(error instanceof CommandError)) {
        return error;
    }
    if (error.message.includes("incorrect passphrase")) {
        return (
            `\nThe passphrase is wrong: the secrets in ${stateDir} were encrypted with another one. Nothing was changed.\n` +
            "Set PULUMI_CONFIG_PASSPHRASE to the one that the first sandbox:up ran with, or unset it if there was none."
        );
    }
    if (error.message.includes("Diagnostics:")) {
        return (
            "\nThe engine stopped at the problem under Diagnostics above. What was created before it is recorded: mend it and run " +
            "this again,\nor take everything away with npm run sandbox:destroy."
        );
    }
    const reasons = error.message.split("\n").filter((line) => line.includes("error:"));
    return `\nThe engine failed:\n${[...new Set(reasons)].join("\n")}`;
}

main(...process.argv.slice(2)).catch((error: unknown) => {
    console.error(explain(error));
    process.exit(1); // ends what is still being built for this machine
});
