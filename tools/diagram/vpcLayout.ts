/** The network's half of the picture: a row for each zone, requests from the left to the right. */
import type { Facts } from "./model";
import { columns, rows, type ZoneLayout } from "./grid";
import { bottom, lineStep, named, type Box, type Drawing } from "./shapes";
import { outside, zoneArrows } from "./vpcArrows";
import { zoneLayout } from "./zoneLayout";

export interface VpcLayout extends Pick<Drawing, "boxes" | "arrows"> {
    readonly vpc: Box;
    readonly service: Box;
    readonly tasks: readonly Box[];
    readonly balancer: Box;
}

/**
 * @param top where the VPC begins
 * @param strip what is free below the zones
 */
export function vpcLayout(facts: Facts, top: number, strip: number = rows.strip): VpcLayout {
    const { least, most, size, spot, rollout, hours } = facts.tasks;
    const { name, existing, flowLogDays } = facts.vpc;
    const sizes = [
        `${least < most ? `${least} to ` : ""}${named(most, "task")}${spot ? ", Spot but for one" : ""}`,
        size,
        ...(hours > 0 ? [`other bounds at ${named(hours, "time")}`] : []),
        ...(rollout === "rolling" ? [] : [`${rollout} releases`]),
    ];
    const zonesTop = top + rows.header + (sizes.length - 2) * lineStep;
    const zones: ZoneLayout[] = [];
    for (const index of facts.zones.keys()) {
        const above = zones.at(-1)?.zone;
        zones.push(zoneLayout(facts, index, above ? bottom(above) + rows.zoneGap : zonesTop));
    }
    const zonesBottom = bottom(zones.at(-1)!.zone);
    const vpc: Box = {
        id: "vpc",
        kind: existing ? "existing" : "vpc",
        ...columns.vpc,
        y: top,
        height: zonesBottom + strip - top,
        title: `VPC ${name}`,
        lines: [
            ...(existing ? ["not the stack's own"] : []),
            ...(flowLogDays === undefined ? [] : [`flow logs for ${flowLogDays} days`]),
        ],
    };
    const service: Box = {
        id: "service",
        kind: "service",
        ...columns.service,
        y: top + 8,
        height: zonesBottom + 6 - (top + 8),
        title: "ECS service",
        lines: sizes,
    };
    const gateway: Box = {
        id: existing ? "routes" : "internet-gateway",
        kind: existing ? "elsewhere" : "network",
        ...columns.gateway,
        y: zonesTop,
        height: zonesBottom - zonesTop,
        ...(existing ? { title: "Routes", lines: ["of the", "VPC"] } : { title: "Internet", lines: ["gateway"] }),
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
