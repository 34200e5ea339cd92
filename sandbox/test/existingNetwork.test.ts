/**
 * Where the app lives: in a VPC that a team has already, behind an internal load balancer, and over IPv6. The steps build on each other,
 * in this order.
 */
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import assert from "node:assert/strict";
import { root, rootOptions } from "../checkouts/awsClients";
import { brief, changedTypes, fetchPage, undisturbed } from "../checkouts/copiedCheckout";
import { dnsServer, ofNewVpc, TeamVpc } from "../checkouts/teamVpc";
import { jobsOf, TwoStacks } from "../checkouts/twoStacks";

describe("an app in a VPC that was there before", () => {
    const checkout = new TwoStacks(brief);
    const ec2 = new EC2(rootOptions);
    const elb = new ElasticLoadBalancingV2(rootOptions);
    let team: TeamVpc;
    let before: Awaited<ReturnType<TeamVpc["described"]>>;
    const configure = (settings: object, stack?: string) => checkout.configureAll(settings, stack);
    const refused = async (script: string) => {
        const { output } = await checkout.fail(script);
        assert.doesNotMatch(output, /^ *(\+|~|-|\+-) +(aws|docker-build|github):\S+ \S+ \w+(ing|ed)\b/m);
        return output;
    };
    const balancers = async () => (await elb.describeLoadBalancers({})).LoadBalancers!;
    /** Who is let into the load balancers, by what the rule names. */
    const allowedSources = async () => {
        const { SecurityGroupRules } = await ec2.describeSecurityGroupRules({});
        const rules = SecurityGroupRules!.filter(
            ({ IsEgress, Description }) => !IsEgress && Description?.startsWith("HTTP"),
        );
        return rules
            .map(({ CidrIpv4, CidrIpv6, PrefixListId }) => CidrIpv4 ?? CidrIpv6 ?? PrefixListId!.slice(0, 3))
            .sort();
    };

    it("is there to be looked up", async () => {
        await checkout.succeed("sandbox:preview"); // starts the emulators
        team = await TeamVpc.create();
        before = await team.described();
    });
    after(() => checkout.remove());

    it("is refused, by the ids, where the VPC does not fit, and nothing is made", async () => {
        const { tooSmall, closed, publicSubnets, privateSubnets } = team;
        configure({ ...team.settings, vpcId: "vpc-0123456789abcdef0" });
        const message = /there is no vpc-0123456789abcdef0 in this account and region/;
        assert.match(await refused("sandbox:preview"), message);
        const [absent, stranger] = ["subnet-0123456789abcdef0", await team.stranger()];
        configure({
            ...{ vpcId: team.id, dualStack: true },
            publicSubnetIds: [publicSubnets[0], tooSmall, absent].join(","),
            privateSubnetIds: [privateSubnets[0], closed, stranger, publicSubnets[1]].join(","),
        });
        for (const script of ["sandbox:preview", "sandbox:up"]) {
            const output = (await refused(script)).replace(/\s+/g, " ");
            for (const problem of [
                `publicSubnetIds: there is no ${absent} in this account and region`,
                `privateSubnetIds: ${stranger} is in vpc-`,
                `privateSubnetIds: tasks in ${closed} would reach no registry and no logs`,
                `privateSubnetIds: tasks in ${publicSubnets[1]} would reach no registry and no logs`,
                `publicSubnetIds: ${tooSmall} is 10.20.2.0/28, and a load balancer needs a /27 or larger`,
                `publicSubnetIds: ${publicSubnets[0]} has no IPv6 range, which dualStack needs`,
                `privateSubnetIds: ${publicSubnets[1]} is in`,
            ]) {
                assert.ok(output.includes(problem), `${problem}\n${output}`);
            }
            assert.ok(!output.includes(`tasks in ${privateSubnets[0]}`), output);
        }
        configure({ dualStack: undefined });
        assert.deepEqual(await balancers(), []);
        assert.deepEqual(await team.described(), before);
    });

    it("is up, and nothing of the VPC is changed", async () => {
        configure({ ...team.settings, egress: "5432" });
        const { seconds } = await checkout.succeed("sandbox:up");
        console.log(`      up: ${seconds.toFixed(1)} s`); // which sandbox:bench holds
        assert.equal((await fetchPage(checkout.outputs("dev").url!)).status, 200);
        assert.deepEqual(await team.described(), before);
        const [balancer] = await balancers();
        assert.deepEqual(
            [balancer!.Scheme, balancer!.VpcId, balancer!.AvailabilityZones!.map(({ SubnetId }) => SubnetId).sort()],
            ["internet-facing", team.id, team.publicSubnets.toSorted()],
        );
        assert.deepEqual(await allowedSources(), ["0.0.0.0/0"]);
        const { PrefixLists } = await ec2.describeManagedPrefixLists({});
        const [list] = PrefixLists!.filter(({ PrefixListName }) => PrefixListName!.startsWith("main-dns-"));
        const { Entries } = await ec2.getManagedPrefixListEntries({ PrefixListId: list!.PrefixListId });
        assert.deepEqual(
            Entries!.map(({ Cidr }) => Cidr),
            [`${dnsServer}/32`],
        );
        await checkout.succeed("sandbox:up -- --refresh --expect-no-changes");
    });

    it("moves neither out of the VPC nor behind an internal load balancer", async () => {
        configure({ loadBalancer: "internal" });
        assert.match(await refused("sandbox:preview"), /that of this stack is internet-facing/);
        configure({
            loadBalancer: undefined,
            vpcId: undefined,
            publicSubnetIds: undefined,
            privateSubnetIds: undefined,
        });
        assert.match(await refused("sandbox:preview"), new RegExp(`this stack runs in ${team.id}`));
        configure(team.settings);
    });

    it("moves to other subnets of the VPC, and back, in new tasks, and loses no request", async () => {
        const { publicSubnet, privateSubnet } = await team.addZone();
        before = await team.described();
        const { ecs } = root();
        const zone = async () => {
            const { taskArns } = await ecs.listTasks({ cluster: "fargate-cicd-dev" });
            const { tasks } = await ecs.describeTasks({ cluster: "fargate-cicd-dev", tasks: taskArns });
            return tasks!.map(({ availabilityZone }) => availabilityZone).join();
        };
        const { url } = checkout.outputs("dev");
        const moved = async (settings: object) => {
            configure(settings);
            return changedTypes((await undisturbed(url!, checkout.succeed("sandbox:up"))).output);
        };
        const [running, guard] = ["guard:RunningStack", "network:FittingVpc"].map(
            (type) => `pulumi-nodejs:dynamic/${type}`,
        );
        const [balancer, service, rights] = ["aws:lb:LoadBalancer", "aws:ecs:Service", "aws:iam:RolePolicy"];

        const left = await zone();
        const zones = await Promise.all(team.privateSubnets.map((subnet) => team.zoneOf(subnet)));
        const kept = team.privateSubnets.filter((_, index) => zones[index] !== left);
        assert.equal(kept.length, 1, `${left} of ${zones.join()}`);
        const others = {
            publicSubnetIds: [...team.publicSubnets, publicSubnet].join(),
            privateSubnetIds: [...kept, privateSubnet].join(),
        };
        assert.deepEqual(await moved(others), [service, rights, balancer, running, guard]);
        assert.notEqual(await zone(), left);
        // The zone is left by the tasks first: a load balancer sends nothing to one that it has left.
        const { privateSubnetIds, publicSubnetIds } = team.settings;
        assert.deepEqual(await moved({ privateSubnetIds }), [service, rights, running]);
        assert.deepEqual(await moved({ publicSubnetIds }), [balancer, guard]);
        await checkout.succeed("sandbox:up -- --refresh --expect-no-changes");
        assert.deepEqual(await team.described(), before);
    });

    it("is reached over IPv6 once the subnets have it, and changed in place, both ways", async () => {
        await team.addIpv6();
        before = await team.described();
        configure({ dualStack: true });
        const { output } = await checkout.succeed("sandbox:up");
        const changed = ["aws:lb:LoadBalancer", "aws:vpc:SecurityGroupIngressRule"];
        assert.deepEqual(changedTypes(output), changed);
        assert.equal((await balancers())[0]!.IpAddressType, "dualstack");
        assert.deepEqual(await allowedSources(), ["0.0.0.0/0", "::/0"]);
        configure({ dualStack: undefined });
        await checkout.succeed("sandbox:up");
        assert.equal((await balancers())[0]!.IpAddressType, "ipv4");
        assert.deepEqual(await allowedSources(), ["0.0.0.0/0"]);
        assert.deepEqual(await team.described(), before);
    });

    it("is internal in the private subnets, for the VPC's ranges alone, beside another stack", async () => {
        checkout.writeProd();
        const { publicSubnetIds: _, ...settings } = team.settings;
        const domain = { domainName: undefined, hostedZone: undefined };
        configure({ ...settings, ...ofNewVpc, ...domain, loadBalancer: "internal" }, "prod");
        await checkout.succeed("sandbox:up -- --stack prod");
        const inside = (await balancers()).find(({ Scheme }) => Scheme === "internal")!;
        assert.deepEqual(
            inside.AvailabilityZones!.map(({ SubnetId }) => SubnetId).sort(),
            team.privateSubnets.toSorted(),
        );
        assert.deepEqual(await allowedSources(), ["0.0.0.0/0", "pl-"]);
        assert.deepEqual(await team.described(), before);
    });

    it("is released without being asked from outside, and the run says so", async () => {
        configure({ githubEnvironment: "dev" });
        await checkout.succeed("sandbox:up");
        await checkout.succeed("sandbox:release");
        const run = await checkout.succeed("sandbox:release -- --approve prod");
        assert.deepEqual(Object.values(jobsOf(run)).filter((status) => status === "success").length, 2, run.output);
        assert.match(run.output, /http:\/\/\S+ is reached from its VPC alone, not from here/);
        assert.equal(await checkout.served("prod"), await checkout.served("dev"));
    });

    it("leaves the VPC as it was, each of the two", async () => {
        const ownLists = async () => {
            const Filters = [{ Name: "owner-id", Values: ["123456789012"] }];
            return (await ec2.describeManagedPrefixLists({ Filters })).PrefixLists!.length;
        };
        await checkout.succeed("sandbox:destroy -- --stack prod");
        assert.deepEqual(await team.described(), before);
        assert.equal(await ownLists(), 2, "the other stack's");
        await checkout.succeed("sandbox:up -- --stack prod"); // with the last stack the VPC ends, too
        await checkout.succeed("sandbox:destroy");
        assert.deepEqual(await team.described(), before);
        assert.equal(await ownLists(), 2, "the other stack's");
    });
});
