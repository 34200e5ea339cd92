import { sameSet } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";
import { until } from "../until";
import { Clients, defined, unlessGone } from "./clients";
import { fromTags, Retag, taggable } from "./tags";

/** How ECS tags what exists; it wants the keys in lower case. */
export function retagEcs({ ecs }: Clients): Retag {
    return async (id, set, remove, state) => {
        const resourceArn = state.arn ?? id;
        if (remove.length > 0) await ecs.untagResource({ resourceArn, tagKeys: remove });
        if (Object.keys(set).length > 0) await ecs.tagResource({ resourceArn, tags: toEcsTags(set) });
    };
}

export function toEcsTags(tags: Readonly<Record<string, string>> | undefined): { key: string; value: string }[] {
    return Object.entries(tags ?? {}).map(([key, value]) => ({ key, value }));
}

export function ecsCluster(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": capacityProviders(clients),
        "aws:ecs/cluster:Cluster": taggable(cluster(clients), retagEcs(clients)),
    };
}

async function describe({ ecs }: Clients, cluster: string) {
    const include = ["TAGS", "SETTINGS", "CONFIGURATIONS"] as const;
    const answer = await unlessGone(ecs.describeClusters({ clusters: [cluster], include: [...include] }));
    const found = answer?.clusters?.[0];
    return found?.status === "INACTIVE" ? undefined : found;
}

function cluster(clients: Clients): ResourceStandIn {
    const { ecs } = clients;
    const declared = ({ settings, configuration }: Properties) => defined({ settings, configuration });
    return {
        required: [],
        optional: ["name", "settings.name", "settings.value", "configuration.executeCommandConfiguration.logging"],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 255 },
        create: async (inputs) => {
            const tags = toEcsTags(inputs.tags);
            const created = await ecs.createCluster({ clusterName: inputs.name, ...declared(inputs), tags });
            const arn = created.cluster!.clusterArn!;
            return { id: arn, outputs: { arn } };
        },
        read: async (id) => {
            const found = await describe(clients, id);
            return (
                found &&
                defined({
                    name: found.clusterName,
                    arn: found.clusterArn,
                    settings: found.settings?.map(({ name, value }) => ({ name, value })),
                    configuration: found.configuration,
                    tags: fromTags(found.tags),
                })
            );
        },
        update: async (id, _state, inputs) => {
            await ecs.updateCluster({ cluster: id, ...declared(inputs) });
            return {};
        },
        delete: async (id) => {
            // A cluster whose service has just been deleted says for a moment that it still has it.
            const deleted = () =>
                unlessGone(ecs.deleteCluster({ cluster: id })).then(
                    () => true,
                    (error) => {
                        if (/ClusterContains(Services|Tasks)Exception/.test(error.name)) return undefined;
                        throw error;
                    },
                );
            await until(`cluster ${id} losing its last service`, deleted, 60_000);
        },
        list: async () => {
            const { clusterArns = [] } = await ecs.listClusters({});
            const found = await Promise.all(clusterArns.map((arn) => describe(clients, arn)));
            return found.flatMap((one) => (one ? [one.clusterArn!] : []));
        },
    };
}

function capacityProviders(clients: Clients): ResourceStandIn {
    const put = async (cluster: string, providers: string[]) => {
        await clients.ecs.putClusterCapacityProviders({
            cluster,
            capacityProviders: providers,
            defaultCapacityProviderStrategy: [],
        });
    };
    return {
        required: ["clusterName"],
        optional: ["capacityProviders"],
        replaceOn: ["clusterName"],
        sameMeaning: { capacityProviders: sameSet },
        create: async (inputs) => {
            await put(inputs.clusterName, inputs.capacityProviders ?? []);
            return { id: inputs.clusterName, outputs: {} };
        },
        read: async (id) => {
            const found = await describe(clients, id);
            return found && { clusterName: found.clusterName, capacityProviders: found.capacityProviders ?? [] };
        },
        update: async (id, _state, inputs) => {
            await put(id, inputs.capacityProviders ?? []);
            return {};
        },
        delete: async (id) => void (await unlessGone(put(id, []))),
    };
}
