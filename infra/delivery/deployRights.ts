import * as pulumi from "@pulumi/pulumi";
import type { Statement } from "../iam";

/** What a deployment touches, each by its ARN. */
export interface DeployTarget {
    readonly repositoryArn: pulumi.Input<string>;
    /** Without a revision. */
    readonly familyArn: pulumi.Input<string>;
    readonly serviceArn: pulumi.Input<string>;
    /** The ids of those that the service's tasks run in. */
    readonly subnetIds: pulumi.Input<readonly string[]>;
    /** Of the tasks' logs. */
    readonly logGroupArn: pulumi.Input<string>;
    readonly taskRoleArns: readonly pulumi.Input<string>[];
    /** Whether a task of the family is run before it. */
    readonly runsTask: boolean;
}

/** All that deploy.yml does with AWS, in its order, and nothing else. */
export function deployStatements(target: DeployTarget): Statement[] {
    const revisions = pulumi.interpolate`${target.familyArn}:*`;
    // What a registration is about has no number yet. AWS's reference knows a revision alone, and a refusal that AWS has given names
    // the family without one: aws/aws-cdk#25768.
    const newRevision = [target.familyArn, revisions];
    /** The service's deployments and revisions have its ARN, with their own kind in place of `service`. */
    const ofService = (kind: string) =>
        pulumi.output(target.serviceArn).apply((arn) => `${arn.replace(":service/", `:${kind}/`)}/*`);
    const inCluster = (kind: string) =>
        pulumi.output(target.serviceArn).apply((arn) => arn.replace(/:service\/(.*)\/.*/, `:${kind}/$1`));
    const withinCluster = { ArnEquals: { "ecs:cluster": inCluster("cluster") } };
    return [
        // ECR hands out registry tokens for the whole account; the action has no narrower resource.
        { sid: "Login", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
        {
            // Reading the manifest tells whether the commit's image is there already; layers are pushed, never pulled. What has been
            // pushed is scanned.
            sid: "PushImage",
            actions: [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:DescribeImageScanFindings",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ],
            resources: [target.repositoryArn],
        },
        // With enhanced scanning, which is a setting of the registry, ECR asks Inspector with the caller's rights: "IAM permissions
        // required for enhanced scanning" in ECR's user guide. Inspector lists both for the whole account or not at all.
        { sid: "ReadFindings", actions: ["inspector2:ListCoverage", "inspector2:ListFindings"], resources: ["*"] },
        // ECS describes task definitions for the whole account or not at all; the action has no narrower resource.
        { sid: "ReadTaskDefinitions", actions: ["ecs:DescribeTaskDefinition"], resources: ["*"] },
        { sid: "RegisterRevision", actions: ["ecs:RegisterTaskDefinition"], resources: newRevision },
        {
            sid: "TagNewRevision",
            actions: ["ecs:TagResource"],
            resources: newRevision,
            condition: { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } },
        },
        ...(target.runsTask
            ? [{ sid: "RunTask", actions: ["ecs:RunTask"], resources: [revisions], condition: withinCluster } as const]
            : []),
        {
            // An alarm that took the last release back is over before another one begins.
            sid: "ReadAlarms",
            actions: ["cloudwatch:DescribeAlarms"],
            // CloudWatch looks among all of them, and asks for the right to all.
            resources: [
                pulumi
                    .output(target.serviceArn)
                    .apply((arn) => arn.replace(/:ecs:(.*):service\/.*/, ":cloudwatch:$1:alarm:*")),
            ],
        },
        { sid: "FindService", actions: ["ecs:DescribeServices"], resources: [target.serviceArn] },
        {
            sid: "RollOut",
            actions: ["ecs:UpdateService"],
            resources: [target.serviceArn],
            // A release names none, and passes. AWS has no such key for the security groups and the load balancer, nor for RunTask.
            condition: { "ForAllValues:StringEquals": { "ecs:subnet": target.subnetIds } },
        },
        {
            sid: "FollowDeployment",
            actions: ["ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "ecs:ListServiceDeployments"],
            resources: [target.serviceArn, ofService("service-deployment"), ofService("service-revision")],
        },
        {
            sid: "TakeBack",
            actions: ["ecs:StopServiceDeployment"],
            resources: [target.serviceArn, ofService("service-deployment")],
        },
        // Why a task has stopped. Tasks are listed by container instance, which Fargate's have none of.
        {
            sid: "FindTasks",
            actions: ["ecs:ListTasks"],
            resources: ["*"],
            condition: withinCluster,
        },
        {
            sid: "ReadTasks",
            actions: ["ecs:DescribeTasks"],
            resources: [pulumi.interpolate`${inCluster("task")}/*`],
        },
        {
            sid: "ReadLogs",
            actions: ["logs:GetLogEvents"],
            resources: [pulumi.interpolate`${target.logGroupArn}:log-stream:*`],
        },
        {
            sid: "PassTaskRoles",
            actions: ["iam:PassRole"],
            resources: target.taskRoleArns,
            condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        },
    ];
}
