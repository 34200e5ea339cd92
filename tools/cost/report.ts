import { dollars, hours, named } from "./charges";
import type { Estimate } from "./estimate";

export interface Report {
    readonly stack: string;
    readonly region: string;
    readonly priceDate: string;
    /** What a task on Spot is counted at, as a share of its price on demand. */
    readonly spotShare: number;
    /** With the tasks that always run, and with as many as run under load. */
    readonly least: Estimate;
    readonly most: Estimate;
}

/** The estimate as a person reads it: a line for each charge, the totals, and what no one can know beforehand. */
export function report({ stack, region, priceDate, spotShare, least, most }: Report): string {
    const rows = least.lines.map(({ what, quantity, unit, price, amount }) => [
        what,
        `${quantity.toLocaleString("en-US")} ${unit}`.trim(),
        `× ${dollars(price)}`,
        amount.toFixed(2),
    ]);
    const [what, quantity, price, amount] = [0, 1, 2, 3].map((column) =>
        Math.max(...rows.map((row) => row[column]!.length)),
    );
    const lines = rows.map(
        (row) =>
            `${row[0]!.padEnd(what!)}  ${row[1]!.padStart(quantity!)} ${row[2]!.padEnd(price!)} = ${row[3]!.padStart(amount!)}`,
    );
    const width = lines[0]!.length;
    const total = (text: string, sum: number) => `${text}${sum.toFixed(2).padStart(width - text.length)}`;
    const totals = [total(`A month with ${named(least.tasks, "task")} (minTasks)`, least.total)];
    if (most.tasks > least.tasks) {
        totals.push(total(`A month with ${named(most.tasks, "task")} throughout (maxTasks)`, most.total));
    }
    const spot = least.lines.concat(most.lines).some(({ what: text }) => text.includes("Spot"));
    return [
        `${stack} in ${region}: US dollars for a month of ${hours} hours`,
        "",
        ...lines,
        "─".repeat(width),
        ...totals,
        "",
        "Not included, since it depends on use:",
        ...least.byUse.map((line) => `  - ${line}`),
        "",
        "Also not included: tax, discounts, and AWS's free tiers, which all stacks of an account share (such as 3 dashboards, alarms on",
        "10 metrics, and 100 GB of traffic to the internet each month).",
        ...(spot
            ? [
                  `Spot is counted at ${Math.round(spotShare * 100)} % of the on-demand price; AWS sets it by supply and demand.`,
              ]
            : []),
        `Prices of ${priceDate}, not looked up today: tools/cost/prices.json tells where they are from.`,
    ].join("\n");
}
