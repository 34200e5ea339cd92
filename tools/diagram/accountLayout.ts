/** What the stack has in the region beside the network: a column of boxes right of it, and the app's name above it. */
import type { Facts } from "./model";
import {
    across,
    along,
    bottom,
    listed,
    middle,
    named,
    right,
    type Arrow,
    type Box,
    type Drawing,
    type Point,
} from "./shapes";
import type { VpcLayout } from "./vpcLayout";

const column = { x: 746, width: 222 } as const;
const textRoom = column.width - 16;
const gap = 10;
/** The line along which the tasks reach the services. */
const lane = 722;

export interface AccountLayout extends Pick<Drawing, "boxes" | "arrows"> {
    readonly registry: Box;
    /** Where the column ends. */
    readonly bottom: number;
    /** How much longer the VPC would have to be, for its way to S3 to be a straight one. */
    readonly lacking: number;
}

/** @param top where the app's name is; the column begins beside the VPC */
export function accountLayout(facts: Facts, network: VpcLayout, top: number): AccountLayout {
    const { alarms, reports, mail, logs, secrets, schedules, image, domain } = facts;
    const boxes: Box[] = [];
    const arrows: Arrow[] = [];
    let y = network.vpc.y;
    const add = (id: string, kind: Box["kind"], title: string, lines: readonly string[]): Box => {
        const box: Box = { id, kind, ...column, y, height: 28 + 16 * lines.length, title, lines };
        boxes.push(box);
        y = bottom(box) + gap;
        return box;
    };
    const relation = (from: Box, to: Box, points: readonly Point[]) =>
        void arrows.push({ from: from.id, to: to.id, kind: "relation", points });

    if (domain) {
        const name: Box = {
            id: "domain",
            kind: "network",
            x: network.balancer.x,
            y: top,
            width: 300,
            height: 44,
            title: domain.name,
            lines: [`Route 53${domain.certificate ? ", with a certificate" : ""}`],
        };
        boxes.push(name);
        const x = right(network.balancer) - 10;
        relation(name, network.balancer, along(x, bottom(name), network.balancer.y));
    }

    if (schedules.length > 0) {
        const lines = [...listed(schedules, textRoom), "each runs in a task of its own"];
        const box = add("schedules", "compute", named(schedules.length, "schedule"), lines);
        relation(box, network.service, across(box.x, right(network.service), middle(box)[1]));
    }
    if (alarms.count > 0) {
        const watch = add("alarms", "watching", `${alarms.count} CloudWatch alarms`, [
            ...(alarms.dashboard ? ["and a dashboard"] : []),
            ...(alarms.rollsBack > 0 ? [`${alarms.rollsBack} of them take a release back`] : []),
        ]);
        if (alarms.rollsBack > 0) {
            relation(watch, network.service, across(watch.x, right(network.service), middle(watch)[1]));
        }
        if (alarms.told) {
            y += 12;
            const topic = add("topic", "watching", "SNS topic", [
                ...(reports ? ["told by ECS itself, too"] : []),
                mail ? `mails ${mail}` : "nobody subscribed yet",
            ]);
            relation(watch, topic, along(middle(watch)[0], bottom(watch), topic.y));
        }
    }

    const used: Box[] = [];
    y = Math.max(y, network.tasks[0]!.y - 4);
    if (logs) {
        used.push(add("logs", "watching", "CloudWatch Logs", [logs.group, `kept for ${logs.days} days`]));
    }
    if (secrets.length > 0) {
        used.push(add("secrets", "identity", "Secrets of the app", listed(secrets, textRoom)));
    }
    const may = rights(facts);
    if (may.length > 0) {
        used.push(add("app-role", "identity", "Role of the app", may));
    }
    const registry = add("registry", "storage", "ECR repository", [
        image.repository,
        ...(image.pulled ? ["the tasks' image is pulled from it"] : []),
    ]);
    if (image.pulled) {
        used.push(registry);
    }
    arrows.push(...reach(network.tasks, used));

    let lacking = 0;
    if (facts.endpoints.includes("s3")) {
        const endpointY = bottom(network.vpc) - 38;
        const endpoint: Box = {
            id: "s3-endpoint",
            kind: "network",
            x: 560,
            y: endpointY,
            width: 124,
            height: 30,
            title: "S3 endpoint",
        };
        const s3: Box = {
            id: "s3",
            kind: "elsewhere",
            ...column,
            y: endpointY - 7,
            height: 44,
            title: "S3",
            lines: ["the layers of images"],
        };
        lacking = Math.max(0, y - s3.y);
        y = bottom(s3) + gap;
        boxes.push(endpoint, s3);
        const label = facts.ports.tasksToWorld.join(", ");
        const out = across(right(endpoint), s3.x, middle(endpoint)[1]);
        const down = along(620, bottom(network.service), endpoint.y);
        arrows.push(
            { from: network.service.id, to: endpoint.id, kind: "traffic", points: down },
            { from: endpoint.id, to: s3.id, kind: "traffic", points: out, label, labelAt: [lane - 12, out[0]![1]] },
        );
    }
    if (facts.balancer.accessLogDays !== undefined) {
        add("access-logs", "storage", "S3 bucket", [`access logs, kept for ${facts.balancer.accessLogDays} days`]);
    }
    if (facts.encrypted.length > 0) {
        add("kms-key", "elsewhere", "KMS key, not the stack's", ["which encrypts", facts.encrypted.join(", ")]);
    }
    return { boxes, arrows, registry, bottom: y - gap, lacking };
}

/** What the app's own role may do, as far as the stack says it. */
function rights({ role: { managed, written, shell } }: Facts): string[] {
    return [
        ...(managed.length > 1 ? [`${managed.length} managed policies`] : managed),
        ...(written ? ["a policy of the stack's own"] : []),
        ...(shell ? ["lets a shell into a task"] : []),
    ];
}

/** From the first zone's tasks along the lane into each box, and from the other zones' to where that has begun already. */
function reach(tasks: readonly Box[], used: readonly Box[]): Arrow[] {
    const heights = [tasks[0]!, ...used].map((box) => middle(box)[1]);
    let [from, to] = [Math.min(...heights), Math.max(...heights)];
    return tasks.flatMap((source, index): Arrow[] => {
        const y = middle(source)[1];
        const begin: Point[] = across(right(source), lane, y);
        if (index === 0) {
            return used.map((box) => {
                const at = middle(box)[1];
                const points: Point[] = [...begin, [lane, at], [box.x, at]];
                return { from: source.id, to: box.id, kind: "relation", points };
            });
        }
        const points: Point[] = [...begin, [lane, Math.min(Math.max(y, from), to)]];
        [from, to] = [Math.min(from, y), Math.max(to, y)];
        return [{ from: source.id, to: used.map(({ id }) => id).join(" "), kind: "relation", points, joins: true }];
    });
}
