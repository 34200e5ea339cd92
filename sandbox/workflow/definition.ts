/** What GitHub decides from a workflow's file before a runner sees it. */
import * as fs from "node:fs";
import { parse } from "yaml";
import { UserError } from "../progress";

type Permissions = string | Readonly<Record<string, string>>;

interface Job {
    readonly uses?: string;
    readonly permissions?: Permissions;
    readonly environment?: string | { readonly name: string };
    readonly steps?: readonly { readonly uses?: string }[];
}

interface Workflow {
    readonly on?: { readonly push?: { readonly branches?: readonly string[] } | null };
    readonly permissions?: Permissions;
    readonly jobs?: Readonly<Record<string, Job>>;
}

export interface WorkflowDefinition {
    /** What is used from other repositories, as the file writes it: `owner/name@commit`. */
    readonly actions: readonly string[];
    /** Whether a job may ask for an OIDC token, which takes the permission `id-token: write`. */
    readonly mayAskForToken: boolean;
    /** The environment that the job deploys to. */
    readonly environment: string | undefined;
}

const grantsToken = (permissions: Permissions | undefined) =>
    typeof permissions === "object" ? permissions["id-token"] === "write" : permissions === "write-all";

/** GitHub's own patterns for branches: `*` stops at a slash, `**` does not. */
function matches(pattern: string, branch: string): boolean {
    const parts = pattern.split(/(\*\*|\*)/).map((part) => {
        const literal = part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
        return part === "**" ? ".*" : part === "*" ? "[^/]*" : literal;
    });
    return new RegExp(`^${parts.join("")}$`).test(branch);
}

function environmentOf(jobs: readonly Job[], variables: Readonly<Record<string, string>>): string | undefined {
    const names = jobs.flatMap(({ environment }) =>
        environment === undefined ? [] : typeof environment === "string" ? environment : environment.name,
    );
    const [name, ...others] = new Set(
        names.map((text) =>
            text.replace(/\$\{\{\s*vars\.(\w+)\s*\}\}/g, (_, variable: string) => variables[variable] ?? ""),
        ),
    );
    if (others.length > 0) {
        throw new UserError(`The workflow deploys to ${name} and ${others.join(", ")}; the sandbox runs one of them.`);
    }
    return name || undefined;
}

/**
 * Reads a workflow that is to run for a push to `branch`.
 * @param variables those of the repository, by which a job may name its environment
 * @throws UserError when it cannot be read, or when GitHub would not run it for such a push
 */
export function readWorkflow(
    file: string,
    branch: string,
    variables: Readonly<Record<string, string>>,
): WorkflowDefinition {
    let workflow: Workflow;
    try {
        workflow = parse(fs.readFileSync(file, "utf8")) as Workflow;
    } catch (error) {
        throw new UserError(`The workflow ${file} cannot be read: ${(error as Error).message}`);
    }
    const jobs = Object.values(workflow?.jobs ?? {});
    const push = workflow?.on?.push;
    if (push === undefined || push?.branches?.some((pattern) => matches(pattern, branch)) === false) {
        const branches = push === undefined ? "no push" : `pushes to ${push?.branches?.join(", ")} only`;
        throw new UserError(
            `The workflow ${file} runs for ${branches}, and the stack's githubBranch is ${branch}: GitHub would not run it. ` +
                "Name that branch under on.push.branches.",
        );
    }
    const uses = jobs.flatMap((job) => [job.uses ?? [], (job.steps ?? []).flatMap((step) => step.uses ?? [])].flat());
    return {
        actions: [...new Set(uses)].filter((action) => !action.startsWith("./")), // those come with the commit
        mayAskForToken: jobs.some((job) => grantsToken(job.permissions ?? workflow.permissions)),
        environment: environmentOf(jobs, variables),
    };
}
