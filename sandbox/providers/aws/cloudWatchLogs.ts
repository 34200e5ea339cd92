import { ResourceStandIn } from "../standIn";
import { afterCreating, Clients, unlessGone } from "./clients";
import { taggable } from "./tags";

export function cloudWatchLogs(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:cloudwatch/logGroup:LogGroup": taggable(logGroup(clients), async (_id, tags, remove, { arn }) => {
            if (remove.length > 0) await clients.logs.untagResource({ resourceArn: arn, tagKeys: remove });
            if (Object.keys(tags).length > 0) await clients.logs.tagResource({ resourceArn: arn, tags });
        }),
    };
}

function logGroup({ logs }: Clients): ResourceStandIn {
    const describe = async (name: string) =>
        (await logs.describeLogGroups({ logGroupNamePrefix: name })).logGroups?.find(
            (found) => found.logGroupName === name,
        );
    // The API appends `:*` for policies; the official provider takes it off.
    const arnOf = (found: { arn?: string } | undefined) => found?.arn?.replace(/:\*$/, "");
    const retain = async (logGroupName: string, retentionInDays: number | undefined) => {
        await (retentionInDays
            ? logs.putRetentionPolicy({ logGroupName, retentionInDays })
            : unlessGone(logs.deleteRetentionPolicy({ logGroupName })));
    };
    return {
        required: [],
        optional: ["name", "retentionInDays"],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 512 },
        create: async (inputs) => {
            const id = inputs.name;
            await logs.createLogGroup({ logGroupName: id, tags: inputs.tags });
            return afterCreating(id, {}, async () => {
                if (inputs.retentionInDays) await retain(id, inputs.retentionInDays);
                return { id, outputs: { arn: arnOf(await describe(id)) } };
            });
        },
        read: async (id) => {
            const found = await describe(id);
            const resourceArn = arnOf(found);
            if (!found || !resourceArn) return undefined;
            const { tags } = await logs.listTagsForResource({ resourceArn });
            return { name: id, arn: resourceArn, retentionInDays: found.retentionInDays, tags: tags ?? {} };
        },
        update: async (id, state, inputs) => {
            if (state.retentionInDays !== inputs.retentionInDays) await retain(id, inputs.retentionInDays);
            return {};
        },
        delete: async (id) => void (await unlessGone(logs.deleteLogGroup({ logGroupName: id }))),
        list: async () => ((await logs.describeLogGroups({})).logGroups ?? []).map((found) => found.logGroupName!),
    };
}
