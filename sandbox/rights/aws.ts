/**
 * What `pulumi up` and `pulumi destroy` may do on AWS: each action that the providers call, on the narrowest resource that AWS's
 * service authorization reference knows for it. `npm run sandbox:rights` makes the documents of it and says where it is not what is
 * called.
 */
export type Action = `${string}:${string}`;

/** One statement. */
export interface Right {
    readonly sid: string;
    readonly actions: readonly Action[];
    readonly resources: readonly string[];
    readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
    /** Why a resource is not one of the stack's own alone. */
    readonly why?: string;
    /** Where it is known from that AWS asks for it: no call in the sandbox shows it. */
    readonly source?: string;
}

/** One managed policy, which AWS limits to 6,144 characters. */
export interface Policy {
    readonly title: string;
    readonly purpose: string;
    readonly rights: readonly Right[];
}

const unlisted = "AWS lists and describes for the whole account or not at all";

const on = (service: string, ...resources: string[]) =>
    resources.map((resource) => `arn:PARTITION:${service}:REGION:ACCOUNT:${resource}`);
const ec2 = (...kinds: string[]) => on("ec2", ...kinds.map((kind) => `${kind}/*`));

const anyVpc = ["arn:PARTITION:ec2:REGION:*:vpc/*"];

// Ids are made up by AWS; whose a thing of the network is, its tags say.
const ours = { StringEquals: { "aws:ResourceTag/Project": "PROJECT" } };
const markedOurs = { StringEquals: { "aws:RequestTag/Project": "PROJECT" } };

const network: Policy = {
    title: "network",
    purpose: "the VPC, its subnets, ways out and firewall rules",
    rights: [
        {
            sid: "ReadNetwork",
            actions: [
                "ec2:DescribeAddresses",
                "ec2:DescribeAddressesAttribute",
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeManagedPrefixLists",
                "ec2:DescribeNatGateways",
                "ec2:DescribeNetworkAcls",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribePrefixLists",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroupRules",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcEndpoints",
                "ec2:DescribeVpcs",
            ],
            resources: ["*"],
            why: unlisted,
        },
        {
            sid: "FindPlaceForLoadBalancer",
            actions: ["ec2:DescribeAccountAttributes"],
            resources: ["*"],
            why: unlisted,
            source: "Elastic Load Balancing User Guide, API permissions: CreateLoadBalancer asks for it with the caller's rights",
        },
        {
            sid: "FindGroupsForLoadBalancer",
            actions: ["ec2:GetSecurityGroupsForVpc"],
            resources: anyVpc,
            why: "ids are AWS's, and a VPC that another account shares is that account's",
            source: "what CreateLoadBalancer is refused with where it is missing: kubernetes-sigs/aws-load-balancer-controller#3917",
        },
        {
            sid: "MakeNetwork",
            actions: [
                "ec2:AllocateAddress",
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:CreateInternetGateway",
                "ec2:CreateManagedPrefixList",
                "ec2:CreateNatGateway",
                "ec2:CreateRouteTable",
                "ec2:CreateSecurityGroup",
                "ec2:CreateSubnet",
                "ec2:CreateVpc",
                "ec2:CreateVpcEndpoint",
            ],
            resources: ec2(
                "elastic-ip",
                "internet-gateway",
                "natgateway",
                "prefix-list",
                "route-table",
                "security-group",
                "security-group-rule",
                "subnet",
                "vpc",
                "vpc-endpoint",
            ),
            condition: markedOurs,
            why: "what is made has no id yet, and has to get the project's tag with it",
        },
        {
            sid: "TagWhatIsMade",
            actions: ["ec2:CreateTags"],
            resources: ec2("*"),
            condition: {
                StringEquals: {
                    "aws:RequestTag/Project": "PROJECT",
                    "ec2:CreateAction": [
                        "AllocateAddress",
                        "AuthorizeSecurityGroupEgress",
                        "AuthorizeSecurityGroupIngress",
                        "CreateInternetGateway",
                        "CreateManagedPrefixList",
                        "CreateNatGateway",
                        "CreateRouteTable",
                        "CreateSecurityGroup",
                        "CreateSubnet",
                        "CreateVpc",
                        "CreateVpcEndpoint",
                    ],
                },
            },
            why: "ids are AWS's; only together with what makes it",
        },
        {
            sid: "ChangeNetwork",
            actions: [
                "ec2:AssociateRouteTable",
                "ec2:AssociateSubnetCidrBlock",
                "ec2:AssociateVpcCidrBlock",
                "ec2:AttachInternetGateway",
                "ec2:AuthorizeSecurityGroupEgress",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:CreateNatGateway",
                "ec2:CreateRoute",
                "ec2:CreateRouteTable",
                "ec2:CreateSecurityGroup",
                "ec2:CreateSubnet",
                "ec2:CreateTags",
                "ec2:CreateVpcEndpoint",
                "ec2:DeleteInternetGateway",
                "ec2:DeleteManagedPrefixList",
                "ec2:DeleteNatGateway",
                "ec2:DeleteRoute",
                "ec2:DeleteRouteTable",
                "ec2:DeleteSecurityGroup",
                "ec2:DeleteSubnet",
                "ec2:DeleteVpc",
                "ec2:DeleteVpcEndpoints",
                "ec2:DescribeVpcAttribute",
                "ec2:DetachInternetGateway",
                "ec2:DisassociateRouteTable",
                "ec2:GetManagedPrefixListEntries",
                "ec2:ModifySecurityGroupRules",
                "ec2:ModifyVpcAttribute",
                "ec2:ModifyVpcEndpoint",
                "ec2:ReleaseAddress",
                "ec2:ReplaceRoute",
                "ec2:RevokeSecurityGroupEgress",
                "ec2:RevokeSecurityGroupIngress",
            ],
            resources: ec2("*"),
            condition: ours,
            why: "ids are AWS's; only what has the project's tag",
        },
        {
            sid: "DisassociateAddress",
            actions: ["ec2:DisassociateAddress"],
            resources: ec2("elastic-ip", "network-interface"),
            why: "after a refresh asked for with the association alone, which leads to no address once its NAT gateway is gone",
        },
        {
            sid: "UseExistingVpc",
            actions: ["ec2:CreateSecurityGroup", "ec2:DescribeVpcAttribute"],
            resources: anyVpc,
            why: "a VPC that was there before the stack has no tag of the project, and may be another account's",
        },
        {
            sid: "FollowExistingVpc",
            actions: ["ec2:ModifyManagedPrefixList"],
            resources: ec2("prefix-list"),
            condition: ours,
            why: "ids are AWS's; only what has the project's tag",
            source: "vpc_managed_prefix_list.go of the AWS provider, where the VPC of vpcId has got another range",
        },
        {
            sid: "EmptyDefaultSecurityGroup",
            actions: ["ec2:CreateTags", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
            resources: ec2("security-group"),
            why: "the group that AWS makes with each VPC has no tag when its rules are taken away",
        },
    ],
};

const serviceOfStack = on("ecs", "service/NAME/NAME");
const family = on("ecs", "task-definition/NAME:*");
const balancer = on(
    "elasticloadbalancing",
    "loadbalancer/app/main-*/*",
    "listener/app/main-*/*",
    "listener-rule/app/main-*/*",
    "targetgroup/main-*/*",
);
const logGroups = ["/ecs/NAME", "/ecs/NAME/shell", "/vpc/NAME", "/aws/ecs/containerinsights/NAME/performance"];

const service: Policy = {
    title: "service",
    purpose: "images, cluster and service, load balancer, scaling, logs",
    rights: [
        {
            sid: "ReadService",
            actions: [
                "application-autoscaling:DescribeScalableTargets",
                "application-autoscaling:DescribeScalingPolicies",
                "application-autoscaling:DescribeScheduledActions",
                "ecr:GetAuthorizationToken",
                "ecs:DeregisterTaskDefinition",
                "ecs:DescribeTaskDefinition",
                "ecs:ListTaskDefinitions",
                "elasticloadbalancing:DescribeCapacityReservation",
                "elasticloadbalancing:DescribeListenerAttributes",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTags",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "logs:DescribeLogGroups",
            ],
            resources: ["*"],
            why: `${unlisted}, and ECS deregisters revisions in the same way`,
        },
        {
            sid: "Images",
            actions: [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:CreateRepository",
                "ecr:DeleteLifecyclePolicy",
                "ecr:DeleteRepository",
                "ecr:DescribeRepositories",
                "ecr:GetLifecyclePolicy",
                "ecr:InitiateLayerUpload",
                "ecr:ListTagsForResource",
                "ecr:PutImage",
                "ecr:PutLifecyclePolicy",
                "ecr:TagResource",
                "ecr:UploadLayerPart",
            ],
            resources: on("ecr", "repository/NAME"),
        },
        {
            sid: "Cluster",
            actions: [
                "ecs:CreateCluster",
                "ecs:DeleteCluster",
                "ecs:DescribeClusters",
                "ecs:ListTagsForResource",
                "ecs:PutClusterCapacityProviders",
                "ecs:TagResource",
                "ecs:UpdateCluster",
            ],
            resources: on("ecs", "cluster/NAME"),
        },
        {
            sid: "Service",
            actions: [
                "ecs:CreateService",
                "ecs:DeleteService",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServices",
                "ecs:ListServiceDeployments",
                "ecs:TagResource",
                "ecs:UpdateService",
            ],
            resources: [...serviceOfStack, ...on("ecs", "service-deployment/NAME/NAME/*")],
        },
        {
            sid: "Revisions",
            actions: ["ecs:DeleteTaskDefinitions", "ecs:RegisterTaskDefinition", "ecs:TagResource"],
            // A refusal that AWS has given names the family without a revision: aws/aws-cdk#25768.
            resources: [...family, ...on("ecs", "task-definition/NAME")],
        },
        {
            sid: "LoadBalancer",
            actions: [
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:CreateTargetGroup",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetSubnets",
            ],
            resources: balancer,
        },
        {
            sid: "Scaling",
            actions: [
                "application-autoscaling:DeleteScalingPolicy",
                "application-autoscaling:DeleteScheduledAction",
                "application-autoscaling:DeregisterScalableTarget",
                "application-autoscaling:PutScalingPolicy",
                "application-autoscaling:PutScheduledAction",
                "application-autoscaling:RegisterScalableTarget",
            ],
            resources: on("application-autoscaling", "scalable-target/*"),
            condition: {
                StringEquals: {
                    "application-autoscaling:scalable-dimension": "ecs:service:DesiredCount",
                    "application-autoscaling:service-namespace": "ecs",
                },
            },
            why: "ids are AWS's; only the number of an ECS service's tasks",
        },
        {
            sid: "TagScaling",
            actions: ["application-autoscaling:ListTagsForResource", "application-autoscaling:TagResource"],
            resources: on("application-autoscaling", "scalable-target/*"),
            why: "ids are AWS's, and a tag is not about a dimension",
        },
        {
            sid: "ScalingAlarms",
            actions: ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"],
            resources: on("cloudwatch", "alarm:TargetTracking-service/NAME/NAME-*"),
            source: "Application Auto Scaling User Guide, identity-based policies: permissions for target tracking",
        },
        {
            sid: "Logs",
            actions: [
                "logs:CreateLogGroup",
                "logs:DeleteLogGroup",
                "logs:ListTagsForResource",
                "logs:PutRetentionPolicy",
                "logs:TagResource",
            ],
            resources: on("logs", ...logGroups.flatMap((name) => [`log-group:${name}`, `log-group:${name}:*`])),
        },
    ],
};

const roles = ["arn:PARTITION:iam::ACCOUNT:role/main-*"];

const linked = (name: string, principal: string): Right => ({
    sid: `LinkedRoleOf${name}`,
    actions: ["iam:CreateServiceLinkedRole"],
    resources: [`arn:PARTITION:iam::ACCOUNT:role/aws-service-role/${principal}/*`],
    condition: { StringEquals: { "iam:AWSServiceName": principal } },
    source: "IAM User Guide, service-linked roles: the first resource of a kind in an account makes the service's role",
});

const delivery: Policy = {
    title: "delivery",
    purpose: "roles and trust, secrets, alarms, dashboard, notifications and what they are told of",
    rights: [
        {
            sid: "MakeRoles",
            actions: ["iam:CreateRole", "iam:TagRole"],
            resources: roles,
            condition: markedOurs,
        },
        {
            sid: "Roles",
            actions: [
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy", // what somebody has attached by hand
                "iam:PutRolePolicy",
                "iam:TagRole", // with what has changed alone: another stack's name comes without the project's
                "iam:UpdateAssumeRolePolicy",
            ],
            resources: roles,
            condition: ours,
        },
        {
            // Of a role that is gone, or not known everywhere yet, there is no tag to go by: IAM would answer AccessDenied where the
            // provider has to hear NoSuchEntity, to leave it out of the state, to wait for it, or to be done (keikoproj/iam-manager#31).
            sid: "ReadRoles",
            actions: [
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole",
                "iam:ListRolePolicies",
            ],
            resources: roles,
        },
        {
            sid: "TaskPolicies",
            actions: ["iam:AttachRolePolicy"],
            resources: ["arn:PARTITION:iam::ACCOUNT:role/main-task-*"],
            condition: ours,
        },
        {
            sid: "PassRolesToEcs",
            actions: ["iam:PassRole"],
            resources: roles,
            condition: { StringEquals: { "iam:PassedToService": ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"] } },
        },
        {
            sid: "PassScalingRole",
            actions: ["iam:PassRole"],
            resources: ["arn:PARTITION:iam::ACCOUNT:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/*"],
            condition: {
                StringEquals: {
                    "iam:PassedToService": [
                        "application-autoscaling.amazonaws.com",
                        "ecs.application-autoscaling.amazonaws.com",
                    ],
                },
            },
            why: "a change of the bounds names the role that the target has: the account's own, which only scaling can assume",
        },
        linked("Ecs", "ecs.amazonaws.com"),
        linked("LoadBalancing", "elasticloadbalancing.amazonaws.com"),
        linked("Scaling", "ecs.application-autoscaling.amazonaws.com"),
        {
            sid: "FindOidcProvider",
            actions: ["iam:ListOpenIDConnectProviders"],
            resources: ["*"],
            why: unlisted,
            source: "openid_connect_provider_data_source.go of the AWS provider, with githubOidcProvider: existing",
        },
        {
            sid: "OidcProvider",
            actions: [
                "iam:CreateOpenIDConnectProvider",
                "iam:DeleteOpenIDConnectProvider",
                "iam:GetOpenIDConnectProvider",
                "iam:TagOpenIDConnectProvider",
            ],
            resources: ["arn:PARTITION:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com"],
        },
        {
            sid: "Secrets",
            actions: [
                "secretsmanager:CreateSecret",
                "secretsmanager:DeleteSecret",
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetResourcePolicy",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:TagResource",
            ],
            resources: on("secretsmanager", "secret:main-*"),
        },
        {
            sid: "OldSecretVersions",
            actions: ["secretsmanager:UpdateSecretVersionStage"],
            resources: on("secretsmanager", "secret:main-*"),
            source: "secret_version.go of the AWS provider, where a version goes that is not the current one",
        },
        {
            sid: "Alarms",
            actions: [
                "cloudwatch:DeleteAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
            ],
            resources: on("cloudwatch", "alarm:NAME-*"),
        },
        {
            sid: "FindAlarms",
            actions: ["cloudwatch:DescribeAlarms"],
            resources: on("cloudwatch", "alarm:*"),
            why: "names narrow down what is found, and not what may be looked at (mattclay/aws-terminator#63)",
        },
        {
            sid: "Dashboard",
            actions: ["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"],
            resources: [
                "arn:PARTITION:cloudwatch::ACCOUNT:dashboard/NAME-REGION",
                "arn:PARTITION:cloudwatch::ACCOUNT:dashboard/NAME", // of a stack that is older than the region in it
            ],
        },
        {
            sid: "Notifications",
            actions: [
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:GetSubscriptionAttributes",
                "sns:GetTopicAttributes",
                "sns:ListTagsForResource",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
                "sns:TagResource",
                "sns:Unsubscribe",
            ],
            resources: on("sns", "main-*"),
        },
        {
            sid: "Incidents",
            actions: [
                "events:DeleteRule",
                "events:DescribeRule",
                "events:ListTagsForResource",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
                "events:TagResource",
            ],
            resources: on("events", "rule/main-*"),
        },
    ],
};

const schedules: Policy = {
    title: "schedules",
    purpose: "what runs at set times, with `schedules` only",
    rights: [
        {
            sid: "ScheduleGroup",
            actions: [
                "scheduler:CreateScheduleGroup",
                "scheduler:DeleteScheduleGroup",
                "scheduler:GetScheduleGroup",
                "scheduler:ListTagsForResource",
                "scheduler:TagResource",
            ],
            resources: on("scheduler", "schedule-group/NAME"),
        },
        {
            sid: "Schedules",
            actions: [
                "scheduler:CreateSchedule",
                "scheduler:DeleteSchedule",
                "scheduler:GetSchedule",
                "scheduler:UpdateSchedule",
            ],
            resources: on("scheduler", "schedule/NAME/*"),
        },
        {
            sid: "PassSchedulesRole",
            actions: ["iam:PassRole"],
            resources: ["arn:PARTITION:iam::ACCOUNT:role/main-schedules-*"],
            condition: { StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" } },
        },
        {
            sid: "WhatDidNotStart",
            actions: [
                "sqs:CreateQueue",
                "sqs:DeleteQueue",
                "sqs:GetQueueAttributes",
                "sqs:ListQueueTags",
                "sqs:SetQueueAttributes",
                "sqs:TagQueue",
            ],
            resources: on("sqs", "main-not-started-*"),
        },
    ],
};

const zone = ["arn:PARTITION:route53:::hostedzone/ZONE"];

const domain: Policy = {
    title: "domain",
    purpose: "certificate and DNS records, with `domainName` only",
    rights: [
        {
            sid: "FindZoneAndRequest",
            actions: ["acm:RequestCertificate", "route53:ListHostedZones"],
            resources: ["*"],
            why: `${unlisted}, and a certificate has no ARN before it is requested`,
        },
        {
            sid: "Zone",
            actions: ["route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"],
            resources: zone,
        },
        {
            // The domain's own records, and the one that proves to ACM that it is ours.
            sid: "Records",
            actions: ["route53:ChangeResourceRecordSets"],
            resources: zone,
            condition: {
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["DOMAIN", "_*.DOMAIN"],
                },
                "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME"] },
            },
        },
        {
            sid: "Changes",
            actions: ["route53:GetChange"],
            resources: ["arn:PARTITION:route53:::change/*"],
            why: "ids are AWS's",
        },
        {
            sid: "Certificate",
            actions: [
                "acm:AddTagsToCertificate",
                "acm:DeleteCertificate",
                "acm:DescribeCertificate",
                "acm:ListTagsForCertificate",
            ],
            resources: on("acm", "certificate/*"),
            why: "ids are AWS's",
        },
    ],
};

const applicationBalancer = on("elasticloadbalancing", "loadbalancer/app/main-*/*");
const webAcls = on("wafv2", "regional/webacl/*");
const anybodysWebAcl = "the web ACL is not the stack's: which one it is, the configuration says";
const bucket = "arn:PARTITION:s3:::main-access-logs-*";

const audit: Policy = {
    title: "audit",
    purpose: "what an audit asks for, with `accessLogs`, `flowLogs`, `webAclArn` and `kmsKeyArn` only",
    rights: [
        {
            sid: "AccessLogs",
            actions: [
                "s3:CreateBucket",
                "s3:DeleteBucket",
                "s3:DeleteBucketPolicy",
                "s3:GetAccelerateConfiguration",
                "s3:GetBucketAcl",
                "s3:GetBucketCORS",
                "s3:GetBucketLogging",
                "s3:GetBucketObjectLockConfiguration",
                "s3:GetBucketPolicy",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketRequestPayment",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetBucketWebsite",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetReplicationConfiguration",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutBucketPolicy",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutLifecycleConfiguration",
            ],
            resources: [bucket],
        },
        {
            sid: "TagAccessLogs",
            actions: ["s3:ListTagsForResource", "s3:PutBucketTagging", "s3:TagResource", "s3:UntagResource"],
            resources: [bucket],
            source: "bucket.go and tags.go of the AWS provider: by S3 Control, which the sandbox's copy does not ask",
        },
        {
            sid: "EmptyAccessLogs",
            actions: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources: [`${bucket}/*`],
        },
        { sid: "FindFlowLogs", actions: ["ec2:DescribeFlowLogs"], resources: ["*"], why: unlisted },
        {
            sid: "MakeFlowLogs",
            actions: ["ec2:CreateFlowLogs"],
            resources: ec2("vpc-flow-log"),
            condition: markedOurs,
            why: "what is made has no id yet, and has to get the project's tag with it",
        },
        {
            sid: "TagFlowLogs",
            actions: ["ec2:CreateTags"],
            resources: ec2("vpc-flow-log"),
            condition: { StringEquals: { "aws:RequestTag/Project": "PROJECT", "ec2:CreateAction": "CreateFlowLogs" } },
            why: "ids are AWS's; only together with what makes it",
        },
        {
            sid: "FlowLogs",
            actions: ["ec2:CreateFlowLogs", "ec2:DeleteFlowLogs"],
            resources: ec2("vpc", "vpc-flow-log"),
            condition: ours,
            why: "ids are AWS's; only what has the project's tag",
        },
        {
            sid: "PassFlowLogsRole",
            actions: ["iam:PassRole"],
            resources: ["arn:PARTITION:iam::ACCOUNT:role/main-flow-logs-*"],
            condition: { StringEquals: { "iam:PassedToService": "vpc-flow-logs.amazonaws.com" } },
        },
        {
            sid: "WebAcl",
            actions: ["wafv2:AssociateWebACL", "wafv2:GetWebACLForResource"],
            resources: [...applicationBalancer, ...webAcls],
            why: anybodysWebAcl,
        },
        {
            sid: "ReadWebAcl",
            actions: ["wafv2:GetWebACL"],
            resources: webAcls,
            why: anybodysWebAcl,
            source: "AWS WAF API Reference, GetWebACLForResource: it asks for GetWebACL",
        },
        {
            sid: "TakeWebAclAway",
            actions: ["wafv2:DisassociateWebACL"],
            resources: ["*"],
            why: "AWS's guide has it so: the call names the load balancer alone, on which the next statement is", // AWS WAF Developer Guide, actions that require additional permissions settings
        },
        {
            sid: "WebAclOfLoadBalancer",
            actions: [
                "elasticloadbalancing:CreateWebACLAssociation",
                "elasticloadbalancing:DeleteWebACLAssociation",
                "elasticloadbalancing:GetLoadBalancerWebACL",
            ],
            resources: applicationBalancer,
        },
        {
            // Of before there were the three: AWS may still ask for it in other partitions.
            sid: "SetWebAcl",
            actions: ["elasticloadbalancing:SetWebACL"],
            resources: ["*"],
            why: "AWS knows no narrower resource",
        },
        {
            // Logs and topics use the key as themselves, which its own policy lets them.
            sid: "UseKey",
            actions: ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:RetireGrant"],
            resources: on("kms", "key/KEY"),
            condition: { StringLike: { "kms:ViaService": ["ecr.REGION.*", "secretsmanager.REGION.*"] } },
            source: "encryption at rest in the ECR User Guide (a repository uses the key by grants), and in the Secrets Manager User Guide: both ask in the caller's name",
        },
        {
            sid: "DescribeKey",
            actions: ["kms:DescribeKey"],
            resources: on("kms", "key/KEY"),
            source: "the same guides; without a condition, as it tells of the key only, and other services may ask for it as well",
        },
    ],
};

export const deployer: readonly Policy[] = [network, service, delivery, schedules, domain, audit];
