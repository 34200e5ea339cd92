import { loadSettings, sourceOf } from "../infra/config";
import { projectFolder, runProgram, type Recording } from "./recorder";
import { regionOf } from "./region";
import { stackConfig, type StackConfig } from "./stackFiles";

export interface Stack {
    /** `<project>-<stack>`. */
    readonly name: string;
    readonly region: string;
    readonly resources: Recording;
}

/**
 * What a stack consists of: the program itself, run with the stack's configuration, without AWS, GitHub or the Pulumi CLI.
 *
 * @param stack the name in `Pulumi.<name>.yaml`
 * @param folder the project's, where that file is
 * @throws RunError if there is no such stack, or its configuration is invalid: the program's own list of what is wrong
 */
export async function stackResources(stack: string, folder: string = projectFolder): Promise<Stack> {
    return resourcesOf(stackConfig(folder, stack));
}

/** As `stackResources`, for a configuration that is in no file. */
export async function resourcesOf({ project, stack, values }: StackConfig): Promise<Stack> {
    const region = regionOf(values);
    // Before the program does the same: what it throws cannot be caught everywhere (pulumi/pulumi#16665).
    const settings = loadSettings(sourceOf(values, { project, stack, region }));
    const { recording, failure } = await runProgram({
        project,
        stack,
        organization: "organization",
        config: values,
        region: settings.region,
    });
    if (failure) {
        throw failure;
    }
    return { name: settings.name, region: settings.region, resources: recording };
}
