import * as pulumi from "@pulumi/pulumi";

/**
 * Holds back every resource that is declared from now on until `check` has passed, so that one that fails refuses the whole update
 * before anything is made; with --skip-preview, too. The state shows no dependency.
 * @param isPartOfIt tells which look-ups, by their tokens, the check itself waits for
 */
export function nothingBefore(check: Promise<void>, isPartOfIt: (lookup: string) => boolean = () => false): void {
    pulumi.runtime.registerStackTransformation(({ props, opts }) => ({
        props,
        opts: { ...opts, dependsOn: check.then(() => opts.dependsOn ?? []) } as pulumi.ResourceOptions,
    }));
    // Nor does a look-up start that the refusal would cut off: each would be reported as an error of its own.
    pulumi.runtime.registerInvokeTransform(async ({ token, args, opts }) => {
        if (!isPartOfIt(token)) {
            await check;
        }
        return { args, opts };
    });
}
