import * as pulumi from "@pulumi/pulumi";

/**
 * Resource types of this program that AWS cannot tag. What is not listed gets the tags; should AWS not take them either, the
 * provider says so in the first preview, where a missing tag would go unnoticed.
 */
const untaggable: ReadonlySet<string> = new Set([
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:appautoscaling/policy:Policy",
    "aws:appautoscaling/scheduledAction:ScheduledAction",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:ec2/route:Route",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:route53/record:Record",
    "aws:scheduler/schedule:Schedule",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:wafv2/webAclAssociation:WebAclAssociation",
]);

/**
 * Adds `tags` to every AWS resource that is registered from now on, those inside awsx components included (awsx hands its own
 * tags on). A transformation rather than the provider's default tags: these would need a provider of our own, which ignores
 * the `aws:` settings of the stack, such as the profile. A resource's own tag wins.
 */
export function tagEverything(tags: Readonly<Record<string, string>>): void {
    pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
        if (!/^awsx?:/.test(type) || untaggable.has(type)) {
            return undefined;
        }
        const own = (props as { tags?: pulumi.Input<Record<string, pulumi.Input<string>>> }).tags;
        const merged = own === undefined ? tags : pulumi.output(own).apply((given) => ({ ...tags, ...given }));
        return { props: { ...props, tags: merged }, opts };
    });
}
