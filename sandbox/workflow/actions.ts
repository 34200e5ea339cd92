/** Where the actions of a workflow come from. */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout } from "../paths";
import { UserError } from "../progress";

const standIns = path.join(checkout, "sandbox", "actions");

/** The commit that is released exists on this machine only: the original would ask GitHub for it. */
const alwaysOurs = ["actions/checkout"];

export interface ActionSource {
    /** Whether GitHub, from where the runner fetches an action at its commit, cannot be reached. */
    readonly offline: boolean;
    /** A folder with the originals, in `owner/name`, where they are not to be fetched. */
    readonly folder?: string;
}

/**
 * The local folder of each action, by its `owner/name@commit`; one without a folder is fetched from GitHub.
 * @throws UserError that names an action which is not there
 */
export function foldersOf(actions: readonly string[], { offline, folder }: ActionSource): ReadonlyMap<string, string> {
    const folders = new Map<string, string>();
    for (const action of actions) {
        const [, name, ref] = /^([\w.-]+\/[\w.-]+)(?:\/[^@]*)?@(.+)$/.exec(action) ?? [];
        if (!name) {
            throw new UserError(`The workflow uses ${action}, which is no action of a repository (owner/name@commit).`);
        }
        const ours = alwaysOurs.includes(name);
        const given = ours ? undefined : folder;
        if (!ours && given === undefined && !offline) {
            continue;
        }
        const local = path.join(given ?? standIns, name);
        if (!["action.yml", "action.yaml"].some((file) => fs.existsSync(path.join(local, file)))) {
            throw new UserError(
                given === undefined
                    ? `The workflow uses ${action}, for which the sandbox has no stand-in: write one in ${local}, or run this ` +
                          "where GitHub can be reached."
                    : `The workflow uses ${action}, and ${local} has no action.yml: put the action's commit there.`,
            );
        }
        folders.set(`${name}@${ref}`, local);
    }
    return folders;
}
