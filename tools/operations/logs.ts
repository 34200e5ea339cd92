/** The lines that the app's tasks have written, and those that they go on writing. */
import type { CloudWatchLogs, FilterLogEventsCommandInput, FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import type { ECS } from "@aws-sdk/client-ecs";
import { RunError } from "@pulumi/pulumi/errors";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "./stack";
import { lastOf, shortOf } from "./tasks";

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds that CloudWatch may take to show a line: those that it shows late are older than what was seen of other tasks. */
const late = 10_000;

/** The same where nothing was seen, as of a rare line that is searched for, which tells less of what is to come. */
const latest = 60_000;

/**
 * A duration such as `90s`, `10m`, `1h` or `2d`.
 * @throws RunError that names the option
 */
export function milliseconds(since: string): number {
    const [, count, unit] = /^(\d+)([smhd])$/.exec(since) ?? [];
    if (!count) {
        throw new RunError(`--since: expected a duration such as 90s, 10m, 1h or 2d, got "${since}"`);
    }
    return Number(count) * units[unit as keyof typeof units];
}

/** A text as the pattern that finds it as it stands; what begins like one of CloudWatch's patterns is one. */
export const patternOf = (filter: string): string =>
    /^[{[%"?-]/.test(filter) ? filter : `"${filter.replaceAll(/["\\]/g, "\\$&")}"`;

/** What the names of a task's log streams begin with. @param task its id, or the beginning of it */
export async function streamsOf(
    ecs: Pick<ECS, "describeTaskDefinition">,
    { taskDefinitionFamily }: Pick<Stack, "taskDefinitionFamily">,
    task: string,
): Promise<string> {
    const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: taskDefinitionFamily });
    const [container] = taskDefinition?.containerDefinitions ?? [];
    return `${container?.logConfiguration?.options?.["awslogs-stream-prefix"]}/${container?.name}/${task}`;
}

/**
 * The lines of all tasks in the order of their times, each with its time (UTC) and the beginning of its task's id.
 * @param pause milliseconds until it looks for new ones, again and again; undefined to end with what is there
 */
export async function* linesOf(
    logs: Pick<CloudWatchLogs, "filterLogEvents">,
    request: FilterLogEventsCommandInput & { readonly startTime: number },
    pause?: number,
): AsyncGenerator<string> {
    let { startTime } = request;
    let newest = startTime + late;
    let seen = new Map<string, number>();
    for (;;) {
        const begun = Date.now();
        let nextToken: string | undefined;
        do {
            const page = await logs.filterLogEvents({ ...request, startTime, nextToken });
            for (const event of page.events ?? []) {
                if (!seen.has(event.eventId!)) {
                    seen.set(event.eventId!, event.timestamp!);
                    newest = Math.max(newest, event.timestamp!);
                    yield lineOf(event);
                }
            }
            nextToken = page.nextToken;
        } while (nextToken);
        if (pause === undefined) {
            return;
        }
        startTime = Math.max(newest - late, begun - latest);
        seen = new Map([...seen].filter(([, time]) => time >= startTime));
        await sleep(pause);
    }
}

function lineOf({ timestamp, logStreamName = "", message = "" }: FilteredLogEvent): string {
    const task = shortOf(lastOf(logStreamName));
    return `${new Date(timestamp!).toISOString().slice(0, 19)}Z ${task} ${message.trimEnd()}`;
}
