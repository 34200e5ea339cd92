import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { defaultStack, draw, picture } from "../tools/diagram/draw";
import { textWidth } from "../tools/diagram/shapes";
import type { Recording } from "./record";
import {
    alternative,
    dualStack,
    inExistingVpc,
    internal,
    production,
    standard,
    withDomain,
    withoutNat,
} from "./scenarios";
import { projectFolder } from "./settings";

const drawn = (resources: Recording) => draw({ name: "shop-dev", region: "ap-northeast-1", resources });

interface Rectangle {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
}

const attributes = (text: string): Record<string, string> =>
    Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]));

const rectangle = (text: string): Rectangle => {
    const { x, y, width, height } = attributes(text);
    return { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
};

/** Every box by its id: its text and where it is. */
function boxesOf(svg: string): Map<string, { kind: string; text: string; place: Rectangle }> {
    const groups = svg.matchAll(/<g id="([^"]+)" class="([^"]+)">(<rect [^>]*>)(.*?)<\/g>/g);
    return new Map(
        [...groups].map(([, id, kind, rect, texts]) => {
            const text = [...texts!.matchAll(/>([^<]*)<\/text>/g)].map(([, line]) => line).join(" | ");
            return [id!, { kind: kind!, text, place: rectangle(rect!) }];
        }),
    );
}

interface DrawnArrow {
    readonly kind: string;
    readonly from: string;
    readonly to: readonly string[];
    readonly label: string;
    readonly points: readonly (readonly [number, number])[];
}

function arrowsOf(svg: string): DrawnArrow[] {
    return [...svg.matchAll(/<path class="(traffic|relation)"([^>]*)>/g)].map(([, kind, rest]) => {
        const { "data-from": from, "data-to": to, "data-label": label = "", d } = attributes(rest!);
        const points = [...d!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
        return { kind: kind!, from: from!, to: to!.split(" "), label, points };
    });
}

const list = (svg: string, kind: string) =>
    arrowsOf(svg)
        .filter((arrow) => arrow.kind === kind)
        .map(({ from, to, label }) => `${from} → ${to.join(" ")}${label && ` (${label})`}`)
        .sort();

const inside = (inner: Rectangle, outer: Rectangle) =>
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height;

/** The program's resources without some, as if nobody had declared them. */
function without(recording: Recording, type: string, name: string): Recording {
    const registrations = recording.registrations.filter((one) => one.type !== type || one.name !== name);
    assert.equal(registrations.length, recording.registrations.length - 1);
    const of = (wanted: string) => registrations.filter((one) => one.type === wanted);
    return { ...recording, registrations, of, one: (wanted) => of(wanted)[0]! };
}

describe("the picture of the architecture", () => {
    it("shows the default stack as it is", async () => {
        const committed = fs.readFileSync(path.join(projectFolder, picture), "utf8");
        const current = draw(await defaultStack());
        assert.ok(committed === current, `${picture} shows another stack than the program declares: npm run diagram`);
    });

    it("draws an arrow for each way that requests take, with the port that rules open", async () => {
        assert.deepEqual(list(drawn(await standard()), "traffic"), [
            "internet-gateway → load-balancer-1",
            "internet-gateway → load-balancer-2",
            "internet-gateway → web-apis (443)",
            "load-balancer-1 → tasks-1 (8080)",
            "load-balancer-2 → tasks-2 (8080)",
            "nat-gateway-1 → internet-gateway",
            "s3-endpoint → s3 (443)",
            "service → s3-endpoint",
            "tasks-1 → nat-gateway-1 (443)",
            "tasks-2 → nat-gateway-1 (443)",
            "visitors → internet-gateway (80)",
        ]);
    });

    it("draws an arrow for each permission and setting of the pipeline, and for what the tasks use", async () => {
        assert.deepEqual(list(drawn(await standard()), "relation"), [
            "alarms → service",
            "alarms → topic",
            "deploy.yml → role-deploy (OIDC token)",
            "preview.yml → role-preview (OIDC token)",
            "role-deploy → oidc-provider",
            "role-deploy → registry (pushes images)",
            "role-deploy → service (rolls out)",
            "role-preview → oidc-provider",
            "settings → deploy.yml",
            "settings → preview.yml",
            "tasks-1 → logs",
            "tasks-1 → registry",
            "tasks-2 → logs registry",
        ]);
    });

    it("draws no arrow that no rule allows", async () => {
        const rule = (direction: string) => `aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`;
        const cases = [
            [rule("Ingress"), "main-alb-http", /^visitors/],
            [rule("Egress"), "main-alb-to-tasks", /^load-balancer-\d → tasks/],
            [rule("Ingress"), "main-tasks-from-alb", /^load-balancer-\d → tasks/],
            [rule("Egress"), "main-tasks-https", /^tasks-\d →|web-apis/],
        ] as const;
        for (const [type, name, gone] of cases) {
            const [before, after] = [await standard(), without(await standard(), type, name)].map((resources) =>
                list(drawn(resources), "traffic"),
            );
            assert.ok(before!.some((arrow) => gone.test(arrow)));
            assert.deepEqual(
                after!.filter((arrow) => gone.test(arrow)),
                [],
                name,
            );
        }
        const deploy = without(await standard(), "aws:iam/rolePolicy:RolePolicy", "main-deploy");
        const arrows = list(drawn(deploy), "relation").filter((arrow) => /pushes|rolls/.test(arrow));
        assert.deepEqual(arrows, []);
    });

    it("nests subnets in zones, zones in the VPC, and the VPC in the region", async () => {
        for (const [run, zones] of [
            [await standard(), 2],
            [await alternative(), 3],
        ] as const) {
            const boxes = boxesOf(drawn(run));
            const place = (id: string) => boxes.get(id)!.place;
            assert.equal([...boxes.keys()].filter((id) => id.startsWith("zone-")).length, zones);
            for (let zone = 1; zone <= zones; zone++) {
                assert.ok(inside(place(`load-balancer-${zone}`), place(`public-${zone}`)));
                assert.ok(inside(place(`tasks-${zone}`), place(`private-${zone}`)));
                assert.ok(inside(place(`tasks-${zone}`), place("service")));
                assert.ok(inside(place(`public-${zone}`), place(`zone-${zone}`)));
                assert.ok(inside(place(`private-${zone}`), place(`zone-${zone}`)));
                assert.ok(inside(place(`zone-${zone}`), place("vpc")));
            }
            assert.ok(inside(place("vpc"), place("region")));
        }
        const { text } = boxesOf(drawn(await alternative())).get("vpc")!;
        assert.equal(text, "VPC 172.20.0.0/20");
    });

    it("follows the NAT gateways: one, one in each zone, or none and tasks in the public subnets", async () => {
        const ways = (svg: string) => list(svg, "traffic").filter((arrow) => arrow.startsWith("tasks-"));
        assert.deepEqual(ways(drawn(await alternative())), [
            "tasks-1 → nat-gateway-1 (443)",
            "tasks-2 → nat-gateway-2 (443)",
            "tasks-3 → nat-gateway-3 (443)",
        ]);
        const svg = drawn(await withoutNat());
        assert.deepEqual(ways(svg), ["tasks-1 → internet-gateway (443)", "tasks-2 → internet-gateway (443)"]);
        const boxes = boxesOf(svg);
        assert.deepEqual(
            [...boxes.keys()].filter((id) => id.startsWith("nat")),
            [],
        );
        assert.ok(inside(boxes.get("tasks-2")!.place, boxes.get("public-2")!.place));
        assert.match(boxes.get("private-2")!.text, /empty/);
    });

    it("follows the container's port and the size of the service", async () => {
        const svg = drawn(await alternative());
        assert.ok(list(svg, "traffic").includes("load-balancer-3 → tasks-3 (3000)"));
        const boxes = boxesOf(svg);
        assert.equal(boxes.get("tasks-1")!.text, "Fargate tasks | listen on 3000");
        assert.equal(boxes.get("service")!.text, "ECS service | 3 to 9 tasks, Spot but for one | 1 vCPU, 4 GB, arm64");
    });

    it("shows the domain, and the app's secrets by name", async () => {
        const svg = drawn(await withDomain());
        const boxes = boxesOf(svg);
        assert.equal(boxes.get("domain")!.text, "shop.example.com | Route 53, with a certificate");
        assert.equal(boxes.get("load-balancer-1")!.text, "Load balancer | 443, 80 → 443");
        assert.match(boxes.get("secrets")!.text, /DB_PASSWORD/);
        const visitors = list(svg, "traffic").filter((arrow) => arrow.startsWith("visitors"));
        assert.deepEqual(visitors, ["visitors → internet-gateway (443)", "visitors → internet-gateway (80)"]);
        assert.ok(list(svg, "relation").includes("domain → load-balancer-1"));
        assert.ok(list(svg, "relation").includes("tasks-1 → secrets"));
        const plain = boxesOf(drawn(await standard()));
        assert.ok(!plain.has("domain") && !plain.has("secrets"));
    });

    it("draws no load balancer on the internet that is not there, and no VPC that it does not know", async () => {
        for (const [scenario, what] of [
            [internal, "internal"],
            [inExistingVpc, "in a VPC that was there before"],
        ] as const) {
            const resources = await scenario();
            assert.throws(() => drawn(resources), { message: new RegExp(`That of shop-dev is ${what}\\.$`) });
        }
        assert.match(drawn(await dualStack()), /Visitors/);
    });

    it("shows the environment that deploys, who is mailed, and nothing of previews where there are none", async () => {
        const boxes = boxesOf(drawn(await production()));
        assert.equal(boxes.get("settings")!.text, "Environment prod | 1 secret | 12 variables | needs a reviewer");
        assert.equal(boxes.get("role-deploy")!.text, "Deploy role | pushes and rolls out | for environment prod");
        assert.equal(boxes.get("topic")!.text, "SNS topic | told by ECS itself, too | mails on-call@example.com");
        assert.match(boxes.get("github")!.text, /created by the stack/);
        assert.match(boxes.get("oidc-provider")!.text, /the account has it/);
        assert.deepEqual(
            [...boxes.keys()].filter((id) => id.includes("preview")),
            [],
        );
    });

    it("is the same text for the same stack, with a background of its own and nothing from outside", async () => {
        const svg = drawn(await standard());
        assert.equal(drawn(await standard()), svg);
        assert.match(svg, /<\/defs>\n<rect width="1000" height="\d+" rx="8" fill="#ffffff"\/>/);
        assert.doesNotMatch(svg, /href|<script|<image|url\((?!#)|undefined|NaN/);
    });

    it("has no text that is cut off or leaves its box, and no line through a text or a box", async () => {
        const runs = [
            await standard(),
            await alternative(),
            await withDomain(),
            await production(),
            await withoutNat(),
        ];
        for (const svg of [...runs.map(drawn), fs.readFileSync(path.join(projectFolder, picture), "utf8")]) {
            assert.deepEqual(collisions(svg), []);
        }
    });
});

/** The kinds of boxes that have something in them. */
const frames = new Set(["region", "vpc", "zone", "public", "private", "service", "github"]);

function collisions(svg: string): string[] {
    const problems: string[] = [];
    const boxes = [...boxesOf(svg)].map(([id, box]) => ({ id, ...box }));
    const nodes = boxes.filter(({ kind }) => !frames.has(kind));
    const texts = [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, given, text]) => {
        const { x, y, "font-size": size, "font-weight": weight, "text-anchor": anchor } = attributes(given!);
        const width = textWidth(text!.replaceAll("&gt;", ">"), Number(size), weight !== undefined);
        const left = anchor === "middle" ? Number(x) - width / 2 : Number(x);
        return { text: text!, place: { x: left, y: Number(y) - 10, width, height: 13 } };
    });
    const canvas = rectangle(`x="0" y="0" ${/<svg [^>]*>/.exec(svg)![0]}`);
    for (const { text, place } of texts) {
        if (text.endsWith("…")) problems.push(`"${text}" is cut off`);
        if (!inside(place, canvas)) problems.push(`"${text}" leaves the picture`);
        const around = boxes.filter((box) => box.text.split(" | ").includes(text));
        if (around.length > 0 && !around.some((box) => inside(place, box.place)))
            problems.push(`"${text}" leaves its box`);
    }
    for (const [index, one] of texts.entries()) {
        const other = texts.slice(index + 1).find(({ place }) => overlap(one.place, place));
        if (other) problems.push(`"${one.text}" and "${other.text}" overlap`);
    }
    // Nodes and labels have a ground of their own, which covers the frames behind them.
    const inFrames = boxes.filter(({ kind }) => frames.has(kind)).flatMap(({ text }) => text.split(" | "));
    for (const { id, place } of boxes) {
        for (const edge of edges(place)) {
            const crossed = texts.filter((one) => inFrames.includes(one.text) && overlap(edge, one.place));
            problems.push(...crossed.map(({ text }) => `the edge of ${id} goes through "${text}"`));
        }
    }
    for (const [index, one] of nodes.entries()) {
        const other = nodes.slice(index + 1).find(({ place }) => overlap(one.place, place));
        if (other) problems.push(`${one.id} and ${other.id} overlap`);
    }
    for (const { from, to, label, points } of arrowsOf(svg)) {
        for (const [index, [x, y]] of points.slice(1).entries()) {
            const [fromX, fromY] = points[index]!;
            const line = {
                ...{ x: Math.min(x, fromX), y: Math.min(y, fromY) },
                ...{ width: Math.abs(x - fromX), height: Math.abs(y - fromY) },
            };
            if (line.width > 0 && line.height > 0) problems.push(`${from} → ${to.join(" ")} has a slanting line`);
            const hit = [
                ...nodes
                    .filter(({ id, place }) => ![from, ...to].includes(id) && overlap(line, place))
                    .map(({ id }) => id),
                ...texts.filter(({ text, place }) => text !== label && overlap(line, place)).map(({ text }) => text),
            ];
            problems.push(...hit.map((what) => `${from} → ${to.join(" ")} goes through ${what}`));
        }
    }
    return problems;
}

const edges = ({ x, y, width, height }: Rectangle): Rectangle[] => [
    { x, y, width, height: 0 },
    { x, y: y + height, width, height: 0 },
    { x, y, width: 0, height },
    { x: x + width, y, width: 0, height },
];

const overlap = (a: Rectangle, b: Rectangle) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
