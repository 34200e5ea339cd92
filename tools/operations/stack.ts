/** The stack that a command is about, as its own outputs name its parts. */
import { RunError } from "@pulumi/pulumi";
import { spawnSync } from "node:child_process";
import type { Connect } from "./sessionPlugin";

/** The outputs that say what to look for. */
const names = ["url", "clusterName", "serviceName", "taskDefinitionFamily", "logGroupName", "alarmTopicArn"] as const;

export interface Stack extends Readonly<Record<(typeof names)[number], string>> {
    /** What a client of the SDK is made with. */
    readonly client: {
        readonly region: string;
        readonly endpoint?: string;
        readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
    };
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
 * What the Pulumi CLI says of a stack: its parts and its region.
 * @param stack its name; the selected one where it is empty
 * @throws RunError with what the CLI says, or that it cannot be run
 */
export function fromPulumi(stack: string): Pick<Stack, (typeof names)[number]> & { readonly region: string } {
    const outputs = JSON.parse(pulumi(stack, "stack", "output", "--json")) as Outputs;
    return { ...partsOf(outputs), region: pulumi(stack, "config", "get", "aws:region").trim() };
}

function pulumi(stack: string, ...args: readonly string[]): string {
    const chosen = stack === "" ? [] : ["--stack", stack];
    const { error, status, stdout, stderr } = spawnSync("pulumi", [...args, ...chosen], { encoding: "utf8" });
    if (error ?? status !== 0) {
        throw new RunError(error ? `pulumi cannot be run: ${error.message}` : stderr.trim());
    }
    return stdout;
}
