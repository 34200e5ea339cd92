/** A row of the network: an availability zone, its two subnets, and what is in them. */
import type { Facts, Reach } from "./model";
import { columns, rows, type ZoneLayout } from "./grid";
import { lineStep, middle, right, type Box } from "./shapes";

/** @param y where the zone begins */
export function zoneLayout(facts: Facts, index: number, y: number): ZoneLayout {
    const { title, subnets, nat } = facts.zones[index]!;
    const { balancerIn, tasksIn } = facts;
    const own = balancerLines(facts);
    const upper = rows.upper + (own.length - 1) * lineStep;
    const inside = rows.subnetTitle + upper + rows.between + rows.lower + rows.pad;
    // Where load balancer and tasks share a subnet it takes the whole width, and the zone's other one is below.
    const together = balancerIn === tasksIn;
    const otherReach = tasksIn === "public" ? "private" : "public";
    const other = together ? subnets[otherReach] : undefined;
    const below = nat ? rows.gateway : rows.idle;
    const height = rows.zoneTitle + inside + rows.pad + (other ? below : 0);
    const number = index + 1;
    const subnetY = y + rows.zoneTitle;
    const otherY = subnetY + inside + 6;
    const first = subnetY + rows.subnetTitle;
    const second = first + upper + rows.between;

    const zone: Box = { id: `zone-${number}`, kind: "zone", ...columns.zone, y, height, title };
    const subnet = (kind: Reach, place: Pick<Box, "x" | "y" | "width" | "height">): Box => {
        const { title: kindOf, line } = subnets[kind]!;
        return { id: `${kind}-${number}`, kind, ...place, title: kindOf, lines: [line] };
    };
    const whole = { x: columns.public.x, width: right(columns.private) - columns.public.x };
    const frames = [
        zone,
        ...(together
            ? [subnet(tasksIn, { ...whole, y: subnetY, height: inside })]
            : [
                  subnet(balancerIn, { ...columns.public, y: subnetY, height: inside }),
                  subnet(tasksIn, { ...columns.private, y: subnetY, height: inside }),
              ]),
    ];
    if (other && nat) {
        frames.push(subnet(otherReach, { ...columns.public, y: otherY, height: below - 6 }));
    } else if (other) {
        const frame = subnet(otherReach, { ...whole, y: otherY, height: below - 6 });
        frames.push({
            ...frame,
            title: `${otherReach === "public" ? "Public" : "Private"} ${other.line}, empty`,
            lines: [],
        });
    }

    // Where a zone has no gateway of its own, the way to another zone's leaves above the requests, to cross none of them.
    const flipped = !nat && tasksIn === "private" && facts.zones.some((each) => each.nat);
    const balancer: Box = {
        id: `load-balancer-${number}`,
        kind: "network",
        ...columns.balancer,
        y: flipped ? second + rows.lower - upper : first,
        height: upper,
        title: "Load balancer",
        lines: own,
    };
    const natGateway: Box | undefined = nat
        ? {
              id: `nat-gateway-${number}`,
              kind: "network",
              ...columns.balancer,
              y: other ? otherY + rows.subnetTitle : second,
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
        lines: tasksLines(facts),
    };
    const [in_, out] = flipped
        ? [middle(balancer)[1], first + rows.lower / 2]
        : [middle(balancer)[1], second + rows.lower / 2];
    const nodes = [balancer, ...(natGateway ? [natGateway] : []), tasks];
    return { index, zone, balancer, nat: natGateway, tasks, in: in_, out, frames, nodes };
}

function balancerLines({ listeners, ports, balancer }: Facts): string[] {
    const listening = listeners.map(({ port, redirectsTo }) => (redirectsTo ? `${port} → ${redirectsTo}` : port));
    return [
        `${listening.length === 1 ? "listens on " : ""}${listening.join(", ")}`,
        ...(ports.vpcToBalancer.length > 0 ? ["from the VPC alone"] : []),
        ...(balancer.dualStack ? ["over IPv4 and IPv6"] : []),
        ...(balancer.webAcl ? ["behind a web ACL"] : []),
    ];
}

/** Destinations of the tasks that there is room for. */
const room = 3;

function tasksLines({ ports: { balancerToTasks, tasksToOthers } }: Facts): string[] {
    const named = tasksToOthers.slice(0, tasksToOthers.length > room ? room - 1 : room);
    return [
        `listen on ${balancerToTasks.join(", ")}`,
        ...named.map(({ place, ports }) => `reach ${place}: ${ports.join(", ")}`),
        ...(named.length < tasksToOthers.length ? [`and ${tasksToOthers.length - named.length} networks more`] : []),
    ];
}
