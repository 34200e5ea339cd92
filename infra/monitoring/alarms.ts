import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ContainerInsights } from "../config";
import { noticeSeconds, type LoadBalancer } from "../network/loadBalancer";
import type { Notifications } from "./notifications";
import type { Service } from "../service/service";

export interface AlarmsArgs {
    /** What every alarm's name begins with, so that a message says whose it is. */
    readonly prefix: string;
    readonly loadBalancer: LoadBalancer;
    readonly notifications: Notifications;
    /**
     * How many tasks there are meant to be at the hour with the fewest. Where there are hours with none, silence is no outage: a load
     * balancer without targets reports none, and answers 503.
     */
    readonly fewestTasks: number;
}

/** What tells one alarm from another. Periods are a minute each. */
interface AlarmSpec extends Pick<
    aws.cloudwatch.MetricAlarmArgs,
    "namespace" | "metricName" | "dimensions" | "statistic" | "metricQueries" | "comparisonOperator" | "threshold"
> {
    /** Why it wakes somebody, and where to look. */
    readonly description: string;
    /** For how many minutes: without a break, or out of how many. */
    readonly minutes: number;
    readonly outOf?: number;
    /** Whether no data is as bad as bad data. */
    readonly silenceIsBad?: boolean;
}

type Metric = readonly [
    namespace: string,
    metricName: string,
    dimensions: pulumi.Input<Record<string, pulumi.Input<string>>>,
];

/** One line of an alarm's arithmetic. */
const query = (id: string, [namespace, metricName, dimensions]: Metric, stat: string) => ({
    id,
    metric: { namespace, metricName, dimensions, stat, period: 60 },
});

/** A part with alarms: each tells the topic when it is raised, and when it is over. */
export abstract class Alarms extends pulumi.ComponentResource {
    protected add(
        name: string,
        kind: string,
        { prefix, notifications }: Pick<AlarmsArgs, "prefix" | "notifications">,
        spec: AlarmSpec,
        dependsOn?: pulumi.Resource,
    ) {
        const { description, minutes, outOf = minutes, silenceIsBad = false, ...rest } = spec;
        return new aws.cloudwatch.MetricAlarm(
            `${name}-${kind}`,
            {
                name: `${prefix}-${kind}`,
                alarmDescription: description,
                ...rest,
                ...(rest.metricQueries ? {} : { period: 60 }),
                evaluationPeriods: outOf,
                datapointsToAlarm: minutes,
                treatMissingData: silenceIsBad ? "breaching" : "notBreaching",
                alarmActions: [notifications.topicArn],
                okActions: [notifications.topicArn],
            },
            { parent: this, dependsOn },
        );
    }
}

/**
 * In per cent. A handful of errors is not a share of anything: at night one of three requests would wake somebody. Nothing is reported
 * where there is none, and a number with it would be none either.
 */
const share = (failed: string, requests: string) => `IF(${failed} >= 5, 100 * ${failed} / FILL(${requests}, 1), 0)`;

/**
 * Of alarms that take a release back: ECS watches a rolling one for as long as they look back, and the load balancer reports minutes late.
 */
const soonOrLate = { minutes: 2, outOf: 5 };

/** What visitors notice: requests that fail, in the app or before it. ECS takes a release back by each. */
export class RequestAlarms extends Alarms {
    /** Their names: each of them takes a release back. */
    public readonly names: readonly pulumi.Output<string>[];
    public readonly arns: readonly pulumi.Output<string>[];

    constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:alarms:RequestAlarms", name, {}, opts);
        const { balancerDimensions, targetDimensions } = args.loadBalancer;

        const appErrors = this.add(name, "app-errors", args, {
            description:
                "The app answers more than 5 % of its requests with a 5xx status: see its logs, and what was released last",
            // Of each target group by itself, and then the worse: while a release has a share of the requests, its group has no other
            // tasks, and what it fails does not vanish among what the one before answers. They take turns, so it may be either.
            metricQueries: [
                ...targetDimensions.flatMap((dimensions, group) => [
                    query(`errors${group}`, [elb, "HTTPCode_Target_5XX_Count", dimensions], "Sum"),
                    query(`requests${group}`, [elb, "RequestCount", dimensions], "Sum"),
                    { id: `failed${group}`, expression: `FILL(errors${group}, 0)`, returnData: false },
                    { id: `rate${group}`, expression: share(`failed${group}`, `requests${group}`), returnData: false },
                ]),
                {
                    id: "rate",
                    expression: "MAX([rate0, rate1])",
                    label: "5xx responses of the app (%)",
                    returnData: true,
                },
            ],
            comparisonOperator: "GreaterThanThreshold",
            threshold: 5,
            ...soonOrLate,
        });
        const loadBalancerErrors = this.add(name, "load-balancer-errors", args, {
            description:
                "The app leaves more than 5 % of its requests to the load balancer, which answers 502 or 504 for it: it breaks connections, or is too slow",
            // Its other answers are not the app's doing: a 501 is a visitor's, and a 503 comes where there is no task, as before the first,
            // which it would take back, and at hours without any. Of an outage, `no-healthy-task` tells.
            metricQueries: [
                query("broken", [elb, "HTTPCode_ELB_502_Count", balancerDimensions], "Sum"),
                query("late", [elb, "HTTPCode_ELB_504_Count", balancerDimensions], "Sum"),
                query("requests", [elb, "RequestCount", balancerDimensions], "Sum"),
                { id: "failed", expression: "FILL(broken, 0) + FILL(late, 0)", returnData: false },
                {
                    id: "rate",
                    expression: share("failed", "requests"),
                    label: "502 and 504 responses (%)",
                    returnData: true,
                },
            ],
            comparisonOperator: "GreaterThanThreshold",
            threshold: 5,
            ...soonOrLate,
        });

        const alarms = [appErrors, loadBalancerErrors];
        this.names = alarms.map(({ name: physicalName }) => physicalName);
        this.arns = alarms.map(({ arn }) => arn);
        this.registerOutputs({ names: this.names });
    }
}

export interface TaskAlarmsArgs extends AlarmsArgs {
    readonly service: Service;
    /** That the app may take until it answers. */
    readonly startSeconds: number;
    /** Then it is known how many tasks the service wants; otherwise only how many it may want at least. */
    readonly containerInsights: ContainerInsights;
}

/** What comes before visitors notice: tasks that are missing, unhealthy or at their limits. */
export class TaskAlarms extends Alarms {
    public readonly arns: readonly pulumi.Output<string>[];

    constructor(name: string, args: TaskAlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:alarms:TaskAlarms", name, {}, opts);
        const { targetDimensions } = args.loadBalancer;
        const { metricDimensions } = args.service;

        const busy = (metricName: string) => ({
            namespace: ecs,
            metricName,
            dimensions: metricDimensions,
            statistic: "Average",
            comparisonOperator: "GreaterThanThreshold",
            threshold: 85,
            minutes: 15, // autoscaling aims at 60 % and has had its turn by then
        });
        const isNeverEmpty = args.fewestTasks > 0;
        /** A target is unhealthy while it starts, whatever ECS's grace period: that keeps ECS alone from taking it for a failure. */
        const starting = Math.ceil((args.startSeconds + noticeSeconds) / 60);
        const tooFew =
            args.containerInsights !== "disabled"
                ? {
                      metricQueries: [
                          query("desired", [insights, "DesiredTaskCount", metricDimensions], "Average"),
                          query("running", [insights, "RunningTaskCount", metricDimensions], "Average"),
                          { id: "missing", expression: "desired - running", label: "Missing tasks", returnData: true },
                      ],
                      comparisonOperator: "GreaterThanThreshold",
                      threshold: 0,
                  }
                : {
                      namespace: ecs,
                      metricName: "CPUUtilization",
                      dimensions: metricDimensions,
                      // One sample of each running task a minute: "Amazon ECS service RUNNING task count" in the ECS Developer Guide.
                      statistic: "SampleCount",
                      comparisonOperator: "LessThanThreshold",
                      threshold: args.fewestTasks,
                  };
        /**
         * Tasks that are in a state, in the target group with more of them: of either, one is what counts. Of two that are silent it is
         * silent as well, which a sum of FILL is not: a service that may be at rest would be down.
         */
        const hosts = (metricName: string) => [
            ...targetDimensions.map((dimensions, group) =>
                query(`hosts${group}`, [elb, metricName, dimensions], "Maximum"),
            ),
            { id: "hosts", expression: "MAX([hosts0, hosts1])", label: "Tasks", returnData: true },
        ];
        // With the service gone, or not there yet, it would be silent, and some take that for an outage.
        const add = (kind: string, spec: AlarmSpec) => this.add(name, kind, args, spec, args.service.ready);
        const alarms = [
            add("no-healthy-task", {
                description: "No task answers health checks: the app is down",
                metricQueries: hosts("HealthyHostCount"),
                comparisonOperator: "LessThanThreshold",
                threshold: 1,
                // The newest minute's figure can be late. After an hour without tasks those that start are the only ones.
                minutes: isNeverEmpty ? 2 : Math.max(2, starting + 1),
                silenceIsBad: isNeverEmpty, // nothing is reported where there is no task at all
            }),
            add("unhealthy-task", {
                description: "A task keeps failing its health checks: see its logs, and its size",
                metricQueries: hosts("UnHealthyHostCount"),
                comparisonOperator: "GreaterThanOrEqualToThreshold",
                threshold: 1,
                minutes: Math.max(5, starting + 1),
            }),
            // Of a service that may have none, nothing but Container Insights tells when there are too few.
            ...(isNeverEmpty || args.containerInsights !== "disabled"
                ? [
                      add("too-few-tasks", {
                          description: "Fewer tasks run than should: see the service's events for why none starts",
                          ...tooFew,
                          minutes: 10,
                          silenceIsBad: isNeverEmpty,
                      }),
                  ]
                : []),
            add("high-cpu", {
                description: "Tasks use more than 85 % of their CPU: raise maxTasks or cpu",
                ...busy("CPUUtilization"),
            }),
            add("high-memory", {
                description: "Tasks use more than 85 % of their memory, and are killed at 100 %: raise memory",
                ...busy("MemoryUtilization"),
            }),
        ];

        this.arns = alarms.map(({ arn }) => arn);
        this.registerOutputs({});
    }
}

const elb = "AWS/ApplicationELB";
const ecs = "AWS/ECS";
const insights = "ECS/ContainerInsights";
