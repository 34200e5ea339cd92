/**
 * The one component of awsx that this program uses, where the official plugin cannot be had: its children with their types, names,
 * parents, dependencies, tags and ranges, all of them resources of the aws provider (pulumi-awsx, awsx/ec2/vpc.ts).
 */
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { type ConstructResult, main, type Provider } from "@pulumi/pulumi/provider";
import { layOut } from "../../../tools/awsxLayout";
import { versionOf } from "../../npm";
import { exitWithEngine } from "../exitWithEngine";

type Tags = Readonly<Record<string, pulumi.Input<string>>>;

interface VpcArgs {
    readonly assignGeneratedIpv6CidrBlock?: pulumi.Input<boolean>;
    readonly availabilityZoneCidrMask?: number;
    readonly availabilityZoneNames: readonly string[];
    readonly cidrBlock: string;
    readonly enableDnsHostnames?: pulumi.Input<boolean>;
    readonly natGateways: { readonly strategy: "None" | "Single" | "OnePerAz" };
    readonly subnetStrategy?: "Auto";
    readonly tags?: pulumi.Input<Tags>;
    readonly vpcEndpointSpecs?: readonly { readonly serviceName: string; readonly tags?: Tags }[];
    readonly vpcEndpointStrategy?: "Auto";
}

const token = "awsx:ec2:Vpc";
const known: Record<keyof VpcArgs, true> = {
    assignGeneratedIpv6CidrBlock: true,
    availabilityZoneCidrMask: true,
    availabilityZoneNames: true,
    cidrBlock: true,
    enableDnsHostnames: true,
    natGateways: true,
    subnetStrategy: true,
    tags: true,
    vpcEndpointSpecs: true,
    vpcEndpointStrategy: true,
};

/** @throws Error that names what the stand-in does not know, which the official component might act upon */
function assertKnown(name: string, args: VpcArgs): void {
    const refuse = (problem: string) => {
        throw new Error(`${token} "${name}": the sandbox's stand-in ${problem}`);
    };
    const unknown = Object.keys(args).filter((key) => !(key in known));
    if (unknown.length > 0) {
        refuse(`does not know ${unknown.join(", ")}`);
    }
    const { availabilityZoneNames, cidrBlock, natGateways, subnetStrategy, vpcEndpointSpecs } = args;
    if (!["None", "Single", "OnePerAz"].includes(natGateways?.strategy)) {
        refuse(`takes None, Single or OnePerAz for natGateways.strategy, not "${natGateways?.strategy}"`);
    }
    if (subnetStrategy !== "Auto" || (vpcEndpointSpecs && args.vpcEndpointStrategy !== "Auto")) {
        refuse('knows only the strategy "Auto", of subnets and of endpoints');
    }
    if (pulumi.Output.isInstance(availabilityZoneNames)) {
        refuse("takes plain availabilityZoneNames, as the original: these depend on a resource");
    }
    if (!availabilityZoneNames || !cidrBlock) {
        refuse("has no availabilityZoneNames and no cidrBlock of its own");
    }
}

class Vpc extends pulumi.ComponentResource {
    readonly outputs: Promise<Record<string, unknown>>;

    constructor(
        private readonly childName: string,
        args: VpcArgs,
        options: pulumi.ComponentResourceOptions,
    ) {
        super(token, childName, {}, options);
        this.outputs = this.build(args);
    }

    private async build(args: VpcArgs) {
        const name = this.childName;
        assertKnown(name, args);
        const { cidrBlock, availabilityZoneNames: zones } = args;
        const nat = args.natGateways.strategy;
        const layout = layOut(cidrBlock, zones.length, args.availabilityZoneCidrMask);
        const tags = (own: Tags) => pulumi.output(args.tags).apply((shared) => ({ ...shared, ...own }));
        const sharedTags = pulumi.output(args.tags).apply((shared) => ({ Name: name, ...shared }));

        const { assignGeneratedIpv6CidrBlock, enableDnsHostnames } = args;
        const vpcArgs = { cidrBlock, assignGeneratedIpv6CidrBlock, enableDnsHostnames, tags: sharedTags };
        const vpc = new ec2.Vpc(name, vpcArgs, { parent: this });
        const inVpc = { parent: vpc, dependsOn: [vpc] };
        const internetGateway = new ec2.InternetGateway(name, { vpcId: vpc.id, tags: sharedTags }, inVpc);

        const subnets: ec2.Subnet[] = [];
        const byType: Record<"Public" | "Private", ec2.Subnet[]> = { Public: [], Private: [] };
        const routeTables: ec2.RouteTable[] = [];
        const routes: ec2.Route[] = [];
        const routeTableAssociations: ec2.RouteTableAssociation[] = [];
        const eips: ec2.Eip[] = [];
        const natGateways: ec2.NatGateway[] = [];
        for (const { type, zone, cidr } of layout) {
            const subnetName = `${name}-${type.toLowerCase()}-${zone + 1}`;
            const subnetTags = tags({ Name: subnetName, SubnetType: type });
            const subnet = new ec2.Subnet(
                subnetName,
                {
                    vpcId: vpc.id,
                    availabilityZone: zones[zone]!,
                    mapPublicIpOnLaunch: type === "Public",
                    assignIpv6AddressOnCreation: false,
                    cidrBlock: cidr,
                    tags: subnetTags,
                },
                inVpc,
            );
            subnets.push(subnet);
            byType[type].push(subnet);
            const inSubnet = { parent: subnet, dependsOn: [subnet] };
            const routeTable = new ec2.RouteTable(subnetName, { vpcId: vpc.id, tags: subnetTags }, inSubnet);
            routeTables.push(routeTable);
            const inTable = { parent: routeTable, dependsOn: [routeTable] };
            const association = { routeTableId: routeTable.id, subnetId: subnet.id };
            routeTableAssociations.push(new ec2.RouteTableAssociation(subnetName, association, inTable));
            if (type === "Public" && (nat === "OnePerAz" || (nat === "Single" && zone === 0))) {
                const natName = `${name}-${zone + 1}`;
                const natTags = tags({ Name: natName });
                const eip = new ec2.Eip(natName, { tags: natTags }, inSubnet);
                eips.push(eip);
                const natArgs = { subnetId: subnet.id, allocationId: eip.allocationId, tags: natTags };
                natGateways.push(new ec2.NatGateway(natName, natArgs, inSubnet));
            }
            // A zone's public subnet comes before its private one, so the gateway of the zone is there.
            const gateway = natGateways[nat === "Single" ? 0 : zone];
            const way = type === "Public" ? { gatewayId: internetGateway.id } : gateway && { natGatewayId: gateway.id };
            if (way) {
                const routeArgs = { routeTableId: routeTable.id, destinationCidrBlock: "0.0.0.0/0", ...way };
                routes.push(new ec2.Route(subnetName, routeArgs, inTable));
            }
        }

        const vpcEndpoints = (args.vpcEndpointSpecs ?? []).map(({ serviceName, tags: own }) => {
            const endpointTags = sharedTags.apply((shared) => ({ ...shared, ...own }));
            const routeTableIds = routeTables.map(({ id }) => id);
            return new ec2.VpcEndpoint(
                serviceName,
                { vpcId: vpc.id, serviceName, tags: endpointTags, routeTableIds },
                inVpc,
            );
        });

        const ids = (list: readonly ec2.Subnet[]) => list.map(({ id }) => id);
        const firstZone = layout.filter(({ zone }) => zone === 0).reverse();
        return {
            vpcId: vpc.id,
            vpc,
            internetGateway,
            subnets,
            subnetLayout: firstZone.map(({ type, cidr }) => ({ type, cidrMask: Number(cidr.split("/")[1]) })),
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
}

const awsx: Provider = {
    version: versionOf("@pulumi/awsx"),

    async construct(name, type, inputs, options): Promise<ConstructResult> {
        if (type !== token) {
            throw new Error(`unknown component ${type}: the sandbox's stand-in for awsx has ${token} only`);
        }
        const vpc = new Vpc(name, inputs as VpcArgs, options); // which looks at them first
        return { urn: vpc.urn, state: await vpc.outputs };
    },
};

void main(awsx, process.argv.slice(2));
exitWithEngine();
