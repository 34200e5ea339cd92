/** Ranges of IPv6, and what needs them. */
import { strict as assert } from "node:assert";
import { Issuer, region, TestAws } from "./awsFixture";

describe("the emulated AWS, with IPv6", function () {
    this.timeout(60_000);
    let tokens: Issuer;
    let aws: TestAws;
    let clients: ReturnType<TestAws["as"]>;
    let VpcId: string;
    let block: string;
    const subnets: string[] = [];
    /** The code of a refusal, and what it says. */
    const refusal = (call: Promise<unknown>) =>
        call.then(
            () => "none",
            ({ name, message }: Error) => `${name}: ${message}`,
        );
    const share = (index: number) => block.replace("00::/56", `0${index}::/64`);
    const ranges = async () => {
        const { Subnets } = await clients.ec2.describeSubnets({ SubnetIds: subnets });
        return Subnets!.flatMap(({ Ipv6CidrBlockAssociationSet: set }) => set!.map((each) => each.Ipv6CidrBlock));
    };

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        clients = aws.as();
        VpcId = (await clients.ec2.createVpc({ CidrBlock: "10.0.0.0/16" })).Vpc!.VpcId!;
        for (const [index, zone] of ["a", "c"].entries()) {
            const subnet = { VpcId, CidrBlock: `10.0.${index}.0/24`, AvailabilityZone: `${region}${zone}` };
            subnets.push((await clients.ec2.createSubnet(subnet)).Subnet!.SubnetId!);
        }
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    it("has no range unless one is asked for, and chooses that of a VPC", async () => {
        const found = async () => (await clients.ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs![0]!;
        assert.deepEqual((await found()).Ipv6CidrBlockAssociationSet, []);
        const { Ipv6CidrBlockAssociation: made } = await clients.ec2.associateVpcCidrBlock({
            VpcId,
            AmazonProvidedIpv6CidrBlock: true,
        });
        assert.deepEqual((await found()).Ipv6CidrBlockAssociationSet, [made]);
        assert.match(made!.Ipv6CidrBlock!, /^2001:db8:[0-9a-f]+:de00::\/56$/);
        assert.deepEqual([made!.Ipv6CidrBlockState!.State, made!.Ipv6Pool], ["associated", "Amazon"]);
        block = made!.Ipv6CidrBlock!;
        const filter = { Name: "ipv6-cidr-block-association.association-id", Values: [made!.AssociationId!] };
        const { Vpcs } = await clients.ec2.describeVpcs({ Filters: [filter] });
        assert.deepEqual(
            Vpcs!.map((vpc) => vpc.VpcId),
            [VpcId],
        );
        const fresh = await clients.ec2.createVpc({ CidrBlock: "10.9.0.0/16", AmazonProvidedIpv6CidrBlock: true });
        const [own] = fresh.Vpc!.Ipv6CidrBlockAssociationSet!;
        assert.notEqual(own!.Ipv6CidrBlock, block);
    });

    it("refuses a dual-stack load balancer where a subnet has no range, and one that becomes so", async () => {
        const { elb } = clients;
        const create = { Name: "early", Subnets: subnets, IpAddressType: "dualstack" } as const;
        const message = "ValidationError: You must specify subnets with an associated IPv6 CIDR block.";
        assert.equal(await refusal(elb.createLoadBalancer(create)), message);
        const { LoadBalancers } = await elb.createLoadBalancer({ Name: "app", Subnets: subnets });
        const change = { LoadBalancerArn: LoadBalancers![0]!.LoadBalancerArn!, IpAddressType: "dualstack" } as const;
        assert.equal(await refusal(elb.setIpAddressType(change)), message);
    });

    it("gives a subnet a /64 of its VPC's range, which no other has", async () => {
        const associate = (SubnetId: string, Ipv6CidrBlock: string) =>
            clients.ec2.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock });
        const [first, second] = subnets as [string, string];
        const outside = "2001:db8:ffff:1::/64";
        assert.equal(
            await refusal(associate(first, outside)),
            `InvalidSubnet.Range: The CIDR '${outside}' is invalid.`,
        );
        assert.equal((await associate(first, share(1))).Ipv6CidrBlockAssociation!.Ipv6CidrBlock, share(1));
        const conflict = `InvalidSubnet.Conflict: The CIDR '${share(1)}' conflicts with another subnet`;
        assert.equal(await refusal(associate(second, share(1))), conflict);
        await associate(second, share(2));
        assert.deepEqual(await ranges(), [share(1), share(2)]);
        const CidrBlock = "10.0.2.0/24";
        const { Subnet } = await clients.ec2.createSubnet({ VpcId, CidrBlock, Ipv6CidrBlock: share(3) });
        assert.equal(Subnet!.Ipv6CidrBlockAssociationSet![0]!.Ipv6CidrBlock, share(3));
        await clients.ec2.deleteSubnet({ SubnetId: Subnet!.SubnetId });
    });

    it("routes IPv6 beside IPv4", async () => {
        const { RouteTable } = await clients.ec2.createRouteTable({ VpcId });
        const RouteTableId = RouteTable!.RouteTableId!;
        const routes = async () => {
            const { RouteTables } = await clients.ec2.describeRouteTables({ RouteTableIds: [RouteTableId] });
            return RouteTables![0]!.Routes!.map((each) => each.DestinationIpv6CidrBlock ?? each.DestinationCidrBlock);
        };
        for (const destination of [{ DestinationCidrBlock: "0.0.0.0/0" }, { DestinationIpv6CidrBlock: "::/0" }]) {
            await clients.ec2.createRoute({ RouteTableId, GatewayId: "igw-1", ...destination });
        }
        assert.deepEqual(await routes(), ["10.0.0.0/16", "0.0.0.0/0", "::/0"]);
        await clients.ec2.deleteRoute({ RouteTableId, DestinationIpv6CidrBlock: "::/0" });
        assert.deepEqual(await routes(), ["10.0.0.0/16", "0.0.0.0/0"]);
    });

    it("keeps a range as long as a load balancer or a subnet has a part of it", async () => {
        const { elb, ec2 } = clients;
        const { LoadBalancers } = await elb.describeLoadBalancers({ Names: ["app"] });
        const LoadBalancerArn = LoadBalancers![0]!.LoadBalancerArn!;
        await elb.setIpAddressType({ LoadBalancerArn, IpAddressType: "dualstack" });
        const { Subnets } = await ec2.describeSubnets({ SubnetIds: subnets });
        const associations = Subnets!.map((each) => each.Ipv6CidrBlockAssociationSet![0]!.AssociationId!);
        const [whole] = (await ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs![0]!.Ipv6CidrBlockAssociationSet!;
        const end = (AssociationId: string) => ec2.disassociateSubnetCidrBlock({ AssociationId });
        const endWhole = () => ec2.disassociateVpcCidrBlock({ AssociationId: whole!.AssociationId });
        assert.match(await refusal(end(associations[0]!)), /^InvalidCidrBlock\.InUse: The subnet IPv6 CIDR block/);
        assert.match(await refusal(endWhole()), /^InvalidCidrBlock\.InUse: The vpc IPv6 CIDR block/);
        await elb.setIpAddressType({ LoadBalancerArn, IpAddressType: "ipv4" });
        for (const association of associations) await end(association);
        await endWhole();
        assert.deepEqual(await ranges(), []);
        assert.match(await refusal(end(associations[0]!)), /^InvalidSubnetCidrBlockAssociationID\.NotFound: /);
    });
});
