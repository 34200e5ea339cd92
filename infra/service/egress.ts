import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";
import type { Network } from "../network/network";
import type { WholeVpc } from "../network/place";

export interface EgressArgs {
    /** The tasks' security group. */
    readonly securityGroupId: pulumi.Input<string>;
    readonly network: Network;
    readonly egress: Settings["egress"];
}

const anywhere = "0.0.0.0/0";

/**
 * The ways out of the tasks: HTTPS to anywhere, which image pulls and logs need, DNS where it is not Amazon's, and those of the
 * configuration. Each is a rule by its port and network, so that one more, or one less, leaves the others as they are, in whichever
 * order they are written.
 */
export function egressRules(name: string, args: EgressArgs, opts: pulumi.CustomResourceOptions): pulumi.Resource[] {
    const { whole } = args.network;
    const rule = (logicalName: string, description: string, port: number, peer: WholeVpc["peer"], ipProtocol = "tcp") =>
        new aws.vpc.SecurityGroupEgressRule(
            logicalName,
            {
                securityGroupId: args.securityGroupId,
                description,
                ipProtocol,
                fromPort: port,
                toPort: port,
                ...peer,
            },
            opts,
        );
    const https = rule(`${name}-https`, "Image pulls, logs and calls of the app", 443, { cidrIpv4: anywhere });
    // EC2 refuses a rule that a group has already, also one that is written in two ways.
    const others = new Map(
        args.egress
            .map(({ port, network = whole.name }) => ({ port, network }))
            .filter(({ port, network }) => port !== 443 || network !== anywhere)
            .map((destination) => [`${destination.port}@${destination.network}`, destination]),
    );
    const { dns } = args.network;
    return [
        https,
        ...(dns ? ["udp", "tcp"] : []).map((protocol) =>
            rule(`${name}-dns-${protocol}`, "DNS servers of the VPC", 53, dns!, protocol),
        ),
        ...[...others].map(([key, { port, network }]) => {
            const peer = network === whole.name ? whole.peer : { cidrIpv4: network };
            return rule(`${name}-${key}`, `The app: port ${port} ${placeOf(network, whole)}`, port, peer);
        }),
    ];
}

function placeOf(network: string, whole: WholeVpc): string {
    if (network === whole.name) {
        return "within the VPC";
    }
    return network === anywhere ? "anywhere" : `at ${network}`;
}
