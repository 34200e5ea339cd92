import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { firstZones, ipv6Share } from "../infra/network/newVpc";
import { layOut } from "../tools/awsxLayout";
import { record, type Recording } from "./record";
import { alternative, dualStack, everything, internal, standard, withoutNat } from "./scenarios";
import { serializedProvider } from "./serializedProvider";

describe("network", () => {
    let runs: Readonly<Record<"standard" | "alternative" | "withoutNat", Recording>>;
    before(async () => {
        runs = { standard: await standard(), alternative: await alternative(), withoutNat: await withoutNat() };
    });

    const vpc = (run: Recording) => run.one("awsx:ec2:Vpc").inputs;
    const taskNetwork = (run: Recording) => run.one("aws:ecs/service:Service").inputs.networkConfiguration;

    // Of PrefixListId and its siblings in EC2's API reference: the provider checks a group's description, and not that of a rule by itself
    // (vpc_security_group_ingress_rule.go), so that the first word on an apostrophe is AWS's.
    it("describes each rule of its security groups in characters that EC2 takes", async () => {
        for (const scenario of [...everything, internal]) {
            for (const { type, inputs } of (await scenario()).registrations) {
                if (/^aws:(vpc\/securityGroup\w+Rule|ec2\/securityGroup):/.test(type)) {
                    assert.match(String(inputs.description), /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
                }
            }
        }
    });

    it("gives each zone a public and a private subnet of the configured range", () => {
        const layout = (run: Recording) => {
            const { cidrBlock, availabilityZoneNames, availabilityZoneCidrMask, subnetStrategy, subnetSpecs } =
                vpc(run);
            return { cidrBlock, availabilityZoneNames, availabilityZoneCidrMask, subnetStrategy, subnetSpecs };
        };
        assert.deepEqual(layout(runs.standard), {
            cidrBlock: "10.0.0.0/16",
            availabilityZoneNames: ["zone-a", "zone-c"],
            availabilityZoneCidrMask: 18,
            subnetStrategy: "Auto",
            subnetSpecs: undefined, // awsx's own: one public and one private subnet a zone
        });
        assert.deepEqual(layout(runs.alternative), {
            cidrBlock: "172.20.0.0/20",
            availabilityZoneNames: ["zone-a", "zone-c", "zone-d"],
            availabilityZoneCidrMask: 22,
            subnetStrategy: "Auto",
            subnetSpecs: undefined,
        });
    });

    it("adds a third zone to two whose subnets stay as they are", () => {
        const subnets = (zones: number) =>
            layOut("10.0.0.0/16", zones, Number(vpc(runs.standard).availabilityZoneCidrMask));
        assert.deepEqual(subnets(3).slice(0, 4), subnets(2));
    });

    it("has room for a load balancer in each zone of the smallest range, which AWS asks a /27 for", async () => {
        const smallest = await record({ values: { vpcCidr: "10.0.0.0/23", availabilityZones: "3" } });
        const { cidrBlock, availabilityZoneCidrMask } = vpc(smallest);
        const subnets = layOut(String(cidrBlock), 3, Number(availabilityZoneCidrMask));
        assert.deepEqual(
            subnets.filter(({ type }) => type === "Public").map(({ cidr }) => cidr),
            ["10.0.0.64/27", "10.0.0.192/27", "10.0.1.64/27"],
        );
    });

    it("takes zones that need no opting in only, and that Fargate runs tasks in", () => {
        const [lookup, ...others] = runs.standard.lookups.filter(({ token }) =>
            token.endsWith(":getAvailabilityZones"),
        );
        assert.deepEqual(others, []);
        assert.deepEqual(lookup!.inputs, {
            state: "available",
            filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
            // "Supported Regions for Amazon ECS on AWS Fargate": `apne1-az1`, `apne1-az2`, & `apne1-az4` only, and so on
            excludeZoneIds: ["apne1-az3", "cnn1-az3", "cnn1-az4", "usw1-az2", "use1-az3"],
        });
        assert.equal(vpc(runs.standard).numberOfAvailabilityZones, undefined, "awsx would look for itself, among all");
    });

    it("keeps its zones, whatever AWS says of one later: a subnet in another zone would be another subnet", async () => {
        const { inputs } = runs.standard.one("pulumi-nodejs:dynamic/network:KeptZones");
        const provider = serializedProvider(inputs);
        const taken = async (before: readonly string[] | undefined, zones: readonly string[], count: number) => {
            const olds = before && { zones: before };
            const { inputs: news } = (await provider.check(olds ?? {}, { zones, count })) as {
                inputs: { zones: string[] };
            };
            assert.deepEqual(Object.keys(news), ["zones"]);
            assert.deepEqual(await provider.create(news), { id: "zones", outs: news });
            assert.deepEqual(await provider.update("zones", olds, news), { outs: news });
            const { changes } = await provider.diff("zones", olds ?? {}, news);
            assert.equal(changes, String(before) !== String(news.zones));
            return news.zones;
        };
        assert.deepEqual(await taken(undefined, ["a", "c", "d"], 2), ["a", "c"]);
        assert.deepEqual(await taken(["a", "c"], ["c", "d"], 2), ["a", "c"]); // a is impaired
        assert.deepEqual(await taken(["a", "c"], ["a", "b", "c", "d"], 2), ["a", "c"]); // b is new
        assert.deepEqual(await taken(["a", "c"], ["a", "b", "c"], 3), ["a", "c", "b"]);
        assert.deepEqual(await taken(["a", "c", "b"], ["a", "b", "c"], 2), ["a", "c"]);
        assert.deepEqual(await taken(["a", "c"], ["c"], 2), ["a", "c"]);
        assert.deepEqual(await taken(undefined, ["c"], 2), ["c"]); // which the program refuses

        assert.deepEqual(vpc(runs.standard).availabilityZoneNames, (inputs.zones as string[]).slice(0, 2));
    });

    it("says where the region has fewer zones, and what to set", () => {
        assert.throws(() => firstZones(["us-west-1a", "us-west-1c"], 3, "us-west-1"), {
            message:
                "availabilityZones: expected at most the 2 zones that us-west-1 has for this account (us-west-1a, us-west-1c), got 3\n" +
                "    fix: pulumi config set availabilityZones 2",
        });
    });

    it("builds the NAT gateways that were asked for", () => {
        assert.deepEqual(vpc(runs.standard).natGateways, { strategy: "Single" });
        assert.deepEqual(vpc(runs.alternative).natGateways, { strategy: "OnePerAz" });
        assert.deepEqual(vpc(runs.withoutNat).natGateways, { strategy: "None" });
    });

    /** What becomes of a child of the VPC, which mocks do not make. */
    async function shaped(run: Recording, type: string, props: object) {
        const [transform, ...others] = run.one("awsx:ec2:Vpc").transforms;
        assert.deepEqual(others, []);
        const args = { custom: true, type, name: "child", props, opts: { dependsOn: [] } };
        const { props: after, opts } = (await transform!(args)) ?? args;
        return { ...after, ...opts } as Record<string, unknown>;
    }
    const subnetType = "aws:ec2/subnet:Subnet";
    const subnet = (zone: string, isPublic: boolean) => ({
        vpcId: "vpc-1",
        availabilityZone: zone,
        mapPublicIpOnLaunch: isPublic,
    });

    it("gives no address to what starts in a subnet without being asked, and changes nothing else of it", async () => {
        for (const isPublic of [true, false]) {
            assert.deepEqual(await shaped(runs.standard, subnetType, subnet("zone-a", isPublic)), {
                ...subnet("zone-a", false),
                dependsOn: [],
                ignoreChanges: ["ipv6CidrBlock"],
            });
        }
        const gateway = { vpcId: "vpc-1" };
        const child = await shaped(runs.standard, "aws:ec2/internetGateway:InternetGateway", gateway);
        assert.deepEqual(child, { ...gateway, dependsOn: [] });
    });

    it("gives the public subnets IPv6 ranges where visitors come over it, one a zone, and the private ones none", async () => {
        const both = await dualStack();
        assert.equal(vpc(both).assignGeneratedIpv6CidrBlock, true);
        const range = async (zone: string, isPublic: boolean) => {
            const { ipv6CidrBlock, ignoreChanges } = await shaped(both, subnetType, subnet(zone, isPublic));
            assert.deepEqual(ignoreChanges, []);
            return new Promise((resolve) => void pulumi.output(ipv6CidrBlock as pulumi.Input<string>).apply(resolve));
        };
        assert.equal(await range("zone-a", true), "2600:1f14:abc:de01::/64");
        assert.equal(await range("zone-c", true), "2600:1f14:abc:de02::/64");
        assert.equal(await range("zone-a", false), undefined);
        const routes = both.of("aws:ec2/route:Route").map(({ inputs }) => inputs);
        assert.deepEqual(routes, [
            { routeTableId: "rtb-public-1", gatewayId: "igw-main-vpc", destinationIpv6CidrBlock: "::/0" },
            { routeTableId: "rtb-public-2", gatewayId: "igw-main-vpc", destinationIpv6CidrBlock: "::/0" },
        ]);
    });

    it("writes an IPv6 range as AWS does", () => {
        assert.equal(ipv6Share("2600:1f14:abc::/56", 0), "2600:1f14:abc:1::/64");
        assert.equal(ipv6Share("2600:1f14:abc:df00::/56", 2), "2600:1f14:abc:df03::/64");
    });

    it("keeps ranges of IPv6 that the VPC has had, which a load balancer that gives its own up frees too late", async () => {
        const { ignoreChanges } = await shaped(runs.standard, "aws:ec2/vpc:Vpc", {});
        assert.deepEqual(ignoreChanges, ["assignGeneratedIpv6CidrBlock"]);
        assert.deepEqual((await shaped(await dualStack(), "aws:ec2/vpc:Vpc", {})).ignoreChanges, []);
    });

    it("attaches the S3 endpoint of its region to the route tables", () => {
        const services = (run: Recording) =>
            (vpc(run).vpcEndpointSpecs as { serviceName: string }[]).map(({ serviceName }) => serviceName);
        assert.deepEqual(services(runs.standard), ["com.amazonaws.ap-northeast-1.s3"]);
        assert.deepEqual(services(runs.alternative), ["com.amazonaws.eu-west-1.s3"]);
        // Without it awsx creates the endpoint and attaches no route table.
        assert.equal(vpc(runs.standard).vpcEndpointStrategy, "Auto");
    });

    it("leaves the VPC's default security group without any rule", () => {
        const { vpcId, ingress, egress } = runs.standard.one(
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        ).inputs;
        assert.deepEqual({ vpcId, ingress, egress }, { vpcId: "vpc-main-vpc", ingress: undefined, egress: undefined });
    });

    it("keeps tasks in private subnets, without addresses", () => {
        assert.deepEqual(taskNetwork(runs.standard), {
            subnets: ["subnet-private-1", "subnet-private-2"],
            securityGroups: ["sg-main-tasks"],
            assignPublicIp: false,
        });
        assert.deepEqual(taskNetwork(runs.alternative), {
            subnets: ["subnet-private-1", "subnet-private-2", "subnet-private-3"],
            securityGroups: ["sg-main-tasks"],
            assignPublicIp: false,
        });
    });

    it("puts tasks into public subnets with addresses, behind the same rules, where no NAT gateway leads out", () => {
        assert.deepEqual(taskNetwork(runs.withoutNat), {
            subnets: ["subnet-public-1", "subnet-public-2"],
            securityGroups: ["sg-main-tasks"],
            assignPublicIp: true,
        });
        for (const rule of [
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        ]) {
            const rules = (run: Recording) => run.of(rule).map(({ inputs }) => inputs);
            assert.deepEqual(rules(runs.withoutNat), rules(runs.standard));
        }
    });
});
