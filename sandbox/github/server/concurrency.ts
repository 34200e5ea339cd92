/** The concurrency groups of jobs, as "Control the concurrency of workflows and jobs" in GitHub's docs describes them. */
import type { Job, WorkflowRun } from "./runRecords";
import type { State } from "./state";

/** Jobs of one group, of whichever run, are not in progress together. */
export interface Concurrency {
    readonly group: string;
    /** How many of them are pending; `single` is the default. */
    readonly queue?: "single" | "max";
    readonly cancelInProgress?: boolean;
}

/** What becomes of a job that comes to its group. */
interface Entry {
    /** The run whose job holds the group. */
    readonly heldBy?: number;
    /** The runs whose jobs are cancelled for it. */
    readonly replaced: readonly number[];
}

function jobsIn(state: State, repository: string, group: string): { readonly run: WorkflowRun; readonly job: Job }[] {
    const runs = state.workflowRuns.filter((run) => run.repository === repository);
    return runs.flatMap((run) => run.jobs.filter((job) => job.group === group).map((job) => ({ run, job })));
}

/**
 * A job comes to its group, of which one that waits for its environment's reviewer has hold already: GitHub asks the reviewer last
 * (dotnet/docs#28144, stx-labs/explorer#459). Of those behind it the newest takes the place of the others. A job in progress holds
 * nothing here: the sandbox runs one command at a time, so that it is over, or was killed with its command.
 */
export function enterGroup(state: State, run: WorkflowRun, { group, queue, cancelInProgress }: Concurrency): Entry {
    const others = jobsIn(state, run.repository, group).filter((each) => each.run !== run);
    const makeWay = cancelInProgress ? ["in_progress", "waiting", "pending"] : queue === "max" ? [] : ["pending"];
    const replaced = others.filter(({ job }) => makeWay.includes(job.status));
    for (const { job } of replaced) {
        job.status = "cancelled";
    }
    const holder = others.find(({ job }) => job.status === "waiting");
    return { ...(holder && { heldBy: holder.run.id }), replaced: replaced.map((each) => each.run.id) };
}

/** A job of the group is over: the reviewers of the first behind it are asked. One without reviewers has nobody who would run it. */
export function leaveGroup(state: State, repository: string, group: string): void {
    const jobs = jobsIn(state, repository, group).map(({ job }) => job);
    const next = jobs.find(({ status, waitsFor }) => status === "pending" && waitsFor);
    if (next && jobs.every(({ status }) => status !== "waiting")) {
        next.status = "waiting";
    }
}
