/** What the picture shows, read from a stack's resources: each fact from the resource that makes it true. */
import type { Recording } from "../recorder";
import type { Stack } from "../resources";
import type { Facts } from "./model";
import { pipelineOf } from "./pipelineFacts";
import { encryptedIn, tasksOf, watchersOf } from "./taskFacts";
import { vpcOf } from "./vpcFacts";

export function factsOf({ name, region, resources }: Stack): Facts {
    const network = vpcOf(resources);
    return {
        name,
        region,
        ...network,
        ...edgeOf(resources, network.vpc.name),
        ...tasksOf(resources),
        encrypted: encryptedIn(resources),
        ...watchersOf(resources),
        ...pipelineOf(resources),
    };
}

/** @param vpc the VPC's range, where the stack makes it */
function edgeOf(resources: Recording, vpc: string): Pick<Facts, "listeners" | "balancer" | "ports" | "domain"> {
    const balancer = resources.one("aws:lb/loadBalancer:LoadBalancer");
    const service = resources.one("aws:ecs/service:Service");
    const { securityGroups: taskGroups } = service.inputs.networkConfiguration as { readonly securityGroups: string[] };
    const balancerGroups = balancer.inputs.securityGroups as string[];
    const world = "0.0.0.0/0";
    const lists = resources.of("aws:ec2/managedPrefixList:ManagedPrefixList");
    const idsOf = (list: string) => lists.filter(({ name }) => name === list).map(({ outputs }) => outputs.id);
    const wholeVpc = [vpc, ...idsOf("main-vpc")];
    const dns = idsOf("main-dns");

    /** The rules of some groups: whom they are about, an address range, a list of such or a group, and on which ports. */
    const rules = (direction: "Ingress" | "Egress", groups: readonly string[]) =>
        resources
            .of(`aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`)
            .map(({ inputs }) => inputs)
            .filter(({ securityGroupId }) => groups.includes(String(securityGroupId)))
            .map(({ cidrIpv4, prefixListId, referencedSecurityGroupId, fromPort, toPort }) => ({
                peer: String(cidrIpv4 ?? prefixListId ?? referencedSecurityGroupId),
                port: fromPort === toPort ? String(fromPort) : `${String(fromPort)}–${String(toPort)}`,
            }));
    const ports = (direction: "Ingress" | "Egress", groups: readonly string[], peers: readonly unknown[]) =>
        rules(direction, groups)
            .filter(({ peer }) => peers.includes(peer))
            .map(({ port }) => port);

    const listeners = resources.of("aws:lb/listener:Listener").map(({ inputs }) => {
        const [action] = inputs.defaultActions as readonly {
            readonly type: string;
            readonly redirect?: { port: string };
        }[];
        return { port: String(inputs.port), redirectsTo: action!.redirect?.port, certificate: inputs.certificateArn };
    });
    const listening = new Set(listeners.map(({ port }) => port));
    const admitted = new Set(ports("Ingress", taskGroups, balancerGroups));
    const others = new Set(
        rules("Egress", taskGroups).flatMap(({ peer }) => (peer === world || dns.includes(peer) ? [] : [peer])),
    );
    const alias = resources
        .of("aws:route53/record:Record")
        .find(
            ({ inputs }) => (inputs.aliases as { name: string }[] | undefined)?.[0]?.name === balancer.outputs.dnsName,
        );
    const [logged] = resources.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration");
    const [expiry] = (logged?.inputs.rules ?? []) as readonly { readonly expiration: { readonly days: number } }[];
    return {
        listeners: listeners.map(({ port, redirectsTo }) => ({ port, redirectsTo })),
        balancer: {
            dualStack: balancer.inputs.ipAddressType === "dualstack",
            webAcl: resources.of("aws:wafv2/webAclAssociation:WebAclAssociation").length > 0,
            accessLogDays: expiry?.expiration.days,
        },
        ports: {
            worldToBalancer: ports("Ingress", balancerGroups, [world]).filter((port) => listening.has(port)),
            vpcToBalancer: ports("Ingress", balancerGroups, wholeVpc).filter((port) => listening.has(port)),
            balancerToTasks: ports("Egress", balancerGroups, taskGroups).filter((port) => admitted.has(port)),
            tasksToWorld: ports("Egress", taskGroups, [world]),
            tasksToOthers: [...others].map((peer) => ({
                place: wholeVpc.includes(peer) ? "the VPC" : peer,
                ports: ports("Egress", taskGroups, [peer]),
            })),
        },
        domain: alias && {
            name: String(alias.inputs.name),
            certificate: listeners.some(({ certificate }) => certificate !== undefined),
        },
    };
}
