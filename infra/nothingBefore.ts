import * as pulumi from "@pulumi/pulumi";

/** Once the engine has taken the resource: pending for good where the resource's check refuses it, and the engine ends with that. */
export const accepted = (resource: pulumi.Resource): Promise<void> =>
    new Promise((resolve) => resource.urn.apply(() => resolve()));

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
