import { Eip } from "@pulumi/aws/ec2/eip";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway";
import { NatGateway } from "@pulumi/aws/ec2/natGateway";
import { Route } from "@pulumi/aws/ec2/route";
import { RouteTable } from "@pulumi/aws/ec2/routeTable";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation";
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { Vpc as AwsVpc } from "@pulumi/aws/ec2/vpc";
import { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint";
import { getAvailabilityZones } from "@pulumi/aws/getAvailabilityZones";
import * as pulumi from "@pulumi/pulumi";
import { layOut } from "../../../tools/awsxLayout";

type Tags = Readonly<Record<string, pulumi.Input<string>>>;

export interface VpcArgs {
    readonly cidrBlock?: string;
    readonly numberOfAvailabilityZones?: number;
    readonly natGateways?: { readonly strategy: "None" | "Single" | "OnePerAz" };
    readonly subnetStrategy?: "Auto";
    readonly vpcEndpointStrategy?: "Auto";
    readonly vpcEndpointSpecs?: readonly { readonly serviceName: string; readonly tags?: Tags }[];
    readonly enableDnsHostnames?: pulumi.Input<boolean>;
    readonly enableDnsSupport?: pulumi.Input<boolean>;
    readonly tags?: pulumi.Input<Tags>;
}

export const inputs = [
    ...["cidrBlock", "numberOfAvailabilityZones", "natGateways.strategy", "subnetStrategy", "vpcEndpointStrategy"],
    ...["vpcEndpointSpecs.serviceName", "vpcEndpointSpecs.tags", "enableDnsHostnames", "enableDnsSupport", "tags"],
];

const strategies = ["None", "Single", "OnePerAz"];

/** The official component's children: their types, names, parents, tags and ranges (pulumi-awsx, awsx/ec2/vpc.ts). */
export class Vpc extends pulumi.ComponentResource {
    readonly outputs: Promise<Record<string, unknown>>;

    constructor(
        private readonly childName: string,
        args: VpcArgs,
        options: pulumi.ComponentResourceOptions,
    ) {
        super("awsx:ec2:Vpc", childName, {}, options);
        this.outputs = this.build(args).then((outputs) => {
            this.registerOutputs(outputs);
            return outputs;
        });
    }

    private async build(args: VpcArgs) {
        const name = this.childName;
        const nat = args.natGateways?.strategy ?? "OnePerAz";
        if (!strategies.includes(nat)) {
            throw new Error(`awsx:ec2:Vpc "${name}": natGateways.strategy is ${strategies.join(", ")}, not "${nat}"`);
        }
        for (const key of ["subnetStrategy", "vpcEndpointStrategy"] as const) {
            const needed = key === "subnetStrategy" || args.vpcEndpointSpecs !== undefined;
            if (needed && args[key] !== "Auto") {
                throw new Error(
                    `awsx:ec2:Vpc "${name}": the stand-in of the sandbox knows ${key} "Auto" only, not "${args[key]}"`,
                );
            }
        }
        const cidrBlock = args.cidrBlock ?? "10.0.0.0/16";
        const zones = await this.zones(args.numberOfAvailabilityZones ?? 3);
        const tags = (own: Tags) => pulumi.output(args.tags).apply((shared) => ({ ...shared, ...own }));
        const sharedTags = pulumi.output(args.tags).apply((shared) => ({ Name: name, ...shared }));

        const { enableDnsHostnames, enableDnsSupport } = args;
        const vpc = new AwsVpc(
            name,
            { cidrBlock, enableDnsHostnames, enableDnsSupport, tags: sharedTags },
            { parent: this },
        );
        const inVpc = { parent: vpc, dependsOn: [vpc] };
        const internetGateway = new InternetGateway(name, { vpcId: vpc.id, tags: sharedTags }, inVpc);

        const subnets: Subnet[] = [];
        const byType: Record<"Public" | "Private", Subnet[]> = { Public: [], Private: [] };
        const [routeTables, routes, routeTableAssociations]: [RouteTable[], Route[], RouteTableAssociation[]] = [
            [],
            [],
            [],
        ];
        const [eips, natGateways]: [Eip[], NatGateway[]] = [[], []];
        for (const { type, zone, cidr } of layOut(cidrBlock, zones.length)) {
            const subnetName = `${name}-${type.toLowerCase()}-${zone + 1}`;
            const subnetTags = tags({ Name: subnetName, SubnetType: type });
            const subnet = new Subnet(
                subnetName,
                {
                    vpcId: vpc.id,
                    availabilityZone: zones[zone]!,
                    mapPublicIpOnLaunch: type === "Public",
                    cidrBlock: cidr,
                    tags: subnetTags,
                },
                inVpc,
            );
            subnets.push(subnet);
            byType[type].push(subnet);
            const inSubnet = { parent: subnet, dependsOn: [subnet] };
            const routeTable = new RouteTable(subnetName, { vpcId: vpc.id, tags: subnetTags }, inSubnet);
            routeTables.push(routeTable);
            const inTable = { parent: routeTable, dependsOn: [routeTable] };
            routeTableAssociations.push(
                new RouteTableAssociation(subnetName, { routeTableId: routeTable.id, subnetId: subnet.id }, inTable),
            );
            if (type === "Public" && (nat === "OnePerAz" || (nat === "Single" && zone === 0))) {
                const natName = `${name}-${zone + 1}`;
                const natTags = tags({ Name: natName });
                const eip = new Eip(natName, { tags: natTags }, inSubnet);
                eips.push(eip);
                const allocationId = eip.allocationId;
                natGateways.push(
                    new NatGateway(natName, { subnetId: subnet.id, allocationId, tags: natTags }, inSubnet),
                );
            }
            // A zone's public subnet comes before its private one, so the gateway of the zone is there.
            const gateway = natGateways[nat === "Single" ? 0 : zone];
            const way = type === "Public" ? { gatewayId: internetGateway.id } : gateway && { natGatewayId: gateway.id };
            if (way) {
                const routeArgs = { routeTableId: routeTable.id, destinationCidrBlock: "0.0.0.0/0", ...way };
                routes.push(new Route(subnetName, routeArgs, inTable));
            }
        }

        const vpcEndpoints = (args.vpcEndpointSpecs ?? []).map(
            ({ serviceName, tags: own }) =>
                new VpcEndpoint(
                    serviceName,
                    { vpcId: vpc.id, serviceName, tags: own, routeTableIds: routeTables.map(({ id }) => id) },
                    inVpc,
                ),
        );

        const ids = (list: Subnet[]) => list.map(({ id }) => id);
        return {
            vpcId: vpc.id,
            vpc,
            internetGateway,
            subnets,
            publicSubnets: byType.Public,
            privateSubnets: byType.Private,
            publicSubnetIds: ids(byType.Public),
            privateSubnetIds: ids(byType.Private),
            isolatedSubnets: [],
            isolatedSubnetIds: [],
            routeTables,
            routes,
            routeTableAssociations,
            eips,
            natGateways,
            vpcEndpoints,
        };
    }

    private async zones(count: number): Promise<string[]> {
        const { names } = await getAvailabilityZones({}, { parent: this });
        if (names.length < count)
            throw new Error(`the region has ${names.length} availability zones, ${count} are asked for`);
        return names.slice(0, count);
    }
}
