/** A stack's status, on one screen. */
import type { MetricAlarm } from "@aws-sdk/client-cloudwatch";
import type { Service, ServiceDeployment, Task } from "@aws-sdk/client-ecs";
import { releaseLines, shareOf, shortCommit } from "./releasesReport";
import type { Stack } from "./stack";
import { addressOf, type Status } from "./status";
import { idOf, lastOf, reasonOf, shortOf } from "./tasks";
import { duration, table, time } from "./text";

/** How many are shown, so that all is one screen of 40 lines: of the stopped tasks the newest, of the others first what needs a look. */
const shown = { tasks: 6, complaints: 2, stopped: 3, alarms: 4 } as const;

export function screen({ serviceName, url, region }: Stack, status: Status, now: Date): string {
    const { service, deployment, last, stopped } = status;
    const parts = [
        [`${serviceName} in ${region}, ${time(now)} UTC`],
        liveLines(status, url, now),
        deployment ? deploymentLines(deployment) : [],
        [
            `Tasks: ${service.desiredCount} desired, ${service.runningCount} running, ${service.pendingCount} pending`,
            ...taskLines(status, now),
            ...complaintLines(service, now),
        ],
        stopped.length > 0 ? [`Stopped in the last hour: ${stopped.length}`, ...stoppedLines(stopped)] : [],
        alarmLines(status.alarms, now),
        last.length > 0 ? ["The last releases", ...indented(releaseLines(last))] : [],
    ];
    return parts
        .filter((lines) => lines.length > 0)
        .map((lines) => lines.join("\n"))
        .join("\n\n");
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** The first of some rows, and how many there are beyond them. */
const cut = (
    rows: readonly (readonly string[])[],
    most: number,
    heading: readonly (readonly string[])[] = [],
): string[] => [
    ...indented(table([...heading, ...rows.slice(0, most)])),
    ...(rows.length > most ? [`  and ${rows.length - most} more`] : []),
];

const ago = (date: Date, now: Date): string => `${time(date)} (${duration(now.getTime() - date.getTime())})`;

function liveLines({ live, runs }: Pick<Status, "live" | "runs">, url: string, now: Date): string[] {
    const from = live ?? runs;
    if (!from) {
        return ["Live: no release has succeeded that AWS remembers"];
    }
    const { revision, commit, image, run } = from;
    const rows = [
        ["commit", commit ? `${shortCommit(commit)} by ${run ?? "pulumi up"}` : "none: built by pulumi up"],
        ["image", image ?? "unknown"],
        ["address", url],
    ];
    const since = live
        ? `since ${ago(live.finishedAt ?? live.startedAt, now)}`
        : "for longer than AWS remembers releases";
    return [`Live: ${revision} ${since}`, ...indented(table(rows))];
}

function deploymentLines({
    status,
    statusReason,
    lifecycleStage,
    targetServiceRevision: target = {},
    rollback,
    createdAt,
}: ServiceDeployment): string[] {
    const share = target.requestedProductionTrafficWeight;
    const known = [
        shareOf(share),
        `${target.runningTaskCount ?? 0} of ${target.requestedTaskCount ?? 0} tasks running`,
    ];
    const why = rollback?.reason ?? statusReason;
    return [
        `Deployment under way${createdAt ? ` since ${time(createdAt)}` : ""}: ` +
            `${[status, lifecycleStage].filter(Boolean).join(" ")}, ${known.filter(Boolean).join(", ")}`,
        ...indented(why ? [why] : []),
    ];
}

const shortId = (task: Task): string => shortOf(idOf(task));

function taskLines({ tasks, health }: Status, now: Date): string[] {
    const healthOf = (task: Task) => health.get(addressOf(task)) ?? {};
    const isFine = (task: Task) => task.lastStatus === "RUNNING" && healthOf(task).State === "healthy";
    const rows = [...tasks.filter((task) => !isFine(task)), ...tasks.filter(isFine)].map((task) => {
        const { State = "unknown", Description } = healthOf(task);
        return [
            shortId(task),
            lastOf(task.taskDefinitionArn ?? ""),
            task.availabilityZone ?? "",
            task.lastStatus ?? "",
            [State, Description].filter(Boolean).join(": "),
            task.startedAt ? ago(task.startedAt, now) : "",
        ];
    });
    return rows.length === 0
        ? []
        : cut(rows, shown.tasks, [["task", "revision", "zone", "state", "health", "started"]]);
}

/**
 * What ECS has complained of since the service was steady last: why a task cannot be placed is nowhere else. Its events come the newest
 * first, and it repeats itself.
 */
function complaintLines({ events = [] }: Service, now: Date): string[] {
    const steady = events.findIndex(({ message }) => message?.includes("has reached a steady state"));
    const complaints = events
        .slice(0, steady === -1 ? undefined : steady)
        .filter(({ message = "" }) => /\b(unable|unhealthy|throttled|failed|error)\b/i.test(message));
    const newest = complaints.filter(
        ({ message }, index) => complaints.findIndex((each) => each.message === message) === index,
    );
    const rows = newest.map(({ createdAt, message = "" }) => [createdAt ? ago(createdAt, now) : "", message]);
    return rows.length === 0 ? [] : ["ECS says", ...cut(rows, shown.complaints)];
}

function stoppedLines(stopped: readonly Task[]): string[] {
    const rows = stopped
        .slice(0, shown.stopped)
        .map((task) => [
            shortId(task),
            lastOf(task.taskDefinitionArn ?? ""),
            task.stoppedAt ? time(task.stoppedAt) : "",
            reasonOf(task),
        ]);
    return indented(table(rows));
}

/** Those that are raised first, then those that CloudWatch cannot judge; of the others their number. */
function alarmLines(alarms: readonly MetricAlarm[], now: Date): string[] {
    const worst = ["ALARM", "INSUFFICIENT_DATA"].flatMap((state) =>
        alarms.filter(({ StateValue }) => StateValue === state),
    );
    const raised = alarms.filter(({ StateValue }) => StateValue === "ALARM").length;
    const rows = worst.map(({ AlarmName, StateValue, StateTransitionedTimestamp, StateReason }) => [
        StateValue!,
        AlarmName!,
        StateTransitionedTimestamp ? ago(StateTransitionedTimestamp, now) : "",
        StateReason ?? "",
    ]);
    return [`Alarms: ${raised} raised of ${alarms.length}`, ...(rows.length > 0 ? cut(rows, shown.alarms) : [])];
}
