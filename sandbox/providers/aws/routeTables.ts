import { Properties, ResourceStandIn } from "../standIn";
import { Clients, defined, unlessGone } from "./clients";
import { fromTags, specification, taggable } from "./tags";
import { defaultVpcs, retagEc2 } from "./vpc";

export function routeTables(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:ec2/route:Route": route(clients),
        "aws:ec2/routeTableAssociation:RouteTableAssociation": routeTableAssociation(clients),
        "aws:ec2/routeTable:RouteTable": taggable(routeTable(clients), retagEc2(clients)),
    };
}

function routeTable(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const describe = async (id: string) =>
        (await unlessGone(ec2.describeRouteTables({ RouteTableIds: [id] })))?.RouteTables?.[0];
    return {
        required: ["vpcId"],
        optional: [],
        replaceOn: ["vpcId"],
        create: async (inputs) => {
            const created = await ec2.createRouteTable({
                VpcId: inputs.vpcId,
                ...specification("route-table", inputs.tags),
            });
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
        (await unlessGone(ec2.describeRouteTables({ RouteTableIds: [table] })))?.RouteTables?.[0]?.Associations?.find(
            matches,
        );
    return {
        required: ["routeTableId", "subnetId"],
        optional: [],
        replaceOn: ["routeTableId", "subnetId"],
        deleteBeforeReplace: true, // a subnet has one table
        create: async (inputs) => {
            // A killed run may have made it without recording it.
            const there = await find(inputs.routeTableId, ({ SubnetId }) => SubnetId === inputs.subnetId);
            if (there) return { id: there.RouteTableAssociationId!, outputs: {} };
            const created = await ec2.associateRouteTable({
                RouteTableId: inputs.routeTableId,
                SubnetId: inputs.subnetId,
            });
            return { id: created.AssociationId!, outputs: {} };
        },
        read: async (id, state) => {
            const found = await find(
                state.routeTableId,
                ({ RouteTableAssociationId }) => RouteTableAssociationId === id,
            );
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
            return {
                id: `r-${inputs.routeTableId}${crc32(inputs.destinationCidrBlock)}`,
                outputs: { state: "active" },
            };
        },
        read: async (_id, state) => {
            const found = await find(state);
            return (
                found && defined({ gatewayId: found.GatewayId, natGatewayId: found.NatGatewayId, state: found.State })
            );
        },
        update: async (_id, _state, inputs) => {
            await ec2.replaceRoute(request(inputs));
            return {};
        },
        delete: async (_id, { routeTableId, destinationCidrBlock }) =>
            void (await unlessGone(
                ec2.deleteRoute({ RouteTableId: routeTableId, DestinationCidrBlock: destinationCidrBlock }),
            )),
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
