import { EC2 } from "@aws-sdk/client-ec2";
import { region, rootOptions } from "./awsClients";

/** What Pulumi.prod.yaml.example says of a VPC of the stack's own, taken out where it lives in another. */
export const ofNewVpc = {
    vpcCidr: undefined,
    availabilityZones: undefined,
    natGateways: undefined,
    flowLogs: undefined,
};

/** What the team's VPC has in place of Amazon's DNS. */
export const dnsServer = "10.20.0.53";

/**
 * A VPC as a team has it, which no stack has made: two zones, a NAT gateway, the main route table for the private subnets, and a DNS
 * server of its own.
 */
export class TeamVpc {
    private constructor(
        private readonly ec2: EC2,
        private readonly internetGateway: string,
        readonly id: string,
        readonly publicSubnets: readonly string[],
        readonly privateSubnets: readonly string[],
        /** A /28, and one that leads nowhere. */
        readonly tooSmall: string,
        readonly closed: string,
    ) {}

    static async create(): Promise<TeamVpc> {
        const ec2 = new EC2(rootOptions);
        const VpcId = (await ec2.createVpc({ CidrBlock: "10.20.0.0/16" })).Vpc!.VpcId!;
        const servers = [{ Key: "domain-name-servers", Values: [dnsServer] }];
        const { DhcpOptions } = await ec2.createDhcpOptions({ DhcpConfigurations: servers });
        await ec2.associateDhcpOptions({ VpcId, DhcpOptionsId: DhcpOptions!.DhcpOptionsId });
        const { AvailabilityZones } = await ec2.describeAvailabilityZones({});
        const zones = AvailabilityZones!
            .filter(({ ZoneType }) => ZoneType !== "local-zone")
            .map((zone) => zone.ZoneName!);
        const subnet = async (zone: number, CidrBlock: string) =>
            (await ec2.createSubnet({ VpcId, CidrBlock, AvailabilityZone: zones[zone] })).Subnet!.SubnetId!;
        const publicSubnets = [await subnet(0, "10.20.0.0/24"), await subnet(1, "10.20.1.0/24")];
        const privateSubnets = [await subnet(0, "10.20.10.0/24"), await subnet(1, "10.20.11.0/24")];
        const tooSmall = await subnet(2, "10.20.2.0/28");
        const closed = await subnet(2, "10.20.12.0/24");

        const InternetGatewayId = (await ec2.createInternetGateway({})).InternetGateway!.InternetGatewayId!;
        await ec2.attachInternetGateway({ VpcId, InternetGatewayId });
        const { AllocationId } = await ec2.allocateAddress({ Domain: "vpc" });
        const { NatGateway } = await ec2.createNatGateway({ SubnetId: publicSubnets[0], AllocationId });
        const everywhere = { DestinationCidrBlock: "0.0.0.0/0" };
        const table = async (subnets: readonly string[], target?: object) => {
            const { RouteTable } = await ec2.createRouteTable({ VpcId });
            const RouteTableId = RouteTable!.RouteTableId!;
            for (const SubnetId of subnets) await ec2.associateRouteTable({ RouteTableId, SubnetId });
            if (target) await ec2.createRoute({ RouteTableId, ...everywhere, ...target });
        };
        await table([...publicSubnets, tooSmall], { GatewayId: InternetGatewayId });
        await table([closed]);
        const main = [
            { Name: "vpc-id", Values: [VpcId] },
            { Name: "association.main", Values: ["true"] },
        ];
        const { RouteTables } = await ec2.describeRouteTables({ Filters: main });
        const { RouteTableId } = RouteTables![0]!;
        await ec2.createRoute({ RouteTableId, ...everywhere, NatGatewayId: NatGateway!.NatGatewayId });
        return new TeamVpc(ec2, InternetGatewayId, VpcId, publicSubnets, privateSubnets, tooSmall, closed);
    }

    /** Makes a public and a private subnet in a third zone that Fargate runs in. */
    async addZone(): Promise<{ readonly publicSubnet: string; readonly privateSubnet: string }> {
        const zone = { VpcId: this.id, AvailabilityZone: `${region}d` };
        const subnet = async (CidrBlock: string) =>
            (await this.ec2.createSubnet({ ...zone, CidrBlock })).Subnet!.SubnetId!;
        const [publicSubnet, privateSubnet] = [await subnet("10.20.3.0/24"), await subnet("10.20.13.0/24")];
        await this.ec2.associateRouteTable({ RouteTableId: await this.publicRouteTable(), SubnetId: publicSubnet });
        return { publicSubnet, privateSubnet };
    }

    async zoneOf(subnet: string): Promise<string> {
        return (await this.ec2.describeSubnets({ SubnetIds: [subnet] })).Subnets![0]!.AvailabilityZone!;
    }

    private async publicRouteTable(): Promise<string> {
        const Filters = [{ Name: "association.subnet-id", Values: [this.publicSubnets[0]!] }];
        return (await this.ec2.describeRouteTables({ Filters })).RouteTables![0]!.RouteTableId!;
    }

    /** A subnet of another VPC. */
    async stranger(): Promise<string> {
        const { Subnets } = await this.ec2.describeSubnets({});
        return Subnets!.find(({ VpcId }) => VpcId !== this.id)!.SubnetId!;
    }

    /** Gives it, and its public subnets, ranges of IPv6 and a way out. */
    async addIpv6(): Promise<void> {
        const association = await this.ec2.associateVpcCidrBlock({ VpcId: this.id, AmazonProvidedIpv6CidrBlock: true });
        const [prefix] = association.Ipv6CidrBlockAssociation!.Ipv6CidrBlock!.split("00::/56");
        for (const [index, SubnetId] of this.publicSubnets.entries()) {
            await this.ec2.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock: `${prefix}a${index}::/64` });
        }
        const route = { DestinationIpv6CidrBlock: "::/0", GatewayId: this.internetGateway };
        await this.ec2.createRoute({ RouteTableId: await this.publicRouteTable(), ...route });
    }

    /** All of it that is the team's, as AWS describes it. */
    async described() {
        const Filters = [{ Name: "vpc-id", Values: [this.id] }];
        const [vpcs, subnets, tables, groups, endpoints, gateways] = await Promise.all([
            this.ec2.describeVpcs({ VpcIds: [this.id] }),
            this.ec2.describeSubnets({ Filters }),
            this.ec2.describeRouteTables({ Filters }),
            this.ec2.describeSecurityGroups({ Filters: [...Filters, { Name: "group-name", Values: ["default"] }] }),
            this.ec2.describeVpcEndpoints({ Filters }),
            this.ec2.describeNatGateways({}),
        ]);
        return {
            vpc: vpcs.Vpcs,
            subnets: subnets.Subnets,
            tables: tables.RouteTables,
            groups: groups.SecurityGroups,
            endpoints: endpoints.VpcEndpoints,
            gateways: gateways.NatGateways!.filter(({ VpcId }) => VpcId === this.id),
        };
    }

    /** As the configuration has it. */
    get settings() {
        return {
            vpcId: this.id,
            publicSubnetIds: this.publicSubnets.join(","),
            privateSubnetIds: this.privateSubnets.join(","),
        };
    }
}
