import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { OidcProvider } from "./config";
import type { GitHubRepository } from "./github/repository";
import { newRole, policyDocument, type Statement } from "./iam";
import { lookUpAfterChecks } from "./checks";
import type { Registry } from "./registry";
import type { Service } from "./service/service";
import type { Task } from "./service/task";

export interface DeliveryArgs {
    readonly repository: GitHubRepository;
    /** The branch whose workflow may deploy. */
    readonly branch: string;
    /** Whether pull requests of the repository preview the stack. */
    readonly previews: boolean;
    /** Whether a task is run before each release. */
    readonly runsTask: boolean;
    /** An AWS account has one provider for GitHub: this stack's own, or one that is there already. */
    readonly oidcProvider: OidcProvider;
    /** Whether the program looks a VPC up. */
    readonly looksUpVpc: boolean;
    /** The Route 53 zone that the program looks up, where the app has a domain. */
    readonly hostedZoneArn?: pulumi.Output<string>;
    readonly registry: Registry;
    readonly task: Task;
    readonly service: Service;
}

/** Both names are GitHub's and AWS's, and part of the trust: see "Configuring OpenID Connect in Amazon Web Services" in GitHub's docs. */
const issuer = "token.actions.githubusercontent.com";
const audience = "sts.amazonaws.com";

/** The AWS half of the pipeline: whom AWS lets in from GitHub, and what they may do. No key is stored anywhere. */
export class Delivery extends pulumi.ComponentResource {
    /** What deploy.yml becomes, on a push to the branch, in the environment where there is one. */
    public readonly deployRoleArn: pulumi.Output<string>;
    /** What preview.yml becomes, on a pull request; undefined: a pull request gets nothing from this stack. */
    public readonly previewRoleArn?: pulumi.Output<string>;

    constructor(name: string, args: DeliveryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:delivery:Delivery", name, {}, opts);

        const { environment } = args.repository;
        const provider =
            args.oidcProvider === "create"
                ? new aws.iam.OpenIdConnectProvider(
                      `${name}-github`,
                      { url: `https://${issuer}`, clientIdLists: [audience] },
                      { parent: this },
                  )
                : lookUpAfterChecks(() =>
                      aws.iam.getOpenIdConnectProvider({ url: `https://${issuer}` }, { parent: this }),
                  );

        const role = (purpose: string, description: string, context: string, statements: readonly Statement[]) => {
            const created = newRole(
                `${name}-${purpose}`,
                {
                    description,
                    trust: {
                        principal: { Federated: provider.arn },
                        action: "sts:AssumeRoleWithWebIdentity",
                        condition: {
                            StringEquals: {
                                [`${issuer}:aud`]: audience,
                                [`${issuer}:sub`]: subjects(args.repository, context),
                            },
                        },
                    },
                },
                { parent: this },
            );
            new aws.iam.RolePolicy(
                `${name}-${purpose}`,
                { role: created.name, policy: policyDocument(statements) },
                { parent: this },
            );
            return created;
        };

        const deployRole = role(
            "deploy",
            "GitHub Actions: pushes images and rolls them out",
            // In an environment GitHub leaves the branch out of the subject: the environment lets this one in only.
            environment ? `environment:${environment.environmentName}` : `ref:refs/heads/${args.branch}`,
            deployStatements({
                repositoryArn: args.registry.repositoryArn,
                familyArn: args.task.familyArn,
                serviceArn: args.service.serviceArn,
                logGroupArn: args.task.logGroupArn,
                taskRoleArns: [args.task.executionRoleArn, args.task.taskRoleArn],
                runsTask: args.runsTask,
            }),
        );
        const previewRole = args.previews
            ? role(
                  "preview",
                  "GitHub Actions: previews pull requests, changes nothing",
                  "pull_request",
                  previewStatements({
                      oidcProviderArn: args.oidcProvider === "existing" ? provider.arn : undefined,
                      vpc: args.looksUpVpc,
                      hostedZoneArn: args.hostedZoneArn,
                  }),
              )
            : undefined;

        this.deployRoleArn = deployRole.arn;
        this.previewRoleArn = previewRole?.arn;
        this.registerOutputs({ deployRoleArn: this.deployRoleArn, previewRoleArn: this.previewRoleArn });
    }
}

/**
 * The `sub` of the repository's tokens, to the letter: by name, and in the immutable form with the ids of owner and repository,
 * which GitHub issues for repositories created, renamed or transferred since July 2026 and for those that opted in.
 */
export function subjects(
    {
        owner,
        ownerId,
        repositoryName,
        repositoryId,
    }: Pick<GitHubRepository, "owner" | "ownerId" | "repositoryName" | "repositoryId">,
    context: string,
): pulumi.Output<string>[] {
    return [
        pulumi.interpolate`repo:${owner}/${repositoryName}:${context}`,
        pulumi.interpolate`repo:${owner}@${ownerId}/${repositoryName}@${repositoryId}:${context}`,
    ];
}

/** What a deployment touches, each by its ARN. */
export interface DeployTarget {
    readonly repositoryArn: pulumi.Input<string>;
    /** Without a revision. */
    readonly familyArn: pulumi.Input<string>;
    readonly serviceArn: pulumi.Input<string>;
    /** Of the tasks' logs. */
    readonly logGroupArn: pulumi.Input<string>;
    readonly taskRoleArns: readonly pulumi.Input<string>[];
    /** Whether a task of the family is run before it. */
    readonly runsTask: boolean;
}

/** All that deploy.yml does with AWS, in its order, and nothing else. */
export function deployStatements(target: DeployTarget): Statement[] {
    const revisions = pulumi.interpolate`${target.familyArn}:*`;
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
        { sid: "RegisterRevision", actions: ["ecs:RegisterTaskDefinition"], resources: [revisions] },
        {
            sid: "TagNewRevision",
            actions: ["ecs:TagResource"],
            // A refusal that AWS has given names the family without a revision, which there is none of yet: aws/aws-cdk#25768.
            resources: [target.familyArn, revisions],
            condition: { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } },
        },
        ...(target.runsTask
            ? [{ sid: "RunTask", actions: ["ecs:RunTask"], resources: [revisions], condition: withinCluster } as const]
            : []),
        { sid: "RollOut", actions: ["ecs:DescribeServices", "ecs:UpdateService"], resources: [target.serviceArn] },
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

/** What the program looks up beyond what every program does. */
export interface Lookups {
    /** GitHub's provider, where the account has it already. */
    readonly oidcProviderArn?: pulumi.Input<string>;
    /** A VPC, with its subnets and their routes. */
    readonly vpc: boolean;
    readonly hostedZoneArn?: pulumi.Input<string>;
}

/**
 * The look-ups that `pulumi preview` makes while it runs the program; the state is compared without AWS. Asking who one is
 * (sts:GetCallerIdentity) is always allowed. What ECS runs is left out, as it can be read for a whole account or not at all: the
 * preview does without.
 */
export function previewStatements({ oidcProviderArn, vpc, hostedZoneArn }: Lookups): Statement[] {
    const statements: Statement[] = [
        // EC2 describes for the whole account or not at all.
        { sid: "ReadZones", actions: ["ec2:DescribeAvailabilityZones"], resources: ["*"] },
        // ECR hands out registry tokens for the whole account; without a permission on a repository this one opens none.
        { sid: "ReadRegistryToken", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
    ];
    if (vpc) {
        statements.push({
            // As above.
            sid: "ReadVpc",
            actions: ["ec2:DescribeRouteTables", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcs"],
            resources: ["*"],
        });
    }
    if (oidcProviderArn) {
        statements.push(
            // Found by its URL among all that the account has.
            { sid: "FindOidcProvider", actions: ["iam:ListOpenIDConnectProviders"], resources: ["*"] },
            { sid: "ReadOidcProvider", actions: ["iam:GetOpenIDConnectProvider"], resources: [oidcProviderArn] },
        );
    }
    if (hostedZoneArn) {
        statements.push(
            // Found by its name among all that the account has.
            { sid: "FindHostedZone", actions: ["route53:ListHostedZones"], resources: ["*"] },
            {
                sid: "ReadHostedZone",
                actions: ["route53:GetHostedZone", "route53:ListTagsForResource"],
                resources: [hostedZoneArn],
            },
        );
    }
    return statements;
}
