/** What GitHub does for the job of a workflow: its values, and the right to ask for a token. */
import { UserError } from "../progress";
import { githubToken, githubUrl } from "./service";

/** What a job can read, secrets in plain text. */
export interface JobValues {
    readonly secrets: Readonly<Record<string, string>>;
    readonly variables: Readonly<Record<string, string>>;
}

export interface WorkflowRun {
    /** `owner/name`. */
    readonly repository: string;
    readonly event: "push" | "pull_request";
    /** Such as `refs/heads/main`. */
    readonly ref: string;
    readonly sha: string;
    /** The environment that the job deploys to. */
    readonly environment?: string;
}

async function ask<T>(pathAndQuery: string, body?: unknown): Promise<T> {
    const response = await fetch(`${githubUrl()}/_sandbox/${pathAndQuery}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${githubToken}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
    }).catch(() => undefined);
    if (!response?.ok) {
        const answer = response ? `answers ${response.status} ${await response.text()}` : "does not answer";
        throw new UserError(`The sandbox's GitHub ${answer}: run npm run sandbox:up first.`);
    }
    return (await response.json()) as T;
}

/**
 * The values of a repository, and over them those of an environment.
 * @throws UserError when the sandbox's GitHub does not answer, or knows no such environment
 */
export async function jobValues(repository: string, environment?: string): Promise<JobValues> {
    const query = new URLSearchParams({ repository, ...(environment === undefined ? {} : { environment }) });
    return ask(`secrets?${query.toString()}`);
}

/** @returns what a runner has as ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN */
export async function startRun(run: WorkflowRun): Promise<{ requestUrl: string; requestToken: string }> {
    return ask("runs", run);
}

/** The OIDC token that a job of this run gets for AWS. */
export async function awsToken(run: WorkflowRun): Promise<string> {
    const { requestUrl, requestToken } = await startRun(run);
    const response = await fetch(`${requestUrl}&audience=sts.amazonaws.com`, {
        headers: { authorization: `Bearer ${requestToken}` },
    });
    return ((await response.json()) as { value: string }).value;
}
