import { sameJson, sameValue } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";
import { Clients, defined, unlessGone } from "./clients";
import { fromTags, taggable, toTags } from "./tags";

export function ecr(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:ecr/lifecyclePolicy:LifecyclePolicy": lifecyclePolicy(clients),
        "aws:ecr/repository:Repository": taggable(repository(clients), async (_id, set, remove, { arn }) => {
            if (remove.length > 0) await clients.ecr.untagResource({ resourceArn: arn, tagKeys: remove });
            if (Object.keys(set).length > 0) await clients.ecr.tagResource({ resourceArn: arn, tags: toTags(set) });
        }),
    };
}

function repository({ ecr: api }: Clients): ResourceStandIn {
    const describe = async (name: string) =>
        (await unlessGone(api.describeRepositories({ repositoryNames: [name] })))?.repositories?.[0];
    const outputs = (found: Awaited<ReturnType<typeof describe>>) => ({
        name: found?.repositoryName,
        arn: found?.repositoryArn,
        registryId: found?.registryId,
        repositoryUrl: found?.repositoryUri,
    });
    return {
        required: [],
        optional: [
            "name",
            "imageTagMutability",
            "imageTagMutabilityExclusionFilters.filter",
            "imageTagMutabilityExclusionFilters.filterType",
            "imageScanningConfiguration.scanOnPush",
            "forceDelete",
        ],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 256 },
        create: async (inputs) => {
            const created = await api.createRepository({
                repositoryName: inputs.name,
                imageTagMutability: inputs.imageTagMutability,
                imageTagMutabilityExclusionFilters: inputs.imageTagMutabilityExclusionFilters,
                imageScanningConfiguration: inputs.imageScanningConfiguration,
                tags: toTags(inputs.tags),
            });
            return { id: inputs.name, outputs: outputs(created.repository) };
        },
        read: async (id) => {
            const found = await describe(id);
            if (!found) return undefined;
            const { tags } = await api.listTagsForResource({ resourceArn: found.repositoryArn });
            return {
                ...outputs(found),
                imageTagMutability: found.imageTagMutability,
                imageTagMutabilityExclusionFilters: found.imageTagMutabilityExclusionFilters,
                imageScanningConfiguration: { scanOnPush: found.imageScanningConfiguration?.scanOnPush ?? false },
                tags: fromTags(tags),
            };
        },
        update: async (id, state, inputs) => {
            const mutability = ({ imageTagMutability, imageTagMutabilityExclusionFilters }: Properties) => ({
                imageTagMutability: imageTagMutability ?? "MUTABLE",
                imageTagMutabilityExclusionFilters,
            });
            if (!sameValue(mutability(state), mutability(inputs))) {
                await api.putImageTagMutability({ repositoryName: id, ...mutability(inputs) });
            }
            if (!sameValue(state.imageScanningConfiguration, inputs.imageScanningConfiguration)) {
                const imageScanningConfiguration = inputs.imageScanningConfiguration ?? { scanOnPush: false };
                await api.putImageScanningConfiguration({ repositoryName: id, imageScanningConfiguration });
            }
            return {};
        },
        delete: async (id, state) =>
            void (await unlessGone(api.deleteRepository({ repositoryName: id, force: state.forceDelete ?? false }))),
        list: async () =>
            ((await api.describeRepositories({})).repositories ?? []).map((found) => found.repositoryName!),
    };
}

function lifecyclePolicy({ ecr: api }: Clients): ResourceStandIn {
    const put = async ({ repository, policy }: Properties) => {
        const put = await api.putLifecyclePolicy({ repositoryName: repository, lifecyclePolicyText: policy });
        return defined({ registryId: put.registryId });
    };
    return {
        required: ["repository", "policy"],
        optional: [],
        replaceOn: ["repository"],
        sameMeaning: { policy: sameJson },
        create: async (inputs) => ({ id: inputs.repository, outputs: await put(inputs) }),
        read: async (id) => {
            const found = await unlessGone(api.getLifecyclePolicy({ repositoryName: id }));
            return found && { repository: found.repositoryName, policy: found.lifecyclePolicyText };
        },
        update: (_id, _state, inputs) => put(inputs),
        delete: async (id) => void (await unlessGone(api.deleteLifecyclePolicy({ repositoryName: id }))),
    };
}
