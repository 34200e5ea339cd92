import * as pulumi from "@pulumi/pulumi";

/** Once the engine has taken the resource: pending for good where the resource's check refuses it, and the engine ends with that. */
export const accepted = (resource: pulumi.Resource): Promise<void> =>
    new Promise((resolve) => resource.urn.apply(() => resolve()));

/**
 * The same, where the check is to refuse the resource for `problem`. With --target and --exclude the engine asks no check of what they
 * leave out, and takes it: then the program fails, with one error that nothing waits for, as each that did would tell it once more.
 */
export async function acceptedUnless(resource: pulumi.Resource, problem: Promise<string | undefined>): Promise<void> {
    await accepted(resource);
    const found = await problem;
    if (found !== undefined) {
        void Promise.reject(new pulumi.RunError(found));
        await new Promise(() => undefined);
    }
}

/** The check that comes last, and so after the others, by the program's stack. */
const checks = new WeakMap<pulumi.Resource, Promise<void>>();

/**
 * Holds back every resource that is declared from now on until `check` has passed, so that one that fails refuses the whole update
 * before anything is made; with --skip-preview, too. The state shows no dependency.
 */
export function holdUntil(check: Promise<void>): void {
    checks.set(pulumi.runtime.getStackResource()!, check);
    pulumi.runtime.registerStackTransformation(({ props, opts }) => ({
        props,
        opts: { ...opts, dependsOn: check.then(() => opts.dependsOn ?? []) } as pulumi.ResourceOptions,
    }));
}

/**
 * What a look-up answers that begins once every check has passed. One that is under way when a check refuses the update is cut off,
 * and the engine would report each as an error of its own.
 */
export async function afterChecks<T>(ask: () => Promise<T>): Promise<T> {
    const stack = pulumi.runtime.getStackResource();
    await (stack && checks.get(stack));
    return ask();
}

/** The same, for what is declared with the answer. */
export const lookUpAfterChecks = <T>(ask: () => Promise<T>) => pulumi.output(afterChecks(ask));
