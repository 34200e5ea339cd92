import { runProgram, type Recording, type Run } from "../tools/recorder";
import { configured, organization, project, region as homeRegion, type Values } from "./settings";

export type { Recording, Registration } from "../tools/recorder";

export interface Scenario {
    /** Over the defaults of `Pulumi.yaml`. */
    readonly values?: Values;
    /** Configuration of other namespaces, such as `github:token`. */
    readonly config?: Readonly<Record<string, string>>;
    readonly encrypted?: Run["encrypted"];
    readonly region?: string;
    readonly stack?: string;
    readonly lookups?: Run["lookups"];
    readonly stacks?: Run["stacks"];
    readonly preview?: Run["preview"];
    /** What runs; by default the whole program. Returns the outputs. */
    readonly program?: () => unknown;
}

/**
 * Runs the program against mocks and records what it declares: see `runProgram`.
 *
 * What it cannot prove: that AWS and GitHub accept the inputs. The sandbox does that.
 *
 * @throws what the program throws, or an Error that lists what nobody could have meant.
 */
export async function record(scenario: Scenario = {}): Promise<Recording> {
    const { recording, failure } = await attempt(scenario);
    if (failure !== undefined) {
        throw failure;
    }
    return recording;
}

/** What has run, by all that it was given: it declares the same again, and nobody writes into what was recorded. */
const recorded = new Map<string, ReturnType<typeof runProgram>>();

/** As `record`, for programs that are meant to fail: what was declared until then, and what was thrown. */
export function attempt(scenario: Scenario = {}): ReturnType<typeof runProgram> {
    const { values, config, stack = "dev", region = homeRegion, ...others } = scenario;
    const namespaced = Object.entries(configured(values)).map(([key, value]) => [`${project.name}:${key}`, value]);
    const own = Object.fromEntries(namespaced) as Record<string, string>;
    const run: Run = {
        ...others,
        project: project.name,
        stack,
        organization,
        config: { ...own, "aws:region": region, ...config },
        region,
    };
    if (run.program ?? run.lookups) {
        return runProgram(run);
    }
    const key = JSON.stringify([run, process.env.GITHUB_TOKEN]);
    return recorded.get(key) ?? recorded.set(key, runProgram(run)).get(key)!;
}
