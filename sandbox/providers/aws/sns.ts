import { ResourceStandIn } from "../standIn";
import { Clients, unlessGone } from "./clients";
import { fromTags, taggable, toTags } from "./tags";

export function sns(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:sns/topicSubscription:TopicSubscription": topicSubscription(clients),
        "aws:sns/topic:Topic": taggable(topic(clients), async (ResourceArn, set, TagKeys) => {
            if (TagKeys.length > 0) await clients.sns.untagResource({ ResourceArn, TagKeys });
            if (Object.keys(set).length > 0) await clients.sns.tagResource({ ResourceArn, Tags: toTags(set) });
        }),
    };
}

function topic({ sns: api }: Clients): ResourceStandIn {
    return {
        required: [],
        optional: ["name"],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 256 },
        create: async ({ name, tags }) => {
            const { TopicArn: arn } = await api.createTopic({ Name: name, Tags: toTags(tags) });
            return { id: arn!, outputs: { arn } };
        },
        read: async (arn) => {
            if (!(await unlessGone(api.getTopicAttributes({ TopicArn: arn })))) return undefined;
            const { Tags } = await api.listTagsForResource({ ResourceArn: arn });
            return { name: arn.split(":").at(-1), arn, tags: fromTags(Tags) };
        },
        update: async () => ({}), // only tags get here
        delete: async (TopicArn) => void (await api.deleteTopic({ TopicArn })),
        list: async () => ((await api.listTopics({})).Topics ?? []).map(({ TopicArn }) => TopicArn!),
    };
}

/** Cannot be changed. One that waits for its confirmation cannot be ended either: it goes with its topic. */
function topicSubscription({ sns: api }: Clients): ResourceStandIn {
    const attributes = async (SubscriptionArn: string) =>
        (await unlessGone(api.getSubscriptionAttributes({ SubscriptionArn })))?.Attributes;
    const pending = (found: Record<string, string> | undefined) => found?.PendingConfirmation === "true";
    return {
        required: ["topic", "protocol", "endpoint"],
        optional: [],
        replaceOn: ["topic", "protocol", "endpoint"],
        create: async ({ topic, protocol, endpoint }) => {
            const subscribed = await api.subscribe({
                TopicArn: topic,
                Protocol: protocol,
                Endpoint: endpoint,
                ReturnSubscriptionArn: true,
            });
            const arn = subscribed.SubscriptionArn!;
            return { id: arn, outputs: { arn, pendingConfirmation: pending(await attributes(arn)) } };
        },
        read: async (arn) => {
            const found = await attributes(arn);
            return (
                found && {
                    topic: found.TopicArn,
                    protocol: found.Protocol,
                    endpoint: found.Endpoint,
                    arn,
                    pendingConfirmation: pending(found),
                }
            );
        },
        delete: async (SubscriptionArn) => {
            const found = await attributes(SubscriptionArn);
            if (found && !pending(found)) await api.unsubscribe({ SubscriptionArn });
        },
    };
}
