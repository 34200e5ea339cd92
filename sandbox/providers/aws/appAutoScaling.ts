import { Properties, ResourceStandIn } from "../standIn";
import { Clients, defined, unlessGone } from "./clients";
import { taggable } from "./tags";

const identity = ["serviceNamespace", "scalableDimension", "resourceId"];

/** This API spells its keys with a capital; the provider does not. */
function pascal(value: any): any {
    if (Array.isArray(value)) return value.map(pascal);
    if (typeof value !== "object") return value;
    return Object.fromEntries(
        Object.entries(value).map(([key, below]) => [key[0]!.toUpperCase() + key.slice(1), pascal(below)]),
    );
}

function camel(value: any): any {
    if (Array.isArray(value)) return value.map(camel);
    if (typeof value !== "object") return value;
    return Object.fromEntries(
        Object.entries(value).map(([key, below]) => [key[0]!.toLowerCase() + key.slice(1), camel(below)]),
    );
}

export function appAutoScaling(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:appautoscaling/policy:Policy": policy(clients),
        "aws:appautoscaling/target:Target": taggable(target(clients), async (_id, Tags, TagKeys, { arn }) => {
            if (TagKeys.length > 0) await clients.scaling.untagResource({ ResourceARN: arn, TagKeys });
            if (Object.keys(Tags).length > 0) await clients.scaling.tagResource({ ResourceARN: arn, Tags });
        }),
    };
}

/** A target is known by what it scales; all of this program's are services of ECS. */
const ofServices = { ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" } as const;

function target({ scaling }: Clients): ResourceStandIn {
    const describe = async (id: string) =>
        (await scaling.describeScalableTargets({ ...ofServices, ResourceIds: [id] })).ScalableTargets?.[0];
    const register = (inputs: Properties) =>
        scaling.registerScalableTarget({
            ...ofServices,
            ServiceNamespace: inputs.serviceNamespace,
            ScalableDimension: inputs.scalableDimension,
            ResourceId: inputs.resourceId,
            MinCapacity: inputs.minCapacity,
            MaxCapacity: inputs.maxCapacity,
            Tags: inputs.tags,
        });
    return {
        required: [...identity, "minCapacity", "maxCapacity"],
        optional: [],
        replaceOn: identity,
        deleteBeforeReplace: true,
        create: async (inputs) => {
            const registered = await register(inputs);
            return { id: inputs.resourceId, outputs: { arn: registered.ScalableTargetARN } };
        },
        read: async (id, state) => {
            const found = await describe(id);
            if (!found) return undefined;
            const arn = found.ScalableTargetARN ?? state.arn;
            return {
                ...camel({ ServiceNamespace: found.ServiceNamespace, ScalableDimension: found.ScalableDimension }),
                resourceId: found.ResourceId,
                minCapacity: found.MinCapacity,
                maxCapacity: found.MaxCapacity,
                arn,
                tags: (await scaling.listTagsForResource({ ResourceARN: arn })).Tags ?? {},
            };
        },
        update: async (_id, _state, { tags: _, ...inputs }) => {
            await register(inputs);
            return {};
        },
        delete: async (id) =>
            void (await unlessGone(scaling.deregisterScalableTarget({ ...ofServices, ResourceId: id }))),
        list: async () => {
            const { ScalableTargets = [] } = await scaling.describeScalableTargets({ ServiceNamespace: "ecs" });
            return ScalableTargets.map((found) => found.ResourceId!);
        },
    };
}

function policy({ scaling }: Clients): ResourceStandIn {
    const put = async (inputs: Properties) => {
        const { name, targetTrackingScalingPolicyConfiguration: tracking, ...rest } = inputs;
        const answer = await scaling.putScalingPolicy({
            ...pascal(rest),
            PolicyName: name,
            TargetTrackingScalingPolicyConfiguration: pascal(tracking),
        });
        return { arn: answer.PolicyARN, alarmArns: answer.Alarms?.map(({ AlarmARN }) => AlarmARN) ?? [] };
    };
    const configuration = "targetTrackingScalingPolicyConfiguration";
    const metric = `${configuration}.predefinedMetricSpecification`;
    return {
        required: [...identity, "policyType", `${configuration}.targetValue`, `${metric}.predefinedMetricType`],
        optional: [
            "name",
            `${metric}.resourceLabel`,
            `${configuration}.scaleInCooldown`,
            `${configuration}.scaleOutCooldown`,
        ],
        replaceOn: ["name", ...identity],
        autoName: { property: "name", maxLength: 256 },
        create: async (inputs) => ({ id: inputs.name, outputs: await put(inputs) }),
        read: async (id, state) => {
            const { ScalingPolicies = [] } = await scaling.describeScalingPolicies({
                ...ofServices,
                ResourceId: state.resourceId,
                PolicyNames: [id],
            });
            const found = ScalingPolicies[0];
            return (
                found && {
                    name: found.PolicyName,
                    policyType: found.PolicyType,
                    [configuration]: camel(defined(found.TargetTrackingScalingPolicyConfiguration ?? {})),
                }
            );
        },
        update: (_id, _state, inputs) => put(inputs),
        delete: async (id, state) =>
            void (await unlessGone(
                scaling.deleteScalingPolicy({ ...ofServices, ResourceId: state.resourceId, PolicyName: id }),
            )),
    };
}
