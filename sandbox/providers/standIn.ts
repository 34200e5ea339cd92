/** Property values as plain JSON: what the engine sent, with secrets and outputs unwrapped. */
export type Properties = Record<string, any>;

/** The provider's own configuration (`aws:region` is `region`), decoded; nested values are objects, not JSON strings. */
export type Configuration = Readonly<Record<string, any>>;

/** One resource type of a provider, as far as this program uses it. */
export interface ResourceStandIn {
    /**
     * An input that is missing is refused with its name. A nested one is written as `parent.child`, where the parent may be an
     * object or a list of objects; its parent is required then, and may have no other children than the ones listed.
     */
    readonly required: readonly string[];
    /** Any input that is in neither list is refused with its name. Nested ones as above, without making the parent required. */
    readonly optional: readonly string[];
    /** Inputs whose change replaces the resource. */
    readonly replaceOn: readonly string[];
    /** Outputs that are marked secret. */
    readonly secrets?: readonly string[];
    /** The input that gets `<logical name>-<7 hex digits>` where the program leaves it out, and the longest value allowed. */
    readonly autoName?: { readonly property: string; readonly maxLength: number };
    /** Where two of them cannot exist side by side, whatever they are called. A name that is not generated implies it. */
    readonly deleteBeforeReplace?: boolean;
    /** Inputs that are compared by their meaning, such as JSON documents. */
    readonly sameMeaning?: Readonly<Record<string, (old: any, now: any) => boolean>>;
    /** Outputs are merged over the inputs. @throws NotReadyError when it exists but did not become ready. */
    create(inputs: Properties, name: string): Promise<{ id: string; outputs: Properties }>;
    /** The current properties, inputs included so that a change made elsewhere shows; undefined: it is gone. */
    read(id: string, state: Properties): Promise<Properties | undefined>;
    /** Outputs that changed, merged over the old state and the new inputs. Without it every change replaces. */
    update?(id: string, state: Properties, inputs: Properties): Promise<Properties>;
    /** Already gone is success. */
    delete(id: string, state: Properties): Promise<void>;
    /** Ids of all that exist in the account, without what the cloud itself owns: finds leftovers. Only for top-level types. */
    list?(): Promise<string[]>;
    /** Removes one that `list` found and no state knows; without it, it is read and deleted. */
    sweep?(id: string): Promise<void>;
}

/** A look-up. Wrap a result in `secret` to have the engine treat it as one. */
export type FunctionStandIn = (args: Properties) => Promise<Properties>;

/** Everything that a provider offers, once it is configured. */
export interface Offer {
    readonly resources: Readonly<Record<string, ResourceStandIn>>;
    readonly functions: Readonly<Record<string, FunctionStandIn>>;
}

export interface ProviderStandIn {
    readonly name: string;
    readonly version: string;
    /** @throws Error that says what the configuration lacks. */
    configure(configuration: Configuration): Offer;
}

/**
 * The resource exists, but did not become ready. The engine records it with these outputs, so that it is not orphaned: the next
 * `up` continues, and `destroy` removes it.
 */
export class NotReadyError extends Error {
    constructor(
        readonly id: string,
        readonly outputs: Properties,
        message: string,
    ) {
        super(message);
        this.name = "NotReadyError";
    }
}

// The keys by which the engine tells special values from plain ones: sdk/go/common/resource/sig.
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** What the engine sends for a value that is not known before something else has been created. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Marks a value in what is handed to the engine as secret: encrypted in the state, hidden in the output. */
export function secret(value: unknown): Properties {
    return { [signature]: secretSignature, value };
}

/** Names what `given` has too much and lacks, by the rules of `ResourceStandIn.required` and `.optional`. */
export function misfits(
    given: Properties,
    required: readonly string[],
    optional: readonly string[],
): { property: string; reason: string }[] {
    const found: { property: string; reason: string }[] = [];
    const known = new Set([...required, ...optional].map((path) => path.split(".")[0]!));
    for (const property of Object.keys(given)) {
        if (!known.has(property)) {
            found.push({
                property,
                reason: `unknown property "${property}"; known are ${[...known].sort().join(", ")}`,
            });
        }
    }
    for (const property of new Set(required.map((path) => path.split(".")[0]!))) {
        if (given[property] === undefined) found.push({ property, reason: `missing property "${property}"` });
    }
    for (const property of known) {
        const below = (paths: readonly string[]) =>
            paths.filter((path) => path.startsWith(`${property}.`)).map((path) => path.slice(property.length + 1));
        const [needed, allowed] = [below(required), below(optional)];
        if (needed.length + allowed.length === 0) continue;
        const value = given[property];
        (Array.isArray(value) ? value : [value]).forEach((item, index) => {
            if (typeof item !== "object") return; // absent, or not known yet
            const at = Array.isArray(value) ? `${property}[${index}]` : property;
            for (const misfit of misfits(item, needed, allowed)) {
                found.push({ property: `${at}.${misfit.property}`, reason: `${misfit.reason} (in ${at})` });
            }
        });
    }
    return found;
}
