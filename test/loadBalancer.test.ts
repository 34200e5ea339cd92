import assert from "node:assert/strict";
import { record, type Recording } from "./record";
import { alternative, dualStack, inExistingVpc, internal, standard } from "./scenarios";

const world = ["0.0.0.0/0", "::/0"];

describe("load balancer and security groups", () => {
    let run: Recording;
    let other: Recording;
    before(async () => {
        run = await standard();
        other = await alternative();
    });

    /** Every rule of every group, as "who direction port peer". */
    function rules(recording: Recording): string[] {
        const kinds = [
            ["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "from"],
            ["aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "to"],
        ] as const;
        return kinds
            .flatMap(([type, direction]) =>
                recording.of(type).map(({ inputs }) => {
                    const { securityGroupId, ipProtocol, fromPort, toPort, description, tags, ...peers } = inputs;
                    assert.ok(description, "a rule says what it is for");
                    assert.ok(tags);
                    const peer = Object.entries(peers).map(([key, value]) => `${key}=${String(value)}`);
                    return `${String(securityGroupId)} ${direction} ${peer.join(" ")} ${String(ipProtocol)} ${String(fromPort)}-${String(toPort)}`;
                }),
            )
            .sort();
    }

    it("lets the internet reach the load balancer, the load balancer the tasks, and the tasks HTTPS: nothing else", () => {
        assert.deepEqual(rules(run), [
            "sg-main-alb from cidrIpv4=0.0.0.0/0 tcp 80-80",
            "sg-main-alb to referencedSecurityGroupId=sg-main-tasks tcp 8080-8080",
            "sg-main-tasks from referencedSecurityGroupId=sg-main-alb tcp 8080-8080",
            "sg-main-tasks to cidrIpv4=0.0.0.0/0 tcp 443-443",
        ]);
    });

    it("follows the container's port between load balancer and tasks, and nowhere else", () => {
        assert.deepEqual(rules(other), [
            "sg-main-alb from cidrIpv4=0.0.0.0/0 tcp 80-80",
            "sg-main-alb to referencedSecurityGroupId=sg-main-tasks tcp 3000-3000",
            "sg-main-tasks from referencedSecurityGroupId=sg-main-alb tcp 3000-3000",
            "sg-main-tasks to cidrIpv4=0.0.0.0/0 tcp 443-443",
            "sg-main-tasks to cidrIpv4=172.20.0.0/20 tcp 5432-5432", // its egress
        ]);
    });

    it("opens no port to the world in any other way", () => {
        const open = run.registrations.filter(({ inputs }) =>
            world.some((range) => JSON.stringify(inputs).includes(range)),
        );
        assert.deepEqual(
            open.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`),
            ["SecurityGroupIngressRule main-alb-http", "SecurityGroupEgressRule main-tasks-https"],
        );
        for (const group of run.of("aws:ec2/securityGroup:SecurityGroup")) {
            const { ingress, egress } = group.inputs;
            assert.deepEqual(
                { ingress, egress },
                { ingress: undefined, egress: undefined },
                `${group.name} has inline rules`,
            );
        }
        assert.deepEqual(
            run.registrations.filter(({ type }) => /securitygroup/i.test(type)).map(({ name }) => name),
            [
                "main-default",
                "main-alb",
                "main-alb-http",
                "main-tasks",
                "main-alb-to-tasks",
                "main-tasks-from-alb",
                "main-tasks-https",
            ],
        );
    });

    it("is described in the characters that EC2 takes, which are fewer than ASCII", () => {
        const described = run.registrations.filter(({ type }) => /securityGroup/i.test(type));
        for (const { name, inputs } of described.filter(({ inputs: { description } }) => description !== undefined)) {
            assert.match(String(inputs.description), /^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/, name);
        }
    });

    it("is an internet-facing application load balancer in the public subnets that drops invalid headers", () => {
        const { tags: _, ...inputs } = run.one("aws:lb/loadBalancer:LoadBalancer").inputs;
        assert.deepEqual(inputs, {
            loadBalancerType: "application",
            internal: false,
            ipAddressType: "ipv4",
            subnets: ["subnet-public-1", "subnet-public-2"],
            securityGroups: ["sg-main-alb"],
            accessLogs: { enabled: false, bucket: "" },
            dropInvalidHeaderFields: true,
            enableDeletionProtection: false,
        });
    });

    // hashicorp/terraform-provider-aws#22005: a new one would be refused the target groups that the former has still.
    it("comes after the one that it replaces, where a first up has ended half-way and was to be internal after all", () => {
        assert.equal(run.one("aws:lb/loadBalancer:LoadBalancer").deleteBeforeReplace, true);
    });

    it("waits for the way to the internet gateway, and until visitors are let in", () => {
        const { dependsOn } = run.one("aws:lb/loadBalancer:LoadBalancer");
        assert.deepEqual(
            dependsOn.map(({ name }) => name),
            ["main-vpc", "main-alb-http"],
        );
    });

    it("is reached from the VPC alone where it is internal, and stands in the private subnets", async () => {
        const inside = await internal();
        const { internal: isInternal, subnets } = inside.one("aws:lb/loadBalancer:LoadBalancer").inputs;
        assert.deepEqual([isInternal, subnets], [true, ["subnet-private-1", "subnet-private-2"]]);
        assert.deepEqual(
            rules(inside).filter((rule) => rule.includes(" from cidr") || rule.includes("-alb to")),
            [
                "sg-main-alb from cidrIpv4=10.0.0.0/16 tcp 80-80",
                "sg-main-alb to referencedSecurityGroupId=sg-main-tasks tcp 8080-8080",
            ],
        );
    });

    it("lets all ranges of an existing VPC reach an internal one", async () => {
        const values = { vpcId: "vpc-0a1b2c3d", privateSubnetIds: "subnet-1000000a,subnet-1000000c" };
        const inside = await record({ values: { ...values, loadBalancer: "internal" } });
        assert.deepEqual(
            rules(inside).filter((rule) => rule.startsWith("sg-main-alb from")),
            ["sg-main-alb from prefixListId=pl-main-vpc tcp 80-80"],
        );
        const { subnets } = inside.one("aws:lb/loadBalancer:LoadBalancer").inputs;
        assert.deepEqual(subnets, ["subnet-1000000a", "subnet-1000000c"]);
    });

    it("is reached from anywhere in the public subnets of an existing VPC, too", async () => {
        const there = await inExistingVpc();
        assert.deepEqual(rules(there), [
            "sg-main-alb from cidrIpv4=0.0.0.0/0 tcp 80-80",
            "sg-main-alb to referencedSecurityGroupId=sg-main-tasks tcp 8080-8080",
            "sg-main-tasks from referencedSecurityGroupId=sg-main-alb tcp 8080-8080",
            "sg-main-tasks to cidrIpv4=0.0.0.0/0 tcp 443-443",
            "sg-main-tasks to prefixListId=pl-main-dns tcp 53-53",
            "sg-main-tasks to prefixListId=pl-main-dns udp 53-53",
            "sg-main-tasks to prefixListId=pl-main-vpc tcp 5432-5432", // its egress
        ]);
        const { subnets } = there.one("aws:lb/loadBalancer:LoadBalancer").inputs;
        assert.deepEqual(subnets, ["subnet-0000000a", "subnet-0000000c"]);
    });

    it("is reached over IPv6 on the same ports and by the same name, the tasks are not", async () => {
        const both = await dualStack();
        const { ipAddressType } = both.one("aws:lb/loadBalancer:LoadBalancer").inputs;
        assert.equal(ipAddressType, "dualstack");
        assert.deepEqual(
            rules(both).filter((rule) => rule.includes("from cidr") || rule.includes("::/0")),
            [
                "sg-main-alb from cidrIpv4=0.0.0.0/0 tcp 443-443",
                "sg-main-alb from cidrIpv4=0.0.0.0/0 tcp 80-80",
                "sg-main-alb from cidrIpv4=0.0.0.0/0 tcp 9000-9000",
                "sg-main-alb from cidrIpv6=::/0 tcp 443-443",
                "sg-main-alb from cidrIpv6=::/0 tcp 80-80",
                "sg-main-alb from cidrIpv6=::/0 tcp 9000-9000",
            ],
        );
        const records = both.of("aws:route53/record:Record").filter(({ inputs }) => inputs.aliases);
        assert.deepEqual(
            records.map(({ name, inputs: { type } }) => [name, type]),
            [
                ["main", "A"],
                ["main-ipv6", "AAAA"],
            ],
        );
        const [ipv4, ipv6] = records.map(({ inputs: { type: _, ...rest } }) => rest);
        assert.deepEqual(ipv6, ipv4);
    });

    it("has addresses of IPv6 once these lead in, and are let in", async () => {
        const { dependsOn } = (await dualStack()).one("aws:lb/loadBalancer:LoadBalancer");
        const needed = dependsOn.map(({ name }) => name);
        for (const name of ["main-ipv6-1", "main-ipv6-2", "main-alb-http-ipv6", "main-alb-https-ipv6"]) {
            assert.ok(needed.includes(name), name);
        }
    });

    it("takes a healthy task in quickly, is patient with one that runs, and lets one go after 15 s", () => {
        const groups = run.of("aws:lb/targetGroup:TargetGroup");
        assert.deepEqual(
            groups.map(({ name }) => name),
            ["main", "main-alternate"],
        );
        for (const { inputs: given } of groups) {
            const { tags: _, ...inputs } = given;
            assert.deepEqual(inputs, {
                vpcId: "vpc-main-vpc",
                targetType: "ip",
                protocol: "HTTP",
                port: 80,
                deregistrationDelay: 15,
                healthCheck: {
                    path: "/",
                    interval: 5,
                    timeout: 4,
                    healthyThreshold: 2,
                    unhealthyThreshold: 6,
                    matcher: "200-399",
                },
            });
        }
    });

    it("checks the configured path, and stays the same group when the container's port changes", () => {
        const group = (recording: Recording) => recording.one("aws:lb/targetGroup:TargetGroup", "main").inputs;
        assert.equal((group(other).healthCheck as { path: string }).path, "/health");
        assert.equal(group(other).port, group(run).port);
    });

    it("listens on port 80 and forwards everything to the tasks", () => {
        const { tags: _, ...inputs } = run.one("aws:lb/listener:Listener").inputs;
        assert.deepEqual(inputs, {
            loadBalancerArn: run.one("aws:lb/loadBalancer:LoadBalancer").outputs.arn,
            port: 80,
            protocol: "HTTP",
            defaultActions: [
                { type: "forward", targetGroupArn: run.one("aws:lb/targetGroup:TargetGroup", "main").outputs.arn },
            ],
        });
    });

    it("has names that fit, with what Pulumi adds, into the 32 characters of load balancers and target groups", () => {
        const named = ["aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"];
        for (const { name, inputs } of named.flatMap((type) => run.of(type))) {
            assert.equal(inputs.name, undefined, "a given name could not be replaced without a clash");
            assert.ok(`${name}-1234567`.length <= 32);
        }
    });
});
