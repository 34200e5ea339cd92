/** `npm run sandbox:<command>`. */
import { RunError } from "@pulumi/pulumi/errors";
import { CommandError } from "@pulumi/pulumi/automation";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { optionsOf, refuseKeptByNpm } from "../tools/command";
import { operations } from "../tools/operations/operations";
import { destroy, preview, up } from "./commands/stack";
import { operate } from "./commands/operations";
import { stateDir } from "./paths";
import { UserError } from "./progress";
import { defaultStack, Project } from "./stack/project";
import { release } from "./commands/release";
import { exclusively } from "./stack/runLock";

type Flags = Record<string, string | boolean | undefined>;

interface Command {
    readonly run: (project: Project, flags: Flags) => Promise<void>;
    /** Those of the engine under the engine's names. */
    readonly options: NonNullable<ParseArgsConfig["options"]>;
    /** It changes nothing, and may run while another command does. */
    readonly onlyReads?: boolean;
}

/** Every command is about one stack. */
const ofAll = { stack: { type: "string" } } as const;
const ofEngine = { ...ofAll, "as-deployer": { type: "boolean" } } as const;
const engineOptions = { ...ofEngine, diff: { type: "boolean" }, "expect-no-changes": { type: "boolean" } } as const;
const asDeployer = (flags: Flags) => ({ asDeployer: !!flags["as-deployer"] });
const forEngine = (flags: Flags) => ({
    ...asDeployer(flags),
    diff: !!flags.diff,
    expectNoChanges: !!flags["expect-no-changes"],
});
const text = (flag: Flags[string]) => (typeof flag === "string" ? flag : undefined);

/** Those that a stack on AWS has as well. */
const reading = Object.fromEntries(
    (Object.keys(operations) as (keyof typeof operations)[]).map((name): [string, Command] => [
        name,
        {
            run: (project, { stack: _, ...flags }) => operate(name, project, flags),
            options: { ...ofAll, ...optionsOf(operations[name].defaults) },
            onlyReads: true,
        },
    ]),
);

const commands: Readonly<Record<string, Command>> = {
    up: {
        run: (project, flags) => up(project, { ...forEngine(flags), refresh: !!flags.refresh }),
        options: { ...engineOptions, refresh: { type: "boolean" } },
    },
    preview: {
        run: (project, flags) => preview(project, { ...forEngine(flags), asPullRequest: !!flags["as-pull-request"] }),
        options: { ...engineOptions, "as-pull-request": { type: "boolean" } },
    },
    release: {
        run: (project, flags) =>
            release(project, {
                officialActions: text(flags["official-actions"]),
                approve: text(flags.approve),
                rerun: !!flags.rerun,
                commit: text(flags.commit),
                environment: text(flags.environment),
            }),
        options: {
            ...ofAll,
            "official-actions": { type: "string" },
            approve: { type: "string" },
            rerun: { type: "boolean" },
            commit: { type: "string" },
            environment: { type: "string" },
        },
    },
    ...reading,
    destroy: {
        run: (project, flags) => destroy(project, { ...asDeployer(flags), refresh: !!flags.refresh }),
        options: { ...ofEngine, refresh: { type: "boolean" } },
    },
};

async function main(name = "", ...args: string[]): Promise<void> {
    const command = commands[name];
    if (!command) {
        throw new UserError(
            `"${name}" is not a command of the sandbox: there are ${Object.keys(commands).join(", ")}.`,
        );
    }
    const flags = flagsOf(args, command.options);
    const project = new Project(text(flags.stack) ?? defaultStack);
    await (command.onlyReads ? command.run(project, flags) : exclusively(name, () => command.run(project, flags)));
}

function flagsOf(args: string[], options: Command["options"]): Flags {
    const names = Object.keys(options);
    const shown = (name: string) => `--${name}${options[name]!.type === "string" ? "=…" : ""}`;
    refuseKeptByNpm(names, shown);
    try {
        return parseArgs({ args, options }).values as Flags;
    } catch (error) {
        const known = names.map(shown).join(", ");
        throw new UserError(`${(error as Error).message}. This command takes ${known}, after "--".`);
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

// Whoever read the output is gone (`| head`, a closed terminal). The SDK reports every error on it, of which each would be one more.
for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => process.exit(1));
}

main(...process.argv.slice(2)).catch((error: unknown) => {
    console.error(explain(error));
    process.exit(1); // ends what is still being built for this machine
});
