import type * as pulumi from "@pulumi/pulumi";

/** A dynamic resource's provider as it is kept in the state and run from there: its source, not the module that declares it. */
export function serializedProvider(
    inputs: Readonly<Record<string, unknown>>,
): Required<pulumi.dynamic.ResourceProvider> {
    const module = { handler: undefined as unknown as () => Required<pulumi.dynamic.ResourceProvider> };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const evaluate = new Function("exports", "require", String(inputs.__provider)) as (
        exports: object,
        load: NodeJS.Require,
    ) => void;
    evaluate(module, require);
    return module.handler();
}
