import type { Architecture, ExistingVpc } from "../config";
import { zonesWithoutFargate } from "./fargateZones";

export interface Subnet {
    readonly id: string;
    readonly vpcId: string;
    readonly zone: string;
    readonly zoneId: string;
    /** Its IPv4 range. */
    readonly cidr: string;
    readonly freeAddresses: number;
    /** Whether it has an IPv6 range as well. */
    readonly ipv6: boolean;
    /** Undefined where AWS does not tell. */
    readonly routeTable: RouteTable | undefined;
}

export interface RouteTable {
    readonly id: string;
    /** What the routes to everywhere lead to, such as `igw-…` or `nat-…`. */
    readonly ipv4?: string;
    readonly ipv6?: string;
}

/** A VPC that is there already, as AWS describes it. */
export interface DescribedVpc {
    /** Those that were asked for and found. None where the VPC itself was not. */
    readonly subnets: readonly Subnet[];
    /** The VPC's IPv4 ranges; none where there is no such VPC. */
    readonly ranges: readonly string[];
}

/** How the app is to live there. */
export interface VpcRequirements extends ExistingVpc {
    readonly internal: boolean;
    readonly dualStack: boolean;
    readonly maxTasks: number;
    readonly architecture: Architecture;
}

/** What is wrong with a subnet as long as the app does not live in it. */
export interface SubnetWithoutRoom {
    readonly id: string;
    readonly problem: string;
}

/** "Subnets for your load balancer" in the User Guide for Application Load Balancers: a /27 at least, with eight addresses left. */
const longestPrefix = 27;
const fewestAddresses = 8;

const isInternetGateway = (target: string | undefined) => target?.startsWith("igw-") === true;

/** Visitors come by an internet gateway, or by the endpoint of a firewall that stands before it. */
const isFromInternet = (target: string | undefined) =>
    isInternetGateway(target) || target?.startsWith("vpce-") === true;

/** Where the load balancer's nodes are. */
export function balancerSubnets({ internal, publicSubnetIds, privateSubnetIds }: VpcRequirements) {
    return internal
        ? { key: "privateSubnetIds", ids: privateSubnetIds }
        : { key: "publicSubnetIds", ids: publicSubnetIds };
}

/** What keeps the app from living there, each with the key that it is about and the ids. */
export function problemsOf(required: VpcRequirements, { subnets, ranges }: DescribedVpc): string[] {
    if (ranges.length === 0) {
        return [
            `vpcId: there is no ${required.vpcId} in this account and region: \`aws ec2 describe-vpcs\` lists those there are`,
        ];
    }
    const balancer = balancerSubnets(required);
    const among = (ids: readonly string[]) =>
        subnets.filter(({ id, vpcId }) => ids.includes(id) && vpcId === required.vpcId);
    const nodes = among(balancer.ids);
    const tasks = among(required.privateSubnetIds);
    return [
        ...lists(required).flatMap(({ key, ids }) => missingSubnets(key, ids, required, subnets)),
        ...tasks.flatMap((subnet) => wayOut(subnet)),
        ...tasks
            .filter(({ zoneId }) => zonesWithoutFargate[required.architecture].includes(zoneId))
            .map(
                ({ id, zone, zoneId }) =>
                    `privateSubnetIds: ${id} is in ${zone} (${zoneId}), where Fargate runs no tasks for ${required.architecture}`,
            ),
        ...nodes.flatMap((subnet) => [
            ...(Number(subnet.cidr.split("/")[1]) > longestPrefix
                ? [
                      `${balancer.key}: ${subnet.id} is ${subnet.cidr}, and a load balancer needs a /${longestPrefix} or larger`,
                  ]
                : []),
            ...(required.internal ? [] : wayIn(subnet, required)),
        ]),
        ...zones(required, nodes, tasks),
    ];
}

/** Subnets that are too full for a load balancer's first nodes; once it is there, the addresses that it has are its own. */
export const subnetsWithoutRoom = (required: VpcRequirements, { subnets }: DescribedVpc): SubnetWithoutRoom[] => {
    const { key, ids } = balancerSubnets(required);
    return subnets
        .filter(({ id, freeAddresses }) => ids.includes(id) && freeAddresses < fewestAddresses)
        .map(({ id, freeAddresses }) => ({
            id,
            problem: `${key}: ${id} has ${freeAddresses} free addresses, and a load balancer needs ${fewestAddresses}`,
        }));
};

/** What is wrong for a new stack's tasks, of which a release runs twice as many: each has an address of its own. */
export function roomForTasks(
    { privateSubnetIds: ids, maxTasks }: VpcRequirements,
    { subnets }: DescribedVpc,
): string[] {
    const free = subnets
        .filter(({ id }) => ids.includes(id))
        .reduce((sum, { freeAddresses }) => sum + freeAddresses, 0);
    return free < 2 * maxTasks
        ? [
              `privateSubnetIds: ${ids.join(" and ")} have ${free} free addresses, and a release of ${maxTasks} tasks (maxTasks) needs ${2 * maxTasks}`,
          ]
        : [];
}

const lists = ({ publicSubnetIds, privateSubnetIds }: ExistingVpc) => [
    { key: "publicSubnetIds", ids: publicSubnetIds },
    { key: "privateSubnetIds", ids: privateSubnetIds },
];

/** Subnets that are nowhere, or in another VPC. */
function missingSubnets(
    key: string,
    ids: readonly string[],
    { vpcId }: VpcRequirements,
    subnets: readonly Subnet[],
): string[] {
    const missing = ids.filter((id) => !subnets.some((subnet) => subnet.id === id));
    const elsewhere = subnets.filter((subnet) => ids.includes(subnet.id) && subnet.vpcId !== vpcId);
    return [
        ...missing.map(
            (id) =>
                `${key}: there is no ${id} in this account and region: \`aws ec2 describe-subnets\` lists those there are`,
        ),
        ...elsewhere.map((subnet) => `${key}: ${subnet.id} is in ${subnet.vpcId}, not in ${vpcId}`),
    ];
}

/** A task without a public address reaches registry, logs and secrets by a gateway that has one, and no internet gateway does that. */
function wayOut({ id, routeTable }: Subnet): string[] {
    if (!routeTable) {
        return [];
    }
    const { id: table, ipv4 } = routeTable;
    if (ipv4 !== undefined && !isInternetGateway(ipv4)) {
        return [];
    }
    const now =
        ipv4 === undefined ? "has no route to 0.0.0.0/0" : `leads to ${ipv4}, which takes public addresses only`;
    return [
        `privateSubnetIds: tasks in ${id} would reach no registry and no logs, as its route table ${table} ${now}: ` +
            "they need one to a NAT gateway, a transit gateway or the like",
    ];
}

/** What visitors come by. */
function wayIn({ id, ipv6, routeTable }: Subnet, { dualStack }: VpcRequirements): string[] {
    const gateway = "to an internet gateway";
    const mayLead = (way: "ipv4" | "ipv6") => !routeTable || isFromInternet(routeTable[way]);
    return [
        ...(mayLead("ipv4")
            ? []
            : [
                  `publicSubnetIds: visitors do not reach ${id}, whose route table ${routeTable?.id} has no route to 0.0.0.0/0 ${gateway}`,
              ]),
        ...(dualStack && !ipv6 ? [`publicSubnetIds: ${id} has no IPv6 range, which dualStack needs`] : []),
        ...(dualStack && !mayLead("ipv6")
            ? [
                  `publicSubnetIds: ${id} has no way for IPv6, which dualStack needs: a route to ::/0 ${gateway} in ${routeTable?.id}`,
              ]
            : []),
    ];
}

/** Tasks spread over two zones at least, in each of which the load balancer has one subnet: it sends no request to another zone. */
function zones(required: VpcRequirements, nodes: readonly Subnet[], tasks: readonly Subnet[]): string[] {
    const balancer = balancerSubnets(required);
    const zonesOf = (subnets: readonly Subnet[]) => [...new Set(subnets.map(({ zone }) => zone))];
    const named = (subnets: readonly Subnet[]) => subnets.map(({ id }) => id).join(" and ");
    const single = (key: string, subnets: readonly Subnet[]) =>
        zonesOf(subnets).length === 1
            ? [`${key}: all are in ${subnets[0]!.zone} (${named(subnets)}), and the app needs two zones at least`]
            : [];
    const crowds = zonesOf(nodes)
        .map((zone) => ({ zone, subnets: nodes.filter((node) => node.zone === zone) }))
        .filter(({ subnets }) => subnets.length > 1);
    const unserved = tasks.filter(({ zone }) => nodes.length > 0 && !zonesOf(nodes).includes(zone));
    return [
        ...single("privateSubnetIds", tasks),
        ...(required.internal ? [] : single("publicSubnetIds", nodes)),
        ...crowds.map(
            ({ zone, subnets }) =>
                `${balancer.key}: ${named(subnets)} are in ${zone}, and a load balancer takes one subnet of a zone`,
        ),
        ...unserved.map(
            ({ id, zone }) =>
                `privateSubnetIds: ${id} is in ${zone}, where the load balancer has no subnet for its tasks' requests`,
        ),
    ];
}
