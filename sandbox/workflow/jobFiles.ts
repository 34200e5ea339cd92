/** One job at a time, for a runner that knows neither environments nor who has to let a job into one. */
import * as path from "node:path";
import { workflowDir } from "./act";
import type { JobResult } from "../github/server/runRecords";
import type { JobDefinition, WorkflowDefinition } from "./definition";

/** The label that the runner of the workflow's own questions has. */
export const decisionRunner = "decision";

/** What GitHub knows of a job before the job has a runner. */
export interface Decision {
    readonly runner: string;
    readonly environment: string;
    /** Its concurrency group; empty: none. */
    readonly group: string;
    /** Whether it cancels what has hold of that: "true" where it does. */
    readonly cancel: string;
}

/** A file for what is found out in a run of act. */
export const answerFile = path.join(workflowDir, "answer.json");

type Results = ReadonlyMap<string, JobResult>;

/**
 * Text with the results of needed jobs in place of `needs.ID.result` and `needs.*.result`. The runner knows none of the jobs that
 * ran before, and never calls one cancelled.
 */
function withResults<T>(value: T, { needs }: JobDefinition, results: Results): T {
    const all = JSON.stringify(needs.map((need) => results.get(need)));
    const known = (text: string) =>
        text
            .replaceAll(/\bneeds\.\*\.result\b/g, `fromJSON('${all}')`)
            .replaceAll(/\bneeds(?:\.([\w-]+)|\['([\w-]+)'\])\.result\b/g, (whole, dotted, quoted) => {
                const result = results.get(dotted ?? quoted);
                return result === undefined ? whole : `'${result}'`;
            });
    const text = JSON.stringify(value, (_, each: unknown) => (typeof each === "string" ? known(each) : each));
    return text === undefined ? value : (JSON.parse(text) as T);
}

/**
 * A workflow that answers whether a job runs, where, and in which environment: the jobs before it have the results that they had,
 * and instead of its steps the job writes a `Decision` to `answerFile`. A job that is skipped writes nothing.
 */
export function decisionFile(definition: WorkflowDefinition, job: JobDefinition, results: Results): object {
    const { environment, concurrency = definition.text.concurrency } = job.text;
    const before = definition.jobs.filter(({ id }) => results.has(id));
    const answer = withResults(
        {
            RUNNER: job.text["runs-on"],
            ENVIRONMENT: (typeof environment === "object" ? environment.name : environment) ?? "",
            GROUP: (typeof concurrency === "object" ? concurrency.group : concurrency) ?? "",
            CANCEL: String((typeof concurrency === "object" && concurrency["cancel-in-progress"]) || false),
        },
        job,
        results,
    );
    const write =
        `printf '{"runner":"%s","environment":"%s","group":"%s","cancel":"%s"}' ` +
        `"$RUNNER" "$ENVIRONMENT" "$GROUP" "$CANCEL" > '${answerFile}'`;
    const needs = job.needs.length > 0 ? { needs: job.needs } : {};
    const condition = job.text.if === undefined ? {} : { if: withResults(job.text.if, job, results) };
    return {
        ...forRunner(definition.text),
        jobs: {
            ...Object.fromEntries(before.map((each) => [each.id, stub(each, results.get(each.id)!)])),
            [job.id]: { ...needs, ...condition, "runs-on": decisionRunner, steps: [{ env: answer, run: write }] },
        },
    };
}

/**
 * A job that ends at once, in the given way. Of one that finds no runner the runner says neither that it succeeded nor that it
 * failed, as GitHub of one that was cancelled or timed out: `success()` and `failure()` are both false after it, and
 * `cancelled()`, which is about the whole run, is too.
 */
function stub({ needs }: JobDefinition, result: JobResult): object {
    const ended = result === "skipped" ? "false" : "always()";
    const run = result === "success" ? "true" : "false";
    const runner = result === "cancelled" ? "nowhere" : decisionRunner;
    return { ...(needs.length > 0 && { needs }), if: ended, "runs-on": runner, steps: [{ run }] };
}

/** Without what is GitHub's to do, part of which the runner does not know. */
function forRunner<T extends { readonly concurrency?: unknown }>({
    concurrency: _,
    ...text
}: T): Omit<T, "concurrency"> {
    return text;
}

/** The workflow with one job alone, which writes the address of its environment to `answerFile` when its steps are done. */
export function jobFile(definition: WorkflowDefinition, job: JobDefinition, runner: string, results: Results): object {
    const { needs: _needs, if: _if, environment, "timeout-minutes": _minutes, ...text } = forRunner(job.text);
    const steps = withResults(text.steps ?? [], job, results);
    const url = typeof environment === "object" ? environment.url : undefined;
    const report = {
        name: "Show the address in the environment",
        env: { URL: url },
        run: `printf %s "$URL" > '${answerFile}'`,
    };
    return {
        ...forRunner(definition.text),
        jobs: { [job.id]: { ...text, "runs-on": runner, steps: url === undefined ? steps : [...steps, report] } },
    };
}

/** Minutes. */
const longestJob = 360;

/** How long a job may take, in minutes. */
export function minutesOf({ text }: JobDefinition): number {
    const minutes = Number(text["timeout-minutes"] ?? longestJob);
    return minutes > 0 ? minutes : longestJob; // an expression, which is not looked into
}
