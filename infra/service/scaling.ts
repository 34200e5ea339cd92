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
    /** What CloudWatch files the load balancer's metrics under. */
    readonly balancerDimensions: Dimensions;
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
    const requests = follow("requests", { customizedMetricSpecification: requestsPerTask(args) }, 1000, cpu); // a minute
    scheduledActions(name, args, target, requests, { parent });
}

/**
 * Requests a minute for each running task. The predefined ALBRequestCountPerTarget is of one target group, and the tasks are in either.
 * In a minute without a request the load balancer reports none, and where a metric says nothing, no policy scales in: that is filled.
 * How many run, is how many report their CPU: "Amazon ECS service RUNNING task count" in the ECS Developer Guide.
 */
function requestsPerTask({ balancerDimensions, clusterName, serviceName }: ScalingArgs) {
    const stat = (id: string, namespace: string, metricName: string, statistic: string, dimensions: Dimensions) => ({
        id,
        metricStat: {
            metric: {
                namespace,
                metricName,
                dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })),
            },
            stat: statistic,
        },
        returnData: false,
    });
    const service = { ClusterName: clusterName, ServiceName: serviceName };
    return {
        metrics: [
            stat("requests", "AWS/ApplicationELB", "RequestCount", "Sum", balancerDimensions),
            stat("tasks", "AWS/ECS", "CPUUtilization", "SampleCount", service),
            { id: "each", expression: "FILL(requests, 0) / tasks", label: "requests per task", returnData: true },
        ],
    };
}
