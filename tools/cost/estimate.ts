import { RunError } from "@pulumi/pulumi/errors";
import type { Registration } from "../recorder";
import type { Stack } from "../resources";
import { charges, free, type Charge, type Line } from "./charges";
import { pricesIn } from "./priceList";

export interface AmountLine extends Line {
    /** US dollars a month, in whole cents. */
    readonly amount: number;
}

export interface Estimate {
    readonly tasks: number;
    readonly lines: readonly AmountLine[];
    /** The sum of the lines as they are printed. */
    readonly total: number;
    /** What is charged by use, each with its price. */
    readonly byUse: readonly string[];
}

/**
 * What a stack costs in a month with a number of running tasks.
 * @throws RunError for a region without prices, or a resource type that the table of charges does not know
 */
export function estimate({ region, resources }: Stack, tasks: number): Estimate {
    const prices = pricesIn(region);
    const context = { prices, tasks, one: (type: string) => resources.one(type) };
    const declared = resources.registrations.map((resource) => ({ resource, charge: chargesOf(resource) }));
    const order = Object.values(charges);
    const all = declared
        .sort((a, b) => order.indexOf(a.charge) - order.indexOf(b.charge))
        .map(({ resource, charge }) => charge(resource, context));
    const lines = sum(all.flatMap((charge) => charge.lines ?? []));
    return {
        tasks,
        lines,
        total: cents(lines.reduce((total, { amount }) => total + amount, 0)),
        byUse: [...new Set(all.flatMap(({ byUse = [] }) => byUse))],
    };
}

/** The bounds that autoscaling keeps the tasks in. */
export function taskBounds({ resources }: Stack): { readonly least: number; readonly most: number } {
    const { minCapacity, maxCapacity } = resources.one("aws:appautoscaling/target:Target").inputs;
    return { least: Number(minCapacity), most: Number(maxCapacity) };
}

function chargesOf({ type, name }: Registration): Charge {
    // Our own components group resources and are none themselves.
    const charge = type.startsWith("fargate-cicd:") ? free : charges[type];
    if (!charge) {
        throw new RunError(
            `It is not known what AWS asks for ${name}, of the type ${type}: add the type to the table in tools/cost/charges.ts, ` +
                "with its price or as free.",
        );
    }
    return charge;
}

/** Lines about the same thing become one. */
function sum(lines: readonly Line[]): AmountLine[] {
    const byWhat = new Map<string, Line>();
    for (const line of lines) {
        const before = byWhat.get(line.what);
        byWhat.set(line.what, { ...line, quantity: line.quantity + (before?.quantity ?? 0) });
    }
    return [...byWhat.values()].map((line) => ({ ...line, amount: cents(line.quantity * line.price) }));
}

const cents = (amount: number): number => Math.round(amount * 100) / 100;
