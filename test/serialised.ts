import type * as pulumi from "@pulumi/pulumi";
import type { Registration } from "./record";

/** A dynamic resource's provider as it is kept in the state and run: from its serialised source, not from its module. */
export function serialisedProvider({ inputs }: Registration): Required<pulumi.dynamic.ResourceProvider> {
    const module = { handler: undefined as unknown as () => Required<pulumi.dynamic.ResourceProvider> };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const evaluate = new Function("exports", "require", String(inputs.__provider)) as (
        exports: object,
        load: NodeJS.Require,
    ) => void;
    evaluate(module, require);
    return module.handler();
}
