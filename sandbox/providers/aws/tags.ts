import { sameValue } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";

type Tags = Readonly<Record<string, string>>;

/** As most services want them. ECS spells the keys in lower case. */
export function toTags(tags: Tags | undefined): { Key: string; Value: string }[] {
    return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
}

/** Without those that AWS adds itself, which nobody declares. */
export function fromTags(
    tags: readonly { Key?: string; key?: string; Value?: string; value?: string }[] | undefined,
): Tags {
    const pairs = (tags ?? []).map((tag) => [tag.Key ?? tag.key!, tag.Value ?? tag.value ?? ""] as const);
    return Object.fromEntries(pairs.filter(([key]) => !key.startsWith("aws:")));
}

/** EC2 wants the tags of a new thing together with its kind. */
export function specification(kind: string, tags: Tags | undefined): { TagSpecifications?: any[] } {
    return tags && Object.keys(tags).length > 0
        ? { TagSpecifications: [{ ResourceType: kind, Tags: toTags(tags) }] }
        : {};
}

/** Brings the tags of what exists in line: what to set, then the keys to remove. */
export type Retag = (id: string, set: Tags, remove: string[], state: Properties) => Promise<void>;

/**
 * Adds the input `tags` and the output `tagsAll`. `create` sets the tags, `read` answers with all of them as `tags`; `update`
 * sees a change of the other inputs only.
 */
export function taggable(resource: ResourceStandIn, retag: Retag): ResourceStandIn {
    const declared = [...resource.required, ...resource.optional].map((path) => path.split(".")[0]!);
    return {
        ...resource,
        optional: [...resource.optional, "tags"],
        replaceOn: resource.update ? resource.replaceOn : declared,
        create: async (inputs, name) => {
            const { id, outputs } = await resource.create(inputs, name);
            return { id, outputs: { ...outputs, tagsAll: inputs.tags ?? {} } };
        },
        read: async (id, state) => {
            const found = await resource.read(id, state);
            if (found === undefined) return undefined;
            const { tags = {}, ...rest } = found;
            const declaresNone = state.tags === undefined && Object.keys(tags).length === 0;
            return declaresNone ? { ...rest, tagsAll: {} } : { ...rest, tags, tagsAll: tags };
        },
        update: async (id, state, inputs) => {
            const before: Tags = state.tags ?? {};
            const now: Tags = inputs.tags ?? {};
            if (!sameValue(before, now)) {
                await retag(
                    id,
                    now,
                    Object.keys(before).filter((key) => !(key in now)),
                    state,
                );
            }
            return { ...(await resource.update?.(id, state, inputs)), tagsAll: now };
        },
    };
}
