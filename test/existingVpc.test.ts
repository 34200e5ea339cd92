import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { findVpc } from "../infra/network/existingVpc";
import {
    roomForTasks,
    subnetsWithoutRoom,
    problemsOf,
    type Subnet,
    type DescribedVpc,
    type VpcRequirements,
} from "../infra/network/fit";
import { failure } from "../tools/fakeCloud";
import { attempt, record } from "./record";
import { inExistingVpc } from "./scenarios";
import { serializedProvider } from "./serializedProvider";
import { load } from "./settings";

const type = "pulumi-nodejs:dynamic/network:FittingVpc";
const wish: VpcRequirements = {
    vpcId: "vpc-1",
    publicSubnetIds: ["subnet-pub-a", "subnet-pub-c"],
    privateSubnetIds: ["subnet-priv-a", "subnet-priv-c"],
    internal: false,
    dualStack: false,
    maxTasks: 4,
    architecture: "x86_64",
};

const subnet = (kind: "pub" | "priv", zone: string, change: Partial<Subnet> = {}): Subnet => ({
    ...{
        id: `subnet-${kind}-${zone}`,
        vpcId: "vpc-1",
        zone: `zone-${zone}`,
        zoneId: `xx1-${zone}`,
        cidr: "10.0.0.0/24",
    },
    ...{ freeAddresses: 251, ipv6: kind === "pub" },
    routeTable:
        kind === "pub"
            ? { id: `rtb-pub-${zone}`, ipv4: "igw-1", ipv6: "igw-1" }
            : { id: `rtb-priv-${zone}`, ipv4: "nat-1" },
    ...change,
});

/** A VPC that fits, but for what a test changes of some of its subnets. */
function vpc(changes: Readonly<Record<string, Partial<Subnet>>> = {}): DescribedVpc {
    const subnets = [subnet("pub", "a"), subnet("pub", "c"), subnet("priv", "a"), subnet("priv", "c")];
    return { ranges: ["10.0.0.0/16"], subnets: subnets.map((each) => ({ ...each, ...changes[each.id] })) };
}

describe("an existing VPC", () => {
    it("fits with two zones and ways in and out", () => {
        for (const ipv4 of ["nat-1", "tgw-1", "vgw-1", "pcx-1", "vpce-1", "eni-1"]) {
            const routeTable = { id: "rtb-1", ipv4 };
            assert.deepEqual(problemsOf(wish, vpc({ "subnet-priv-a": { routeTable } })), [], ipv4);
        }
        assert.deepEqual(problemsOf({ ...wish, dualStack: true }, vpc()), []);
        const behindFirewall = { routeTable: { id: "rtb-1", ipv4: "vpce-1" } };
        assert.deepEqual(problemsOf(wish, vpc({ "subnet-pub-a": behindFirewall })), []);
        assert.deepEqual(problemsOf({ ...wish, publicSubnetIds: [], internal: true }, vpc()), []);
        assert.deepEqual(problemsOf(wish, vpc({ "subnet-pub-a": { cidr: "10.0.0.0/27" } })), []);
    });

    const cases: Readonly<Record<string, [Partial<VpcRequirements>, DescribedVpc, string[]]>> = {
        "that is not there": [
            {},
            { subnets: [], ranges: [] },
            ["vpcId: there is no vpc-1 in this account and region: `aws ec2 describe-vpcs` lists those there are"],
        ],
        "with subnets that are not there": [
            {
                publicSubnetIds: ["subnet-pub-a", "subnet-pub-c", "subnet-x"],
                privateSubnetIds: ["subnet-y", "subnet-priv-a", "subnet-priv-c"],
            },
            vpc(),
            ["publicSubnetIds: there is no subnet-x", "privateSubnetIds: there is no subnet-y"].map(
                (start) => `${start} in this account and region: \`aws ec2 describe-subnets\` lists those there are`,
            ),
        ],
        "with subnets of another one": [
            {
                publicSubnetIds: ["subnet-pub-a", "subnet-pub-c", "subnet-priv-a"],
                privateSubnetIds: ["subnet-priv-c", "subnet-priv-d"],
            },
            {
                ranges: ["10.0.0.0/16"],
                subnets: [
                    ...vpc({ "subnet-priv-a": { vpcId: "vpc-2", routeTable: { id: "rtb-2" } } }).subnets,
                    subnet("priv", "d", { zone: "zone-a" }),
                ],
            },
            ["publicSubnetIds: subnet-priv-a is in vpc-2, not in vpc-1"],
        ],
        "with private subnets that lead nowhere": [
            {},
            vpc({
                "subnet-priv-a": { routeTable: { id: "rtb-a" } },
                "subnet-priv-c": { routeTable: { id: "rtb-c", ipv4: "igw-1" } },
            }),
            [
                "privateSubnetIds: tasks in subnet-priv-a would reach no registry and no logs, as its route table rtb-a has no route to " +
                    "0.0.0.0/0: they need one to a NAT gateway, a transit gateway or the like",
                "privateSubnetIds: tasks in subnet-priv-c would reach no registry and no logs, as its route table rtb-c leads to igw-1, " +
                    "which takes public addresses only: they need one to a NAT gateway, a transit gateway or the like",
            ],
        ],
        "with a private subnet in a zone without Fargate": [
            {},
            vpc({ "subnet-priv-c": { zoneId: "apne1-az3" }, "subnet-pub-c": { zoneId: "apne1-az3" } }),
            ["privateSubnetIds: subnet-priv-c is in zone-c (apne1-az3), where Fargate runs no tasks for x86_64"],
        ],
        "with a private subnet in a zone without Fargate for the processor": [
            { architecture: "arm64" },
            vpc({ "subnet-priv-c": { zoneId: "use1-az3" }, "subnet-pub-c": { zoneId: "use1-az3" } }),
            ["privateSubnetIds: subnet-priv-c is in zone-c (use1-az3), where Fargate runs no tasks for arm64"],
        ],
        "with public subnets that nobody reaches": [
            {},
            vpc({
                "subnet-pub-a": { routeTable: { id: "rtb-a" } },
                "subnet-pub-c": { routeTable: { id: "rtb-c", ipv4: "nat-1" } },
            }),
            ["a", "c"].map(
                (zone) =>
                    `publicSubnetIds: visitors do not reach subnet-pub-${zone}, whose route table rtb-${zone} has no route to 0.0.0.0/0 to ` +
                    "an internet gateway",
            ),
        ],
        "with subnets that are too small for a load balancer": [
            {},
            vpc({ "subnet-pub-a": { cidr: "10.0.0.0/28" }, "subnet-priv-a": { cidr: "10.0.0.16/28" } }),
            ["publicSubnetIds: subnet-pub-a is 10.0.0.0/28, and a load balancer needs a /27 or larger"],
        ],
        "with private subnets that are too small for an internal one": [
            { internal: true, publicSubnetIds: [] },
            vpc({ "subnet-priv-a": { cidr: "10.0.0.16/28" } }),
            ["privateSubnetIds: subnet-priv-a is 10.0.0.16/28, and a load balancer needs a /27 or larger"],
        ],
        "with subnets of one zone": [
            { publicSubnetIds: ["subnet-pub-a"], privateSubnetIds: ["subnet-priv-a"] },
            vpc(),
            [
                "privateSubnetIds: all are in zone-a (subnet-priv-a), and the app needs two zones at least",
                "publicSubnetIds: all are in zone-a (subnet-pub-a), and the app needs two zones at least",
            ],
        ],
        "with two subnets of a zone for the load balancer": [
            { publicSubnetIds: ["subnet-pub-a", "subnet-pub-c", "subnet-pub-d"] },
            { ranges: ["10.0.0.0/16"], subnets: [...vpc().subnets, subnet("pub", "d", { zone: "zone-a" })] },
            [
                "publicSubnetIds: subnet-pub-a and subnet-pub-d are in zone-a, and a load balancer takes one subnet of a zone",
            ],
        ],
        "with tasks in a zone without the load balancer": [
            { privateSubnetIds: ["subnet-priv-a", "subnet-priv-d"] },
            { ranges: ["10.0.0.0/16"], subnets: [...vpc().subnets, subnet("priv", "d")] },
            [
                "privateSubnetIds: subnet-priv-d is in zone-d, where the load balancer has no subnet for its tasks' requests",
            ],
        ],
        "without IPv6 where it is asked for": [
            { dualStack: true },
            vpc({
                "subnet-pub-a": { ipv6: false },
                "subnet-pub-c": { routeTable: { id: "rtb-c", ipv4: "igw-1", ipv6: "eigw-1" } },
            }),
            [
                "publicSubnetIds: subnet-pub-a has no IPv6 range, which dualStack needs",
                "publicSubnetIds: subnet-pub-c has no way for IPv6, which dualStack needs: a route to ::/0 to an internet gateway in rtb-c",
            ],
        ],
    };
    for (const [what, [change, found, expected]] of Object.entries(cases)) {
        it(`is refused ${what}, by the ids`, () => {
            assert.deepEqual(problemsOf({ ...wish, ...change }, found), expected);
        });
    }

    it("has too little room where a release would find no addresses for twice as many tasks as there may be", () => {
        const left = (a: number, c: number) => ({
            "subnet-priv-a": { freeAddresses: a },
            "subnet-priv-c": { freeAddresses: c },
        });
        assert.deepEqual(roomForTasks(wish, vpc(left(3, 5))), []);
        assert.deepEqual(roomForTasks(wish, vpc(left(7, 0))), [
            "privateSubnetIds: subnet-priv-a and subnet-priv-c have 7 free addresses, and a release of 4 tasks (maxTasks) needs 8",
        ]);
    });

    it("is full where a load balancer finds fewer than eight addresses", () => {
        const full = vpc({
            "subnet-pub-a": { freeAddresses: 7 },
            "subnet-pub-c": { freeAddresses: 8 },
            "subnet-priv-a": { freeAddresses: 0 },
        });
        const problem = "publicSubnetIds: subnet-pub-a has 7 free addresses, and a load balancer needs 8";
        assert.deepEqual(subnetsWithoutRoom(wish, full), [{ id: "subnet-pub-a", problem }]);
        const inside = subnetsWithoutRoom({ ...wish, internal: true }, full);
        assert.deepEqual(
            inside.map(({ id }) => id),
            ["subnet-priv-a"],
        );
    });

    it("gets nothing from the stack but lists of its ranges and DNS servers, and the load balancer and tasks in the subnets that are named", async () => {
        const run = await inExistingVpc();
        const network = run.registrations.filter(({ type }) => /^awsx:|:ec2\/(?!securityGroup)/.test(type));
        assert.deepEqual(
            network.map(({ type, inputs: { tags: _, ...inputs } }) => [type, inputs]),
            [
                [
                    "aws:ec2/managedPrefixList:ManagedPrefixList",
                    {
                        addressFamily: "IPv4",
                        maxEntries: 2,
                        entries: [{ cidr: "10.20.0.0/16" }, { cidr: "100.64.0.0/16" }],
                    },
                ],
                [
                    "aws:ec2/managedPrefixList:ManagedPrefixList",
                    { addressFamily: "IPv4", maxEntries: 1, entries: [{ cidr: "169.254.169.253/32" }] },
                ],
            ],
        );
        const { networkConfiguration } = run.one("aws:ecs/service:Service").inputs;
        assert.deepEqual(networkConfiguration, {
            subnets: ["subnet-1000000a", "subnet-1000000c"],
            securityGroups: ["sg-main-tasks"],
            assignPublicIp: false,
        });
        const vpcs = run.registrations.flatMap(({ inputs }) => (inputs.vpcId === undefined ? [] : [inputs.vpcId]));
        assert.deepEqual([...new Set(vpcs)], ["vpc-0a1b2c3d"]);
    });

    it("is looked up as AWS describes it, by the main route table where a subnet has none of its own", async () => {
        const inputs = async (lookups: Parameters<typeof record>[0] = {}) => {
            const { __provider: _, ...given } = (await record({ values: existing, ...lookups })).one(type).inputs;
            return given;
        };
        assert.deepEqual(await inputs(), {
            subnetIds: ["subnet-0000000a", "subnet-0000000c"],
            problems: [],
            crowded: [],
            atFirst: [],
        });
        const noneOfTheirOwn = await inputs({
            lookups: { "aws:ec2/getRouteTables:getRouteTables": () => ({ ids: [] }) },
        });
        assert.deepEqual(
            (noneOfTheirOwn.problems as string[]).map((problem) => problem.replace(/.*whose route table /, "")),
            ["a", "c"].map(() => "rtb-main has no route to 0.0.0.0/0 to an internet gateway"),
        );
    });

    // hashicorp/terraform-provider-aws#45771: "Since it is shared from different account, main Route table is not accessible".
    it("fits where another account shares it, which shows its main route table to nobody else", async () => {
        const shared = {
            "aws:ec2/getVpc:getVpc": ({ id }: Record<string, unknown>) => ({
                ...{ id, mainRouteTableId: "", dhcpOptionsId: "dopt-1" },
                cidrBlockAssociations: [{ cidrBlock: "10.20.0.0/16", state: "associated" }],
            }),
            "aws:ec2/getRouteTables:getRouteTables": () => ({ ids: [] }),
            "aws:ec2/getVpcDhcpOptions:getVpcDhcpOptions": () => failure("no matching EC2 DHCP Options Set found"),
        };
        const run = await record({ values: existing, lookups: shared });
        assert.deepEqual(run.one(type).inputs.problems, []);
        assert.deepEqual(
            run.lookups.filter(({ token }) => token === "aws:ec2/getRouteTable:getRouteTable"),
            [],
        );
        const unseen = vpc({ "subnet-priv-a": { routeTable: undefined }, "subnet-pub-a": { routeTable: undefined } });
        assert.deepEqual(problemsOf({ ...wish, dualStack: true }, unseen), []);
    });

    // "Security groups" in the VPC User Guide: what goes to Amazon's own DNS they do not filter, and nothing else.
    it("lets tasks out to its own DNS servers", async () => {
        const listed = async (domainNameServers: readonly string[]) => {
            const lookups = { "aws:ec2/getVpcDhcpOptions:getVpcDhcpOptions": () => ({ domainNameServers }) };
            const run = await record({ values: existing, lookups });
            const list = run.one("aws:ec2/managedPrefixList:ManagedPrefixList", "main-dns");
            const rules = run
                .of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
                .filter(({ inputs }) => inputs.prefixListId === list.outputs.id);
            assert.deepEqual(
                rules.map(({ inputs: { ipProtocol, fromPort, toPort } }) => [ipProtocol, fromPort, toPort]),
                ["udp", "tcp"].map((protocol) => [protocol, 53, 53]),
            );
            const { dependsOn } = run.one("aws:ecs/service:Service");
            assert.ok(
                rules.every((rule) => dependsOn.includes(rule)),
                "a task starts with its ways out",
            );
            return [list.inputs.maxEntries, list.inputs.entries];
        };
        // vpc_managed_prefix_list.go of the AWS provider has `entry` optional and computed: none would leave those of before.
        assert.deepEqual(await listed(["AmazonProvidedDNS"]), [1, [{ cidr: "169.254.169.253/32" }]]);
        const servers = [{ cidr: "10.1.0.2/32" }, { cidr: "10.2.0.2/32" }];
        assert.deepEqual(await listed(["10.1.0.2", "10.2.0.2", "fd00::2"]), [2, servers]);
    });

    it("is refused with AWS's own words where it cannot be looked up", async () => {
        const lookups = { "aws:ec2/getVpcs:getVpcs": () => failure("UnauthorizedOperation: ec2:DescribeVpcs") };
        const { problems } = (await attempt({ values: existing, lookups })).recording.one(type).inputs;
        assert.deepEqual((problems as string[]).length, 1);
        assert.match((problems as string[])[0]!, /^vpcId: .*UnauthorizedOperation: ec2:DescribeVpcs/);
    });

    // With --target the engine asks no check of what is left out, as mocks do not.
    it("is refused by the program where the engine does not ask, and nothing is made", async () => {
        const lookups = { "aws:ec2/getVpcs:getVpcs": () => ({ ids: [] }) };
        const { recording, failure } = await attempt({ values: existing, lookups });
        assert.ok(pulumi.RunError.isInstance(failure), String(failure));
        assert.match(failure.message, /^vpcId: there is no vpc-0a1b2c3d in this account/);
        const sent = recording.registrations.filter(({ inputs }) => Object.keys(inputs).length > 0);
        assert.deepEqual(
            sent.map((each) => each.type),
            ["pulumi-nodejs:dynamic/guard:RunningStack", type],
        );
    });

    it("is refused by the engine, once for each problem, and for want of addresses only before the load balancer is there", async () => {
        const provider = serializedProvider((await inExistingVpc()).one(type).inputs);
        const check = async (olds: object, news: object) => {
            const result = (await provider.check(olds, {
                subnetIds: ["subnet-1"],
                problems: [],
                crowded: [],
                atFirst: [],
                ...news,
            })) as {
                inputs: object;
                failures: { reason: string }[];
            };
            assert.deepEqual(result.inputs, { subnetIds: ["subnet-1"] });
            return result.failures.map(({ reason }) => reason);
        };
        const crowded = [{ id: "subnet-1", problem: "full" }];
        assert.deepEqual(await check({}, {}), []);
        assert.deepEqual(await check({}, { problems: ["one", "two"], crowded }), ["one", "two", "full"]);
        assert.deepEqual(await check({ subnetIds: ["subnet-1"] }, { crowded }), []);
        assert.deepEqual(await check({ subnetIds: ["subnet-2"] }, { crowded }), ["full"]);
        assert.deepEqual(await check({}, { crowded, atFirst: ["narrow"] }), ["full", "narrow"]);
        assert.deepEqual(await check({ subnetIds: ["subnet-1"] }, { atFirst: ["narrow"] }), []);
    });

    // After that, though: a look-up that began before it would wait for it, and it for the look-up.
    it("is checked before anything else is made, but what cannot change any more", async () => {
        const [first, second] = (await inExistingVpc()).registrations;
        assert.deepEqual([first!.type, second!.type], ["pulumi-nodejs:dynamic/guard:RunningStack", type]);
        const waits: boolean[] = [];
        await record({
            program: () => {
                findVpc(load(existing));
                pulumi.runtime.registerStackTransformation(({ opts }) => {
                    waits.push(opts.dependsOn instanceof Promise); // see holdUntil
                    return undefined;
                });
                new pulumi.ComponentResource("fargate-cicd:test:Test", "any");
            },
        });
        assert.deepEqual(waits, [true]);
    });
});

const existing = {
    vpcId: "vpc-0a1b2c3d",
    publicSubnetIds: "subnet-0000000a,subnet-0000000c",
    privateSubnetIds: "subnet-1000000a,subnet-1000000c",
};
