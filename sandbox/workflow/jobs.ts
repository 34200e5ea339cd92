/** The jobs of a workflow's run, in their order, as far as they get: what GitHub and its runners do together. */
import * as fs from "node:fs";
import * as http from "node:http";
import { reachable } from "../address";
import { lookupLocalhost } from "../aws/emulator";
import { GitHubRefusal } from "../github/client";
import type { Concurrency } from "../github/server/concurrency";
import { endJob, jobValues, startJob, type TokenRequest } from "../github/jobs";
import type { JobResult } from "../github/server/runRecords";
import { UserError } from "../progress";
import { runWorkflow, type ActRun } from "./act";
import type { JobDefinition, WorkflowDefinition } from "./definition";
import { answerFile, decisionFile, decisionRunner, jobFile, minutesOf, type Decision } from "./jobFiles";

export interface JobReport {
    readonly id: string;
    /** `pending`: after a job that waits for a review, or behind one in its concurrency group. */
    readonly status: JobResult | "waiting" | "pending";
    readonly environment?: string;
    /** Where the app of a job that ran answers. */
    readonly url?: string;
    /** Of these, one has to let the job into its environment. */
    readonly waitsFor?: readonly string[];
    /** The run whose job holds the concurrency group. */
    readonly heldBy?: number;
    /** The steps that failed, each with its error, and what the app serves now. */
    readonly failures?: readonly string[];
}

export interface WorkflowRun {
    /** The run's number on GitHub. */
    readonly id: number;
    readonly definition: WorkflowDefinition;
    /** The jobs that are over: those of an earlier part of the run. */
    readonly over: readonly JobReport[];
    readonly push: ActRun["push"];
    /** What all jobs have alike. */
    readonly runner: Pick<ActRun, "binFolder" | "awsFolder" | "environment" | "actions">;
}

const isOver = (status: JobReport["status"]): status is JobResult => status !== "waiting" && status !== "pending";

/**
 * Runs every job that can run now.
 * @returns all jobs of the workflow, those included that were over before
 */
export async function runJobs(run: WorkflowRun): Promise<JobReport[]> {
    const reports: JobReport[] = [];
    for (const job of run.definition.jobs) {
        const results = new Map(reports.flatMap(({ id, status }) => (isOver(status) ? [[id, status] as const] : [])));
        const before = run.over.find(({ id }) => id === job.id);
        const pending = job.needs.some((need) => !results.has(need));
        reports.push(before ?? (pending ? { id: job.id, status: "pending" } : await runJob(run, job, results)));
    }
    return reports;
}

async function runJob(
    run: WorkflowRun,
    job: JobDefinition,
    results: ReadonlyMap<string, JobResult>,
): Promise<JobReport> {
    const { id } = job;
    const decision = await decide(run, job, results);
    if (!decision) {
        await endJob(run.id, id, "skipped");
        return { id, status: "skipped" };
    }
    const environment = decision.environment || undefined;
    const about = { id, ...(environment !== undefined && { environment }) };
    let entry: Awaited<ReturnType<typeof startJob>>;
    try {
        entry = await startJob(run.id, id, environment, concurrencyOf(run.definition, job, decision));
    } catch (error) {
        if (!(error instanceof GitHubRefusal)) {
            throw error;
        }
        await endJob(run.id, id, "failure");
        return { ...about, status: "failure", failures: [error.message] };
    }
    for (const replaced of entry.replaced) {
        // GitHub's words, in the run that they are about.
        console.log(
            `  Run ${replaced}: Canceling since a higher priority waiting request for '${decision.group}' exists`,
        );
    }
    if ("waitsFor" in entry) {
        const { waitsFor, heldBy } = entry;
        return heldBy === undefined
            ? { ...about, status: "waiting", waitsFor }
            : { ...about, status: "pending", heldBy };
    }
    const { failures, url, timedOut } = await runSteps(run, job, decision, entry, results);
    const status = timedOut ? "cancelled" : failures.length === 0 ? "success" : "failure";
    await endJob(run.id, id, status, url);
    return { ...about, status, url, failures };
}

function concurrencyOf({ text }: WorkflowDefinition, job: JobDefinition, decision: Decision): Concurrency | undefined {
    const { group, cancel } = decision;
    const written = job.text.concurrency ?? text.concurrency;
    const queue = typeof written === "object" ? written.queue : undefined;
    return group === "" ? undefined : { group, queue, cancelInProgress: cancel === "true" };
}

/** What the workflow itself says about a job, by the repository's variables: an environment's are not known before it is entered. */
async function decide(
    run: WorkflowRun,
    job: JobDefinition,
    results: ReadonlyMap<string, JobResult>,
): Promise<Decision | undefined> {
    const { variables } = await jobValues(run.push.repository);
    fs.rmSync(answerFile, { force: true });
    const { failures } = await runWorkflow({
        ...run.runner,
        push: run.push,
        workflow: decisionFile(run.definition, job, results),
        runnerLabel: decisionRunner,
        secrets: {},
        variables,
        silent: true,
    });
    if (failures.length > 0 && ![...results.values()].includes("failure")) {
        throw new UserError(`Whether the job ${job.id} runs cannot be told. ${failures.join("\n")}`);
    }
    return fs.existsSync(answerFile) ? (JSON.parse(fs.readFileSync(answerFile, "utf8")) as Decision) : undefined;
}

async function runSteps(
    run: WorkflowRun,
    job: JobDefinition,
    { runner, environment }: Decision,
    token: TokenRequest,
    results: ReadonlyMap<string, JobResult>,
) {
    const values = await jobValues(run.push.repository, environment || undefined);
    // The last step asks the app for its version, where it can be reached from here.
    const appUrl = values.variables.APP_URL && reachable(values.variables.APP_URL);
    const before = appUrl && (await servedVersion(appUrl));
    fs.rmSync(answerFile, { force: true });
    const { failures, timedOut } = await runWorkflow({
        ...run.runner,
        push: run.push,
        workflow: jobFile(run.definition, job, runner, results),
        minutes: minutesOf(job),
        runnerLabel: runner,
        secrets: values.secrets,
        variables: { ...values.variables, ...(appUrl && { APP_URL: appUrl }) },
        environment: {
            ...run.runner.environment,
            GITHUB_RUN_ID: String(run.id),
            ...(job.mayAskForToken && {
                ACTIONS_ID_TOKEN_REQUEST_URL: token.requestUrl,
                ACTIONS_ID_TOKEN_REQUEST_TOKEN: token.requestToken,
            }),
        },
    });
    const shown = fs.existsSync(answerFile) ? fs.readFileSync(answerFile, "utf8") : appUrl;
    if (failures.length === 0 || !appUrl) {
        return { failures, url: shown, timedOut };
    }
    const after = await servedVersion(appUrl);
    const now = after === before ? `as before the version ${after}` : `the version ${after}, not ${before} any more`;
    return { failures: [...failures, `${appUrl} serves ${now}.`], url: shown, timedOut };
}

/** What the app says that it is, in its own words; "unknown" where it does not. */
async function servedVersion(url: string): Promise<string> {
    return new Promise((resolve) => {
        const options = { lookup: lookupLocalhost, timeout: 5_000 };
        const request = http.get(`${url}/version.txt`, options, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
            response.on("end", () => resolve(response.statusCode === 200 ? text.trim() : "unknown"));
        });
        request.on("timeout", () => request.destroy()).on("error", () => resolve("unknown"));
    });
}
