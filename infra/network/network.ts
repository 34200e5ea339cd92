import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as pulumi from "@pulumi/pulumi";
import { prefixLength, zoneBits, type NatGateways } from "../config";
import { afterChecks } from "../nothingBefore";

export interface NetworkArgs {
    /** The VPC's IPv4 range. Plain, like the rest: awsx lays out the subnets before anything exists. */
    readonly cidr: string;
    readonly zones: number;
    readonly natGateways: NatGateways;
    readonly region: string;
    readonly tags: Readonly<Record<string, string>>;
}

const strategies = { none: "None", single: "Single", "one-per-az": "OnePerAz" } as const;

/** The VPC: in each zone a public subnet for the load balancer and a private one for the tasks. */
export class Network extends pulumi.ComponentResource {
    public readonly vpcId: pulumi.Output<string>;
    /** The VPC's IPv4 range. */
    public readonly cidr: string;
    public readonly publicSubnetIds: pulumi.Output<string[]>;
    public readonly privateSubnetIds: pulumi.Output<string[]>;
    /** Where tasks run: the private subnets, or the public ones where there is no NAT gateway. */
    public readonly taskSubnetIds: pulumi.Output<string[]>;
    /** Whether tasks need an address of their own to pull images: only where there is no NAT gateway. */
    public readonly taskPublicIp: boolean;
    /** The whole VPC with its routes; subnet ids alone do not say when the way out is ready. */
    public readonly ready: pulumi.Resource;

    constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:network:Network", name, {}, opts);

        const vpc = new awsx.ec2.Vpc(
            `${name}-vpc`,
            {
                cidrBlock: args.cidr,
                // The type asks for plain names, and a promise of them arrives at awsx as plain; an Output would arrive as one.
                availabilityZoneNames: this.zoneNames(args) as unknown as string[],
                // The same share of the range for each zone, however many there are: a third one is added to two that stay.
                availabilityZoneCidrMask: prefixLength(args.cidr) + zoneBits,
                subnetStrategy: "Auto",
                natGateways: { strategy: strategies[args.natGateways] },
                enableDnsHostnames: true,
                // Image layers come from S3: through this endpoint they neither pass nor pay for the NAT gateway. Without a
                // strategy awsx attaches it to no route table at all, and the VPC's tags it does not hand on to it.
                vpcEndpointSpecs: [{ serviceName: `com.amazonaws.${args.region}.s3`, tags: args.tags }],
                vpcEndpointStrategy: "Auto",
            },
            { parent: this },
        );

        // Every VPC has this group and it lets its members talk to each other. With no rules declared, it has none.
        new aws.ec2.DefaultSecurityGroup(`${name}-default`, { vpcId: vpc.vpcId }, { parent: this });

        this.vpcId = vpc.vpcId;
        this.cidr = args.cidr;
        this.publicSubnetIds = vpc.publicSubnetIds;
        this.privateSubnetIds = vpc.privateSubnetIds;
        this.taskPublicIp = args.natGateways === "none";
        this.taskSubnetIds = this.taskPublicIp ? vpc.publicSubnetIds : vpc.privateSubnetIds;
        this.ready = vpc;
        this.registerOutputs({
            vpcId: this.vpcId,
            publicSubnetIds: this.publicSubnetIds,
            taskSubnetIds: this.taskSubnetIds,
        });
    }

    /** Those that every account has: one more Local or Wavelength Zone that is opted into moves no subnet. */
    private async zoneNames({ zones, region }: NetworkArgs): Promise<string[]> {
        const optIn = [{ name: "opt-in-status", values: ["opt-in-not-required"] }];
        const available = { state: "available", filters: optIn };
        const { names } = await afterChecks(() => aws.getAvailabilityZones(available, { parent: this }));
        return firstZones(names, zones, region);
    }
}

/**
 * The first `count` of a region's zones by name, so that those of a stack stay when it gets one more.
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
    return names.toSorted().slice(0, count);
}
