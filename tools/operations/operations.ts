/** What whoever is on call asks of a running stack. Each command is here once, for a stack on AWS and for one in the sandbox. */
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { ECS } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { RunError } from "@pulumi/pulumi/errors";
import type { Flags } from "../command";
import { linesOf, milliseconds, patternOf, streamsOf } from "./logs";
import { lastReleases, most } from "./releases";
import { report } from "./releasesReport";
import { openShell } from "./shell";
import type { Stack } from "./stack";
import { statusOf } from "./status";
import { screen } from "./statusReport";

export interface Operation {
    /** Its options with their values where they are left out. */
    readonly defaults: Flags;
    /** What an option takes, where its name does not tell. */
    readonly values?: Readonly<Record<string, string>>;
    /** @throws RunError about a value, before anything is looked up */
    readonly check: (flags: Flags) => void;
    readonly run: (stack: Stack, flags: Flags) => Promise<void>;
}

/** Milliseconds between two looks at a log. */
const pause = 2_000;

const anything = () => undefined;

export const operations = {
    releases: {
        defaults: { count: "10" },
        check: ({ count }) => {
            if (!/^\d+$/.test(String(count)) || Number(count) < 1 || Number(count) > most) {
                throw new RunError(`--count: expected a number from 1 to ${most}, got "${count}"`);
            }
        },
        run: async ({ client, clusterName, serviceName }, { count }) => {
            const { last } = await lastReleases(new ECS(client("ecs")), clusterName, serviceName, Number(count));
            console.log(report(serviceName, last));
        },
    },
    status: {
        defaults: {},
        check: anything,
        run: async (stack) => {
            const { client } = stack;
            const clients = {
                ecs: new ECS(client("ecs")),
                cloudWatch: new CloudWatch(client("cloudwatch")),
                elb: new ElasticLoadBalancingV2(client("elbv2", "elasticloadbalancingv2")),
            };
            console.log(screen(stack, await statusOf(clients, stack), new Date()));
        },
    },
    logs: {
        defaults: { since: "10m", filter: "", task: "", follow: false },
        values: { filter: "text or CloudWatch pattern" },
        check: ({ since }) => void milliseconds(String(since)),
        run: async (stack, { since, filter, task, follow }) => {
            const ecs = new ECS(stack.client("ecs"));
            // An account has a few searches a second, for all who look into its logs.
            const settings = stack.client("logs", "cloudwatchlogs", "cloudwatchlog");
            const logs = new CloudWatchLogs({ ...settings, retryMode: "adaptive", maxAttempts: 20 });
            const streams = task === "" ? undefined : await streamsOf(ecs, stack, String(task));
            const request = {
                logGroupName: stack.logGroupName,
                logStreamNamePrefix: streams,
                filterPattern: filter === "" ? undefined : patternOf(String(filter)),
                startTime: Date.now() - milliseconds(String(since)),
            };
            let count = 0;
            for await (const line of linesOf(logs, request, follow ? pause : undefined)) {
                console.log(line);
                count++;
            }
            if (count === 0) {
                const which = [
                    ...(task === "" ? [] : [`of task ${String(task)}`]),
                    ...(filter === "" ? [] : [`with ${String(filter)} (in these capitals)`]),
                ];
                const nothing = ["Nothing", ...which].join(" ");
                console.error(
                    `${nothing} is in ${stack.logGroupName} of the last ${since}: --since 1d looks further back.`,
                );
            }
        },
    },
    shell: {
        defaults: { task: "", command: "/bin/sh" },
        check: anything,
        run: async (stack, { task, command }) => {
            process.exitCode = await openShell(new ECS(stack.client("ecs")), stack, String(task), String(command));
        },
    },
} satisfies Readonly<Record<string, Operation>>;
