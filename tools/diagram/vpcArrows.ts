/** Requests in the network: from the visitors to the tasks, and from the tasks out. */
import type { Facts } from "./model";
import { columns, type ZoneLayout } from "./grid";
import { across, middle, right, type Arrow, type Box, type Drawing, type Point } from "./shapes";

/** Left of the tasks, where the port of an arrow to or from them stands. */
const portAt = (y: number): Point => [(right(columns.balancer) + columns.tasks.x) / 2 + 4, y];

export function zoneArrows(facts: Facts, zone: ZoneLayout, first: ZoneLayout, gateway: Box): Arrow[] {
    const { ports } = facts;
    const arrows: Arrow[] = [];
    const traffic = (from: Box, to: Box, points: readonly Point[], label?: string, labelAt?: Point) =>
        void arrows.push({ from: from.id, to: to.id, kind: "traffic", points, label, labelAt });

    if (ports.worldToBalancer.length > 0) {
        traffic(gateway, zone.balancer, across(right(gateway), zone.balancer.x, zone.in));
    }
    if (ports.balancerToTasks.length > 0) {
        const way = across(right(zone.balancer), zone.tasks.x, zone.in);
        traffic(zone.balancer, zone.tasks, way, ports.balancerToTasks.join(", "), portAt(zone.in));
    }
    const nat = zone.nat ?? first.nat;
    const direct = facts.tasksIn === "public" || facts.vpc.existing;
    if (ports.tasksToWorld.length > 0 && (nat || direct)) {
        const label = ports.tasksToWorld.join(", ");
        const start: Point = [zone.tasks.x, zone.out];
        if (!nat || direct) {
            traffic(zone.tasks, gateway, [start, [right(gateway), zone.out]], label, portAt(zone.out));
        } else if (zone.nat && middle(nat)[1] === zone.out) {
            traffic(zone.tasks, nat, [start, [right(nat), zone.out]], label, portAt(zone.out));
        } else {
            const lane = right(nat) + 28;
            const at = middle(nat)[1] + (zone.nat ? 0 : 11);
            const way: Point[] = [start, [lane, zone.out], [lane, at], [right(nat), at]];
            traffic(zone.tasks, nat, way, label, portAt(zone.out));
        }
        if (zone.nat) {
            traffic(zone.nat, gateway, across(zone.nat.x, right(gateway), middle(zone.nat)[1]));
        }
    }
    return arrows;
}

/** What is left of the region: who asks the app, and whom the app asks. */
export function outside({ ports }: Facts, zone: ZoneLayout, gateway: Box): Pick<Drawing, "boxes" | "arrows"> {
    const box = (id: string, y: number, title: string): Box => ({
        id,
        kind: "outside",
        ...columns.outside,
        y: y - 22,
        height: 44,
        title,
    });
    const visitors = box("visitors", zone.in, "Visitors");
    const apis = box("web-apis", zone.in + 54, "Web APIs");
    const edge = right(columns.outside);
    const asks = ports.worldToBalancer.map((port, index, { length }): Arrow => {
        const y = middle(visitors)[1] + (index - (length - 1) / 2) * 22;
        const points = across(edge, gateway.x, y);
        return { from: visitors.id, to: gateway.id, kind: "traffic", points, label: port, labelAt: [edge + 24, y] };
    });
    const y = middle(apis)[1];
    const asked: Arrow = {
        from: gateway.id,
        to: apis.id,
        kind: "traffic",
        points: across(gateway.x, edge, y),
        label: ports.tasksToWorld.join(", "),
        labelAt: [gateway.x - 22, y],
    };
    const out = ports.tasksToWorld.length > 0;
    return {
        boxes: [...(asks.length > 0 ? [visitors] : []), ...(out ? [apis] : [])],
        arrows: [...asks, ...(out ? [asked] : [])],
    };
}
