import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { accountId } from "../account";
import { overTlsOnly, policyDocument } from "../iam";

export interface NotificationsArgs {
    /** Gets every alarm, once it has confirmed the message that AWS sends to it first. */
    readonly email?: string;
    /** Encrypts what the topic holds until it is delivered. */
    readonly kmsKeyArn?: string;
}

/** Where alarms go. Further subscribers (a chat, a pager) are added to the topic. */
export class Notifications extends pulumi.ComponentResource {
    /** The topic, once it lets in who tells it something. */
    public readonly topicArn: pulumi.Output<string>;

    constructor(name: string, args: NotificationsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:notifications:Notifications", name, {}, opts);

        // Without a key of one's own not encrypted: CloudWatch has no right to use the key that AWS manages for SNS, and no alarm
        // would arrive.
        const topic = new aws.sns.Topic(name, { kmsMasterKeyId: args.kmsKeyArn }, { parent: this });
        const account = accountId(this);
        const publish = (sid: string, service: string) =>
            ({ sid, principal: { Service: service }, actions: ["sns:Publish"], resources: [topic.arn] }) as const;
        // In place of AWS's own policy, which takes messages without TLS. Principals of the account need no entry: their own
        // policies let them in.
        const policy = new aws.sns.TopicPolicy(
            name,
            {
                arn: topic.arn,
                policy: policyDocument([
                    {
                        ...publish("Alarms", "cloudwatch.amazonaws.com"),
                        condition: { StringEquals: { "aws:SourceAccount": account } },
                    },
                    // As "Using resource-based policies" in the EventBridge User Guide has it, which knows no condition for a topic.
                    publish("Events", "events.amazonaws.com"),
                    overTlsOnly(["sns:Publish"], [topic.arn]),
                ]),
            },
            { parent: this },
        );
        if (args.email) {
            new aws.sns.TopicSubscription(
                `${name}-email`,
                { topic: policy.arn, protocol: "email", endpoint: args.email },
                { parent: this },
            );
        }

        this.topicArn = policy.arn;
        this.registerOutputs({ topicArn: this.topicArn });
    }
}
