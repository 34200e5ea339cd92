import { RunError } from "@pulumi/pulumi/errors";
import table from "./prices.json";

/** In US dollars: of an hour, a month, or a GB (2^30 bytes), as the name ends. */
export type Prices = (typeof table)["everywhere"] & (typeof table)["regions"]["us-east-1"];

/** The month that the prices are of. */
export const priceDate = table.date;

/** @throws RunError that names the regions with prices */
export function pricesIn(region: string): Prices {
    const regions: Readonly<Record<string, (typeof table)["regions"]["us-east-1"]>> = table.regions;
    const own = Object.hasOwn(regions, region) ? regions[region] : undefined;
    if (!own) {
        throw new RunError(
            `tools/cost/prices.json has no prices of ${region}; it has those of ${Object.keys(regions).sort().join(", ")}.\n` +
                `To add them, copy the entry of another region there, name it ${region}, and put in the prices that AWS shows for ` +
                "it on the pages that the file lists under source.",
        );
    }
    return { ...table.everywhere, ...own };
}
