import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { WholeVpc } from "./place";

export interface IngressArgs {
    readonly vpcId: pulumi.Input<string>;
    readonly whole: WholeVpc;
    /** Nobody but the VPC gets in. */
    readonly internal: boolean;
    /** Over IPv6, too. */
    readonly dualStack: boolean;
    /** What the load balancer listens on, by what the rule is for. */
    readonly ports: Readonly<Record<string, { readonly protocol: string; readonly port: number }>>;
}

/**
 * Who gets into the load balancer. For one that is internal these are the rules of "Security groups for your Application Load Balancer"
 * in its User Guide.
 *
 * @returns its security group, and the rules that let visitors in
 */
export function loadBalancerSecurityGroup(
    name: string,
    { vpcId, whole, internal, dualStack, ports }: IngressArgs,
    opts: pulumi.CustomResourceOptions,
): { readonly group: aws.ec2.SecurityGroup; readonly rules: pulumi.Resource[] } {
    const [who, from] = internal ? ["the VPC", "the VPC"] : ["anywhere", "the internet"];
    const group = new aws.ec2.SecurityGroup(
        name,
        { description: `Load balancer: web requests from ${who}, on to the tasks only`, vpcId },
        opts,
    );
    const anybody = { "": { cidrIpv4: "0.0.0.0/0" }, ...(dualStack && { "-ipv6": { cidrIpv6: "::/0" } }) };
    const peers = Object.entries<object>(internal ? { "": whole.peer } : anybody);
    const rules = Object.entries(ports).flatMap(([kind, { protocol, port }]) =>
        peers.map(
            ([suffix, peer]) =>
                new aws.vpc.SecurityGroupIngressRule(
                    `${name}-${kind}${suffix}`,
                    {
                        securityGroupId: group.id,
                        description: `${protocol} from ${from}`,
                        ipProtocol: "tcp",
                        fromPort: port,
                        toPort: port,
                        ...peer,
                    },
                    opts,
                ),
        ),
    );
    return { group, rules };
}
