/** The drawing as an SVG that needs nothing from outside: no fonts, no scripts, a background of its own. */
import {
    fit,
    lineSize,
    lineStep,
    textWidth,
    titleSize,
    type Arrow,
    type Box,
    type Drawing,
    type Kind,
    type Point,
} from "./shapes";

interface Style {
    readonly fill: string;
    readonly stroke: string;
    readonly ink: string;
    readonly dashed?: boolean;
    /** A frame has its title in the corner, a node its text in the middle. */
    readonly frame?: boolean;
}

const styles: Readonly<Record<Kind, Style>> = {
    region: { fill: "#fafbfc", stroke: "#57606a", ink: "#57606a", frame: true },
    vpc: { fill: "#ffffff", stroke: "#8250df", ink: "#8250df", frame: true },
    existing: { fill: "#ffffff", stroke: "#8c959f", ink: "#57606a", dashed: true, frame: true },
    zone: { fill: "none", stroke: "#8c959f", ink: "#57606a", dashed: true, frame: true },
    public: { fill: "#eaf6ea", stroke: "none", ink: "#1a6b31", frame: true },
    private: { fill: "#e6f1fb", stroke: "none", ink: "#0b5394", frame: true },
    service: { fill: "none", stroke: "#bc4c00", ink: "#953800", dashed: true, frame: true },
    github: { fill: "#fafbfc", stroke: "#57606a", ink: "#57606a", frame: true },
    network: { fill: "#ffffff", stroke: "#8250df", ink: "#1f2328" },
    compute: { fill: "#fff4ea", stroke: "#bc4c00", ink: "#1f2328" },
    storage: { fill: "#ffffff", stroke: "#1a7f37", ink: "#1f2328" },
    watching: { fill: "#ffffff", stroke: "#bf3989", ink: "#1f2328" },
    identity: { fill: "#ffffff", stroke: "#cf222e", ink: "#1f2328" },
    pipeline: { fill: "#ffffff", stroke: "#24292f", ink: "#1f2328" },
    outside: { fill: "#ffffff", stroke: "#57606a", ink: "#1f2328" },
    elsewhere: { fill: "#ffffff", stroke: "#8c959f", ink: "#57606a", dashed: true },
};

const colours = { traffic: "#0969da", relation: "#57606a" } as const;
export const fonts = "-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif";

export function svg({ width, height, boxes, arrows, legend: at }: Drawing, title: string): string {
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${fonts}" role="img">`,
        `<title>${escape(title)}</title>`,
        "<defs>",
        ...Object.entries(colours).map(
            ([kind, colour]) =>
                `<marker id="${kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="${colour}"/></marker>`,
        ),
        "</defs>",
        `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
        ...boxes.map(box),
        ...arrows.map(arrow),
        ...arrows.flatMap(label),
        ...legend(at),
        "</svg>",
        "",
    ].join("\n");
}

function box({ id, kind, x, y, width, height, title, lines = [], textX = x + 8 }: Box): string {
    const { fill, stroke, ink, dashed, frame } = styles[kind];
    const dash = dashed ? ' stroke-dasharray="5 4"' : "";
    const rect = `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${frame ? 4 : 6}" fill="${fill}" stroke="${stroke}"${dash}/>`;
    const room = (frame ? x + width - textX : width) - 8;
    const texts = [title, ...lines].map((text, index) => {
        const [size, bold] = index === 0 ? [titleSize, true] : [lineSize, false];
        const weight = bold ? ' font-weight="600"' : "";
        const firstLine = frame ? y + 16 : y + height / 2 - (lines.length * lineStep) / 2 + 4.5;
        const at = frame ? `x="${textX}"` : `x="${x + width / 2}" text-anchor="middle"`;
        return `<text ${at} y="${firstLine + index * lineStep}" font-size="${size}"${weight} fill="${ink}">${escape(fit(text, room, size, bold))}</text>`;
    });
    return `<g id="${escape(id)}" class="${kind}">${rect}${texts.join("")}</g>`;
}

function arrow({ from, to, kind, points, label: text, joins }: Arrow): string {
    const way = points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
    const data = `data-from="${escape(from)}" data-to="${escape(to)}"${text ? ` data-label="${escape(text)}"` : ""}`;
    return `<path class="${kind}" ${data} d="${way}" fill="none" ${stroke(kind)}${joins ? "" : ` marker-end="url(#${kind})"`}/>`;
}

const stroke = (kind: Arrow["kind"]) =>
    `stroke="${colours[kind]}" stroke-width="1.5"${kind === "relation" ? ' stroke-dasharray="4 3"' : ""}`;

/** What the two kinds of arrows mean. */
function legend([x, y]: Point): string[] {
    const meanings = {
        traffic: "requests, on the port that a rule opens",
        relation: "who uses or changes what",
    } as const;
    return (["traffic", "relation"] as const).map(
        (kind, index) =>
            `<g class="legend"><path d="M${x} ${y + index * 20}h30" ${stroke(kind)} marker-end="url(#${kind})"/>` +
            `<text x="${x + 40}" y="${y + index * 20 + 4}" font-size="${lineSize}" fill="#57606a">${meanings[kind]}</text></g>`,
    );
}

function label({ kind, label: text, labelAt }: Arrow): string[] {
    if (!text || !labelAt) {
        return [];
    }
    const [x, y] = labelAt;
    const width = textWidth(text, 11.5, true) + 10;
    return [
        `<g class="label"><rect x="${x - width / 2}" y="${y - 9}" width="${width}" height="18" rx="9" fill="#ffffff" stroke="${colours[kind]}"/>` +
            `<text x="${x}" y="${y + 4}" font-size="11.5" font-weight="600" text-anchor="middle" fill="${colours[kind]}">${escape(text)}</text></g>`,
    ];
}

export const escape = (text: string): string =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
