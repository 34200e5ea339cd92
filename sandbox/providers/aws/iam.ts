import { sameJson, sameSet, sameValue } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";
import { Clients, defined, unlessGone } from "./clients";
import { fromTags, taggable, toTags } from "./tags";

export function iam(clients: Clients): Record<string, ResourceStandIn> {
    const { iam: api } = clients;
    return {
        "aws:iam/rolePolicy:RolePolicy": rolePolicy(clients),
        "aws:iam/role:Role": taggable(role(clients), async (RoleName, set, remove) => {
            if (remove.length > 0) await api.untagRole({ RoleName, TagKeys: remove });
            if (Object.keys(set).length > 0) await api.tagRole({ RoleName, Tags: toTags(set) });
        }),
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider": taggable(
            oidcProvider(clients),
            async (arn, set, remove) => {
                const OpenIDConnectProviderArn = arn;
                if (remove.length > 0)
                    await api.untagOpenIDConnectProvider({ OpenIDConnectProviderArn, TagKeys: remove });
                if (Object.keys(set).length > 0)
                    await api.tagOpenIDConnectProvider({ OpenIDConnectProviderArn, Tags: toTags(set) });
            },
        ),
    };
}

function role({ iam: api }: Clients): ResourceStandIn {
    return {
        required: ["assumeRolePolicy"],
        optional: ["name", "description"],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 64 },
        sameMeaning: { assumeRolePolicy: sameJson },
        create: async (inputs) => {
            const created = await api.createRole({
                RoleName: inputs.name,
                AssumeRolePolicyDocument: inputs.assumeRolePolicy,
                Description: inputs.description,
                Tags: toTags(inputs.tags),
            });
            const made = created.Role!;
            return { id: made.RoleName!, outputs: { arn: made.Arn, uniqueId: made.RoleId } };
        },
        read: async (id) => {
            const found = (await unlessGone(api.getRole({ RoleName: id })))?.Role;
            if (!found) return undefined;
            return {
                name: found.RoleName,
                arn: found.Arn,
                uniqueId: found.RoleId,
                description: found.Description || undefined,
                assumeRolePolicy: document(found.AssumeRolePolicyDocument),
                tags: fromTags((await api.listRoleTags({ RoleName: id })).Tags),
            };
        },
        update: async (id, state, inputs) => {
            if (!sameJson(state.assumeRolePolicy, inputs.assumeRolePolicy)) {
                await api.updateAssumeRolePolicy({ RoleName: id, PolicyDocument: inputs.assumeRolePolicy });
            }
            if (state.description !== inputs.description) {
                await api.updateRole({ RoleName: id, Description: inputs.description ?? "" });
            }
            return {};
        },
        delete: async (id) => {
            // A policy that a killed run did not get to record would keep the role.
            const policies = await unlessGone(api.listRolePolicies({ RoleName: id }));
            for (const PolicyName of policies?.PolicyNames ?? []) {
                await unlessGone(api.deleteRolePolicy({ RoleName: id, PolicyName }));
            }
            await unlessGone(api.deleteRole({ RoleName: id }));
        },
        list: async () => {
            const { Roles = [] } = await api.listRoles({});
            return Roles.filter(({ Path }) => !Path?.startsWith("/aws-service-role/")).map((found) => found.RoleName!);
        },
    };
}

function rolePolicy({ iam: api }: Clients): ResourceStandIn {
    const put = (inputs: Properties) =>
        api.putRolePolicy({ RoleName: inputs.role, PolicyName: inputs.name, PolicyDocument: inputs.policy });
    const request = (id: string) => {
        const [RoleName, PolicyName] = id.split(":");
        return { RoleName, PolicyName };
    };
    return {
        required: ["role", "policy"],
        optional: ["name"],
        replaceOn: ["role", "name"],
        autoName: { property: "name", maxLength: 128 },
        sameMeaning: { policy: sameJson },
        create: async (inputs) => {
            await put(inputs);
            return { id: `${inputs.role}:${inputs.name}`, outputs: {} };
        },
        read: async (id) => {
            const found = await unlessGone(api.getRolePolicy(request(id)));
            return found && { role: found.RoleName, name: found.PolicyName, policy: document(found.PolicyDocument) };
        },
        update: async (_id, _state, inputs) => {
            await put(inputs);
            return {};
        },
        delete: async (id) => void (await unlessGone(api.deleteRolePolicy(request(id)))),
    };
}

function oidcProvider({ iam: api }: Clients): ResourceStandIn {
    const withoutScheme = (url: string) => url.replace(/^https:\/\//, "");
    return {
        required: ["url", "clientIdLists"],
        optional: ["thumbprintLists"],
        replaceOn: ["url"],
        deleteBeforeReplace: true, // an account has one for a URL
        // AWS keeps the URL without its scheme.
        sameMeaning: {
            url: (old, now) => withoutScheme(old) === withoutScheme(now),
            clientIdLists: sameSet,
            thumbprintLists: sameSet,
        },
        create: async (inputs) => {
            const created = await api.createOpenIDConnectProvider({
                Url: inputs.url,
                ClientIDList: inputs.clientIdLists,
                ThumbprintList: inputs.thumbprintLists,
                Tags: toTags(inputs.tags),
            });
            const arn = created.OpenIDConnectProviderArn!;
            return { id: arn, outputs: { arn, url: withoutScheme(inputs.url) } };
        },
        read: async (id) => {
            const found = await unlessGone(api.getOpenIDConnectProvider({ OpenIDConnectProviderArn: id }));
            return (
                found &&
                defined({
                    arn: id,
                    url: withoutScheme(found.Url!),
                    clientIdLists: found.ClientIDList,
                    thumbprintLists: found.ThumbprintList?.length ? found.ThumbprintList : undefined,
                    tags: fromTags(found.Tags),
                })
            );
        },
        update: async (id, state, inputs) => {
            const [before, now]: string[][] = [state.clientIdLists, inputs.clientIdLists];
            for (const ClientID of now!.filter((client) => !before!.includes(client))) {
                await api.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn: id, ClientID });
            }
            for (const ClientID of before!.filter((client) => !now!.includes(client))) {
                await api.removeClientIDFromOpenIDConnectProvider({ OpenIDConnectProviderArn: id, ClientID });
            }
            if (inputs.thumbprintLists && !sameValue(state.thumbprintLists, inputs.thumbprintLists)) {
                const ThumbprintList = inputs.thumbprintLists;
                await api.updateOpenIDConnectProviderThumbprint({ OpenIDConnectProviderArn: id, ThumbprintList });
            }
            return { url: withoutScheme(inputs.url) };
        },
        delete: async (id) =>
            void (await unlessGone(api.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: id }))),
        list: async () => {
            const { OpenIDConnectProviderList = [] } = await api.listOpenIDConnectProviders({});
            return OpenIDConnectProviderList.map(({ Arn }) => Arn!);
        },
    };
}

/** IAM hands out policies in the encoding of a URL. */
function document(encoded: string | undefined): string {
    const text = encoded ?? "";
    return text.startsWith("%") ? decodeURIComponent(text) : text;
}
