import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { AsyncResource } from "node:async_hooks";
import { prefixLength, zoneBits, type NatGateways } from "../config";
import { afterChecks } from "../checks";
import { zonesWithoutFargate } from "./fargateZones";
import { FlowLogs, type FlowLogsArgs } from "./flowLogs";
import { KeptZones } from "./keptZones";
import type { Place } from "./place";

export interface NewVpcArgs extends Omit<FlowLogsArgs, "vpcId"> {
    /** The VPC's IPv4 range. Plain, like the rest: awsx lays out the subnets before anything exists. */
    readonly cidr: string;
    readonly zones: number;
    readonly natGateways: NatGateways;
    /** The public subnets have IPv6 ranges, too, and a way to the internet for them. */
    readonly dualStack: boolean;
    readonly flowLogs: boolean;
    readonly tags: Readonly<Record<string, string>>;
}

const strategies = { none: "None", single: "Single", "one-per-az": "OnePerAz" } as const;

/** A VPC of the stack's own. */
export function newVpc(name: string, args: NewVpcArgs, parent: pulumi.Resource): Place {
    const zones = zoneNames(name, args, parent);
    const vpc = new awsx.ec2.Vpc(
        `${name}-vpc`,
        {
            cidrBlock: args.cidr,
            // The type asks for plain names, and a promise of them arrives at awsx as plain; an Output would arrive as one.
            availabilityZoneNames: zones as unknown as string[],
            // The same share of the range for each zone, however many there are: a third one is added to two that stay.
            availabilityZoneCidrMask: prefixLength(args.cidr) + zoneBits,
            subnetStrategy: "Auto",
            natGateways: { strategy: strategies[args.natGateways] },
            enableDnsHostnames: true,
            assignGeneratedIpv6CidrBlock: args.dualStack,
            // Image layers come from S3: through this endpoint they neither pass nor pay for the NAT gateway. Without a
            // strategy awsx attaches it to no route table at all, and the VPC's tags it does not hand on to it.
            vpcEndpointSpecs: [{ serviceName: `com.amazonaws.${args.region}.s3`, tags: args.tags }],
            vpcEndpointStrategy: "Auto",
        },
        // Bound, as the engine calls it from outside of the program, where nothing can be looked up.
        { parent, transforms: [AsyncResource.bind(shaped(args.dualStack, zones))] },
    );

    // Every VPC has this group and it lets its members talk to each other. With no rules declared, it has none.
    new aws.ec2.DefaultSecurityGroup(`${name}-default`, { vpcId: vpc.vpcId }, { parent });

    if (args.flowLogs) {
        new FlowLogs(name, { ...args, vpcId: vpc.vpcId }, { parent });
    }

    const routes = args.dualStack
        ? Array.from({ length: args.zones }, (_, zone) => {
              const { routeTableId, gatewayId } = publicRoute(vpc, zone);
              return new aws.ec2.Route(
                  `${name}-ipv6-${zone + 1}`,
                  { routeTableId, gatewayId, destinationIpv6CidrBlock: "::/0" },
                  { parent },
              );
          })
        : [];

    return {
        vpcId: vpc.vpcId,
        whole: { name: args.cidr, peer: { cidrIpv4: args.cidr } },
        publicSubnetIds: vpc.publicSubnetIds,
        privateSubnetIds: vpc.privateSubnetIds,
        taskPublicIp: args.natGateways === "none",
        isLookedUp: args.dualStack, // for the range that AWS has given it
        ready: [vpc, ...routes],
    };
}

/** Where the route of a zone's public subnet to the internet stands. awsx makes the subnets zone by zone, the public one first. */
const publicRoute = ({ routeTables, internetGateway }: awsx.ec2.Vpc, zone: number) => ({
    routeTableId: routeTables.apply((tables) => tables[2 * zone]!.id),
    gatewayId: internetGateway.apply(({ id }) => id),
});

/**
 * What awsx has no word for. It lets a public subnet give a public address to whatever starts in it (Security Hub: EC2.15), where load
 * balancer and NAT gateways get theirs anyway, and tasks where the service says so. And it gives no subnet an IPv6 range.
 *
 * A VPC and its subnets keep the IPv6 ranges that they had, which cost nothing: AWS takes none away as long as the load balancer has
 * addresses of it, and that follows its subnets.
 */
function shaped(dualStack: boolean, zones: Promise<readonly string[]>): pulumi.ResourceTransform {
    const kept = (property: string, { ignoreChanges = [] }: pulumi.CustomResourceOptions) =>
        dualStack ? ignoreChanges : [...ignoreChanges, property];
    return async ({ type, props, opts }) => {
        if (type === "aws:ec2/vpc:Vpc") {
            return { props, opts: { ...opts, ignoreChanges: kept("assignGeneratedIpv6CidrBlock", opts) } };
        }
        if (type !== "aws:ec2/subnet:Subnet") {
            return undefined;
        }
        const { vpcId: id, availabilityZone, mapPublicIpOnLaunch: isPublic } = props as aws.ec2.SubnetArgs;
        const zone = (await zones).indexOf(availabilityZone as string);
        const range = dualStack && isPublic === true ? { ipv6CidrBlock: ipv6Range(id, zone) } : {};
        return {
            props: { ...props, ...range, mapPublicIpOnLaunch: false },
            opts: { ...opts, ignoreChanges: kept("ipv6CidrBlock", opts) },
        };
    };
}

/** A zone's share of the VPC's IPv6 range, which AWS chooses: unknown in the preview of the `up` that asks for one. */
const ipv6Range = (id: pulumi.Input<string>, zone: number) =>
    aws.ec2
        .getVpcOutput({ id })
        .ipv6CidrBlock.apply((range) => (range === "" ? (pulumi.unknown as never) : ipv6Share(range, zone)));

/** The /64 of a zone in a /56. The first one stays free, so that no part of it is zero, which is written in several ways. */
export function ipv6Share(range: string, zone: number): string {
    const [first, second, third, fourth = "0"] = range.split("::")[0]!.split(":");
    return `${first}:${second}:${third}:${(parseInt(fourth, 16) + 1 + zone).toString(16)}::/64`;
}

/**
 * The stack's zones: those that it has, then others that every account has and tasks of either processor run in, by name. One more Local
 * or Wavelength Zone that is opted into moves no subnet, nor does one that AWS has trouble with.
 */
async function zoneNames(
    name: string,
    { zones: count, region }: NewVpcArgs,
    parent: pulumi.Resource,
): Promise<string[]> {
    const optIn = [{ name: "opt-in-status", values: ["opt-in-not-required"] }];
    const available = { state: "available", filters: optIn, excludeZoneIds: [...zonesWithoutFargate.arm64] };
    const { names } = await afterChecks(() => aws.getAvailabilityZones(available, { parent }));
    const { zones } = new KeptZones(name, { zones: names.toSorted(), count }, { parent });
    return firstZones(await new Promise((resolve) => zones.apply(resolve)), count, region);
}

/**
 * The first `count` of a region's zones.
 *
 * @throws pulumi.RunError when there are fewer
 */
export function firstZones(names: readonly string[], count: number, region: string): string[] {
    if (names.length < count) {
        throw new pulumi.RunError(
            `availabilityZones: expected at most the ${names.length} zones that ${region} has for this account ` +
                `(${names.join(", ")}), got ${count}\n    fix: pulumi config set availabilityZones ${names.length}`,
        );
    }
    return names.slice(0, count);
}
