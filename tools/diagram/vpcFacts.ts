/** The network that the stack is in: its own VPC, or one that was there before, of which only what the stack was given is drawn. */
import { layOut } from "../awsxLayout";
import type { Recording } from "../recorder";
import type { Facts, Reach } from "./model";

type VpcFacts = Pick<Facts, "vpc" | "zones" | "endpoints" | "balancerIn" | "tasksIn">;

export function vpcOf(resources: Recording): VpcFacts {
    const { networkConfiguration } = resources.one("aws:ecs/service:Service").inputs;
    const { subnets: tasks } = networkConfiguration as { readonly subnets: readonly string[] };
    const balancer = resources.one("aws:lb/loadBalancer:LoadBalancer").inputs;
    const nodes = balancer.subnets as readonly string[];
    return resources.of("awsx:ec2:Vpc").length > 0
        ? own(resources, nodes, tasks)
        : existing(resources, balancer.internal ? undefined : nodes, tasks);
}

function own(resources: Recording, nodes: readonly string[], tasks: readonly string[]): VpcFacts {
    const { inputs, outputs } = resources.one("awsx:ec2:Vpc");
    const vpc = inputs as {
        readonly cidrBlock: string;
        readonly availabilityZoneNames: readonly string[];
        readonly availabilityZoneCidrMask: number;
        readonly natGateways: { readonly strategy: "None" | "Single" | "OnePerAz" };
        readonly vpcEndpointSpecs?: readonly { readonly serviceName: string }[];
    };
    const zoneCount = vpc.availabilityZoneNames.length;
    const subnets = layOut(vpc.cidrBlock, zoneCount, vpc.availabilityZoneCidrMask);
    const subnet = (zone: number, type: "Public" | "Private") => ({
        title: `${type} subnet`,
        line: subnets.find((one) => one.zone === zone && one.type === type)!.cidr,
    });
    const { strategy } = vpc.natGateways;
    const zones = Array.from({ length: zoneCount }, (_, zone) => ({
        title: `Availability zone ${zone + 1}`,
        subnets: { public: subnet(zone, "Public"), private: subnet(zone, "Private") },
        nat: strategy === "OnePerAz" || (strategy === "Single" && zone === 0),
    }));
    const publicSubnets = outputs.publicSubnetIds as readonly string[];
    const reach = (ids: readonly string[]): Reach =>
        ids.every((id) => publicSubnets.includes(id)) ? "public" : "private";
    return {
        vpc: { name: vpc.cidrBlock, existing: false, flowLogDays: flowLogDays(resources) },
        zones,
        endpoints: (vpc.vpcEndpointSpecs ?? []).map(({ serviceName }) => serviceName.split(".").at(-1)!),
        balancerIn: reach(nodes),
        tasksIn: reach(tasks),
    };
}

/** @param nodes the subnets of a load balancer on the internet; undefined where it is among the tasks */
function existing(resources: Recording, nodes: readonly string[] | undefined, tasks: readonly string[]): VpcFacts {
    const [group] = resources.of("aws:ec2/securityGroup:SecurityGroup");
    const given = (title: string, { length }: readonly string[]) => ({ title, line: `${length} of the VPC's` });
    return {
        vpc: { name: String(group!.inputs.vpcId), existing: true },
        zones: [
            {
                title: "In the zones of its subnets",
                subnets: {
                    public: nodes && given("Public subnets", nodes),
                    private: given("Private subnets", tasks),
                },
                nat: false,
            },
        ],
        endpoints: [],
        balancerIn: nodes ? "public" : "private",
        tasksIn: "private",
    };
}

function flowLogDays(resources: Recording): number | undefined {
    const [flow] = resources.of("aws:ec2/flowLog:FlowLog");
    const group = resources
        .of("aws:cloudwatch/logGroup:LogGroup")
        .find(({ outputs }) => outputs.arn === flow?.inputs.logDestination);
    return group && Number(group.inputs.retentionInDays);
}
