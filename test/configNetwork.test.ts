import assert from "node:assert/strict";
import { load, refusal, type Values } from "./settings";

const vpcId = "vpc-0a1b2c3d4e5f67890";
const publicSubnetIds = "subnet-0000000a,subnet-0000000c";
const privateSubnetIds = "subnet-1000000a, subnet-1000000c";
const existing = { vpcId, publicSubnetIds, privateSubnetIds };

/** What is said of each problem, without the head. */
const problems = (values: Values) => refusal(values).split("\n").slice(1).join("\n");

describe("configuration: where the app lives", () => {
    it("makes a VPC of its own unless one is named", () => {
        assert.equal(load().existingVpc, undefined);
        assert.deepEqual(load(existing).existingVpc, {
            vpcId,
            publicSubnetIds: ["subnet-0000000a", "subnet-0000000c"],
            privateSubnetIds: ["subnet-1000000a", "subnet-1000000c"],
        });
    });

    it("takes each subnet once", () => {
        const twice = load({ ...existing, publicSubnetIds: `${publicSubnetIds},subnet-0000000a` });
        assert.deepEqual(twice.existingVpc!.publicSubnetIds, ["subnet-0000000a", "subnet-0000000c"]);
    });

    for (const given of [
        "vpc",
        "vpc-1",
        "vpc-0A1B2C3D",
        "subnet-0a1b2c3d",
        "vpc-0a1b2c3d4e5f6789",
        "vpc-0a1b2c3d,vpc-0a1b2c3e",
    ]) {
        it(`takes "${given}" for no VPC`, () => {
            assert.equal(
                problems({ ...existing, vpcId: given }),
                `  - vpcId: expected the id of a VPC such as "vpc-0a1b2c3d4e5f67890", got "${given}"\n` +
                    "    fix: pulumi config set vpcId vpc-0a1b2c3d4e5f67890",
            );
        });
    }

    it("takes no more subnets than a service", () => {
        const ids = (count: number) =>
            Array.from({ length: count }, (_, index) => `subnet-${10000000 + index}`).join(",");
        assert.equal(load({ ...existing, privateSubnetIds: ids(16) }).existingVpc!.privateSubnetIds.length, 16);
        assert.match(
            problems({ ...existing, privateSubnetIds: ids(17) }),
            /^ {2}- privateSubnetIds: expected at most 16 subnets, as a service takes no more, got /,
        );
    });

    it("names each subnet that is none", () => {
        for (const key of ["publicSubnetIds", "privateSubnetIds"]) {
            const fix = `\n    fix: pulumi config set ${key} subnet-0a1b2c3d4e5f67890,subnet-0f9e8d7c6b5a43210`;
            const expected = 'expected the id of a subnet such as "subnet-0a1b2c3d4e5f67890"';
            assert.equal(
                problems({ ...existing, [key]: "subnet-0000000a,private,vpc-0a1b2c3d" }),
                `  - ${key}: ${expected}, got "private"${fix}\n  - ${key}: ${expected}, got "vpc-0a1b2c3d"${fix}`,
            );
        }
    });

    it("asks for the VPC with its subnets, and for the subnets with the VPC", () => {
        assert.match(
            problems({ publicSubnetIds }),
            /^ {2}- vpcId: expected the VPC that publicSubnetIds and privateSubnetIds are in, got ""/,
        );
        const [tasks, balancer] = problems({ vpcId }).split(/\n(?= {2}-)/);
        assert.match(tasks!, /^ {2}- privateSubnetIds: expected the subnets of vpcId that tasks run in, got ""/);
        assert.match(balancer!, /^ {2}- publicSubnetIds: expected the subnets of vpcId for the load balancer, got ""/);
    });

    it("needs no public subnets for an internal load balancer", () => {
        const settings = load({ vpcId, privateSubnetIds, loadBalancer: "internal" });
        assert.equal(settings.internal, true);
        assert.deepEqual(settings.existingVpc!.publicSubnetIds, []);
    });

    it("takes out what an existing VPC has already", () => {
        assert.equal(
            problems({
                ...{ ...existing, vpcCidr: "10.1.0.0/16", availabilityZones: "3", natGateways: "one-per-az" },
                flowLogs: "true",
            }),
            [
                ["vpcCidr", "10.1.0.0/16"],
                ["availabilityZones", "3"],
                ["natGateways", "one-per-az"],
                ["flowLogs", "true"],
            ]
                .map(
                    ([key, got]) =>
                        `  - ${key}: expected none beside vpcId, whose VPC has its own, got "${got}"\n    fix: pulumi config rm ${key}`,
                )
                .join("\n"),
        );
    });

    it("gives IPv6 to no internal load balancer, and to none whose subnets the tasks share", () => {
        assert.match(
            problems({ dualStack: "true", loadBalancer: "internal" }),
            /^ {2}- dualStack: expected false where loadBalancer is internal, in subnets with IPv4 only, got "true"/,
        );
        assert.match(
            problems({ dualStack: "true", natGateways: "none" }),
            /^ {2}- dualStack: expected false where natGateways is none: .*, got "true"/,
        );
        assert.equal(load({ ...existing, dualStack: "true" }).dualStack, true);
    });
});
