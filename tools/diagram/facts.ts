/** What the picture shows, read from a stack's resources: each fact from the resource that makes it true. */
import { RunError } from "@pulumi/pulumi/errors";
import { layOut } from "../awsxLayout";
import type { Recording } from "../recorder";
import type { Stack } from "../resources";
import type { Facts } from "./model";
import { pipelineOf } from "./pipelineFacts";
import { tasksOf, watchersOf } from "./taskFacts";

/** @throws RunError for a stack that the picture has no place for. */
export function factsOf({ name, region, resources }: Stack): Facts {
    const { internal } = resources.one("aws:lb/loadBalancer:LoadBalancer").inputs;
    if (internal || resources.of("awsx:ec2:Vpc").length === 0) {
        throw new RunError(
            `The picture shows a load balancer on the internet, in a VPC of the stack's own. That of ${name} is ` +
                `${internal ? "internal" : "in a VPC that was there before"}.`,
        );
    }
    const vpc = resources.one("awsx:ec2:Vpc").inputs as {
        readonly cidrBlock: string;
        readonly availabilityZoneNames: readonly string[];
        readonly availabilityZoneCidrMask: number;
        readonly natGateways: { readonly strategy: "None" | "Single" | "OnePerAz" };
        readonly vpcEndpointSpecs?: readonly { readonly serviceName: string }[];
    };
    const zoneCount = vpc.availabilityZoneNames.length;
    const subnets = layOut(vpc.cidrBlock, zoneCount, vpc.availabilityZoneCidrMask);
    const cidr = (zone: number, type: string) => subnets.find((one) => one.zone === zone && one.type === type)!.cidr;
    const { strategy } = vpc.natGateways;
    const zones = Array.from({ length: zoneCount }, (_, zone) => ({
        publicCidr: cidr(zone, "Public"),
        privateCidr: cidr(zone, "Private"),
        nat: strategy === "OnePerAz" || (strategy === "Single" && zone === 0),
    }));
    const service = resources.one("aws:ecs/service:Service");
    const { subnets: taskSubnets } = service.inputs.networkConfiguration as { readonly subnets: readonly string[] };
    const publicSubnets = resources.one("awsx:ec2:Vpc").outputs.publicSubnetIds as readonly string[];

    return {
        name,
        region,
        cidr: vpc.cidrBlock,
        zones,
        tasksIn: taskSubnets.every((subnet) => publicSubnets.includes(subnet)) ? "public" : "private",
        endpoints: (vpc.vpcEndpointSpecs ?? []).map(({ serviceName }) => serviceName.split(".").at(-1)!),
        ...edgeOf(resources),
        ...tasksOf(resources),
        ...watchersOf(resources),
        ...pipelineOf(resources),
    };
}

function edgeOf(resources: Recording): Pick<Facts, "listeners" | "ports" | "domain"> {
    const balancer = resources.one("aws:lb/loadBalancer:LoadBalancer");
    const service = resources.one("aws:ecs/service:Service");
    const { securityGroups: taskGroups } = service.inputs.networkConfiguration as { readonly securityGroups: string[] };
    const balancerGroups = balancer.inputs.securityGroups as string[];
    const world = "0.0.0.0/0";

    /** The ports of the rules of some groups that have a certain peer: an address range, or one of some groups. */
    const rules = (direction: "Ingress" | "Egress", groups: readonly string[], peers: readonly string[]) =>
        resources
            .of(`aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`)
            .map(({ inputs }) => inputs)
            .filter(({ securityGroupId }) => groups.includes(String(securityGroupId)))
            .filter(({ cidrIpv4, referencedSecurityGroupId }) =>
                peers.includes(String(cidrIpv4 ?? referencedSecurityGroupId)),
            )
            .map(({ fromPort, toPort }) =>
                fromPort === toPort ? String(fromPort) : `${String(fromPort)}–${String(toPort)}`,
            );

    const listeners = resources.of("aws:lb/listener:Listener").map(({ inputs }) => {
        const [action] = inputs.defaultActions as readonly {
            readonly type: string;
            readonly redirect?: { port: string };
        }[];
        return { port: String(inputs.port), redirectsTo: action!.redirect?.port, certificate: inputs.certificateArn };
    });
    const listening = new Set(listeners.map(({ port }) => port));
    const admitted = new Set(rules("Ingress", taskGroups, balancerGroups));
    const alias = resources
        .of("aws:route53/record:Record")
        .find(
            ({ inputs }) => (inputs.aliases as { name: string }[] | undefined)?.[0]?.name === balancer.outputs.dnsName,
        );
    return {
        listeners: listeners.map(({ port, redirectsTo }) => ({ port, redirectsTo })),
        ports: {
            worldToBalancer: rules("Ingress", balancerGroups, [world]).filter((port) => listening.has(port)),
            balancerToTasks: rules("Egress", balancerGroups, taskGroups).filter((port) => admitted.has(port)),
            tasksToWorld: rules("Egress", taskGroups, [world]),
        },
        domain: alias && {
            name: String(alias.inputs.name),
            certificate: listeners.some(({ certificate }) => certificate !== undefined),
        },
    };
}
