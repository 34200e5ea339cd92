import type * as pulumi from "@pulumi/pulumi";

/** How the rule of a security group names the whole VPC. */
export interface WholeVpc {
    /** In the rule's own name. */
    readonly name: string;
    readonly peer: { readonly cidrIpv4: string } | { readonly prefixListId: pulumi.Output<string> };
}

/** What the other parts know of a VPC, whosever it is. */
export interface Place {
    readonly vpcId: pulumi.Output<string>;
    readonly whole: WholeVpc;
    /** The DNS servers that tasks ask in place of Amazon's, to which alone security groups let out by themselves. */
    readonly dns?: { readonly prefixListId: pulumi.Output<string> };
    readonly publicSubnetIds: pulumi.Output<string[]>;
    readonly privateSubnetIds: pulumi.Output<string[]>;
    /** Whether tasks need an address of their own to pull images: only where there is no NAT gateway. */
    readonly taskPublicIp: boolean;
    /** Whether the program looks it up, and so needs the rights to. */
    readonly isLookedUp: boolean;
    /** The VPC with its routes, where the stack makes them; subnet ids alone do not say when the way out is ready. */
    readonly ready: readonly pulumi.Resource[];
}
