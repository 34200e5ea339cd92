/** The README's commands for a shell in a task, as far as the AWS CLI goes: to the Session Manager plugin, which is in no package registry. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { rootEnvironment } from "../aws/emulator";
import { ensureAwsCli } from "../machine/python";
import { run } from "../machine/run";
import { commandsOf, isOpeningAShell } from "../../test/commands";

/** What the AWS CLI calls the plugin with, in its order, and the task that the README's commands find. */
export interface Shell {
    readonly session: object;
    readonly region: string;
    readonly operation: string;
    readonly target: string;
    readonly task: string;
}

/**
 * Runs the commands with the credentials of the account's root, against the emulator.
 * @param withPlugin whether there is something in the plugin's place, which writes down what it is called with
 * @throws UserError with the CLI's message where it does not come to the plugin's call
 */
export async function openShell(endpoint: string, region: string, readme: string, withPlugin: boolean) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-shell-"));
    try {
        await ensureAwsCli(folder);
        const [told, nowhere] = [path.join(folder, "told"), path.join(folder, "none")];
        if (withPlugin) {
            const script = `#!/bin/sh\n[ $# -eq 0 ] || printf '%s\\n' "$@" > ${told}\n`;
            fs.writeFileSync(path.join(folder, "session-manager-plugin"), script, { mode: 0o755 });
        }
        const env = {
            ...rootEnvironment(region),
            AWS_ENDPOINT_URL: endpoint,
            AWS_DEFAULT_REGION: region, // version 1 reads no other
            AWS_CONFIG_FILE: nowhere,
            AWS_SHARED_CREDENTIALS_FILE: nowhere,
            PATH: [folder, "/usr/bin", "/bin"].join(path.delimiter), // the plugin itself, where it is installed, is in /usr/local
        };
        const commands = commandsOf(readme).filter(isOpeningAShell);
        const printed = await run("sh", ["-ec", [...commands, 'echo "$task"'].join("\n")], { env });
        const [session, asked, operation, , parameters] = fs.readFileSync(told, "utf8").split("\n");
        const shell: Shell = {
            session: JSON.parse(session!) as object,
            region: asked!,
            operation: operation!,
            target: (JSON.parse(parameters!) as { Target: string }).Target,
            task: printed.trim().split("\n").at(-1)!,
        };
        return shell;
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}
