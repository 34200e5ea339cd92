import type { Service } from "@aws-sdk/client-ecs";
import { sameSet, sameValue } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";
import { until } from "../until";
import { afterCreating, Clients, defined, unlessGone } from "./clients";
import { retagEcs, toEcsTags } from "./ecsCluster";
import { fromTags, taggable } from "./tags";

const twentyMinutes = 20 * 60_000; // the official provider's

export function ecsService(clients: Clients): Record<string, ResourceStandIn> {
    return { "aws:ecs/service:Service": taggable(service(clients), retagEcs(clients)) };
}

function service({ ecs }: Clients): ResourceStandIn {
    const clusterOf = (arn: string) => arn.split("/")[1]!;
    const describe = async (arn: string, cluster: string): Promise<Service | undefined> => {
        const answer = await unlessGone(ecs.describeServices({ services: [arn], cluster, include: ["TAGS"] }));
        const found = answer?.services?.[0];
        return found && found.status !== "INACTIVE" ? found : undefined;
    };

    /** Waits for the tasks of `deployment`; the circuit breaker's verdict is the error. */
    const steady = async (arn: string, cluster: string, deployment: string | undefined) => {
        const settled = async () => {
            const found = await describe(arn, cluster);
            if (!found) throw new Error(`the service is gone`);
            const ours = found.deployments?.find(({ id }) => id === deployment);
            if (deployment && (!ours || ours.rolloutState === "FAILED"))
                throw new Error(verdict(found, ours?.rolloutStateReason));
            const done = found.deployments?.length === 1 && found.runningCount === found.desiredCount;
            return done && found.deployments![0]!.rolloutState !== "IN_PROGRESS" ? true : undefined;
        };
        await until(`service ${arn} reaching a steady state`, settled, twentyMinutes, 1000);
    };

    return {
        required: ["cluster", "taskDefinition"],
        optional: [
            "name",
            "desiredCount",
            ...["capacityProvider", "base", "weight"].map((key) => `capacityProviderStrategies.${key}`),
            ...["subnets", "securityGroups", "assignPublicIp"].map((key) => `networkConfiguration.${key}`),
            ...["targetGroupArn", "containerName", "containerPort"].map((key) => `loadBalancers.${key}`),
            ...["enable", "rollback"].map((key) => `deploymentCircuitBreaker.${key}`),
            ...["alarmNames", "enable", "rollback"].map((key) => `alarms.${key}`),
            ...["deploymentMinimumHealthyPercent", "deploymentMaximumPercent", "healthCheckGracePeriodSeconds"],
            ...["enableExecuteCommand", "enableEcsManagedTags", "propagateTags"],
            ...["forceNewDeployment", "waitForSteadyState"],
        ],
        replaceOn: ["cluster", "name"],
        autoName: { property: "name", maxLength: 255 },
        create: async (inputs) => {
            const created = await ecs.createService({
                ...request(inputs),
                cluster: inputs.cluster,
                serviceName: inputs.name,
                desiredCount: inputs.desiredCount ?? 0,
                taskDefinition: inputs.taskDefinition,
                tags: toEcsTags(inputs.tags),
            });
            const arn = created.service!.serviceArn!;
            const outputs = { arn, desiredCount: inputs.desiredCount ?? 0 };
            return afterCreating(arn, outputs, async () => {
                if (inputs.waitForSteadyState) await steady(arn, inputs.cluster, created.service!.deployments?.[0]?.id);
                return { id: arn, outputs };
            });
        },
        read: async (id, state) => {
            const found = await describe(id, state.cluster ?? clusterOf(id));
            return found && properties(found, state);
        },
        update: async (id, state, inputs) => {
            const changed = (key: string) => !sameValue(state[key], inputs[key]);
            // Tags and how to wait are nothing to tell ECS; and it must not be told anything that others have changed meanwhile.
            const local = ["tags", "waitForSteadyState", "forceNewDeployment"];
            const rollsOut = Object.keys({ ...state, ...inputs }).some(
                (key) => isInput(key) && !local.includes(key) && changed(key),
            );
            const primary = (await describe(id, inputs.cluster))?.deployments?.find(
                ({ status }) => status === "PRIMARY",
            );
            // The engine also calls for an update where nothing has changed, because the service did not become steady before.
            const failed = primary?.rolloutState === "FAILED";
            const updated =
                rollsOut || failed
                    ? await ecs.updateService({
                          ...request(inputs),
                          cluster: inputs.cluster,
                          service: id,
                          forceNewDeployment: failed || inputs.forceNewDeployment,
                          ...defined({
                              desiredCount: changed("desiredCount") ? inputs.desiredCount : undefined,
                              taskDefinition: changed("taskDefinition") ? inputs.taskDefinition : undefined,
                          }),
                      })
                    : undefined;
            // A failure is no NotReadyError: after the rollback the old state is the true one, and the next run tries again.
            if (inputs.waitForSteadyState) {
                const now = updated?.service?.deployments?.find(({ status }) => status === "PRIMARY") ?? primary;
                await steady(id, inputs.cluster, now?.id);
            }
            return {};
        },
        delete: async (id, state) => {
            const cluster = state.cluster ?? clusterOf(id);
            const found = await describe(id, cluster);
            if (found?.status === "ACTIVE") {
                await unlessGone(ecs.updateService({ cluster, service: id, desiredCount: 0 }));
                await unlessGone(ecs.deleteService({ cluster, service: id, force: true }));
            }
            // Its tasks hold the network and the roles that are deleted next.
            const drained = async () => {
                const draining = await describe(id, cluster);
                return draining === undefined || (draining.runningCount === 0 && draining.status !== "ACTIVE")
                    ? true
                    : undefined;
            };
            await until(`service ${id} stopping its tasks`, drained, twentyMinutes);
        },
        list: async () => {
            const { clusterArns = [] } = await ecs.listClusters({});
            const answers = await Promise.all(clusterArns.map((cluster) => unlessGone(ecs.listServices({ cluster }))));
            return answers.flatMap((answer) => answer?.serviceArns ?? []);
        },
    };
}

function isInput(key: string): boolean {
    return key !== "arn" && key !== "tagsAll";
}

function verdict(found: Service, reason: string | undefined): string {
    const events = (found.events ?? []).slice(0, 3).map(({ message }) => message);
    return [`the deployment failed: ${reason ?? "another one has taken its place"}`, ...events].join("\n  ");
}

function request(inputs: Properties) {
    const { networkConfiguration: network } = inputs;
    return defined({
        capacityProviderStrategy: inputs.capacityProviderStrategies,
        networkConfiguration: network && {
            awsvpcConfiguration: defined({
                subnets: network.subnets,
                securityGroups: network.securityGroups,
                assignPublicIp: network.assignPublicIp ? ("ENABLED" as const) : ("DISABLED" as const),
            }),
        },
        loadBalancers: inputs.loadBalancers,
        deploymentConfiguration: defined({
            alarms: inputs.alarms,
            deploymentCircuitBreaker: inputs.deploymentCircuitBreaker,
            minimumHealthyPercent: inputs.deploymentMinimumHealthyPercent,
            maximumPercent: inputs.deploymentMaximumPercent,
        }),
        healthCheckGracePeriodSeconds: inputs.healthCheckGracePeriodSeconds,
        enableExecuteCommand: inputs.enableExecuteCommand,
        enableECSManagedTags: inputs.enableEcsManagedTags,
        propagateTags: inputs.propagateTags,
    });
}

function properties(found: Service, state: Properties): Properties {
    const network = found.networkConfiguration?.awsvpcConfiguration;
    const deployment = found.deploymentConfiguration;
    const { networkConfiguration: declared = {} } = state;
    const asDeclared = (key: string, now: string[] | undefined) => (sameSet(declared[key], now) ? declared[key] : now);
    return defined({
        name: found.serviceName,
        arn: found.serviceArn,
        taskDefinition: found.taskDefinition,
        desiredCount: found.desiredCount,
        capacityProviderStrategies: found.capacityProviderStrategy?.map(
            ({ capacityProvider, base = 0, weight = 0 }) => ({
                capacityProvider,
                base,
                weight,
            }),
        ),
        networkConfiguration: network && {
            subnets: asDeclared("subnets", network.subnets),
            securityGroups: asDeclared("securityGroups", network.securityGroups),
            assignPublicIp: network.assignPublicIp === "ENABLED",
        },
        loadBalancers: found.loadBalancers?.map(({ targetGroupArn, containerName, containerPort }) => ({
            targetGroupArn,
            containerName,
            containerPort,
        })),
        deploymentCircuitBreaker: deployment?.deploymentCircuitBreaker && {
            enable: deployment.deploymentCircuitBreaker.enable,
            rollback: deployment.deploymentCircuitBreaker.rollback,
        },
        alarms: deployment?.alarms && {
            alarmNames: deployment.alarms.alarmNames,
            enable: deployment.alarms.enable,
            rollback: deployment.alarms.rollback,
        },
        deploymentMinimumHealthyPercent: deployment?.minimumHealthyPercent,
        deploymentMaximumPercent: deployment?.maximumPercent,
        healthCheckGracePeriodSeconds: found.healthCheckGracePeriodSeconds,
        enableExecuteCommand: found.enableExecuteCommand,
        enableEcsManagedTags: found.enableECSManagedTags,
        propagateTags: found.propagateTags,
        tags: fromTags(found.tags),
    });
}
