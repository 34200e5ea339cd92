/** One job at a time, for a runner that knows neither environments nor who has to let a job into one. */
import * as path from "node:path";
import { workflowDir } from "./act";
import type { JobResult } from "../github/state";
import type { JobDefinition, WorkflowDefinition } from "./definition";

/** The label that the runner of the workflow's own questions has. */
export const decisionRunner = "decision";

/** What GitHub knows of a job before the job has a runner. */
export interface Decision {
    readonly runner: string;
    readonly environment: string;
}

/** A file for what is found out in a run of act. */
export const answerFile = path.join(workflowDir, "answer.json");

/**
 * A workflow that answers whether a job runs, where, and in which environment: the jobs before it have the results that they had,
 * and instead of its steps the job writes a `Decision` to `answerFile`. A job that is skipped writes nothing.
 */
export function decisionFile(
    definition: WorkflowDefinition,
    job: JobDefinition,
    results: ReadonlyMap<string, JobResult>,
): object {
    const { environment } = job.text;
    const before = definition.jobs.filter(({ id }) => results.has(id));
    const answer = {
        RUNNER: job.text["runs-on"],
        ENVIRONMENT: (typeof environment === "object" ? environment.name : environment) ?? "",
    };
    const write = `printf '{"runner":"%s","environment":"%s"}' "$RUNNER" "$ENVIRONMENT" > '${answerFile}'`;
    const needs = job.needs.length > 0 ? { needs: job.needs } : {};
    const condition = job.text.if === undefined ? {} : { if: job.text.if };
    return {
        ...definition.text,
        jobs: {
            ...Object.fromEntries(before.map((each) => [each.id, stub(each, results.get(each.id)!)])),
            [job.id]: { ...needs, ...condition, "runs-on": decisionRunner, steps: [{ env: answer, run: write }] },
        },
    };
}

/** A job that ends at once, in the given way. */
function stub({ needs }: JobDefinition, result: JobResult): object {
    const ended = result === "skipped" ? "false" : "always()";
    const run = result === "success" ? "true" : "false";
    return { ...(needs.length > 0 && { needs }), if: ended, "runs-on": decisionRunner, steps: [{ run }] };
}

/** The workflow with one job alone, which writes the address of its environment to `answerFile` when its steps are done. */
export function jobFile(definition: WorkflowDefinition, job: JobDefinition, runner: string): object {
    const { needs: _needs, if: _if, environment, steps = [], ...text } = job.text;
    const url = typeof environment === "object" ? environment.url : undefined;
    const report = {
        name: "Show the address in the environment",
        env: { URL: url },
        run: `printf %s "$URL" > '${answerFile}'`,
    };
    return {
        ...definition.text,
        jobs: { [job.id]: { ...text, "runs-on": runner, steps: url === undefined ? steps : [...steps, report] } },
    };
}
