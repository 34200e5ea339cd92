import * as pulumi from "@pulumi/pulumi";

/**
 * Holds back every resource that is declared from now on until `check` has passed, so that one that fails refuses the whole update
 * before anything is made; with --skip-preview, too. The state shows no dependency.
 */
export function nothingBefore(check: Promise<void>): void {
    pulumi.runtime.registerStackTransformation(({ props, opts }) => ({
        props,
        opts: { ...opts, dependsOn: check.then(() => opts.dependsOn ?? []) } as pulumi.ResourceOptions,
    }));
}
