/**
 * The controls that scanners have for what the stack declares, each as the scanner lists them itself: each is told of in docs/audit/.
 * A newer scanner, or a new kind of resource, is a new list.
 */

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The kinds of AWS's resources that the lists are for, beside those that awsx makes: the VPC, its subnets, gateways, routes and endpoint. */
export const kinds = list(`
    acm.Certificate acm.CertificateValidation appautoscaling.Policy appautoscaling.ScheduledAction appautoscaling.Target
    cloudwatch.Dashboard cloudwatch.EventRule cloudwatch.EventTarget cloudwatch.LogGroup cloudwatch.MetricAlarm
    ec2.DefaultSecurityGroup ec2.FlowLog ec2.ManagedPrefixList ec2.Route ec2.SecurityGroup ecr.LifecyclePolicy
    ecr.Repository ecs.Cluster ecs.ClusterCapacityProviders ecs.Service ecs.TaskDefinition iam.OpenIdConnectProvider
    iam.Role iam.RolePolicy iam.RolePolicyAttachment lb.Listener lb.ListenerRule lb.LoadBalancer lb.TargetGroup
    route53.Record s3.Bucket s3.BucketLifecycleConfiguration s3.BucketPolicy s3.BucketPublicAccessBlock scheduler.Schedule
    scheduler.ScheduleGroup secretsmanager.Secret secretsmanager.SecretVersion sns.Topic sns.TopicPolicy
    sns.TopicSubscription sqs.Queue sqs.QueuePolicy vpc.SecurityGroupEgressRule vpc.SecurityGroupIngressRule
    wafv2.WebAclAssociation
`);

export const controls: Readonly<Record<string, readonly string[]>> = {
    // `resource_registry.get_checks(type)`, and the graph checks with one of the kinds in `resource_types`.
    "Checkov 3.3.30": list(`
        CKV_AWS_2 CKV_AWS_18 CKV_AWS_19 CKV_AWS_20 CKV_AWS_21 CKV_AWS_23 CKV_AWS_24 CKV_AWS_25 CKV_AWS_26 CKV_AWS_27
        CKV_AWS_51 CKV_AWS_53 CKV_AWS_54 CKV_AWS_55 CKV_AWS_56 CKV_AWS_57 CKV_AWS_60 CKV_AWS_61 CKV_AWS_62 CKV_AWS_63
        CKV_AWS_65 CKV_AWS_66 CKV_AWS_70 CKV_AWS_72 CKV_AWS_91 CKV_AWS_93 CKV_AWS_97 CKV_AWS_103 CKV_AWS_130 CKV_AWS_131
        CKV_AWS_136 CKV_AWS_143 CKV_AWS_144 CKV_AWS_145 CKV_AWS_149 CKV_AWS_150 CKV_AWS_152 CKV_AWS_158 CKV_AWS_163
        CKV_AWS_168 CKV_AWS_169 CKV_AWS_223 CKV_AWS_224 CKV_AWS_233 CKV_AWS_234 CKV_AWS_249 CKV_AWS_260 CKV_AWS_261
        CKV_AWS_274 CKV_AWS_277 CKV_AWS_286 CKV_AWS_287 CKV_AWS_288 CKV_AWS_289 CKV_AWS_290 CKV_AWS_297 CKV_AWS_300
        CKV_AWS_319 CKV_AWS_328 CKV_AWS_332 CKV_AWS_333 CKV_AWS_334 CKV_AWS_335 CKV_AWS_336 CKV_AWS_338 CKV_AWS_355
        CKV_AWS_378 CKV_AWS_382 CKV_AWS_385 CKV_AWS_387 CKV_AWS_393 CKV2_AWS_1 CKV2_AWS_5 CKV2_AWS_6 CKV2_AWS_7 CKV2_AWS_11
        CKV2_AWS_12 CKV2_AWS_15 CKV2_AWS_16 CKV2_AWS_19 CKV2_AWS_20 CKV2_AWS_23 CKV2_AWS_28 CKV2_AWS_35 CKV2_AWS_37
        CKV2_AWS_40 CKV2_AWS_44 CKV2_AWS_56 CKV2_AWS_57 CKV2_AWS_61 CKV2_AWS_62 CKV2_AWS_68 CKV2_AWS_71 CKV2_AWS_73
        CKV2_AWS_74 CKV2_AWS_75 CKV2_AWS_76
    `),
    // The rules of the pack whose code knows one of the kinds.
    "cdk-nag 3.0.2, AwsSolutions": list(`
        AwsSolutions-EC23 AwsSolutions-EC27 AwsSolutions-ECR1 AwsSolutions-ECS2 AwsSolutions-ECS4 AwsSolutions-ECS7
        AwsSolutions-ELB2 AwsSolutions-S1 AwsSolutions-S2 AwsSolutions-S5 AwsSolutions-S10 AwsSolutions-VPC7 AwsSolutions-CFR7
        AwsSolutions-LEX4 AwsSolutions-IAM4 AwsSolutions-IAM5 AwsSolutions-SMG4 AwsSolutions-SNS3 AwsSolutions-SQS2
        AwsSolutions-SQS3 AwsSolutions-SQS4
    `),
    // The requirements of `aws_foundational_security_best_practices_aws.json` for the services of the kinds; CloudWatch and EventBridge
    // Scheduler have none there.
    "AWS Foundational Security Best Practices, as in Prowler 5.46.0": list(`
        ACM.1 ACM.2 EC2.1 EC2.2 EC2.3 EC2.4 EC2.6 EC2.7 EC2.8 EC2.9 EC2.10 EC2.12 EC2.13 EC2.14 EC2.15 EC2.16 EC2.17 EC2.18
        EC2.19 EC2.20 EC2.21 EC2.22 EC2.23 EC2.24 EC2.25 EC2.28 EC2.51 ECR.1 ECR.2 ECR.3 ECS.1 ECS.2 ECS.3 ECS.4 ECS.5 ECS.8
        ECS.9 ECS.10 ECS.12 ELB.1 ELB.2 ELB.3 ELB.4 ELB.5 ELB.6 ELB.7 ELB.9 ELB.10 ELB.12 ELB.13 ELB.14 ELB.16 IAM.1 IAM.2
        IAM.3 IAM.4 IAM.5 IAM.6 IAM.7 IAM.8 IAM.9 IAM.10 IAM.19 IAM.21 IAM.22 IAM.26 KMS.1 KMS.2 KMS.3 KMS.4 KMS.5 S3.1 S3.2
        S3.3 S3.5 S3.6 S3.7 S3.8 S3.9 S3.10 S3.11 S3.12 S3.13 S3.14 S3.15 S3.17 S3.19 S3.20 SNS.1 SNS.2 SNS.4 SQS.1
        SecretsManager.1 SecretsManager.2 SecretsManager.3 SecretsManager.4
    `),
};
