import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface NotificationsArgs {
    /** Gets every alarm, once it has confirmed the message that AWS sends to it first. */
    readonly email?: string;
}

/** Where alarms go. Further subscribers (a chat, a pager) are added to the topic. */
export class Notifications extends pulumi.ComponentResource {
    public readonly topicArn: pulumi.Output<string>;

    constructor(name: string, args: NotificationsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:notifications:Notifications", name, {}, opts);

        // Not encrypted with the key that AWS manages for SNS: CloudWatch has no right to use that one, and no alarm would arrive.
        const topic = new aws.sns.Topic(name, {}, { parent: this });
        if (args.email) {
            new aws.sns.TopicSubscription(
                `${name}-email`,
                { topic: topic.arn, protocol: "email", endpoint: args.email },
                { parent: this },
            );
        }

        this.topicArn = topic.arn;
        this.registerOutputs({ topicArn: this.topicArn });
    }
}
