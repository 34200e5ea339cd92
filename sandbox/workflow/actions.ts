/** Where the actions of a workflow come from. */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout } from "../paths";
import { UserError } from "../progress";

const standIns = path.join(checkout, "sandbox", "actions");

/** The commit that is released exists on this machine only: the original would ask GitHub for it. */
const alwaysOurs = ["actions/checkout"];

/**
 * The local folder of each action, by its `owner/name@commit`; one without a folder is fetched from GitHub.
 * @param official undefined: all are stand-ins; "": the originals from GitHub; else a folder with them, in `owner/name`
 * @throws UserError that names an action which is not there
 */
export function foldersOf(actions: readonly string[], official: string | undefined): ReadonlyMap<string, string> {
    const folders = new Map<string, string>();
    for (const action of actions) {
        const [, name, ref] = /^([\w.-]+\/[\w.-]+)(?:\/[^@]*)?@(.+)$/.exec(action) ?? [];
        if (!name) {
            throw new UserError(`The workflow uses ${action}, which is no action of a repository (owner/name@commit).`);
        }
        const ours = official === undefined || alwaysOurs.includes(name);
        if (!ours && official === "") {
            continue;
        }
        const folder = path.join(ours ? standIns : official, name);
        if (!["action.yml", "action.yaml"].some((file) => fs.existsSync(path.join(folder, file)))) {
            throw new UserError(
                ours
                    ? `The workflow uses ${action}, for which the sandbox has no stand-in: write one in ${folder}, or run ` +
                          "this with --official-actions where GitHub can be reached."
                    : `The workflow uses ${action}, and ${folder} has no action.yml: put the action's commit there.`,
            );
        }
        folders.set(`${name}@${ref}`, folder);
    }
    return folders;
}
