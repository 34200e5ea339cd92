import { sameSet } from "../differences";
import { ResourceStandIn } from "../standIn";
import { until } from "../until";
import { afterCreating, Clients, defined, unlessGone } from "./clients";
import { fromTags, specification, taggable } from "./tags";
import { retagEc2 } from "./vpc";

const fiveMinutes = 300_000;

export function natAndEndpoints(clients: Clients): Record<string, ResourceStandIn> {
    const retag = retagEc2(clients);
    return {
        "aws:ec2/natGateway:NatGateway": taggable(natGateway(clients), retag),
        "aws:ec2/eip:Eip": taggable(elasticIp(clients), retag),
        "aws:ec2/vpcEndpoint:VpcEndpoint": taggable(vpcEndpoint(clients), retag),
    };
}

function elasticIp(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    return {
        required: [],
        optional: ["domain"],
        replaceOn: ["domain"],
        create: async (inputs) => {
            const created = await ec2.allocateAddress({ Domain: "vpc", ...specification("elastic-ip", inputs.tags) });
            const id = created.AllocationId!;
            const arn = await clients.ec2Arn("elastic-ip", id);
            return { id, outputs: { arn, allocationId: id, publicIp: created.PublicIp, domain: "vpc" } };
        },
        read: async (id) => {
            const found = (await unlessGone(ec2.describeAddresses({ AllocationIds: [id] })))?.Addresses?.[0];
            return found && { publicIp: found.PublicIp, domain: "vpc", tags: fromTags(found.Tags) };
        },
        delete: async (id) => void (await unlessGone(ec2.releaseAddress({ AllocationId: id }))),
        list: async () => ((await ec2.describeAddresses({})).Addresses ?? []).map((found) => found.AllocationId!),
    };
}

function natGateway(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const describe = async (id: string) => {
        const found = (await unlessGone(ec2.describeNatGateways({ NatGatewayIds: [id] })))?.NatGateways?.[0];
        return found?.State === "deleted" ? undefined : found;
    };
    return {
        required: ["subnetId", "allocationId"],
        optional: [],
        replaceOn: ["subnetId", "allocationId"],
        deleteBeforeReplace: true, // an address belongs to one gateway
        create: async (inputs) => {
            const created = await ec2.createNatGateway({
                SubnetId: inputs.subnetId,
                AllocationId: inputs.allocationId,
                ...specification("natgateway", inputs.tags),
            });
            const id = created.NatGateway!.NatGatewayId!;
            const available = async () => {
                const found = await describe(id);
                if (found?.State === "failed") throw new Error(`NAT gateway ${id} failed: ${found.FailureMessage}`);
                return found?.State === "available" ? found : undefined;
            };
            return afterCreating(id, {}, async () => {
                const found = await until(`NAT gateway ${id} becoming available`, available, fiveMinutes);
                const address = found.NatGatewayAddresses?.[0];
                return {
                    id,
                    outputs: defined({
                        publicIp: address?.PublicIp,
                        privateIp: address?.PrivateIp,
                        vpcId: found.VpcId,
                    }),
                };
            });
        },
        read: async (id) => {
            const found = await describe(id);
            return (
                found &&
                defined({
                    subnetId: found.SubnetId,
                    allocationId: found.NatGatewayAddresses?.[0]?.AllocationId,
                    tags: fromTags(found.Tags),
                })
            );
        },
        delete: async (id) => {
            await unlessGone(ec2.deleteNatGateway({ NatGatewayId: id }));
            const gone = async () => ((await describe(id)) === undefined ? true : undefined);
            await until(`NAT gateway ${id} going away`, gone, fiveMinutes);
        },
        list: async () => {
            const { NatGateways = [] } = await ec2.describeNatGateways({});
            return NatGateways.filter(({ State }) => State !== "deleted").map((found) => found.NatGatewayId!);
        },
    };
}

function vpcEndpoint(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const describe = async (id: string) => {
        const found = (await unlessGone(ec2.describeVpcEndpoints({ VpcEndpointIds: [id] })))?.VpcEndpoints?.[0];
        return /^deleted$/i.test(found?.State ?? "") ? undefined : found;
    };
    const read = async (id: string) => {
        const found = await describe(id);
        return (
            found && {
                vpcId: found.VpcId,
                serviceName: found.ServiceName,
                vpcEndpointType: found.VpcEndpointType,
                routeTableIds: found.RouteTableIds,
                state: found.State?.toLowerCase(),
                tags: fromTags(found.Tags),
            }
        );
    };
    return {
        required: ["vpcId", "serviceName"],
        optional: ["vpcEndpointType", "routeTableIds"],
        replaceOn: ["vpcId", "serviceName", "vpcEndpointType"],
        sameMeaning: { routeTableIds: sameSet },
        create: async (inputs) => {
            const created = await ec2.createVpcEndpoint({
                VpcId: inputs.vpcId,
                ServiceName: inputs.serviceName,
                VpcEndpointType: inputs.vpcEndpointType ?? "Gateway",
                RouteTableIds: inputs.routeTableIds,
                ...specification("vpc-endpoint", inputs.tags),
            });
            const id = created.VpcEndpoint!.VpcEndpointId!;
            return afterCreating(id, {}, async () => {
                const available = async () =>
                    (await describe(id))?.State?.toLowerCase() === "available" ? await read(id) : undefined;
                const found = await until(`VPC endpoint ${id} becoming available`, available, fiveMinutes);
                return { id, outputs: { ...found, ...inputs, arn: await clients.ec2Arn("vpc-endpoint", id) } };
            });
        },
        read,
        update: async (id, state, inputs) => {
            const [before, now]: string[][] = [state.routeTableIds ?? [], inputs.routeTableIds ?? []];
            const added = now!.filter((table) => !before!.includes(table));
            const removed = before!.filter((table) => !now!.includes(table));
            if (added.length + removed.length === 0) return {};
            await ec2.modifyVpcEndpoint({ VpcEndpointId: id, AddRouteTableIds: added, RemoveRouteTableIds: removed });
            return {};
        },
        delete: async (id) => {
            await unlessGone(ec2.deleteVpcEndpoints({ VpcEndpointIds: [id] }));
            const gone = async () => ((await describe(id)) === undefined ? true : undefined);
            await until(`VPC endpoint ${id} going away`, gone, fiveMinutes);
        },
        list: async () => {
            const { VpcEndpoints = [] } = await ec2.describeVpcEndpoints({});
            return VpcEndpoints.filter(({ State }) => !/^deleted$/i.test(State ?? "")).map(
                (found) => found.VpcEndpointId!,
            );
        },
    };
}
