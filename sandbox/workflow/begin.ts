/** What a run of the workflow begins with: a push, somebody who starts it by hand, or a reviewer's approval of one that waits. */
import * as path from "node:path";
import { approveJob, repeatRun, startRun, workflowRuns } from "../github/jobs";
import { ask } from "../machine/run";
import { step, UserError } from "../progress";
import { workflowDir } from "./act";
import type { WorkflowRun } from "./jobs";
import { commitWorkingTree } from "./workingTree";

/** The repository as it is on GitHub, with the latest commit that was pushed. */
export const gitRepository = path.join(workflowDir, "repository.git");

type Begun = Pick<WorkflowRun, "id" | "over"> & WorkflowRun["push"];

/** The working tree as a commit that was pushed, and the run that GitHub starts for it. */
export async function pushed(repository: string, branch: string): Promise<Begun> {
    const ref = `refs/heads/${branch}`;
    const sha = await step(
        "Commit the working tree",
        () => commitWorkingTree(gitRepository, branch),
        (hash) => hash.slice(0, 12),
    );
    const id = await startRun({ repository, event: "push", ref, sha });
    return { repository, ref, sha, attempt: 1, id, over: [] };
}

/**
 * The run that somebody starts by hand with this input, on what was last pushed to the branch. As with `gh workflow run`, nothing is
 * pushed for it.
 * @param workflow the path of the workflow's file, whose `content` is that of the branch
 * @throws UserError where nothing was pushed yet
 */
export async function dispatched(
    repository: string,
    branch: string,
    workflow: string,
    inputs: Readonly<Record<string, string>>,
): Promise<Begun & { readonly content: string }> {
    const ref = `refs/heads/${branch}`;
    const git = (...args: string[]) => ask("git", ["--git-dir", gitRepository, ...args]);
    const sha = (await git("rev-parse", "--verify", "--quiet", ref))?.trim();
    const content = sha && (await git("show", `${sha}:${workflow}`));
    if (!sha || content === undefined) {
        throw new UserError(`Nothing was released from ${branch} yet: npm run sandbox:release does.`);
    }
    const id = await startRun({ repository, event: "workflow_dispatch", ref, sha, inputs });
    return { repository, ref, sha, inputs, attempt: 1, id, over: [], content };
}

/**
 * The newest run once more, as with `gh run rerun`: with its own commit, inputs and workflow.
 * @param workflow the path of the workflow's file, whose `content` is that of the run's commit
 * @throws UserError where there was none
 */
export async function repeated(repository: string, workflow: string): Promise<Begun & { readonly content: string }> {
    const [found] = await workflowRuns(repository);
    const content = found && (await ask("git", ["--git-dir", gitRepository, "show", `${found.sha}:${workflow}`]));
    if (!found || content === undefined) {
        throw new UserError("Nothing was released yet that could be run again: npm run sandbox:release does.");
    }
    const { id, ref, sha, inputs } = found;
    const attempt = await repeatRun(id);
    return { repository, ref, sha, ...(inputs && { inputs }), attempt, id, over: [], content };
}

/**
 * The run that waits to enter the environment, once the first of its reviewers has let it through.
 * @param workflow the path of the workflow's file, whose `content` is that of the run's commit
 * @throws UserError where none waits, or its commit is gone
 */
export async function approved(
    repository: string,
    workflow: string,
    environment: string,
): Promise<Begun & { readonly content: string }> {
    const waits = (job: { environment?: string; status: string }) =>
        job.status === "waiting" && job.environment?.toLowerCase() === environment.toLowerCase();
    // The oldest, where several wait.
    const found = [...(await workflowRuns(repository))].reverse().find(({ jobs }) => jobs.some(waits));
    const job = found?.jobs.find(waits);
    if (!found || !job?.environment) {
        throw new UserError(`No release waits to enter ${environment}: npm run sandbox:release starts one.`);
    }
    const { id, ref, sha, inputs, attempt } = found;
    const content = await ask("git", ["--git-dir", gitRepository, "show", `${sha}:${workflow}`]);
    if (content === undefined) {
        throw new UserError(`The commit ${sha} of run ${id} is gone: npm run sandbox:release starts another run.`);
    }
    const [reviewer = ""] = job.waitsFor ?? [];
    await approveJob(id, job.environment, reviewer);
    console.log(`${reviewer} lets run ${id} into ${job.environment}, with commit ${sha.slice(0, 12)}.`);
    const over = found.jobs.flatMap(({ name, status, environment: entered, url }) =>
        status === "waiting" || status === "pending" || status === "in_progress"
            ? []
            : [{ id: name, status, environment: entered, url }],
    );
    return { repository, ref, sha, ...(inputs && { inputs }), attempt, id, over, content };
}
