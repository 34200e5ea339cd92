import * as pulumi from "@pulumi/pulumi";

/** In a preview the engine has a text in place of what it does not know yet, such as the ARN of a secret that is to be made. */
type Unknown = string;

interface Inputs {
    /** ARNs that the configuration names: of the secrets that the stack makes, and of those that exist already. */
    readonly configured: readonly string[] | Unknown;
    /** ARNs that a running release names. */
    readonly inUse: readonly string[] | Unknown;
}

/** What the check makes of it, and the state keeps. */
interface State {
    readonly arns: readonly string[];
}

/**
 * Serialised into the state and run from there: it may use nothing from outside its own functions. It can tell what no program can:
 * what could be read before.
 */
const provider: pulumi.dynamic.ResourceProvider = {
    check: async (olds: Partial<State>, { configured, inUse }: Inputs) => {
        if (typeof configured === "string" || typeof inUse === "string") {
            return { inputs: { arns: typeof configured === "string" ? configured : inUse }, failures: [] };
        }
        const before = olds.arns ?? inUse; // a state from before this was kept
        const arns = [...configured, ...inUse.filter((arn) => before.includes(arn))];
        return { inputs: { arns: [...new Set(arns)].sort() } satisfies State, failures: [] };
    },
    diff: async (_id, olds: State, news: State) => ({
        changes: JSON.stringify(olds.arns) !== JSON.stringify(news.arns),
    }),
    create: async ({ arns }: State) => ({ id: "secrets", outs: { arns } }),
    update: async (_id, _olds: State, { arns }: State) => ({ outs: { arns } }),
};

/**
 * The secrets that the service's tasks may read: those of the configuration, and those that a running release has still from a former
 * one. Whoever may release, as the pipeline's role, chooses what a release names; what the configuration has never named is no secret
 * of this stack, and stays unread.
 */
export class ReadableSecrets extends pulumi.dynamic.Resource {
    declare public readonly arns: pulumi.Output<readonly string[]>;

    constructor(
        name: string,
        inputs: { configured: pulumi.Input<readonly string[]>; inUse: pulumi.Input<readonly string[]> },
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(provider, name, { ...inputs, arns: undefined }, opts, "ecs", "ReadableSecrets");
    }
}
