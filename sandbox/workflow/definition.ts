/** What GitHub decides from a workflow's file before a runner sees it. */
import { parse } from "yaml";
import { UserError } from "../progress";

type Permissions = string | Readonly<Record<string, string>>;

type ConcurrencyText =
    | string
    | {
          readonly group: string;
          readonly queue?: "single" | "max";
          /** Or an expression. */
          readonly "cancel-in-progress"?: boolean | string;
      };

/** A job as the file writes it. */
export interface JobText {
    readonly name?: string;
    readonly needs?: string | readonly string[];
    readonly if?: string | boolean;
    readonly "runs-on"?: unknown;
    readonly uses?: string;
    readonly outputs?: unknown;
    readonly permissions?: Permissions;
    /** Minutes; GitHub's own default is 360. */
    readonly "timeout-minutes"?: number | string;
    readonly concurrency?: ConcurrencyText;
    readonly environment?: string | { readonly name: string; readonly url?: string };
    readonly steps?: readonly Readonly<Record<string, unknown>>[];
}

export interface WorkflowText {
    readonly on?: { readonly push?: { readonly branches?: readonly string[] } | null };
    readonly permissions?: Permissions;
    readonly concurrency?: ConcurrencyText;
    readonly jobs?: Readonly<Record<string, JobText>>;
}

export interface JobDefinition {
    /** The key in `jobs`. */
    readonly id: string;
    readonly text: JobText;
    readonly needs: readonly string[];
    /** Whether the job may ask for an OIDC token, which takes the permission `id-token: write`. */
    readonly mayAskForToken: boolean;
}

export interface WorkflowDefinition {
    readonly text: WorkflowText;
    /** What is used from other repositories, as the file writes it: `owner/name@commit`. */
    readonly actions: readonly string[];
    /** Each after those that it needs. */
    readonly jobs: readonly JobDefinition[];
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

/** @throws UserError for what the sandbox does not run */
function jobOf(id: string, text: JobText, workflow: WorkflowText): JobDefinition {
    const unknown = (["uses", "outputs"] as const).find((key) => text[key] !== undefined);
    if (unknown !== undefined) {
        throw new UserError(
            `The sandbox runs each job by itself, and knows no ${unknown} of a job: take it out of ${id}.`,
        );
    }
    if (typeof text["runs-on"] !== "string") {
        throw new UserError(`In the sandbox a job such as ${id} runs on one label: give runs-on a text.`);
    }
    const needs = text.needs === undefined ? [] : [text.needs].flat();
    return { id, text, needs, mayAskForToken: grantsToken(text.permissions ?? workflow.permissions) };
}

/** @throws UserError that names the jobs which can never come up */
function inOrder(jobs: readonly JobDefinition[]): JobDefinition[] {
    const sorted: JobDefinition[] = [];
    let rest = [...jobs];
    while (rest.length > 0) {
        const ready = rest.filter(({ needs }) => needs.every((need) => sorted.some(({ id }) => id === need)));
        if (ready.length === 0) {
            const stuck = rest.map(({ id, needs }) => `${id} needs ${needs.join(", ")}`).join("; ");
            throw new UserError(`The workflow's jobs wait for each other, or for one that it does not have: ${stuck}.`);
        }
        sorted.push(...ready);
        rest = rest.filter((job) => !ready.includes(job));
    }
    return sorted;
}

/**
 * Reads a workflow that is to run for a push to `branch`.
 * @param name how to call the file in an error
 * @throws UserError when it cannot be read, or when GitHub or the sandbox would not run it for such a push
 */
export function readWorkflow(content: string, name: string, branch: string): WorkflowDefinition {
    let text: WorkflowText;
    try {
        text = (parse(content) ?? {}) as WorkflowText;
    } catch (error) {
        throw new UserError(`The workflow ${name} cannot be read: ${(error as Error).message}`);
    }
    const push = text.on?.push;
    if (push === undefined || push?.branches?.some((pattern) => matches(pattern, branch)) === false) {
        const branches = push === undefined ? "no push" : `pushes to ${push?.branches?.join(", ")} only`;
        throw new UserError(
            `The workflow ${name} runs for ${branches}, and the stack's githubBranch is ${branch}: GitHub would not run it. ` +
                "Name that branch under on.push.branches.",
        );
    }
    const jobs = Object.entries(text.jobs ?? {}).map(([id, job]) => jobOf(id, job, text));
    const uses = jobs.flatMap((job) => (job.text.steps ?? []).flatMap((step) => (step.uses ? String(step.uses) : [])));
    return {
        text,
        actions: [...new Set(uses)].filter((action) => !action.startsWith("./")), // those come with the commit
        jobs: inOrder(jobs),
    };
}
