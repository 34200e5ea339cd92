/** The picture of how a release goes live: for each strategy the share of visitors that the new version has, as time goes on. */
import * as v from "valibot";
import { rolloutMinutes, type Rollout } from "../../infra/config";
import { stepMinutesFor, strategies } from "../../infra/config/rolloutKinds";
import { table } from "../../infra/config/table";
import { lineSize, titleSize } from "./shapes";
import { escape, fonts } from "./svg";

/** In docs/releases/README.md, relative to the project's folder. */
export const rolloutsPicture = "docs/rollouts.svg";

/** From this minute on the new version has this share of the visitors, in per cent. */
export interface Share {
    readonly minute: number;
    readonly share: number;
}

/** With the settings' defaults. */
const byDefault = (rollout: Rollout["rollout"]): Rollout => ({
    rollout,
    bakeMinutes: Number(table.bakeMinutes.default),
    rolloutPercent: Number(table.rolloutPercent.default),
    rolloutStepMinutes: v.parse(stepMinutesFor(rollout).schema, table.rolloutStepMinutes.default),
});

/** Two tasks, of which the new ones take about a minute each to become healthy. */
const rollingShares: readonly Share[] = [
    { minute: 0, share: 50 },
    { minute: 1, share: 100 },
];

/** What ECS makes of the requests, counted from the first visitor of the new version. */
export function sharesOf({ rollout, rolloutPercent, rolloutStepMinutes }: Rollout): readonly Share[] {
    switch (rollout) {
        case "rolling":
            return rollingShares;
        case "blue-green":
            return [{ minute: 0, share: 100 }];
        case "canary":
            return [
                { minute: 0, share: rolloutPercent },
                { minute: rolloutStepMinutes, share: 100 },
            ];
        case "linear":
            return Array.from({ length: Math.ceil(100 / rolloutPercent) }, (_, step) => ({
                minute: step * rolloutStepMinutes,
                share: Math.min(100, (step + 1) * rolloutPercent),
            }));
    }
}

const [left, right, top, rowHeight, chartHeight] = [180, 24, 20, 92, 56];
const width = 860;
const before = 3; // minutes of the old version alone
const [newInk, newFill, oldFill, ink] = ["#0969da", "#b6d7ff", "#e4e7eb", "#57606a"];

/** The picture as an SVG: the same text for the same defaults. */
export function drawRollouts(): string {
    const rollouts = strategies.map(byDefault);
    const ends = rollouts.map((each) => rolloutMinutes(each) || rollingShares.at(-1)!.minute);
    const last = Math.max(...ends) + before;
    const perMinute = (width - left - right) / (last + before);
    const x = (minute: number) => Math.round(left + (minute + before) * perMinute);
    const height = top + strategies.length * rowHeight + 62;
    const axis = height - 56;
    const ticks = Array.from({ length: Math.floor(last / 10) + 1 }, (_, index) => index * 10);
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${fonts}" role="img">`,
        "<title>How a release goes live: the share of visitors that the new version has, by strategy and time</title>",
        `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
        ...rollouts.map((each, index) => row(each, ends[index]!, top + index * rowHeight, x, last)),
        `<path d="M${x(-before)} ${axis}H${x(last)}" stroke="${ink}"/>`,
        ...ticks.map(
            (minute) =>
                `<path d="M${x(minute)} ${axis}v5" stroke="${ink}"/>${text(x(minute), axis + 18, `${minute} min`, "middle")}`,
        ),
        ...legend(height - 16),
        "</svg>",
        "",
    ].join("\n");
}

function row(rollout: Rollout, end: number, y: number, x: (minute: number) => number, last: number): string {
    const bottom = y + chartHeight;
    const at = (share: number) => Math.round(bottom - (share / 100) * chartHeight);
    const shares = sharesOf(rollout);
    const steps = shares.map(({ minute, share }) => `H${x(minute)}V${at(share)}`).join("");
    const line = `M${x(-before)} ${bottom}${steps}H${x(last)}`;
    return [
        `<g id="${rollout.rollout}">`,
        `<text x="16" y="${y + 24}" font-size="${titleSize}" font-weight="600" fill="#1f2328">${rollout.rollout}</text>`,
        text(16, y + 42, pace(rollout)),
        `<rect x="${x(-before)}" y="${y}" width="${x(end) - x(-before)}" height="${chartHeight}" fill="${oldFill}"/>`,
        `<path d="${line}V${bottom}Z" fill="${newFill}"/>`,
        `<path d="${line}" fill="none" stroke="${newInk}" stroke-width="2"/>`,
        `<path d="M${x(end)} ${y - 6}V${bottom + 6}" stroke="${ink}" stroke-dasharray="4 3"/>`,
        // Beside the line, on the side that has room for it.
        end < last / 2
            ? text(x(end) + 6, bottom + 14, "the old tasks leave")
            : text(x(end) - 6, bottom + 14, "the old tasks leave", "end"),
        "</g>",
    ].join("");
}

function pace({ rollout, rolloutPercent, rolloutStepMinutes }: Rollout): string {
    const words = {
        rolling: "task by task",
        "blue-green": "all at once",
        canary: `${rolloutPercent} %, then all`,
        linear: `${rolloutPercent} % more every ${rolloutStepMinutes} minutes`,
    };
    return words[rollout];
}

function legend(y: number): string[] {
    const entry = (x: number, fill: string, meaning: string) =>
        `<rect x="${x}" y="${y - 10}" width="12" height="12" fill="${fill}"/>${text(x + 18, y, meaning)}`;
    return [entry(left, newFill, "visitors of the new version"), entry(left + 220, oldFill, "visitors of the old one")];
}

const text = (x: number, y: number, words: string, anchor = "start") =>
    `<text x="${x}" y="${y}" font-size="${lineSize}" text-anchor="${anchor}" fill="${ink}">${escape(words)}</text>`;
