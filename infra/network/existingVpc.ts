import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as net from "node:net";
import type { ExistingVpc, Settings } from "../config";
import { acceptedUnless, holdUntil } from "../checks";
import {
    balancerSubnets,
    problemsOf,
    roomForTasks,
    subnetsWithoutRoom,
    type SubnetWithoutRoom,
    type RouteTable,
    type Subnet,
    type DescribedVpc,
} from "./fit";

interface Inputs {
    /** What the load balancer's nodes are in. */
    readonly subnetIds: readonly string[];
    readonly problems: readonly string[];
    readonly crowded: readonly SubnetWithoutRoom[];
    /** Problems of a stack that has no tasks there yet. */
    readonly atFirst: readonly string[];
}

/** What the state keeps: where the load balancer has its addresses. */
type State = Pick<Inputs, "subnetIds">;

/** Serialised into the state and run from there: it may use nothing from outside its own functions. */
const provider: pulumi.dynamic.ResourceProvider = {
    check: async (olds: Partial<State>, { subnetIds, problems, crowded, atFirst }: Inputs) => {
        const full = crowded.filter(({ id }) => !(olds.subnetIds ?? []).includes(id));
        const reasons = [...problems, ...full.map(({ problem }) => problem), ...(olds.subnetIds ? [] : atFirst)];
        return { inputs: { subnetIds }, failures: reasons.map((reason) => ({ property: "", reason })) };
    },
    diff: async (_id, olds: State, news: State) => ({
        changes: JSON.stringify(olds.subnetIds) !== JSON.stringify(news.subnetIds),
    }),
    create: async ({ subnetIds }: State) => ({ id: "vpc", outs: { subnetIds } }),
    update: async (_id, _olds: State, { subnetIds }: State) => ({ outs: { subnetIds } }),
};

/** Is nothing in AWS: the engine asks it whether the VPC fits, and tells what does not once, as it does for a resource. */
class FittingVpc extends pulumi.dynamic.Resource {
    constructor(name: string, inputs: pulumi.Inputs) {
        super(provider, name, inputs, {}, "network", "FittingVpc");
    }
}

/** An existing VPC with what only AWS knows of it. */
export interface FoundVpc extends ExistingVpc {
    /** Its IPv4 ranges. */
    readonly ranges: pulumi.Output<readonly string[]>;
    /** IPv4 addresses of its own DNS servers; none: they are Amazon's. */
    readonly dnsServers: pulumi.Output<readonly string[]>;
}

/**
 * Looks the existing VPC of the configuration up. One that the app cannot live in is refused in the preview, and before anything is
 * made: whatever the program declares from now on waits for the check.
 *
 * @returns undefined where the stack makes its own
 */
export function findVpc({
    existingVpc,
    internal,
    dualStack,
    maxTasks,
    architecture,
}: Pick<Settings, "existingVpc" | "internal" | "dualStack" | "maxTasks" | "architecture">): FoundVpc | undefined {
    if (!existingVpc) {
        return undefined;
    }
    const required = { ...existingVpc, internal, dualStack, maxTasks, architecture };
    const described = describeVpc(existingVpc);
    const checks = described.then(
        (found) => {
            const problems = problemsOf(required, found);
            const crowded = subnetsWithoutRoom(required, found);
            return { problems, crowded, atFirst: problems.length > 0 ? [] : roomForTasks(required, found) };
        },
        (error: unknown) => ({ problems: [`vpcId: ${(error as Error).message}`], crowded: [], atFirst: [] }),
    );
    const guard = new FittingVpc("main", {
        subnetIds: balancerSubnets(required).ids,
        problems: checks.then(({ problems }) => problems),
        crowded: checks.then(({ crowded }) => crowded),
        atFirst: checks.then(({ atFirst }) => atFirst),
    });
    const isThere = described.then(({ ranges }) => ranges.length > 0).catch(() => false);
    const untold = checks.then(async ({ problems }) => ((await isThere) ? undefined : problems.join("\n")));
    const checked = acceptedUnless(guard, untold);
    holdUntil(checked);
    // Where the guard is refused, nothing needs an answer any more.
    const { ranges, dnsServers } = pulumi.output(checked.then(() => described));
    return { ...existingVpc, ranges, dnsServers };
}

async function describeVpc({
    vpcId,
    publicSubnetIds,
    privateSubnetIds,
}: ExistingVpc): Promise<DescribedVpc & { readonly dnsServers: readonly string[] }> {
    const ids = [...new Set([...publicSubnetIds, ...privateSubnetIds])];
    // Asked for by filters, what is not there is left out; asked for by its id, it is an error.
    const [vpcs, found] = await Promise.all([
        aws.ec2.getVpcs({ filters: [{ name: "vpc-id", values: [vpcId] }] }),
        aws.ec2.getSubnets({ filters: [{ name: "subnet-id", values: ids }] }),
    ]);
    if (vpcs.ids.length === 0) {
        return { subnets: [], ranges: [], dnsServers: [] };
    }
    const [vpc, subnets] = await Promise.all([
        aws.ec2.getVpc({ id: vpcId }),
        Promise.all(found.ids.map((id) => aws.ec2.getSubnet({ id }))),
    ]);
    const [tables, dnsServers] = await Promise.all([
        routeTables(vpc.mainRouteTableId, found.ids),
        dnsServersOf(vpc.dhcpOptionsId),
    ]);
    return {
        dnsServers,
        ranges: vpc.cidrBlockAssociations
            .filter(({ state }) => state === "associated")
            .map(({ cidrBlock }) => cidrBlock),
        subnets: subnets.map((subnet): Subnet => ({
            id: subnet.id,
            vpcId: subnet.vpcId,
            zone: subnet.availabilityZone,
            zoneId: subnet.availabilityZoneId,
            cidr: subnet.cidrBlock,
            freeAddresses: subnet.availableIpAddressCount,
            ipv6: subnet.ipv6CidrBlock !== "",
            routeTable: tables(subnet.id),
        })),
    };
}

/** The addresses in a VPC's set of DHCP options. None where they are Amazon's, or AWS shows the set to its owner alone. */
async function dnsServersOf(dhcpOptionsId: string): Promise<readonly string[]> {
    try {
        const { domainNameServers } = await aws.ec2.getVpcDhcpOptions({ dhcpOptionsId });
        return domainNameServers.filter((server) => net.isIPv4(server));
    } catch (error) {
        if ((error as Error).message.includes("no matching EC2 DHCP Options Set found")) {
            return [];
        }
        throw error;
    }
}

/**
 * The route table of each subnet: its own, or the VPC's main one where it has none. That of a VPC which another account shares is shown
 * to nobody else (hashicorp/terraform-provider-aws#45771): what it leads to is not known then.
 */
async function routeTables(
    main: string,
    subnetIds: readonly string[],
): Promise<(subnetId: string) => RouteTable | undefined> {
    const filters = [{ name: "association.subnet-id", values: [...subnetIds] }];
    const { ids } = subnetIds.length > 0 ? await aws.ec2.getRouteTables({ filters }) : { ids: [] };
    const tables = await Promise.all(
        [...new Set([main, ...ids])].filter(Boolean).map((routeTableId) => aws.ec2.getRouteTable({ routeTableId })),
    );
    const described = tables.map(({ routeTableId: id, routes, associations }) => ({
        subnets: associations.map(({ subnetId }) => subnetId),
        table: {
            id,
            ipv4: targetOf(routes.find(({ cidrBlock }) => cidrBlock === "0.0.0.0/0")),
            ipv6: targetOf(routes.find(({ ipv6CidrBlock }) => ipv6CidrBlock === "::/0")),
        },
    }));
    return (subnetId) =>
        (
            described.find(({ subnets }) => subnets.includes(subnetId)) ??
            described.find(({ table }) => table.id === main)
        )?.table;
}

/** What a route leads to: of its targets, the one that is there. */
function targetOf(route: aws.types.output.ec2.GetRouteTableRoute | undefined): string | undefined {
    const { cidrBlock: _ipv4, ipv6CidrBlock: _ipv6, destinationPrefixListId: _list, ...targets } = route ?? {};
    return Object.values(targets).find((target) => target !== "");
}
