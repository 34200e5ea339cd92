/** The stack that a command is about, as its own outputs name its parts. */
import { RunError } from "@pulumi/pulumi/errors";
import { spawnSync } from "node:child_process";
import { AwsCaller, type ClientSettings } from "../../infra/awsCaller";
import { regionOf } from "../region";
import type { Connect } from "./sessionPlugin";

/** The outputs that say what to look for. */
const names = ["url", "clusterName", "serviceName", "taskDefinitionFamily", "logGroupName", "alarmTopicArn"] as const;

export interface Stack extends Readonly<Record<(typeof names)[number], string>> {
    readonly region: string;
    /** What a client of the SDK is made with. @param service its names under `aws:endpoints` */
    readonly client: ClientSettings;
    /** What stands at this end of a shell. */
    readonly connect: Connect;
}

export type Outputs = Readonly<Record<string, string | undefined>>;

/**
 * The names of a stack's parts.
 * @throws RunError if one is missing: the stack is not up
 */
export function partsOf(outputs: Outputs): Pick<Stack, (typeof names)[number]> {
    if (names.some((name) => !outputs[name])) {
        throw new RunError("The stack has no service yet: `pulumi up` makes it.");
    }
    return outputs as Pick<Stack, (typeof names)[number]>;
}

/**
 * What the Pulumi CLI says of a stack: its parts, and the way into its account, which is that of `pulumi up`.
 * @param stack its name; the selected one where it is empty
 * @throws RunError with what the CLI says, that it cannot be run, that there is no region, or what of the way in cannot be read
 */
export async function fromPulumi(stack: string): Promise<Omit<Stack, "connect">> {
    const parts = partsOf(JSON.parse(pulumi(stack, "stack", "output", "--json")) as Outputs);
    const config = configOf(stack);
    const region = regionOf(config);
    if (!region) {
        throw new RunError("The stack has no region: pulumi config set aws:region <region>, or set AWS_REGION.");
    }
    const caller = new AwsCaller();
    await caller.configure({ config: { get: (key) => config[key] } });
    const client = await caller.clientSettings(region).catch((error: NodeJS.ErrnoException) => {
        const bundle = config["aws:customCaBundle"] === undefined ? "AWS_CA_BUNDLE" : "aws:customCaBundle";
        // All but the bundle's file is named already.
        const message = error.syscall ? `${bundle} cannot be read: ${error.message}` : error.message;
        throw error.name === "Error" ? new RunError(message) : error;
    });
    return { ...parts, region, client };
}

/** A stack's configuration with those secrets that say how AWS is reached: the app's are for nobody who only looks. */
function configOf(stack: string): Readonly<Record<string, string | undefined>> {
    const read = (...more: readonly string[]) =>
        Object.entries(
            JSON.parse(pulumi(stack, "config", "--json", ...more)) as Readonly<Record<string, { value?: string }>>,
        );
    const shown = read("--open");
    // Whoever may not decrypt anything can look at a stack that has no such secret.
    const lacks = shown.some(([key, { value }]) => key.startsWith("aws:") && value === undefined);
    const entries = lacks ? read("--show-secrets") : shown;
    return Object.fromEntries(entries.map(([key, { value }]) => [key, value]));
}

function pulumi(stack: string, ...args: readonly string[]): string {
    const chosen = stack === "" ? [] : ["--stack", stack];
    const { error, status, stdout, stderr } = spawnSync("pulumi", [...args, ...chosen], { encoding: "utf8" });
    if (error ?? status !== 0) {
        throw new RunError(error ? `pulumi cannot be run: ${error.message}` : stderr.trim());
    }
    return stdout;
}
