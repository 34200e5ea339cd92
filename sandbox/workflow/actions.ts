/** Where the actions of a workflow come from. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { UserError } from "../progress";

interface Workflow {
    readonly jobs: Readonly<Record<string, { readonly steps?: readonly { readonly uses?: string }[] }>>;
}

/** The actions that a workflow uses, as `owner/name@commit`. */
export function actionsOf(workflowFile: string): string[] {
    const { jobs } = parse(fs.readFileSync(workflowFile, "utf8")) as Workflow;
    const uses = Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap((step) => step.uses ?? []));
    return [...new Set(uses)];
}

/**
 * The folder of each action below `folder`, by its `owner/name@commit`.
 * @throws UserError that names an action which is not there
 */
export function foldersOf(actions: readonly string[], folder: string): ReadonlyMap<string, string> {
    return new Map(
        actions.map((action) => {
            const found = path.join(folder, action.split("@")[0]!);
            if (!["action.yml", "action.yaml"].some((file) => fs.existsSync(path.join(found, file)))) {
                throw new UserError(
                    `The workflow uses ${action}, and ${found} has no action.yml: add the action there, ` +
                        "or run this with --official-actions where GitHub can be reached.",
                );
            }
            return [action, found];
        }),
    );
}
