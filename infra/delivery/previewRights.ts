import type * as pulumi from "@pulumi/pulumi";
import type { Statement } from "../iam";

/** What the program looks up beyond what every program does. */
export interface Lookups {
    /** GitHub's provider, where the account has it already. */
    readonly oidcProviderArn?: pulumi.Input<string>;
    /** A VPC, with its subnets and their routes. */
    readonly vpc: boolean;
    readonly hostedZoneArn?: pulumi.Input<string>;
}

/**
 * The look-ups that `pulumi preview` makes while it runs the program; the state is compared without AWS. Asking who one is
 * (sts:GetCallerIdentity) is always allowed. What ECS runs is left out, as it can be read for a whole account or not at all: the
 * preview does without.
 */
export function previewStatements({ oidcProviderArn, vpc, hostedZoneArn }: Lookups): Statement[] {
    const statements: Statement[] = [
        // EC2 describes for the whole account or not at all.
        { sid: "ReadZones", actions: ["ec2:DescribeAvailabilityZones"], resources: ["*"] },
        // ECR hands out registry tokens for the whole account; without a permission on a repository this one opens none.
        { sid: "ReadRegistryToken", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
    ];
    if (vpc) {
        statements.push({
            // As above.
            sid: "ReadVpc",
            actions: [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcAttribute",
                "ec2:DescribeVpcs",
            ],
            resources: ["*"],
        });
    }
    if (oidcProviderArn) {
        statements.push(
            // Found by its URL among all that the account has.
            { sid: "FindOidcProvider", actions: ["iam:ListOpenIDConnectProviders"], resources: ["*"] },
            { sid: "ReadOidcProvider", actions: ["iam:GetOpenIDConnectProvider"], resources: [oidcProviderArn] },
        );
    }
    if (hostedZoneArn) {
        statements.push(
            // Found by its name among all that the account has.
            { sid: "FindHostedZone", actions: ["route53:ListHostedZones"], resources: ["*"] },
            {
                sid: "ReadHostedZone",
                actions: ["route53:GetHostedZone", "route53:ListTagsForResource"],
                resources: [hostedZoneArn],
            },
        );
    }
    return statements;
}
