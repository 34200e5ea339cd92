import { createHash } from "node:crypto";
import { differences, Difference } from "./differences";
import { misfits, NotReadyError, Offer, Properties, ProviderStandIn, ResourceStandIn, secret } from "./standIn";

/** The inputs that were generated and not given, under the name by which the engine's display hides it. */
const generatedKey = "__defaults";

export interface Failure {
    readonly property: string;
    readonly reason: string;
}

export interface DiffAnswer {
    readonly differences: readonly (Difference & { readonly replaces: boolean })[];
    readonly replaces: readonly string[];
    readonly deleteBeforeReplace: boolean;
}

/** What the engine asks of a provider, in plain values. `server.ts` puts it on the wire. */
export class Plugin {
    private offer: Offer | undefined;

    constructor(readonly provider: ProviderStandIn) {}

    configure(configuration: Properties): void {
        this.offer = this.provider.configure(configuration);
    }

    check(type: string, name: string, olds: Properties, news: Properties, seed: Uint8Array) {
        const resource = this.resource(type);
        const inputs = { ...news };
        const failures: Failure[] = misfits(inputs, resource.required, resource.optional);
        if (resource.autoName && inputs[resource.autoName.property] === undefined) {
            const { property, maxLength } = resource.autoName;
            const kept = isGenerated(olds, property) ? olds[property] : undefined;
            inputs[property] = kept ?? `${name}-${createHash("sha256").update(seed).digest("hex").slice(0, 7)}`;
            inputs[generatedKey] = [property];
            if (inputs[property].length > maxLength) {
                const reason = `"${inputs[property]}", made from the name of the resource, is longer than ${maxLength} characters`;
                failures.push({ property, reason: `${reason}: shorten that, or set ${property}` });
            }
        }
        return { inputs, failures };
    }

    diff(type: string, olds: Properties, news: Properties): DiffAnswer {
        const resource = this.resource(type);
        const found = changedProperties(resource, olds, news).flatMap((property) => {
            const replaces = resource.update === undefined || resource.replaceOn.includes(property);
            return differences(olds[property], news[property], property).map((d) => ({ ...d, property, replaces }));
        });
        const replaces = [...new Set(found.filter((d) => d.replaces).map((d) => d.property))];
        // Two things cannot have one name: as the official provider, the old one goes first unless the name is generated or changes.
        const named = resource.autoName?.property;
        const sameName = named !== undefined && !isGenerated(news, named) && olds[named] === news[named];
        const deleteBeforeReplace = replaces.length > 0 && (resource.deleteBeforeReplace === true || sameName);
        return { differences: found, replaces, deleteBeforeReplace };
    }

    async create(type: string, name: string, inputs: Properties, preview: boolean) {
        const resource = this.resource(type);
        if (preview) return { id: "", state: inputs };
        try {
            const { id, outputs } = await resource.create(plain(inputs), name);
            return { id, state: state(resource, inputs, outputs) };
        } catch (e) {
            throw e instanceof NotReadyError
                ? new NotReadyError(e.id, state(resource, inputs, e.outputs), e.message)
                : e;
        }
    }

    async read(type: string, id: string, olds: Properties, inputs: Properties | undefined) {
        const resource = this.resource(type);
        const current = await resource.read(id, olds);
        if (current === undefined) return undefined;
        const declared = [...resource.required, ...resource.optional].map((path) => path.split(".")[0]!);
        const read: Properties = inputs ? { ...inputs } : {};
        // Without inputs it is an import: whatever can be declared and is there. With them only what the program declares.
        for (const key of inputs ? Object.keys(inputs) : declared) {
            if (key !== generatedKey && key in current) read[key] = same(resource, key, read[key], current[key]);
        }
        for (const key of Object.keys(current)) current[key] = same(resource, key, olds[key], current[key]);
        return { state: state(resource, olds, current), inputs: read };
    }

    async update(type: string, id: string, olds: Properties, inputs: Properties, preview: boolean) {
        const resource = this.resource(type);
        if (resource.update === undefined) throw new Error(`${type} cannot be updated in place`);
        // An input that is no longer given must not survive in the state.
        const kept = Object.fromEntries(Object.entries(olds).filter(([key]) => !isDeclared(resource, key)));
        if (preview) return { ...kept, ...inputs };
        try {
            return state(resource, { ...kept, ...inputs }, await resource.update(id, olds, plain(inputs)));
        } catch (e) {
            if (!(e instanceof NotReadyError)) throw e;
            throw new NotReadyError(e.id, state(resource, { ...kept, ...inputs }, e.outputs), e.message);
        }
    }

    async delete(type: string, id: string, olds: Properties): Promise<void> {
        await this.resource(type).delete(id, olds);
    }

    async invoke(token: string, args: Properties): Promise<Properties> {
        const call = this.offered().functions[token];
        if (!call)
            throw new Error(`unknown function ${token}: the ${this.provider.name} stand-in of the sandbox lacks it`);
        return call(args);
    }

    private resource(type: string): ResourceStandIn {
        const resource = this.offered().resources[type];
        if (!resource)
            throw new Error(
                `unknown resource type ${type}: the ${this.provider.name} stand-in of the sandbox lacks it`,
            );
        return resource;
    }

    private offered(): Offer {
        if (!this.offer) throw new Error(`the ${this.provider.name} provider is used before it is configured`);
        return this.offer;
    }
}

function isGenerated(inputs: Properties, property: string): boolean {
    return inputs[generatedKey]?.includes(property) ?? false;
}

function isDeclared(resource: ResourceStandIn, key: string): boolean {
    return [...resource.required, ...resource.optional].some((path) => path.split(".")[0] === key);
}

function changedProperties(resource: ResourceStandIn, olds: Properties, news: Properties): string[] {
    const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter((key) => key !== generatedKey);
    return keys.filter((key) => same(resource, key, olds[key], news[key]) !== olds[key]);
}

/** The old value where the two mean the same, else the new one. */
function same(resource: ResourceStandIn, key: string, old: any, now: any): any {
    if (differences(old, now, key).length === 0) return old;
    return old !== undefined && now !== undefined && resource.sameMeaning?.[key]?.(old, now) ? old : now;
}

function state(resource: ResourceStandIn, before: Properties, outputs: Properties): Properties {
    const merged: Properties = { ...plain(before), ...outputs };
    for (const key of resource.secrets ?? []) {
        if (merged[key] !== undefined) merged[key] = secret(merged[key]);
    }
    return merged;
}

function plain(inputs: Properties): Properties {
    const { [generatedKey]: _, ...rest } = inputs;
    return rest;
}
