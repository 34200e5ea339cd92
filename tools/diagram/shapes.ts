/** Boxes and arrows on a grid of pixels, and what a text takes of it. */

export type Kind =
    | ("region" | "vpc" | "existing" | "zone" | "public" | "private" | "service" | "github")
    | ("network" | "compute" | "storage" | "watching" | "identity" | "pipeline" | "outside" | "elsewhere");

export interface Box {
    readonly id: string;
    readonly kind: Kind;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly title: string;
    readonly lines?: readonly string[];
    /** Where the text of a frame begins, if not in its corner. */
    readonly textX?: number;
}

export type Point = readonly [x: number, y: number];

export interface Arrow {
    readonly from: string;
    readonly to: string;
    /** Corners, from the edge of one box to that of the other. */
    readonly points: readonly Point[];
    /** Requests over the network on a port that a rule opens, or what a permission or a setting says. */
    readonly kind: "traffic" | "relation";
    readonly label?: string;
    /** The middle of the label. */
    readonly labelAt?: Point;
    /** It ends where it meets other arrows, which have the heads: `to` names their boxes, with spaces between. */
    readonly joins?: boolean;
}

export interface Drawing {
    readonly width: number;
    readonly height: number;
    readonly boxes: readonly Box[];
    readonly arrows: readonly Arrow[];
    /** Where the legend begins. */
    readonly legend: Point;
}

export const titleSize = 13;
export const lineSize = 12;
/** From one line of text to the next. */
export const lineStep = 16;

const narrow = new Set("iljtfrI.,:;'|!()[] -/");
const wide = new Set("mwMW@%—→");

/**
 * The width of a text in pixels in a wide sans-serif (Verdana, DejaVu Sans); others need less. A picture with a font of its own
 * would be a hundred times as large.
 */
export function textWidth(text: string, size: number, bold = false): number {
    const ems = [...text].reduce((sum, char) => {
        const width = narrow.has(char) ? 0.38 : wide.has(char) ? 0.95 : /[A-Z]/.test(char) ? 0.7 : 0.62;
        return sum + width;
    }, 0);
    return ems * size * (bold ? 1.09 : 1);
}

/** As much of a text as there is room for. */
export function fit(text: string, width: number, size: number, bold = false): string {
    if (textWidth(text, size, bold) <= width) {
        return text;
    }
    let shorter = text;
    while (shorter.length > 1 && textWidth(`${shorter}…`, size, bold) > width) {
        shorter = shorter.slice(0, -1);
    }
    return `${shorter.trimEnd()}…`;
}

/** A list on as many lines of a width as it takes, but for three: beyond these it is told how many more there are. */
export function listed(items: readonly string[], width: number): string[] {
    const lines: string[][] = [[]];
    for (const item of items) {
        if (lines.at(-1)!.length > 0 && textWidth([...lines.at(-1)!, item].join(", "), lineSize) > width) {
            lines.push([]);
        }
        lines.at(-1)!.push(item);
    }
    const shown = lines.length > 3 ? lines.slice(0, 2) : lines;
    const left = items.length - shown.flat().length;
    return [...shown.map((line) => line.join(", ")), ...(left > 0 ? [`and ${left} more`] : [])];
}

export const middle = ({ x, y, width, height }: Box): Point => [x + width / 2, y + height / 2];
export const right = ({ x, width }: Pick<Box, "x" | "width">): number => x + width;
export const bottom = ({ y, height }: Pick<Box, "y" | "height">): number => y + height;

/** A straight line at a height. */
export const across = (fromX: number, toX: number, y: number): Point[] => [
    [fromX, y],
    [toX, y],
];

/** A straight line at a distance from the left. */
export const along = (x: number, fromY: number, toY: number): Point[] => [
    [x, fromY],
    [x, toY],
];

/** A number with its noun. */
export const named = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
