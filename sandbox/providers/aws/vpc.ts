import { Properties, ResourceStandIn } from "../standIn";
import { until } from "../until";
import { afterCreating, Clients, unlessGone } from "./clients";
import { fromTags, Retag, specification, taggable, toTags } from "./tags";

/** How EC2 tags what exists, whatever it is. */
export function retagEc2(clients: Clients): Retag {
    return async (id, set, remove) => {
        if (remove.length > 0) await clients.ec2.deleteTags({ Resources: [id], Tags: remove.map((Key) => ({ Key })) });
        if (Object.keys(set).length > 0) await clients.ec2.createTags({ Resources: [id], Tags: toTags(set) });
    };
}

export function vpc(clients: Clients): Record<string, ResourceStandIn> {
    const retag = retagEc2(clients);
    return {
        "aws:ec2/internetGateway:InternetGateway": taggable(internetGateway(clients), retag),
        "aws:ec2/subnet:Subnet": taggable(subnet(clients), retag),
        "aws:ec2/vpc:Vpc": taggable(network(clients), retag),
    };
}

function network(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const flags = (inputs: Properties) =>
        Object.entries({ EnableDnsSupport: inputs.enableDnsSupport, EnableDnsHostnames: inputs.enableDnsHostnames });
    // EC2 takes one attribute a call.
    const setFlags = async (VpcId: string, inputs: Properties) => {
        for (const [flag, Value] of flags(inputs)) {
            if (Value !== undefined) await ec2.modifyVpcAttribute({ VpcId, [flag]: { Value } });
        }
    };
    const read = async (id: string) => {
        const answer = await unlessGone(ec2.describeVpcs({ VpcIds: [id] }));
        const found = answer?.Vpcs?.[0];
        if (!found) return undefined;
        const inVpc = [{ Name: "vpc-id", Values: [id] }];
        const attribute = (Attribute: "enableDnsSupport" | "enableDnsHostnames") =>
            ec2.describeVpcAttribute({ VpcId: id, Attribute });
        const [support, hostnames, groups, tables] = await Promise.all([
            attribute("enableDnsSupport"),
            attribute("enableDnsHostnames"),
            ec2.describeSecurityGroups({ Filters: [...inVpc, { Name: "group-name", Values: ["default"] }] }),
            ec2.describeRouteTables({ Filters: [...inVpc, { Name: "association.main", Values: ["true"] }] }),
        ]);
        return {
            arn: await clients.ec2Arn("vpc", id),
            cidrBlock: found.CidrBlock,
            ownerId: found.OwnerId,
            enableDnsSupport: support.EnableDnsSupport?.Value,
            enableDnsHostnames: hostnames.EnableDnsHostnames?.Value,
            defaultSecurityGroupId: groups.SecurityGroups?.[0]?.GroupId,
            mainRouteTableId: tables.RouteTables?.[0]?.RouteTableId,
            tags: fromTags(found.Tags),
        };
    };
    return {
        required: ["cidrBlock"],
        optional: ["enableDnsHostnames", "enableDnsSupport"],
        replaceOn: ["cidrBlock"],
        create: async (inputs) => {
            const created = await ec2.createVpc({ CidrBlock: inputs.cidrBlock, ...specification("vpc", inputs.tags) });
            const id = created.Vpc!.VpcId!;
            return afterCreating(id, {}, async () => {
                await setFlags(id, inputs);
                return { id, outputs: { ...(await until(`VPC ${id} becoming visible`, () => read(id), 30_000)) } };
            });
        },
        read,
        update: async (id, _state, inputs) => {
            await setFlags(id, inputs);
            return {};
        },
        delete: async (id) => void (await unlessGone(ec2.deleteVpc({ VpcId: id }))),
        list: async () => {
            const { Vpcs = [] } = await ec2.describeVpcs({});
            return Vpcs.filter((found) => !found.IsDefault).map((found) => found.VpcId!);
        },
    };
}

/** The ids of the VPCs that AWS gives every account, whose parts are not ours either. */
export async function defaultVpcs({ ec2 }: Clients): Promise<Set<string>> {
    const { Vpcs = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
    return new Set(Vpcs.map((found) => found.VpcId!));
}

function subnet(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const read = async (id: string) => {
        const found = (await unlessGone(ec2.describeSubnets({ SubnetIds: [id] })))?.Subnets?.[0];
        return (
            found && {
                arn: found.SubnetArn,
                vpcId: found.VpcId,
                cidrBlock: found.CidrBlock,
                availabilityZone: found.AvailabilityZone,
                availabilityZoneId: found.AvailabilityZoneId,
                mapPublicIpOnLaunch: found.MapPublicIpOnLaunch,
                tags: fromTags(found.Tags),
            }
        );
    };
    const setFlag = async (SubnetId: string, Value: boolean | undefined) => {
        if (Value !== undefined) await ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value } });
    };
    return {
        required: ["vpcId", "cidrBlock", "availabilityZone"],
        optional: ["mapPublicIpOnLaunch"],
        replaceOn: ["vpcId", "cidrBlock", "availabilityZone"],
        create: async (inputs) => {
            const created = await ec2.createSubnet({
                VpcId: inputs.vpcId,
                CidrBlock: inputs.cidrBlock,
                AvailabilityZone: inputs.availabilityZone,
                ...specification("subnet", inputs.tags),
            });
            const id = created.Subnet!.SubnetId!;
            return afterCreating(id, {}, async () => {
                await setFlag(id, inputs.mapPublicIpOnLaunch);
                return { id, outputs: (await read(id)) ?? {} };
            });
        },
        read,
        update: async (id, _state, inputs) => {
            await setFlag(id, inputs.mapPublicIpOnLaunch);
            return {};
        },
        delete: async (id) => void (await unlessGone(ec2.deleteSubnet({ SubnetId: id }))),
        list: async () => {
            const { Subnets = [] } = await ec2.describeSubnets({});
            const notOurs = await defaultVpcs(clients);
            return Subnets.filter((found) => !notOurs.has(found.VpcId!)).map((found) => found.SubnetId!);
        },
    };
}

function internetGateway(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const describe = async (id: string) =>
        (await unlessGone(ec2.describeInternetGateways({ InternetGatewayIds: [id] })))?.InternetGateways?.[0];
    return {
        required: ["vpcId"],
        optional: [],
        replaceOn: ["vpcId"],
        create: async (inputs) => {
            const created = await ec2.createInternetGateway(specification("internet-gateway", inputs.tags));
            const id = created.InternetGateway!.InternetGatewayId!;
            return afterCreating(id, {}, async () => {
                await ec2.attachInternetGateway({ InternetGatewayId: id, VpcId: inputs.vpcId });
                return { id, outputs: { arn: await clients.ec2Arn("internet-gateway", id) } };
            });
        },
        read: async (id) => {
            const found = await describe(id);
            return found && { vpcId: found.Attachments?.[0]?.VpcId, tags: fromTags(found.Tags) };
        },
        delete: async (id) => {
            for (const { VpcId } of (await describe(id))?.Attachments ?? []) {
                await unlessGone(ec2.detachInternetGateway({ InternetGatewayId: id, VpcId }));
            }
            await unlessGone(ec2.deleteInternetGateway({ InternetGatewayId: id }));
        },
        list: async () => {
            const { InternetGateways = [] } = await ec2.describeInternetGateways({});
            const notOurs = await defaultVpcs(clients);
            const ours = InternetGateways.filter(
                ({ Attachments }) => !Attachments?.some(({ VpcId }) => notOurs.has(VpcId!)),
            );
            return ours.map((found) => found.InternetGatewayId!);
        },
    };
}
