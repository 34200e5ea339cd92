/** The network's half of the picture: a row for each zone, requests from the left to the right. */
import type { Facts } from "./model";
import { columns, rows, type ZoneLayout } from "./grid";
import { bottom, middle, named, right, type Box, type Drawing } from "./shapes";
import { outside, zoneArrows } from "./vpcArrows";

export interface VpcLayout extends Pick<Drawing, "boxes" | "arrows"> {
    readonly vpc: Box;
    readonly service: Box;
    readonly tasks: readonly Box[];
    readonly balancer: Box;
}

/** @param top where the VPC begins */
export function vpcLayout(facts: Facts, top: number): VpcLayout {
    const zonesTop = top + rows.header;
    const zones = facts.zones.map((_, index) => zoneLayout(facts, index, zonesTop));
    const zonesBottom = bottom(zones.at(-1)!.zone);
    const vpc: Box = {
        id: "vpc",
        kind: "vpc",
        ...columns.vpc,
        y: top,
        height: zonesBottom + rows.strip - top,
        title: `VPC ${facts.cidr}`,
    };
    const { least, most, size, spot } = facts.tasks;
    const service: Box = {
        id: "service",
        kind: "service",
        ...columns.service,
        y: top + 8,
        height: zonesBottom + 6 - (top + 8),
        title: "ECS service",
        lines: [`${least < most ? `${least} to ` : ""}${named(most, "task")}${spot ? ", Spot but for one" : ""}`, size],
    };
    const gateway: Box = {
        id: "internet-gateway",
        kind: "network",
        ...columns.gateway,
        y: zonesTop,
        height: zonesBottom - zonesTop,
        title: "Internet",
        lines: ["gateway"],
    };
    const boxes = [
        vpc,
        ...zones.flatMap(({ frames }) => frames),
        service,
        gateway,
        ...zones.flatMap(({ nodes }) => nodes),
    ];
    const arrows = zones.flatMap((zone) => zoneArrows(facts, zone, zones[0]!, gateway));
    const world = outside(facts, zones[0]!, gateway);
    return {
        boxes: [...boxes, ...world.boxes],
        arrows: [...arrows, ...world.arrows],
        vpc,
        service,
        tasks: zones.map(({ tasks }) => tasks),
        balancer: zones[0]!.balancer,
    };
}

function zoneLayout(facts: Facts, index: number, zonesTop: number): ZoneLayout {
    const { publicCidr, privateCidr, nat } = facts.zones[index]!;
    const together = facts.tasksIn === "public";
    const inside = rows.subnetTitle + rows.upper + rows.between + rows.lower + rows.pad;
    const height = rows.zoneTitle + inside + rows.pad + (together ? rows.idle : 0);
    const y = zonesTop + index * (height + rows.zoneGap);
    const number = index + 1;
    const subnetY = y + rows.zoneTitle;
    const first = subnetY + rows.subnetTitle;
    const second = first + rows.upper + rows.between;

    const zone: Box = {
        id: `zone-${number}`,
        kind: "zone",
        ...columns.zone,
        y,
        height,
        title: `Availability zone ${number}`,
    };
    const subnet = (
        kind: "public" | "private",
        cidr: string,
        place: Pick<Box, "x" | "y" | "width" | "height">,
    ): Box => ({
        id: `${kind}-${number}`,
        kind,
        ...place,
        title: `${kind === "public" ? "Public" : "Private"} subnet`,
        lines: [cidr],
    });
    const whole = { x: columns.public.x, width: right(columns.private) - columns.public.x };
    const frames = together
        ? [
              zone,
              subnet("public", publicCidr, { ...whole, y: subnetY, height: inside }),
              {
                  ...subnet("private", "", { ...whole, y: subnetY + inside + 6, height: rows.idle - 6 }),
                  title: `Private ${privateCidr}, empty`,
                  lines: [],
              },
          ]
        : [
              zone,
              subnet("public", publicCidr, { ...columns.public, y: subnetY, height: inside }),
              subnet("private", privateCidr, { ...columns.private, y: subnetY, height: inside }),
          ];

    // Where a zone has no gateway of its own, the way to another zone's leaves above the requests, to cross none of them.
    const flipped = !together && !nat;
    const balancer: Box = {
        id: `load-balancer-${number}`,
        kind: "network",
        ...columns.balancer,
        y: flipped ? second - (rows.upper - rows.lower) : first,
        height: rows.upper,
        title: "Load balancer",
        lines: [listening(facts)],
    };
    const natGateway: Box | undefined = nat
        ? {
              id: `nat-gateway-${number}`,
              kind: "network",
              ...columns.balancer,
              y: second,
              height: rows.lower,
              title: "NAT gateway",
          }
        : undefined;
    const tasks: Box = {
        id: `tasks-${number}`,
        kind: "compute",
        ...columns.tasks,
        y: first,
        height: second + rows.lower - first,
        title: "Fargate tasks",
        lines: [`listen on ${facts.ports.balancerToTasks.join(", ")}`],
    };
    const [in_, out] = flipped
        ? [middle(balancer)[1], first + rows.lower / 2]
        : [middle(balancer)[1], second + rows.lower / 2];
    const nodes = [balancer, ...(natGateway ? [natGateway] : []), tasks];
    return { index, zone, balancer, nat: natGateway, tasks, in: in_, out, frames, nodes };
}

function listening({ listeners }: Facts): string {
    const ports = listeners.map(({ port, redirectsTo }) => (redirectsTo ? `${port} → ${redirectsTo}` : port));
    return `${ports.length === 1 ? "listens on " : ""}${ports.join(", ")}`;
}
