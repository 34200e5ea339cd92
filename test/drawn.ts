/** What a picture shows, read from its SVG, and what is wrong with how it is drawn. */
import { textWidth } from "../tools/diagram/shapes";

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
export function boxesOf(svg: string): Map<string, { kind: string; text: string; place: Rectangle }> {
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

export function arrowsOf(svg: string): DrawnArrow[] {
    return [...svg.matchAll(/<path class="(traffic|relation)"([^>]*)>/g)].map(([, kind, rest]) => {
        const { "data-from": from, "data-to": to, "data-label": label = "", d } = attributes(rest!);
        const points = [...d!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
        return { kind: kind!, from: from!, to: to!.split(" "), label, points };
    });
}

export const list = (svg: string, kind: string) =>
    arrowsOf(svg)
        .filter((arrow) => arrow.kind === kind)
        .map(({ from, to, label }) => `${from} → ${to.join(" ")}${label && ` (${label})`}`)
        .sort();

export const inside = (inner: Rectangle, outer: Rectangle) =>
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height;

/** The kinds of boxes that have something in them. */
const frames = new Set(["region", "vpc", "existing", "zone", "public", "private", "service", "github"]);

export function collisions(svg: string): string[] {
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
    for (const { id, place } of boxes.filter(({ kind }) => ["region", "github"].includes(kind))) {
        const cut = nodes.filter((node) => edges(place).some((edge) => overlap(edge, node.place)));
        problems.push(...cut.map((node) => `the edge of ${id} goes through ${node.id}`));
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
