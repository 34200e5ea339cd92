/** `npm run sandbox:<command>`. */
import { destroy, preview, up } from "./commands";
import { UserError } from "./progress";
import { exclusively } from "./runLock";

const commands: Record<string, () => Promise<void>> = { up, preview, destroy };

async function main(name = ""): Promise<void> {
    const command = commands[name];
    if (!command) {
        throw new UserError(`"${name}" is not a command of the sandbox: there are ${Object.keys(commands).join(", ")}.`);
    }
    await exclusively(name, command);
}

main(process.argv[2]).catch((error: unknown) => {
    console.error(error instanceof UserError ? `\n${error.message}` : error);
    process.exitCode = 1;
});
