import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";
import { scheduledActions } from "./scheduledScaling";

type Dimensions = Readonly<Record<string, pulumi.Input<string>>>;

export interface ScalingArgs {
    readonly clusterName: pulumi.Output<string>;
    readonly serviceName: pulumi.Output<string>;
    readonly minTasks: number;
    readonly maxTasks: number;
    readonly scaleSchedule: Settings["scaleSchedule"];
    /** A minute. */
    readonly requestsPerTask: number;
    /** What CloudWatch files the metrics of each target group under. */
    readonly targetDimensions: readonly Dimensions[];
}

/** Follows the load between `minTasks` and `maxTasks`, on whichever of the two measures asks for more tasks. */
export function scale(name: string, args: ScalingArgs, { parent }: { readonly parent: pulumi.Resource }): void {
    const target = new aws.appautoscaling.Target(
        name,
        {
            serviceNamespace: "ecs",
            scalableDimension: "ecs:service:DesiredCount",
            resourceId: pulumi.interpolate`service/${args.clusterName}/${args.serviceName}`,
            // Not left to the hours of `scaleSchedule`, which change them on AWS: a change of either setting is to hold at once, under
            // a load as well, and neither the state nor a plan shows what they did. Only `pulumi up --refresh` sees it, and puts these
            // back, until the next of the hours.
            minCapacity: args.minTasks,
            maxCapacity: args.maxTasks,
        },
        { parent },
    );
    const follow = (
        measure: string,
        metric: Pick<
            aws.types.input.appautoscaling.PolicyTargetTrackingScalingPolicyConfiguration,
            "predefinedMetricSpecification" | "customizedMetricSpecification"
        >,
        value: number,
        before?: pulumi.Resource,
    ) =>
        new aws.appautoscaling.Policy(
            `${name}-${measure}`,
            {
                policyType: "TargetTrackingScaling",
                serviceNamespace: target.serviceNamespace,
                scalableDimension: target.scalableDimension,
                resourceId: target.resourceId,
                targetTrackingScalingPolicyConfiguration: {
                    ...metric,
                    targetValue: value,
                    scaleOutCooldown: 60,
                    scaleInCooldown: 300,
                },
            },
            { parent, dependsOn: before },
        );
    const predefinedMetricType = "ECSServiceAverageCPUUtilization";
    const cpu = follow("cpu", { predefinedMetricSpecification: { predefinedMetricType } }, 60); // per cent
    // Application Auto Scaling refuses two changes of one target at a time (ConcurrentUpdateException).
    const served = { customizedMetricSpecification: servedPerTask(args.targetDimensions) };
    const requests = follow("requests", served, args.requestsPerTask, cpu);
    scheduledActions(name, args, target, requests, { parent });
}

/**
 * Requests a minute for each task that serves them. The predefined ALBRequestCountPerTarget is of one target group, and the tasks are in
 * either; while a gradual release has tasks in both, those that serve more count.
 *
 * In a minute without a request the load balancer tells of none, and where a metric says nothing, no policy scales in: that is a 0 where
 * it has told of the tasks. It does so at the same time, some minutes late. FILL would make the minutes that are late 0 as well, which are
 * the newest, and the alarm that asks for more tasks looks at three in a row: "Using metric math" in the CloudWatch User Guide.
 */
function servedPerTask(groups: readonly Dimensions[]) {
    const each = (id: string, metricName: string, stat: string) =>
        groups.map((dimensions, group) => ({
            id: `${id}${group}`,
            metricStat: {
                metric: {
                    namespace: "AWS/ApplicationELB",
                    metricName,
                    dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })),
                },
                stat,
            },
            returnData: false,
        }));
    return {
        metrics: [
            ...each("requests", "RequestCountPerTarget", "Sum"),
            ...each("hosts", "HealthyHostCount", "Maximum"),
            { id: "none", expression: "0 * MAX([hosts0, hosts1])", returnData: false },
            {
                id: "most",
                expression: "MAX([requests0, requests1, none])",
                label: "requests per task",
                returnData: true,
            },
        ],
    };
}
