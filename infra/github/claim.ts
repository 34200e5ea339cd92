import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { ofRestApi } from "./restApi";
import { deployNames, previewNames, runnerName, type SettingNames } from "./settingNames";

/** Settings that are this stack's, or are in its way, together. */
interface Group {
    /** Each with the place that it is in, in lower case as GitHub compares them: `acme/shop ECS_SERVICE`, `environment acme/shop dev`. */
    readonly claims: readonly string[];
    /** Which of them are on GitHub, unless they are known to be this stack's. */
    readonly taken: readonly string[];
    /** What to do where they are somebody else's. */
    readonly wayOut: string;
}

interface Inputs {
    readonly groups: readonly Group[];
    /** What keeps the stack from the repository, with what to do. */
    readonly problem?: string;
    /** The same where the stack has claims in this place already, and GitHub leads from it to another. */
    readonly moved?: { readonly place: string; readonly problem: string };
}

/** What the check makes of it, and the state keeps. */
interface State {
    readonly claims: readonly string[];
}

/**
 * Serialised into the state and run from there: it may use nothing from outside its own functions. It can tell what no program
 * can: which settings this stack has written, as these are in the state.
 */
const provider: pulumi.dynamic.ResourceProvider = {
    check: async (olds: Partial<State>, { groups, moved, ...given }: Inputs) => {
        const held = olds.claims ?? [];
        // A state from before environments were claimed has the settings in them.
        const isOurs = (claim: string) =>
            held.includes(claim) ||
            (claim.startsWith("environment ") && held.some((each) => each.startsWith(`${claim.slice(12)} `)));
        const settings = groups.flatMap(({ taken, wayOut }) => {
            const foreign = taken.filter((claim) => !isOurs(claim));
            const reason = `these settings are on GitHub already, and not from this stack: ${foreign.join(", ")}\n${wayOut}`;
            return foreign.length > 0 ? [{ property: "", reason }] : [];
        });
        const isMoved = moved !== undefined && held.some((claim) => claim.startsWith(moved.place));
        const problem = given.problem ?? (isMoved ? moved.problem : undefined);
        const failures = problem === undefined ? settings : [{ property: "", reason: problem }];
        return { inputs: { claims: groups.flatMap(({ claims }) => claims).sort() } satisfies State, failures };
    },
    diff: async (_id, olds: State, news: State) => ({
        changes: JSON.stringify(olds.claims) !== JSON.stringify(news.claims),
    }),
    create: async ({ claims }: State) => ({ id: "claim", outs: { claims } }),
    update: async (_id, _olds: State, { claims }: State) => ({ outs: { claims } }),
};

export interface ClaimArgs {
    /** `owner/name` as it is configured. */
    readonly fullName: string;
    readonly environment?: string;
    /** What the service is called: no other stack's has the name, in the region and the account. */
    readonly serviceName: string;
    readonly region: string;
    readonly previews: boolean;
    /** What keeps the stack from the repository, once it is known. */
    readonly problem: Promise<string | undefined>;
    /** What it is where the stack has made the repository, which is now elsewhere. */
    readonly moved: Promise<string | undefined>;
}

/**
 * This stack's claim to the settings that it writes into the repository. GitHub would let it overwrite another stack's secrets, and
 * refuse only the variables; here it is refused before anything is written. The engine tells what is wrong once, as it does for a
 * resource: an error of the program would show at every value that waits for it.
 */
export class Claim extends pulumi.dynamic.Resource {
    constructor(
        name: string,
        args: ClaimArgs,
        opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
        lookup: pulumi.InvokeOptions,
    ) {
        const inputs = claimInputs(args, lookup);
        const of = <Key extends keyof Inputs>(key: Key) => inputs.then((given) => given[key]);
        const properties = { groups: of("groups"), problem: of("problem"), moved: of("moved") };
        super(provider, name, properties, opts, "github", "Claim");
    }
}

export async function claimInputs(args: ClaimArgs, lookup: pulumi.InvokeOptions): Promise<Inputs> {
    const problem = await args.problem;
    if (problem !== undefined) {
        return { groups: [], problem };
    }
    try {
        const moved = await args.moved;
        return {
            groups: await groupsOf(args, lookup),
            moved: moved === undefined ? undefined : { place: `${args.fullName.toLowerCase()} `, problem: moved },
        };
    } catch (error) {
        return { groups: [], problem: `githubRepository: ${(error as Error).message}` };
    }
}

/** A place for settings, and what is in it. */
interface Scope {
    /** What each setting in it is claimed under. */
    readonly prefix: string;
    /** Of GitHub's CLI. */
    readonly flags: string;
    readonly variables: readonly { readonly name: string; readonly value: string }[];
    readonly secrets: readonly { readonly name: string }[];
}

async function groupsOf(
    { fullName, environment, serviceName, region, previews }: ClaimArgs,
    opts: pulumi.InvokeOptions,
): Promise<Group[]> {
    const name = fullName.split("/")[1]!;
    const repositoryScope: Scope = {
        prefix: fullName.toLowerCase(),
        flags: `--repo ${fullName}`,
        variables: await visible(async () => (await github.getActionsVariables({ name }, opts)).variables),
        secrets: await visible(async () => (await github.getActionsSecrets({ name }, opts)).secrets),
    };
    const entered = environment === undefined ? undefined : { name, environment };
    const deployScope: Scope = entered
        ? {
              prefix: `${repositoryScope.prefix} ${entered.environment.toLowerCase()}`,
              flags: `${repositoryScope.flags} --env ${entered.environment}`,
              variables: await visible(
                  async () => (await github.getActionsEnvironmentVariables(entered, opts)).variables,
              ),
              secrets: await visible(async () => (await github.getActionsEnvironmentSecrets(entered, opts)).secrets),
          }
        : repositoryScope;

    // A stack that wrote its settings before it claimed them knows them by their values.
    const deploys = has(deployScope, "ECS_SERVICE", serviceName) && has(deployScope, "AWS_REGION", region);
    const another = "pulumi config set githubEnvironment <another name>";
    const runner = { secrets: [], variables: [runnerName(environment)] };
    const groups = [
        groupOf(deployScope, deployNames, deploys, another),
        groupOf(repositoryScope, runner, deploys, another),
    ];
    if (environment !== undefined) {
        const endpoint = `repos/${fullName}/environments/${environment}`;
        const held = [await visible(() => rulesOf(endpoint, opts)), deployScope.variables, deployScope.secrets].flat();
        const isForeign = !deploys && held.length > 0 && groups[0]!.taken.length === 0; // what is told of that is enough
        groups.push(environmentGroup(deployScope.prefix, endpoint, isForeign, another));
    }
    if (previews) {
        const names = environment === undefined ? without(previewNames, deployNames.variables) : previewNames;
        const isOurs = has(repositoryScope, "PULUMI_STACK", pulumi.getStack());
        groups.push(groupOf(repositoryScope, names, isOurs, "pulumi config set previewPullRequests false"));
    }
    return groups;
}

const has = ({ variables }: Scope, variable: string, value: string) =>
    variables.some((each) => each.name === variable && each.value === value);

function groupOf({ prefix, flags, ...there }: Scope, names: SettingNames, isOurs: boolean, wayOut: string): Group {
    const claim = (setting: string) => `${prefix} ${setting}`;
    const found = (kind: "secrets" | "variables") =>
        names[kind].filter((each) => there[kind].some((setting) => setting.name.toUpperCase() === each));
    const remove = `gh variable delete NAME ${flags}; gh secret delete NAME ${flags}`;
    return {
        claims: [...names.secrets, ...names.variables].map(claim),
        taken: isOurs ? [] : [...found("secrets"), ...found("variables")].map(claim),
        wayOut: `  if they are another stack's: ${wayOut}\n  if nobody needs them, delete each: ${remove}`,
    };
}

/**
 * The environment itself: its rules would be set anew, and `pulumi destroy` takes it away with all that is in it. One without rules and
 * settings, as GitHub makes where a job names it, has nothing to lose.
 */
function environmentGroup(prefix: string, endpoint: string, isForeign: boolean, another: string): Group {
    const claim = `environment ${prefix}`;
    return {
        claims: [claim],
        taken: isForeign ? [claim] : [],
        wayOut:
            `  if another workflow needs it: ${another}\n` +
            `  if nobody needs it, nor what is in it, delete it: gh api --method DELETE ${endpoint}`,
    };
}

/** "Get an environment" in GitHub's REST API. */
async function rulesOf(endpoint: string, opts: pulumi.InvokeOptions): Promise<readonly unknown[]> {
    const environment = await ofRestApi<{ protection_rules?: unknown[] }>(endpoint, opts);
    return environment?.protection_rules ?? [];
}

/** In one place, a setting that both workflows read is there once. */
const without = ({ secrets, variables }: typeof previewNames, others: readonly string[]) => ({
    secrets,
    variables: variables.filter((each) => !others.includes(each)),
});

/**
 * What is listed. None where the place is not there yet, and none in a preview whose token may not look, as a pull request's: it writes
 * nothing. Where something is written, a 403 may be GitHub's limit of requests, and what is there would be overwritten.
 */
async function visible<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
    try {
        return await list();
    } catch (error) {
        const answer = String(error);
        if (answer.includes(": 404 ") || (pulumi.runtime.isDryRun() && answer.includes(": 403 "))) {
            return [];
        }
        throw error;
    }
}
