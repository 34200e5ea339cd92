import * as pulumi from "@pulumi/pulumi";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import * as fakeCloud from "./fakeCloud";
import { reveal, secretKeys, unresolved } from "./recordedValues";

/** The checkout that the program is in. */
export const projectFolder = path.resolve(__dirname, "..");

export interface Registration {
    readonly type: string;
    readonly name: string;
    /** Without secrets' wrapping; `secrets` says where that was. */
    inputs: Readonly<Record<string, unknown>>;
    /** Paths of the inputs that are secret, such as `registries.0.password`. */
    secrets: readonly string[];
    /** The provider's reference, empty for the default one. */
    provider: string;
    readonly parent: Registration | undefined;
    readonly dependsOn: readonly Registration[];
    readonly ignoreChanges: readonly string[];
    readonly protect: boolean;
    readonly customTimeouts: pulumi.CustomTimeouts;
    /** What the resource is replaced for, beyond what its provider says, and in which order. */
    readonly replaceOnChanges: readonly string[];
    readonly replaceWith: readonly Registration[];
    /** Undefined: as the provider has it. */
    readonly deleteBeforeReplace: boolean | undefined;
    /** What takes the resource with it when it is deleted. */
    readonly deletedWith: Registration | undefined;
    /** What is done to what a component makes, which mocks do not make. */
    transforms: readonly pulumi.ResourceTransform[];
    /** What the resource's id and ARN are, as others refer to it. */
    outputs: Readonly<Record<string, unknown>>;
}

export interface Recording {
    /** In the order in which the program declares them, the stack itself left out. */
    readonly registrations: readonly Registration[];
    readonly lookups: readonly { readonly token: string; readonly inputs: Readonly<Record<string, unknown>> }[];
    readonly outputs: Readonly<Record<string, unknown>>;
    readonly secretOutputs: readonly string[];
    /** All of a type, such as `aws:ecs/service:Service`. */
    of(type: string): readonly Registration[];
    /** The one of a type and, where there are several, of a name. Throws if there is none or more than one. */
    one(type: string, name?: string): Registration;
}

/** What the engine tells a program before it runs. */
export interface Run {
    readonly project: string;
    readonly stack: string;
    readonly organization: string;
    /** Every key with its namespace, such as `aws:region`; structured values as JSON. */
    readonly config: Readonly<Record<string, string>>;
    /** Those of them that are encrypted, or have something in them that is. */
    readonly encrypted?: readonly string[];
    /** What the made-up ARNs are in. */
    readonly region: string;
    /** Answers of look-ups, by token, in place of what AWS would say of an account that is empty. */
    readonly lookups?: Readonly<Record<string, fakeCloud.Lookup>>;
    /** Outputs of other stacks, by the name that a StackReference has. */
    readonly stacks?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    /** Whether it is a preview, in which what the engine makes later is not known yet. */
    readonly preview?: boolean;
    /** What runs; by default the whole program. Returns the outputs. */
    readonly program?: () => unknown;
}

/**
 * Runs the program against mocks and records what it declares. Mocks receive no parent, dependsOn or other options, so
 * these come from a transformation, which every resource inherits.
 *
 * What it cannot prove: that AWS and GitHub accept the inputs. The sandbox does that.
 *
 * @returns what was declared, and what the program threw: an Error of its own, or one that lists look-ups without a stub, inputs
 * with "undefined" or an unresolved value in them, and resources of the same type and name.
 */
export function runProgram(run: Run): Promise<Recorded> {
    const recorded = before.then(() => runAlone(run));
    before = recorded.catch(() => undefined);
    return recorded;
}

interface Recorded {
    readonly recording: Recording;
    readonly failure: Error | undefined;
}

/** Programs run one after the other: the SDK has one configuration, and one engine, for the whole process. */
let before: Promise<unknown> = Promise.resolve();

/** What fails by a mistake, and not by a refusal of the program's own, runs once more to tell where. */
async function runAlone(run: Run): Promise<Recorded> {
    const recorded = await runOnce(run, 0);
    const { failure } = recorded;
    return failure === undefined || pulumi.RunError.isInstance(failure)
        ? recorded
        : runOnce(run, Error.stackTraceLimit);
}

async function runOnce(run: Run, frames: number): Promise<Recorded> {
    const {
        project,
        stack,
        organization,
        config,
        encrypted = [],
        region,
        preview = false,
        program = loadProgram,
    } = run;
    const problems: string[] = [];
    const registrations: Registration[] = [];
    const known = new Map<pulumi.Resource, Registration>();
    const pending: Promise<unknown>[] = [];
    const lookups: { token: string; inputs: Record<string, unknown> }[] = [];

    pulumi.runtime.setAllConfig(config, [...encrypted]);
    await pulumi.runtime.setMocks(
        {
            newResource: (args) => {
                const outputs = run.stacks?.[args.name];
                if (args.type === "pulumi:pulumi:StackReference") {
                    return { id: args.name, state: { ...(args.inputs as object), outputs } };
                }
                const result = fakeCloud.create(region, args);
                const registration = registrations.find(({ type, name }) => type === args.type && name === args.name);
                if (registration) {
                    const secrets: string[] = [];
                    registration.inputs = reveal(args.inputs, secrets) as Record<string, unknown>;
                    registration.secrets = secrets;
                    registration.provider = args.provider ?? "";
                    registration.transforms = args.transforms ?? [];
                    registration.outputs = { ...(reveal(result.state, []) as object), id: result.id };
                    problems.push(...unresolved(registration.inputs).map((at) => `${args.type} ${args.name}: ${at}`));
                }
                return result;
            },
            call: ({ token, inputs }) => {
                lookups.push({ token, inputs: inputs as Record<string, unknown> });
                const stub = { ...fakeCloud.lookups, ...run.lookups }[token];
                if (!stub) {
                    // Not thrown here: an output that fails takes the whole process with it (pulumi/pulumi#16665).
                    problems.unshift(`no stub for the look-up ${token}`);
                }
                const made = (type: string) => registrations.find((each) => each.type === type)?.inputs;
                return stub?.(inputs as Record<string, unknown>, region, made) ?? {};
            },
        },
        project,
        stack,
        preview,
        organization,
    );

    let failure: Error | undefined;
    let exported: unknown;
    const declare = () => {
        pulumi.runtime.registerStackTransformation(({ resource, type, name, opts }) => {
            if (registrations.some((other) => other.type === type && other.name === name)) {
                problems.push(`${type} ${name}: registered twice`);
            }
            const { ignoreChanges = [], protect = false, customTimeouts = {}, replaceOnChanges = [] } = opts;
            const { replaceWith = [], deleteBeforeReplace, deletedWith } = opts as pulumi.CustomResourceOptions;
            const replacement = {
                replaceOnChanges,
                replaceWith: replaceWith.map((other) => known.get(other)!),
                deleteBeforeReplace,
                deletedWith: deletedWith && known.get(deletedWith),
            };
            const dependsOn: Registration[] = [];
            pending.push(
                resolveAll(opts).then((found) => dependsOn.push(...found.flatMap((one) => known.get(one) ?? []))),
            );
            const parent = opts.parent && known.get(opts.parent);
            const options = { ignoreChanges, protect: protect === true, customTimeouts, ...replacement };
            const registration = { type, name, parent, dependsOn, ...options };
            registrations.push({
                ...registration,
                inputs: {},
                secrets: [],
                provider: "",
                transforms: [],
                outputs: {},
            });
            known.set(resource, registrations.at(-1)!);
            return undefined;
        });
        exported = program();
        return Promise.resolve(exported as Record<string, unknown>);
    };
    const home = process.cwd();
    process.chdir(workFolder(config[`${project}:taskPolicyFile`]));
    // The SDK notes where each of its promises was made, which was most of the time of a run.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = frames;
    let outputs: pulumi.Inputs | void = undefined;
    const runToEnd = async () => {
        outputs = await pulumi.runtime.runInPulumiStack(declare).catch((error: unknown) => {
            failure = asError(error);
        });
        await pulumi.runtime.disconnect();
        await Promise.all(pending);
    };
    const rejection = catchRejection();
    try {
        const caught = await Promise.race([rejection.caught, runToEnd()]);
        if (caught) {
            failure = caught;
            leakedPromises(); // takes note of them, so that the SDK does not fail the process at its end for what waits for good
        }
    } finally {
        rejection.stop();
        Error.stackTraceLimit = stackTraceLimit;
        process.chdir(home);
    }
    if (failure === undefined && problems.length > 0) {
        failure = new Error(
            `the program cannot be recorded:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
        );
    }

    const of = (type: string) => registrations.filter((registration) => registration.type === type);
    const recording = {
        registrations,
        lookups,
        outputs: (outputs ?? {}) as Record<string, unknown>,
        secretOutputs: failure === undefined ? await secretKeys(exported) : [],
        of,
        one: (type: string, name?: string) => {
            const found = of(type).filter((registration) => name === undefined || registration.name === name);
            if (found.length !== 1) {
                throw new Error(
                    `expected one ${type} ${name ?? ""}, found ${found.map((one) => one.name).join(", ") || "none"}`,
                );
            }
            return found[0]!;
        },
    };
    return { recording, failure };
}

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/**
 * An error that nothing in the program waits for: it fails the program, as with the CLI's host (cmd/run/run.js of the SDK), and not the
 * process that it is recorded in.
 */
function catchRejection(): { readonly caught: Promise<Error>; stop(): void } {
    const others = process.listeners("unhandledRejection");
    let take: (reason: unknown) => void = () => undefined;
    const caught = new Promise<Error>((resolve) => {
        take = (reason) => resolve(asError(reason));
    });
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", take);
    return {
        caught,
        stop: () => {
            process.off("unhandledRejection", take);
            others.forEach((listener) => process.on("unhandledRejection", listener));
        },
    };
}

const { leakedPromises } = createRequire(__filename)("@pulumi/pulumi/runtime/debuggable") as {
    leakedPromises: () => unknown;
};

/** index.ts has its effects when it is loaded, so each run loads it anew. The modules that it imports have none. */
function loadProgram(): unknown {
    const load = createRequire(__filename); // each keeps what it has loaded for good
    delete load.cache[load.resolve("../index")];
    return load("../index");
}

let folder: string | undefined;

/**
 * The program writes into its folder; a copy keeps this away from a `pulumi up` in the same checkout.
 *
 * @param policyFile what it reads beside app/, relative to the project's folder
 */
function workFolder(policyFile?: string): string {
    if (folder === undefined) {
        const made = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-program-"));
        fs.cpSync(path.join(projectFolder, "app"), path.join(made, "app"), { recursive: true });
        process.once("exit", () => fs.rmSync(made, { recursive: true, force: true }));
        folder = made;
    }
    if (policyFile && !path.isAbsolute(policyFile) && fs.existsSync(path.join(projectFolder, policyFile))) {
        fs.cpSync(path.join(projectFolder, policyFile), path.join(folder, policyFile));
    }
    return folder;
}

/** Resources and promises of them. Not outputs, which would resolve to copies without identity; the program has none here. */
async function resolveAll({ dependsOn }: pulumi.ResourceOptions): Promise<pulumi.Resource[]> {
    const given = (await (dependsOn as Promise<unknown>)) ?? [];
    return (await Promise.all([given].flat() as Promise<pulumi.Resource>[])).flat();
}
