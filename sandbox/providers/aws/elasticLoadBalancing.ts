import { sameSet, sameValue } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";
import { until } from "../until";
import { afterCreating, Clients, defined, unlessGone } from "./clients";
import { listener, tagsOf } from "./listener";
import { taggable, toTags } from "./tags";

const fiveMinutes = 300_000;
const dropInvalid = "routing.http.drop_invalid_header_fields.enabled";
const protection = "deletion_protection.enabled";

/** Everything here is known by its ARN. What follows the kind in it is what CloudWatch calls the thing by. */
export function elasticLoadBalancing(clients: Clients): Record<string, ResourceStandIn> {
    const retag = async (arn: string, set: Readonly<Record<string, string>>, remove: string[]) => {
        if (remove.length > 0) await clients.elb.removeTags({ ResourceArns: [arn], TagKeys: remove });
        if (Object.keys(set).length > 0) await clients.elb.addTags({ ResourceArns: [arn], Tags: toTags(set) });
    };
    return {
        "aws:lb/listener:Listener": taggable(listener(clients), retag),
        "aws:lb/loadBalancer:LoadBalancer": taggable(loadBalancer(clients), retag),
        "aws:lb/targetGroup:TargetGroup": taggable(targetGroup(clients), retag),
    };
}

function attributes(values: Readonly<Record<string, unknown>>) {
    return Object.entries(defined(values)).map(([Key, value]) => ({ Key, Value: String(value) }));
}

function loadBalancer(clients: Clients): ResourceStandIn {
    const { elb } = clients;
    const describe = async (arn: string) =>
        (await unlessGone(elb.describeLoadBalancers({ LoadBalancerArns: [arn] })))?.LoadBalancers?.[0];
    const configure = (arn: string, inputs: Properties) =>
        elb.modifyLoadBalancerAttributes({
            LoadBalancerArn: arn,
            Attributes: attributes({
                [dropInvalid]: inputs.dropInvalidHeaderFields ?? false,
                [protection]: inputs.enableDeletionProtection ?? false,
            }),
        });
    const outputs = (found: NonNullable<Awaited<ReturnType<typeof describe>>>) => ({
        arn: found.LoadBalancerArn,
        arnSuffix: found.LoadBalancerArn!.replace(/^.*:loadbalancer\//, ""),
        dnsName: found.DNSName,
        zoneId: found.CanonicalHostedZoneId,
        vpcId: found.VpcId,
        internal: found.Scheme === "internal",
    });
    return {
        required: ["subnets"],
        optional: [
            ...["name", "loadBalancerType", "securityGroups", "dropInvalidHeaderFields", "internal"],
            "enableDeletionProtection",
        ],
        replaceOn: ["name", "loadBalancerType", "internal"],
        autoName: { property: "name", maxLength: 32 },
        sameMeaning: { subnets: sameSet, securityGroups: sameSet },
        create: async (inputs) => {
            const created = await elb.createLoadBalancer({
                Name: inputs.name,
                Type: inputs.loadBalancerType ?? "application",
                Scheme: inputs.internal ? "internal" : "internet-facing",
                Subnets: inputs.subnets,
                SecurityGroups: inputs.securityGroups,
                Tags: toTags(inputs.tags),
            });
            const id = created.LoadBalancers![0]!.LoadBalancerArn!;
            const active = async () => {
                const found = await describe(id);
                if (found?.State?.Code === "failed")
                    throw new Error(`load balancer ${inputs.name} failed: ${found.State.Reason}`);
                return found?.State?.Code === "active" ? found : undefined;
            };
            return afterCreating(id, outputs(created.LoadBalancers![0]!), async () => {
                await configure(id, inputs);
                return {
                    id,
                    outputs: outputs(await until(`load balancer ${inputs.name} becoming active`, active, fiveMinutes)),
                };
            });
        },
        read: async (id) => {
            const found = await describe(id);
            if (!found) return undefined;
            const { Attributes = [] } = await elb.describeLoadBalancerAttributes({ LoadBalancerArn: id });
            const isOn = (attribute: string) => Attributes.find(({ Key }) => Key === attribute)?.Value === "true";
            return {
                ...outputs(found),
                name: found.LoadBalancerName,
                loadBalancerType: found.Type,
                subnets: found.AvailabilityZones?.map(({ SubnetId }) => SubnetId),
                securityGroups: found.SecurityGroups,
                dropInvalidHeaderFields: isOn(dropInvalid),
                enableDeletionProtection: isOn(protection),
                tags: await tagsOf(clients, id),
            };
        },
        update: async (id, state, inputs) => {
            if (!sameSet(state.subnets, inputs.subnets))
                await elb.setSubnets({ LoadBalancerArn: id, Subnets: inputs.subnets });
            if (!sameSet(state.securityGroups, inputs.securityGroups)) {
                await elb.setSecurityGroups({ LoadBalancerArn: id, SecurityGroups: inputs.securityGroups });
            }
            const changed = (key: string) => state[key] !== inputs[key];
            if (changed("dropInvalidHeaderFields") || changed("enableDeletionProtection")) await configure(id, inputs);
            return {};
        },
        delete: async (id) => void (await unlessGone(elb.deleteLoadBalancer({ LoadBalancerArn: id }))),
        list: async () =>
            ((await elb.describeLoadBalancers({})).LoadBalancers ?? []).map((found) => found.LoadBalancerArn!),
    };
}

function targetGroup(clients: Clients): ResourceStandIn {
    const { elb } = clients;
    const check = ({ healthCheck = {} }: Properties) =>
        defined({
            HealthCheckPath: healthCheck.path as string | undefined,
            HealthCheckIntervalSeconds: healthCheck.interval as number | undefined,
            HealthCheckTimeoutSeconds: healthCheck.timeout as number | undefined,
            HealthyThresholdCount: healthCheck.healthyThreshold as number | undefined,
            UnhealthyThresholdCount: healthCheck.unhealthyThreshold as number | undefined,
            Matcher: healthCheck.matcher ? { HttpCode: healthCheck.matcher as string } : undefined,
        });
    const configure = (arn: string, { deregistrationDelay = 300 }: Properties) =>
        elb.modifyTargetGroupAttributes({
            TargetGroupArn: arn,
            Attributes: attributes({ "deregistration_delay.timeout_seconds": deregistrationDelay }),
        });
    return {
        required: ["vpcId", "port", "protocol"],
        optional: [
            "name",
            "targetType",
            "deregistrationDelay",
            ...["path", "interval", "timeout", "healthyThreshold", "unhealthyThreshold", "matcher"].map(
                (key) => `healthCheck.${key}`,
            ),
        ],
        replaceOn: ["name", "vpcId", "port", "protocol", "targetType"],
        autoName: { property: "name", maxLength: 32 },
        create: async (inputs) => {
            const created = await elb.createTargetGroup({
                Name: inputs.name,
                VpcId: inputs.vpcId,
                Port: inputs.port,
                Protocol: inputs.protocol,
                TargetType: inputs.targetType,
                ...check(inputs),
                Tags: toTags(inputs.tags),
            });
            const arn = created.TargetGroups![0]!.TargetGroupArn!;
            const outputs = { arn, arnSuffix: arn.replace(/^.*:targetgroup/, "targetgroup") };
            return afterCreating(arn, outputs, async () => {
                await configure(arn, inputs);
                return { id: arn, outputs };
            });
        },
        read: async (id, state) => {
            const found = (await unlessGone(elb.describeTargetGroups({ TargetGroupArns: [id] })))?.TargetGroups?.[0];
            if (!found) return undefined;
            const { Attributes = [] } = await elb.describeTargetGroupAttributes({ TargetGroupArn: id });
            const delay = Attributes.find(({ Key }) => Key === "deregistration_delay.timeout_seconds")?.Value;
            const health: Properties = {
                path: found.HealthCheckPath,
                interval: found.HealthCheckIntervalSeconds,
                timeout: found.HealthCheckTimeoutSeconds,
                healthyThreshold: found.HealthyThresholdCount,
                unhealthyThreshold: found.UnhealthyThresholdCount,
                matcher: found.Matcher?.HttpCode,
            };
            // What is not declared has the service's default and is no difference.
            const declared = Object.keys(state.healthCheck ?? {});
            return {
                name: found.TargetGroupName,
                vpcId: found.VpcId,
                port: found.Port,
                protocol: found.Protocol,
                targetType: found.TargetType,
                deregistrationDelay: Number(delay),
                healthCheck: Object.fromEntries(declared.map((key) => [key, health[key]])),
                tags: await tagsOf(clients, id),
            };
        },
        update: async (id, state, inputs) => {
            if (!sameValue(state.healthCheck, inputs.healthCheck))
                await elb.modifyTargetGroup({ TargetGroupArn: id, ...check(inputs) });
            if (state.deregistrationDelay !== inputs.deregistrationDelay) await configure(id, inputs);
            return {};
        },
        delete: async (id) => void (await unlessGone(elb.deleteTargetGroup({ TargetGroupArn: id }))),
        list: async () =>
            ((await elb.describeTargetGroups({})).TargetGroups ?? []).map((found) => found.TargetGroupArn!),
    };
}
