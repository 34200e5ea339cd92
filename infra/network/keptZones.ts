import * as pulumi from "@pulumi/pulumi";

interface Inputs {
    /** The names of those that may be taken, those that come first before the others. */
    readonly zones: readonly string[];
    readonly count: number;
}

/** What the check makes of it, and the state keeps. */
type State = Pick<Inputs, "zones">;

/**
 * Serialised into the state and run from there: it may use nothing from outside its own functions. It can tell what no program can:
 * which zones were taken before.
 */
const provider: pulumi.dynamic.ResourceProvider = {
    check: async ({ zones: kept = [] }: Partial<State>, { zones, count }: Inputs) => {
        const all = [...kept, ...zones.filter((zone) => !kept.includes(zone))];
        return { inputs: { zones: all.slice(0, count) } satisfies State, failures: [] };
    },
    diff: async (_id, olds: State, news: State) => ({
        changes: JSON.stringify(olds.zones) !== JSON.stringify(news.zones),
    }),
    create: async ({ zones }: State) => ({ id: "zones", outs: { zones } }),
    update: async (_id, _olds: State, { zones }: State) => ({ outs: { zones } }),
};

/**
 * The zones of a running stack's subnets, and of those that it gets beside them. AWS may say at any time of one that it is impaired,
 * or constrained for this account; a subnet changes its zone only by being another one, with all that lives in it.
 */
export class KeptZones extends pulumi.dynamic.Resource {
    /** As many as were asked for, or fewer where there are no more. */
    declare public readonly zones: pulumi.Output<readonly string[]>;

    constructor(name: string, inputs: Inputs, opts?: pulumi.CustomResourceOptions) {
        super(provider, name, { ...inputs }, opts, "network", "KeptZones");
    }
}
