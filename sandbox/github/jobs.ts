/** What GitHub does for the jobs of a workflow: their order of entry, their values, and the right to ask for tokens. */
import { askEmulator } from "./client";
import type { Concurrency } from "./server/concurrency";
import type { JobResult, WorkflowRun } from "./server/runRecords";

/** What a job can read, secrets in plain text. */
export interface JobValues {
    readonly secrets: Readonly<Record<string, string>>;
    readonly variables: Readonly<Record<string, string>>;
}

/** Whom a run comes from, where that is not somebody who may write to the repository. */
export interface Origin {
    /** The repository that a pull request's branch is in, `owner/name`; the default is the one that it goes to. */
    readonly head?: string;
    /** A login, such as `dependabot[bot]`. */
    readonly actor?: string;
}

export interface Trigger extends Origin {
    /** `owner/name`. */
    readonly repository: string;
    readonly event: "push" | "workflow_dispatch" | "pull_request";
    /** Such as `refs/heads/main`. */
    readonly ref: string;
    readonly sha: string;
}

/** What a runner has as ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN. */
export interface TokenRequest {
    readonly requestUrl: string;
    readonly requestToken: string;
}

/**
 * The values of a repository, and over them those of an environment.
 * @throws UserError when the sandbox's GitHub does not answer, or knows no such environment
 */
export async function jobValues(repository: string, environment?: string, origin: Origin = {}): Promise<JobValues> {
    const place = { repository, ...(environment === undefined ? {} : { environment }) };
    const query = new URLSearchParams({ ...place, ...origin });
    return (await askEmulator<JobValues>(`secrets?${query.toString()}`)).body;
}

/** The OIDC token that the only job of a run gets for AWS. */
export async function awsToken(trigger: Trigger): Promise<string> {
    const { requestUrl, requestToken } = (await askEmulator<TokenRequest>("runs", trigger)).body;
    const response = await fetch(`${requestUrl}&audience=sts.amazonaws.com`, {
        headers: { authorization: `Bearer ${requestToken}` },
    });
    return ((await response.json()) as { value: string }).value;
}

/** @returns the run's number */
export async function startRun(trigger: Trigger & Pick<WorkflowRun, "inputs">): Promise<number> {
    return (await askEmulator<{ id: number }>("workflow-runs", trigger)).body.id;
}

/**
 * Has all jobs of a run come up again.
 * @returns how many times they have now
 */
export async function repeatRun(run: number): Promise<number> {
    return (await askEmulator<{ attempt: number }>(`workflow-runs/${run}/rerun`, {})).body.attempt;
}

/** The runs of a repository, newest first. */
export async function workflowRuns(repository: string): Promise<readonly WorkflowRun[]> {
    const query = new URLSearchParams({ repository });
    return (await askEmulator<{ runs: WorkflowRun[] }>(`workflow-runs?${query.toString()}`)).body.runs;
}

/** A job that has to be let into its environment by one of these, if any. */
interface Waiting {
    readonly waitsFor: readonly string[];
    /** The run whose job holds its concurrency group: they are not asked before that is over. */
    readonly heldBy?: number;
}

interface Entered {
    /** The runs whose jobs were in its concurrency group until it came. */
    readonly replaced: readonly number[];
}

/**
 * A job comes up: what it asks for tokens with, or who has to let it into its environment first.
 * @throws GitHubRefusal when the environment does not let the branch in
 */
export async function startJob(
    run: number,
    job: string,
    environment: string | undefined,
    concurrency: Concurrency | undefined,
): Promise<(TokenRequest | Waiting) & Entered> {
    const body = { job, ...(environment !== undefined && { environment }), ...(concurrency && { concurrency }) };
    return (await askEmulator<(TokenRequest | Waiting) & Entered>(`workflow-runs/${run}/jobs`, body)).body;
}

export async function endJob(run: number, job: string, result: JobResult, url?: string): Promise<void> {
    await askEmulator(`workflow-runs/${run}/jobs/${encodeURIComponent(job)}`, { result, ...(url && { url }) }, "PATCH");
}

/** @throws GitHubRefusal when the reviewer is none of the environment's, or nothing waits */
export async function approveJob(run: number, environment: string, reviewer: string): Promise<void> {
    await askEmulator(`workflow-runs/${run}/approvals`, { environment, reviewer });
}
