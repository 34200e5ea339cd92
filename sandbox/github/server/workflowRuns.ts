import { randomBytes } from "crypto";
import { enterGroup, leaveGroup, type Concurrency } from "./concurrency";
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

function create({ store, body: { inputs, ...about } }: Request) {
    const run = checkedRun(store, about);
    const id = store.nextId();
    store.state.workflowRuns.push({ ...run, ...(inputs && { inputs }), id, attempt: 1, jobs: [], approvals: {} });
    return { status: 201, body: { id } };
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
 * its environment first, the run that holds its concurrency group until then, and the runs whose jobs it takes the place of: the same
 * call again after an approval goes on.
 */
function startJob(request: Request) {
    const { store, body, origin } = request;
    const run = runOf(request);
    const { id, attempt: _attempt, jobs: _jobs, approvals, inputs: _inputs, ...about } = run;
    const asJob = checkedRun(store, {
        ...about,
        ...(body.environment !== undefined && { environment: body.environment }),
    });
    const environment = asJob.environment === undefined ? undefined : environmentIn(store, run, asJob.environment);
    const started = run.jobs.find(({ name }) => name === body.job);
    if (started && started.status !== "waiting" && started.status !== "pending") {
        throw invalid(`The job ${body.job} of run ${id} has started already.`);
    }
    const asks = environment ? reviewersOf(store, environment) : [];
    const waits = asks.length > 0 && own(approvals, environment!.name.toLowerCase()) === undefined;
    if (body.concurrency) {
        checkBody(body.concurrency, {
            group: text,
            queue: { type: "string", oneOf: ["single", "max"] },
            cancelInProgress: { type: "boolean" },
        });
    }
    const group: string | undefined = body.concurrency?.group.toLowerCase();
    const comes = group !== undefined && started?.status !== "waiting"; // or has its turn already
    const concurrency: Concurrency = { ...body.concurrency, group };
    const { heldBy, replaced } = comes ? enterGroup(store.state, run, concurrency) : { replaced: [] };
    const status = heldBy !== undefined ? "pending" : waits ? "waiting" : "in_progress";
    const job: Job = {
        name: body.job,
        ...(environment && { environment: environment.name }),
        ...(group !== undefined && { group }),
        ...(waits && { waitsFor: asks }),
        status,
    };
    run.jobs = [...run.jobs.filter((each) => each !== started), job];
    if (status === "in_progress") {
        return { status: 201, body: { ...tokenRequest(store, origin, asJob, id), replaced } };
    }
    return { status: 202, body: { waitsFor: asks, replaced, ...(heldBy !== undefined && { heldBy }) } };
}

/** Somebody re-runs all jobs of a run, which stays the same: its reviewers are asked anew. */
function repeat(request: Request) {
    const run = runOf(request);
    run.attempt++;
    run.jobs = [];
    run.approvals = {};
    return { status: 201, body: { attempt: run.attempt } };
}

/** A job is over, or came up and was skipped. */
function endJob(request: Request) {
    const { store, params, body } = request;
    const run = runOf(request);
    const status: JobResult = body.result;
    const job = run.jobs.find(({ name }) => name === params.job) ?? { name: params.job!, status };
    job.status = status;
    job.url = body.url;
    run.jobs = [...run.jobs.filter((each) => each !== job), job];
    if (job.group !== undefined) {
        leaveGroup(store.state, run.repository, job.group);
    }
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
    { method: "POST", path: all, body: { ...wholeRun, inputs: { type: "object" } }, handle: create },
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
    { method: "POST", path: `${one}/rerun`, handle: repeat },
    { method: "POST", path: `${one}/approvals`, body: { environment: text, reviewer: text }, handle: approve },
];
