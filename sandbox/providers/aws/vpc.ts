import { Properties, ResourceStandIn } from "../standIn";
import { until } from "../until";
import { afterCreating, Clients, defined, unlessGone } from "./clients";
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
        "aws:ec2/route:Route": route(clients),
        "aws:ec2/routeTableAssociation:RouteTableAssociation": routeTableAssociation(clients),
        "aws:ec2/routeTable:RouteTable": taggable(routeTable(clients), retag),
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
        const attribute = (Attribute: "enableDnsSupport" | "enableDnsHostnames") => ec2.describeVpcAttribute({ VpcId: id, Attribute });
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
            const ours = InternetGateways.filter(({ Attachments }) => !Attachments?.some(({ VpcId }) => notOurs.has(VpcId!)));
            return ours.map((found) => found.InternetGatewayId!);
        },
    };
}

function routeTable(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const describe = async (id: string) => (await unlessGone(ec2.describeRouteTables({ RouteTableIds: [id] })))?.RouteTables?.[0];
    return {
        required: ["vpcId"],
        optional: [],
        replaceOn: ["vpcId"],
        create: async (inputs) => {
            const created = await ec2.createRouteTable({ VpcId: inputs.vpcId, ...specification("route-table", inputs.tags) });
            const id = created.RouteTable!.RouteTableId!;
            return { id, outputs: { arn: await clients.ec2Arn("route-table", id) } };
        },
        read: async (id) => {
            const found = await describe(id);
            return found && { vpcId: found.VpcId, tags: fromTags(found.Tags) };
        },
        delete: async (id) => {
            // An association that a killed run did not get to record would keep the table.
            for (const { Main, RouteTableAssociationId } of (await describe(id))?.Associations ?? []) {
                if (!Main) await unlessGone(ec2.disassociateRouteTable({ AssociationId: RouteTableAssociationId! }));
            }
            await unlessGone(ec2.deleteRouteTable({ RouteTableId: id }));
        },
        list: async () => {
            const { RouteTables = [] } = await ec2.describeRouteTables({});
            const notOurs = await defaultVpcs(clients);
            const ours = RouteTables.filter(
                (found) => !notOurs.has(found.VpcId!) && !found.Associations?.some(({ Main }) => Main),
            );
            return ours.map((found) => found.RouteTableId!);
        },
    };
}

function routeTableAssociation({ ec2 }: Clients): ResourceStandIn {
    const find = async (table: string, matches: (association: any) => boolean) =>
        (await unlessGone(ec2.describeRouteTables({ RouteTableIds: [table] })))?.RouteTables?.[0]?.Associations?.find(matches);
    return {
        required: ["routeTableId", "subnetId"],
        optional: [],
        replaceOn: ["routeTableId", "subnetId"],
        deleteBeforeReplace: true, // a subnet has one table
        create: async (inputs) => {
            // A killed run may have made it without recording it.
            const there = await find(inputs.routeTableId, ({ SubnetId }) => SubnetId === inputs.subnetId);
            if (there) return { id: there.RouteTableAssociationId!, outputs: {} };
            const created = await ec2.associateRouteTable({ RouteTableId: inputs.routeTableId, SubnetId: inputs.subnetId });
            return { id: created.AssociationId!, outputs: {} };
        },
        read: async (id, state) => {
            const found = await find(state.routeTableId, ({ RouteTableAssociationId }) => RouteTableAssociationId === id);
            return found && { routeTableId: state.routeTableId, subnetId: found.SubnetId };
        },
        delete: async (id) => void (await unlessGone(ec2.disassociateRouteTable({ AssociationId: id }))),
    };
}

function route({ ec2 }: Clients): ResourceStandIn {
    const find = async ({ routeTableId, destinationCidrBlock }: Properties) =>
        (await unlessGone(ec2.describeRouteTables({ RouteTableIds: [routeTableId] })))?.RouteTables?.[0]?.Routes?.find(
            (found) => found.DestinationCidrBlock === destinationCidrBlock,
        );
    const request = (inputs: Properties) => ({
        RouteTableId: inputs.routeTableId,
        DestinationCidrBlock: inputs.destinationCidrBlock,
        ...defined({ GatewayId: inputs.gatewayId, NatGatewayId: inputs.natGatewayId }),
    });
    return {
        required: ["routeTableId", "destinationCidrBlock"],
        optional: ["gatewayId", "natGatewayId"],
        replaceOn: ["routeTableId", "destinationCidrBlock"],
        deleteBeforeReplace: true, // a table has one route to a destination
        create: async (inputs) => {
            // A killed run may have made it without recording it.
            await ((await find(inputs)) ? ec2.replaceRoute(request(inputs)) : ec2.createRoute(request(inputs)));
            return { id: `r-${inputs.routeTableId}${crc32(inputs.destinationCidrBlock)}`, outputs: { state: "active" } };
        },
        read: async (_id, state) => {
            const found = await find(state);
            return found && defined({ gatewayId: found.GatewayId, natGatewayId: found.NatGatewayId, state: found.State });
        },
        update: async (_id, _state, inputs) => {
            await ec2.replaceRoute(request(inputs));
            return {};
        },
        delete: async (_id, { routeTableId, destinationCidrBlock }) =>
            void (await unlessGone(ec2.deleteRoute({ RouteTableId: routeTableId, DestinationCidrBlock: destinationCidrBlock }))),
    };
}

/** How the official provider makes the id of a route from its destination. */
function crc32(text: string): number {
    let crc = ~0;
    for (const byte of Buffer.from(text)) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
}

