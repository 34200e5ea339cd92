import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { FoundVpc } from "./existingVpc";
import { newVpc, type NewVpcArgs } from "./newVpc";
import type { Place, WholeVpc } from "./place";

export interface NetworkArgs extends NewVpcArgs {
    /** A VPC that is there already and fits; undefined: the stack makes its own. */
    readonly existing?: FoundVpc;
}

/** The VPC: in each zone a public subnet for the load balancer and a private one for the tasks. */
export class Network extends pulumi.ComponentResource implements Place {
    public readonly vpcId: pulumi.Output<string>;
    public readonly whole: WholeVpc;
    public readonly dns: Place["dns"];
    public readonly publicSubnetIds: pulumi.Output<string[]>;
    public readonly privateSubnetIds: pulumi.Output<string[]>;
    /** Where tasks run: the private subnets, or the public ones where there is no NAT gateway. */
    public readonly taskSubnetIds: pulumi.Output<string[]>;
    public readonly taskPublicIp: boolean;
    public readonly isLookedUp: boolean;
    public readonly ready: readonly pulumi.Resource[];

    constructor(name: string, { existing, ...args }: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:network:Network", name, {}, opts);

        const place = existing ? inExisting(name, existing, this) : newVpc(name, args, this);
        this.vpcId = place.vpcId;
        this.whole = place.whole;
        this.dns = place.dns;
        this.publicSubnetIds = place.publicSubnetIds;
        this.privateSubnetIds = place.privateSubnetIds;
        this.taskPublicIp = place.taskPublicIp;
        this.isLookedUp = place.isLookedUp;
        this.taskSubnetIds = place.taskPublicIp ? place.publicSubnetIds : place.privateSubnetIds;
        this.ready = place.ready;
        this.registerOutputs({
            vpcId: this.vpcId,
            publicSubnetIds: this.publicSubnetIds,
            taskSubnetIds: this.taskSubnetIds,
        });
    }
}

/** In place of none: the provider does not see that a list is to have no entries any more. No security group filters what goes there. */
const amazonDns = "169.254.169.253";

/** Nothing in the VPC itself is the stack's: neither its default security group nor an endpoint. */
function inExisting(
    name: string,
    { vpcId, publicSubnetIds, privateSubnetIds, ranges, dnsServers }: FoundVpc,
    parent: pulumi.Resource,
): Place {
    const list = (logicalName: string, cidrs: pulumi.Output<readonly string[]>) =>
        new aws.ec2.ManagedPrefixList(
            logicalName,
            {
                addressFamily: "IPv4",
                maxEntries: cidrs.apply(({ length }) => length),
                entries: cidrs.apply((each) => each.map((cidr) => ({ cidr }))),
            },
            { parent },
        );
    // A VPC has up to five ranges, and more on request, and up to four DNS servers, which only AWS knows: one rule names all of them by
    // their list.
    return {
        vpcId: pulumi.output(vpcId),
        whole: { name: "vpc", peer: { prefixListId: list(`${name}-vpc`, ranges).id } },
        dns: {
            prefixListId: list(
                `${name}-dns`,
                dnsServers.apply((servers) => (servers.length > 0 ? servers : [amazonDns]).map((one) => `${one}/32`)),
            ).id,
        },
        publicSubnetIds: pulumi.output([...publicSubnetIds]),
        privateSubnetIds: pulumi.output([...privateSubnetIds]),
        taskPublicIp: false,
        isLookedUp: true,
        ready: [],
    };
}
