import { ResourceStandIn } from "../standIn";
import { Clients, unlessGone } from "./clients";
import { fromTags, taggable, toTags } from "./tags";

export function secretsManager(clients: Clients): Record<string, ResourceStandIn> {
    const { secrets } = clients;
    return {
        "aws:secretsmanager/secretVersion:SecretVersion": secretVersion(clients),
        "aws:secretsmanager/secret:Secret": taggable(secret(clients), async (SecretId, tags, TagKeys) => {
            if (TagKeys.length > 0) await secrets.untagResource({ SecretId, TagKeys });
            if (Object.keys(tags).length > 0) await secrets.tagResource({ SecretId, Tags: toTags(tags) });
        }),
    };
}

const describe = async ({ secrets }: Clients, SecretId: string) => {
    const found = await unlessGone(secrets.describeSecret({ SecretId }));
    return found?.DeletedDate ? undefined : found;
};

function secret(clients: Clients): ResourceStandIn {
    const { secrets } = clients;
    return {
        required: [],
        optional: ["name", "description", "recoveryWindowInDays"],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 512 },
        create: async ({ name, description, tags }) => {
            const created = await secrets.createSecret({ Name: name, Description: description, Tags: toTags(tags) });
            return { id: created.ARN!, outputs: { arn: created.ARN } };
        },
        read: async (id) => {
            const found = await describe(clients, id);
            return (
                found && {
                    name: found.Name,
                    description: found.Description,
                    arn: found.ARN,
                    tags: fromTags(found.Tags),
                }
            );
        },
        update: async (id, state, { description }) => {
            if (state.description !== description)
                await secrets.updateSecret({ SecretId: id, Description: description ?? "" });
            return {};
        },
        delete: async (SecretId, { recoveryWindowInDays = 30, forceDelete }) => {
            const atOnce = recoveryWindowInDays === 0 || forceDelete === true;
            await unlessGone(
                secrets.deleteSecret(
                    atOnce
                        ? { SecretId, ForceDeleteWithoutRecovery: true }
                        : { SecretId, RecoveryWindowInDays: recoveryWindowInDays },
                ),
            );
        },
        list: async () => ((await secrets.listSecrets({})).SecretList ?? []).map(({ ARN }) => ARN!),
    };
}

/** A value of a secret. It cannot be changed: another value is another version. */
function secretVersion(clients: Clients): ResourceStandIn {
    const { secrets } = clients;
    const parts = (id: string) => {
        const [secretId = "", versionId = ""] = id.split("|");
        return { secretId, versionId };
    };
    return {
        required: ["secretId", "secretString"],
        optional: [],
        replaceOn: ["secretId", "secretString"],
        secrets: ["secretString"],
        create: async ({ secretId, secretString }) => {
            const put = await secrets.putSecretValue({ SecretId: secretId, SecretString: secretString });
            const { ARN: arn, VersionId: versionId, VersionStages: versionStages } = put;
            return { id: `${secretId}|${versionId}`, outputs: { arn, versionId, versionStages } };
        },
        read: async (id) => {
            const { secretId, versionId } = parts(id);
            if (!(await describe(clients, secretId))) return undefined;
            const found = await unlessGone(secrets.getSecretValue({ SecretId: secretId, VersionId: versionId }));
            return (
                found && {
                    secretId,
                    secretString: found.SecretString,
                    arn: found.ARN,
                    versionId,
                    versionStages: found.VersionStages,
                }
            );
        },
        // The current one goes with its secret only; one that has been superseded loses its labels.
        delete: async (id, { versionStages = [] }) => {
            const { secretId, versionId } = parts(id);
            for (const label of versionStages.filter((stage: string) => stage !== "AWSCURRENT")) {
                await unlessGone(
                    secrets.updateSecretVersionStage({
                        SecretId: secretId,
                        VersionStage: label,
                        RemoveFromVersionId: versionId,
                    }),
                );
            }
        },
    };
}
