import { randomBytes } from "crypto";
import { reviewerName } from "./environments";
import { checkBody, invalid, notFound, type Request, type Route } from "./http";
import { dropOldRuns } from "./oidc";
import { checkedRun, environmentNamed, repositoryNamed, runFields } from "./runs";
import { isFromFork, type Job, type JobResult, type Run, type WorkflowRun } from "./runRecords";
import { own, type Environment, type Store } from "./state";

const results: readonly JobResult[] = ["success", "failure", "skipped", "cancelled"];

/**
 * The right to ask for the tokens of a job, which none has that comes from a fork: its permissions are to read at the most. The
 * actions' toolkit appends `&audience=…`, so the address has a query already.
 */
export function tokenRequest(store: Store, origin: string, run: Run, number: number) {
    dropOldRuns(store);
    if (isFromFork(run)) {
        return { runId: number };
    }
    const requestToken = randomBytes(32).toString("base64url");
    store.state.runs[requestToken] = { ...run, number, startedAt: Date.now() };
    return { requestUrl: `${origin}/_actions/id-token?api-version=2.0`, requestToken, runId: number };
}

function create({ store, body }: Request) {
    const run = checkedRun(store, body);
    const id = store.nextId();
    store.state.workflowRuns.push({ ...run, id, jobs: [], approvals: {} });
    return { status: 201, body: { id } };
}

/**
 * Of the jobs that wait in a concurrency group the newest takes the place of the others when it comes to wait.
 * @returns the runs whose jobs those were
 */
function replaceWaiting({ state }: Store, run: WorkflowRun, group: string): number[] {
    const replaced: number[] = [];
    for (const other of state.workflowRuns) {
        const apart = other === run || other.repository !== run.repository;
        for (const job of apart ? [] : other.jobs.filter((each) => each.status === "waiting" && each.group === group)) {
            job.status = "cancelled";
            replaced.push(other.id);
        }
    }
    return replaced;
}

function runOf({ store, params }: Request): WorkflowRun {
    const run = store.state.workflowRuns.find(({ id }) => String(id) === params.run);
    if (!run) {
        throw notFound();
    }
    return run;
}

/** Those of one repository, newest first. */
function list({ store, query }: Request) {
    const repository = (query.get("repository") ?? "").toLowerCase();
    const runs = store.state.workflowRuns.filter((run) => run.repository.toLowerCase() === repository).reverse();
    return { status: 200, body: { runs } };
}

function environmentIn(store: Store, run: WorkflowRun, name: string): Environment {
    return environmentNamed(repositoryNamed(store, run.repository), name);
}

const reviewersOf = (store: Store, { reviewers }: Environment) => reviewers.map((each) => reviewerName(store, each));

/**
 * A job comes up. Answers 201 with what the runner asks for tokens with, or 202 with those of whom one has to let the job into
 * its environment first, and the runs whose jobs it takes the place of: the same call again after an approval goes on.
 */
function startJob(request: Request) {
    const { store, body, origin } = request;
    const run = runOf(request);
    const { id, jobs: _jobs, approvals, ...about } = run;
    const asJob = checkedRun(store, {
        ...about,
        ...(body.environment !== undefined && { environment: body.environment }),
    });
    const environment = asJob.environment === undefined ? undefined : environmentIn(store, run, asJob.environment);
    const started = run.jobs.find(({ name }) => name === body.job);
    if (started && started.status !== "waiting") {
        throw invalid(`The job ${body.job} of run ${id} has started already.`);
    }
    const asks = environment ? reviewersOf(store, environment) : [];
    const waits = asks.length > 0 && own(approvals, environment!.name.toLowerCase()) === undefined;
    if (body.concurrency) {
        checkBody(body.concurrency, { group: text, queue: { type: "string", oneOf: ["single", "max"] } });
    }
    const group: string | undefined = body.concurrency?.group.toLowerCase();
    const job: Job = {
        name: body.job,
        ...(environment && { environment: environment.name }),
        ...(group !== undefined && { group }),
        ...(waits ? { status: "waiting", waitsFor: asks } : { status: "in_progress" }),
    };
    run.jobs = [...run.jobs.filter((each) => each !== started), job];
    if (!waits) {
        return { status: 201, body: tokenRequest(store, origin, asJob, id) };
    }
    const alone = group !== undefined && body.concurrency.queue !== "max";
    return { status: 202, body: { waitsFor: asks, replaced: alone ? replaceWaiting(store, run, group) : [] } };
}

/** A job is over, or came up and was skipped. */
function endJob(request: Request) {
    const { params, body } = request;
    const run = runOf(request);
    const status: JobResult = body.result;
    const job = run.jobs.find(({ name }) => name === params.job) ?? { name: params.job!, status };
    job.status = status;
    job.url = body.url;
    run.jobs = [...run.jobs.filter((each) => each !== job), job];
    return { status: 204 };
}

/** A reviewer lets the waiting job into its environment. */
function approve(request: Request) {
    const { store, body } = request;
    const run = runOf(request);
    const environment = environmentIn(store, run, body.environment);
    const waiting = run.jobs.some((job) => job.environment === environment.name && job.status === "waiting");
    if (!waiting) {
        throw invalid(`No job of run ${run.id} waits to enter ${environment.name}.`);
    }
    const asks = reviewersOf(store, environment);
    if (!asks.includes(body.reviewer)) {
        throw invalid(`${body.reviewer} is not a reviewer of ${environment.name}: ${asks.join(", ")} can approve.`);
    }
    run.approvals[environment.name.toLowerCase()] = body.reviewer;
    return { status: 204 };
}

const { environment: _environment, ...wholeRun } = runFields;
const text = { type: "string", required: true } as const;
const all = "/_sandbox/workflow-runs";
const one = `${all}/:run`;

/** What GitHub's own runners do through calls that are not public: a workflow's run, its jobs, and their reviews. */
export const workflowRunRoutes: readonly Route[] = [
    { method: "GET", path: all, query: ["repository"], handle: list },
    { method: "POST", path: all, body: wholeRun, handle: create },
    {
        method: "POST",
        path: `${one}/jobs`,
        body: { job: text, environment: { type: "string" }, concurrency: { type: "object" } },
        handle: startJob,
    },
    {
        method: "PATCH",
        path: `${one}/jobs/:job`,
        body: { result: { ...text, oneOf: results }, url: { type: "string" } },
        handle: endJob,
    },
    { method: "POST", path: `${one}/approvals`, body: { environment: text, reviewer: text }, handle: approve },
];
