import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
    rolloutMinutes,
    type Capacity,
    type ContainerInsights,
    type ReleasedBy,
    type Rollout,
    type Settings,
} from "../config";
import { noticeSeconds, type LoadBalancer } from "../network/loadBalancer";
import { newLogGroup, type LogKeeping } from "../logGroup";
import type { Network } from "../network/network";
import { egressRules } from "./egress";
import { fewestTasks } from "./scheduledScaling";
import { verifyRunning } from "./outcome";
import { deploymentConfiguration, warningOf } from "./rollout";
import { scale } from "./scaling";
import type { Task } from "./task";

export interface ServiceArgs extends Rollout, LogKeeping {
    /** The cluster's and the service's name, which the workflow deploys to. */
    readonly serviceName: string;
    readonly network: Network;
    readonly loadBalancer: LoadBalancer;
    readonly task: Task;
    readonly port: number;
    /** What the tasks reach beyond HTTPS. */
    readonly egress: Settings["egress"];
    readonly capacity: Capacity;
    readonly minTasks: number;
    readonly maxTasks: number;
    /** A minute; with more there are more tasks. */
    readonly requestsPerTask: number;
    /** Other bounds, and from when on. */
    readonly scaleSchedule: Settings["scaleSchedule"];
    /** How long the app may take until it answers its first health check, and to answer its last requests. */
    readonly startSeconds: number;
    readonly drainSeconds: number;
    readonly releasedBy: ReleasedBy;
    /** The names of the alarms that take a release back. */
    readonly rollbackAlarms: readonly pulumi.Input<string>[];
    readonly enableExec: boolean;
    readonly containerInsights: ContainerInsights;
}

/** With Spot, one task runs on demand whatever happens, so that a reclaim never takes the last one. */
const strategies = {
    "on-demand": [{ capacityProvider: "FARGATE", base: 0, weight: 1 }],
    spot: [
        { capacityProvider: "FARGATE", base: 1, weight: 0 },
        { capacityProvider: "FARGATE_SPOT", base: 0, weight: 1 },
    ],
};

/** What is typed and shown in a shell is written down; who opened one is in CloudTrail in any case. */
function shellLogging({ task, kmsKeyArn }: Pick<ServiceArgs, "task" | "kmsKeyArn">) {
    return task.shellLogGroupName
        ? {
              kmsKeyId: kmsKeyArn,
              logging: "OVERRIDE",
              logConfiguration: {
                  cloudWatchLogGroupName: task.shellLogGroupName,
                  cloudWatchEncryptionEnabled: kmsKeyArn !== undefined,
              },
          }
        : { logging: "NONE" };
}

/**
 * The provider's 20 minutes, and what the app may take beyond: the circuit breaker gives up after three tasks that did not start, then
 * one of the release before must, and old tasks are drained. A gradual release takes its time as well.
 */
function rolloutTimeouts(args: ServiceArgs): pulumi.CustomTimeouts {
    const starting = Math.ceil((4 * args.startSeconds + args.drainSeconds) / 60);
    const minutes = `${20 + starting + rolloutMinutes(args)}m`;
    return { create: minutes, update: minutes, delete: minutes };
}

/** The cluster and the service that keeps the tasks running, replaces them on a release and scales them with the load. */
export class Service extends pulumi.ComponentResource {
    public readonly clusterName: pulumi.Output<string>;
    public readonly clusterArn: pulumi.Output<string>;
    public readonly serviceName: pulumi.Output<string>;
    public readonly serviceArn: pulumi.Output<string>;
    /** The tasks' own, which a database lets in. */
    public readonly securityGroupId: pulumi.Output<string>;
    /** Those that its tasks run in. */
    public readonly subnetIds: pulumi.Output<readonly string[]>;
    /** The service itself, steady when it is created. */
    public readonly ready: pulumi.Resource;
    /** Where tasks run: on which capacity, in which subnets, behind which firewall. */
    public readonly placement: Pick<aws.ecs.ServiceArgs, "capacityProviderStrategies"> &
        Required<Pick<aws.types.input.scheduler.ScheduleTargetEcsParameters, "networkConfiguration">>;
    /** What CloudWatch files the service's metrics under. */
    public readonly metricDimensions: Readonly<Record<string, pulumi.Output<string>>>;

    constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:service:Service", name, {}, opts);

        const warning = warningOf(args);
        if (warning) {
            void pulumi.log.warn(warning, this);
        }
        const cluster = this.cluster(name, args);
        const capacityProviders = new aws.ecs.ClusterCapacityProviders(
            name,
            { clusterName: cluster.name, capacityProviders: ["FARGATE", "FARGATE_SPOT"] },
            // An account's first cluster makes ECS create its service-linked role, which takes longer than the call, and until then
            // this one ends in "Unable to assume the service linked role". The provider asks again for a cluster and for a service
            // (retryClusterCreate, retryServiceCreate), but not here: the minutes that a load balancer takes are enough.
            { parent: this, dependsOn: args.loadBalancer.ready },
        );
        const { group, rules } = this.securityGroup(name, args);
        this.placement = {
            capacityProviderStrategies: strategies[args.capacity],
            networkConfiguration: {
                subnets: args.network.taskSubnetIds,
                securityGroups: [group.id],
                assignPublicIp: args.network.taskPublicIp,
            },
        };

        const service = new aws.ecs.Service(
            name,
            {
                name: args.serviceName,
                cluster: cluster.arn,
                taskDefinition: args.task.definitionArn,
                desiredCount: args.minTasks,
                ...this.placement,
                loadBalancers: [
                    {
                        targetGroupArn: args.loadBalancer.shift.targetGroupArn,
                        containerName: args.task.containerName,
                        containerPort: args.port,
                        advancedConfiguration: args.loadBalancer.shift.configuration,
                    },
                ],
                deploymentConfiguration: deploymentConfiguration(args),
                // A release that does not become healthy is taken back, and never are fewer tasks up than before it. One that is
                // healthy and fails the visitors' requests is taken back as well.
                //
                // The breaker is there for gradual releases, too: without it ECS starts their tasks anew for the 24 hours that a stage may
                // take, and no metric of AWS's own tells of a task that exits. Its reference says "services using the rolling update (ECS)
                // deployment type" and means the controller: terraform-provider-aws's TestAccECSService_BlueGreenDeployment_circuitBreakerRollback,
                // which runs on AWS, has such a release "rolled back because the circuit breaker threshold was exceeded".
                deploymentCircuitBreaker: { enable: true, rollback: true },
                alarms: { enable: true, rollback: true, alarmNames: [...args.rollbackAlarms] },
                deploymentMinimumHealthyPercent: 100,
                deploymentMaximumPercent: 200,
                // An app that takes all the time it was given is not killed for what the load balancer needs to notice.
                healthCheckGracePeriodSeconds: args.startSeconds + noticeSeconds,
                // The provider refuses a change of `capacity` without it. With it, every change of the service but one of its tags puts new
                // tasks in place of those that run (terraform-provider-aws 6.34, internal/service/ecs/service.go): the table of settings says which settings do that.
                forceNewDeployment: true,
                availabilityZoneRebalancing: "ENABLED", // for services from before AWS made it the default, too
                enableExecuteCommand: args.enableExec,
                enableEcsManagedTags: true,
                propagateTags: "SERVICE",
                waitForSteadyState: true,
            },
            {
                parent: this,
                customTimeouts: rolloutTimeouts(args),
                ignoreChanges: [
                    "desiredCount", // autoscaling's
                    ...(args.releasedBy === "pipeline" ? ["taskDefinition"] : []), // the pipeline's
                ],
                // None of these shows in the service's own properties, yet no task starts without them. On destroy they go after it.
                dependsOn: [
                    ...args.network.ready,
                    args.loadBalancer.ready,
                    ...args.loadBalancer.shift.ready,
                    capacityProviders,
                    ...rules,
                    ...args.task.ready,
                ],
            },
        );
        scale(
            name,
            {
                ...{ clusterName: cluster.name, serviceName: service.name },
                ...{ minTasks: args.minTasks, maxTasks: args.maxTasks, scaleSchedule: args.scaleSchedule },
                requestsPerTask: args.requestsPerTask,
                targetDimensions: args.loadBalancer.targetDimensions,
            },
            { parent: this },
        );

        this.clusterName = cluster.name;
        this.clusterArn = cluster.arn;
        this.serviceName = service.name;
        this.serviceArn = service.arn;
        this.securityGroupId = group.id;
        this.subnetIds = args.network.taskSubnetIds;
        this.ready = service;
        this.metricDimensions = { ClusterName: cluster.name, ServiceName: service.name };
        const shift = args.loadBalancer.shift.configuration;
        const verified = verifyRunning(
            service,
            pulumi.output({
                subnets: args.network.taskSubnetIds,
                assignPublicIp: args.network.taskPublicIp,
                capacity: strategies[args.capacity],
                containerPort: args.port,
                rules: [shift.productionListenerRule, shift.testListenerRule],
                released: args.releasedBy === "pulumi" ? args.task.definitionArn : undefined,
            }),
            fewestTasks(args) === 0,
            { parent: this },
        );
        // An output of the component alone: where it fails, the update ends with that, and all else has been made.
        this.registerOutputs({ clusterName: this.clusterName, serviceName: verified });
    }

    private cluster(name: string, { serviceName, containerInsights, ...args }: ServiceArgs): aws.ecs.Cluster {
        // AWS would make the group itself, without an end to what it keeps, and goes on for minutes with what it has collected when that
        // is turned off: a group that came and went with the setting would be there already when it is to be made again.
        const insightsLogs = newLogGroup(
            `${name}-insights`,
            `/aws/ecs/containerinsights/${serviceName}/performance`,
            args,
            { parent: this },
        );
        return new aws.ecs.Cluster(
            name,
            {
                name: serviceName,
                // Set in either case: an account can have it on by default.
                settings: [{ name: "containerInsights", value: containerInsights }],
                // Set whether or not a shell can be opened: the provider keeps the former value of a property that is left out.
                configuration: { executeCommandConfiguration: shellLogging(args) },
            },
            // The cluster writes into the group from its first minute to its last.
            { parent: this, dependsOn: insightsLogs },
        );
    }

    /** Tasks take requests from the load balancer only, and reach out over HTTPS and to what `egress` lists only. */
    private securityGroup(name: string, { network, loadBalancer, port, egress }: ServiceArgs) {
        const group = new aws.ec2.SecurityGroup(
            `${name}-tasks`,
            { description: "Tasks: from the load balancer only, out as its rules say", vpcId: network.vpcId },
            { parent: this },
        );
        const requests = { ipProtocol: "tcp", fromPort: port, toPort: port };
        // For another port another rule, and the former one stays until the service is steady with it: changed in place, it would
        // cut off the tasks that run.
        const untilSteady = { replaceOnChanges: ["fromPort", "toPort"], deleteBeforeReplace: false };
        const toTasks = new aws.vpc.SecurityGroupEgressRule(
            `${name}-alb-to-tasks`,
            {
                securityGroupId: loadBalancer.securityGroupId,
                description: "Requests and health checks to the tasks",
                referencedSecurityGroupId: group.id,
                ...requests,
            },
            { parent: this, ...untilSteady },
        );
        const fromBalancer = new aws.vpc.SecurityGroupIngressRule(
            `${name}-tasks-from-alb`,
            {
                securityGroupId: group.id,
                description: "Requests and health checks from the load balancer",
                referencedSecurityGroupId: loadBalancer.securityGroupId,
                ...requests,
            },
            { parent: this, ...untilSteady },
        );
        const out = egressRules(`${name}-tasks`, { securityGroupId: group.id, network, egress }, { parent: this });
        return { group, rules: [toTasks, fromBalancer, ...out] };
    }
}
