/** What the emulated GitHub keeps of a workflow's run. */

/** What a workflow run is about, as far as its identity goes. */
export interface Run {
    readonly repository: string;
    readonly event: "push" | "pull_request" | "tag" | "workflow_dispatch";
    readonly ref: string;
    readonly sha: string;
    readonly environment?: string;
    readonly workflow: string;
    readonly subject: "name" | "immutable";
    /** Of a pull request: the repository that its branch is in, `owner/name`. */
    readonly head: string;
    /** The login of whoever started it. */
    readonly actor: string;
}

/** A pull request of somebody who may not write to the repository: it gets nothing that could be taken away. */
export const isFromFork = ({ repository, head }: Pick<Run, "repository" | "head">): boolean =>
    head.toLowerCase() !== repository.toLowerCase();

/** It has secrets of its own, which the sandbox's GitHub has none of. */
export const isDependabot = ({ actor }: Pick<Run, "actor">): boolean => actor === "dependabot[bot]";

export type JobResult = "success" | "failure" | "skipped" | "cancelled";

/** One job of a workflow run. */
export interface Job {
    readonly name: string;
    /** The environment that it deploys to. */
    readonly environment?: string;
    /** `waiting`: for a reviewer of its environment. `pending`: behind another job of its group. */
    status: "waiting" | "pending" | "in_progress" | JobResult;
    /** Of its `concurrency`, in lower case. */
    readonly group?: string;
    /** One of whom has to let it into its environment. */
    readonly waitsFor?: readonly string[];
    /** Of the deployment, as its environment shows it. */
    url?: string;
}

/** A run of a workflow, with its jobs in the order in which they came up. */
export interface WorkflowRun extends Omit<Run, "environment"> {
    readonly id: number;
    /** Of a start by hand. */
    readonly inputs?: Readonly<Record<string, string>>;
    /** How many times its jobs have come up. */
    attempt: number;
    jobs: Job[];
    /** Who let a job into an environment, by the environment's lower-case name. */
    approvals: Record<string, string>;
}
