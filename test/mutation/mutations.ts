import { domainAndSecrets } from "./domainAndSecrets";
import type { Mutation } from "./mutation";
import { production } from "./production";
import { tools } from "./tools";

/** Each would be a hole, an outage or a bill, and each must fail a unit test. */
export const mutations: readonly Mutation[] = [
    // Who reaches what.
    {
        mistake: "the load balancer is open on every port",
        file: "infra/network/loadBalancer.ts",
        find: "toPort: port,",
        become: "toPort: 65535,",
    },
    {
        mistake: "the tasks are open to the world",
        file: "infra/service/service.ts",
        find: "referencedSecurityGroupId: loadBalancer.securityGroupId,",
        become: 'cidrIpv4: "0.0.0.0/0",',
    },
    {
        mistake: "the tasks reach every port of the world",
        file: "infra/service/service.ts",
        find: "fromPort: 443,\n                toPort: 443,",
        become: "fromPort: 0,\n                toPort: 65535,",
    },
    {
        mistake: "tasks in private subnets have public addresses",
        file: "infra/network/network.ts",
        find: 'this.taskPublicIp = args.natGateways === "none";',
        become: "this.taskPublicIp = true;",
    },
    {
        mistake: "the default security group keeps its rules",
        file: "infra/network/network.ts",
        find: "new aws.ec2.DefaultSecurityGroup(`${name}-default`, { vpcId: vpc.vpcId }, { parent: this });",
        become: "",
    },
    {
        mistake: "the S3 endpoint is attached to no route table",
        file: "infra/network/network.ts",
        find: 'vpcEndpointStrategy: "Auto",',
        become: "",
    },
    {
        mistake: "invalid headers reach the app",
        file: "infra/network/loadBalancer.ts",
        find: "dropInvalidHeaderFields: true,",
        become: "",
    },
    // Who may become a role.
    {
        mistake: "the trust does not ask for the audience",
        file: "infra/delivery.ts",
        find: "[`${issuer}:aud`]: audience,",
        become: "",
    },
    {
        mistake: "the trust takes subjects as patterns",
        file: "infra/delivery.ts",
        find: "StringEquals: {\n                                [`${issuer}:aud`]",
        become: "StringLike: {\n                                [`${issuer}:aud`]",
    },
    {
        mistake: "the trust takes every branch, tag and pull request",
        file: "infra/delivery.ts",
        find: "`ref:refs/heads/${args.branch}`",
        become: '"*"',
    },
    {
        mistake: "the trust forgets the immutable form of the subject",
        file: "infra/delivery.ts",
        find: "pulumi.interpolate`repo:${owner}@${ownerId}/${repositoryName}@${repositoryId}:${context}`,",
        become: "",
    },
    {
        mistake: "ECS of other accounts may use the task's roles",
        file: "infra/service/task.ts",
        find: 'StringEquals: { "aws:SourceAccount": account }',
        become: "",
    },
    // What a role may do.
    {
        mistake: "the pipeline pushes to every repository",
        file: "infra/delivery.ts",
        find: "resources: [target.repositoryArn],",
        become: 'resources: ["*"],',
    },
    {
        mistake: "the pipeline updates every service",
        file: "infra/delivery.ts",
        find: "resources: [target.serviceArn]",
        become: 'resources: ["*"]',
    },
    {
        mistake: "the pipeline deletes the service",
        file: "infra/delivery.ts",
        find: '"ecs:UpdateService"]',
        become: '"ecs:UpdateService", "ecs:DeleteService"]',
    },
    {
        mistake: "the pipeline registers revisions of families that begin alike",
        file: "infra/delivery.ts",
        find: "pulumi.interpolate`${target.familyArn}:*`",
        become: "pulumi.interpolate`${target.familyArn}*`",
    },
    {
        mistake: "the pipeline tags what exists already",
        file: "infra/delivery.ts",
        find: 'condition: { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } },',
        become: "",
    },
    {
        mistake: "the pipeline passes the task's roles to any service",
        file: "infra/delivery.ts",
        find: 'condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },',
        become: "",
    },
    {
        mistake: "the app runs with the role that starts it",
        file: "infra/service/task.ts",
        find: "taskRoleArn: taskRole.arn,",
        become: "taskRoleArn: executionRole.arn,",
    },
    {
        mistake: "the execution role pulls from every repository",
        file: "infra/service/task.ts",
        find: "resources: [args.registry.repositoryArn],",
        become: 'resources: ["*"],',
    },
    // Images.
    {
        mistake: "tags can be moved",
        file: "infra/registry.ts",
        find: 'imageTagMutability: "IMMUTABLE_WITH_EXCLUSION"',
        become: 'imageTagMutability: "MUTABLE"',
    },
    {
        mistake: "images are not scanned",
        file: "infra/registry.ts",
        find: "scanOnPush: true",
        become: "scanOnPush: false",
    },
    {
        mistake: "a preview builds and pushes",
        file: "infra/registry.ts",
        find: "buildOnPreview: false,",
        become: "",
    },
    {
        mistake: "the task runs whatever is tagged latest",
        file: "infra/registry.ts",
        find: "@${image.digest}`",
        become: ":latest`",
    },
    {
        mistake: "the registry's password is in the state as it is",
        file: "infra/registry.ts",
        find: "pulumi.secret(login.password)",
        become: "login.password",
    },
    {
        mistake: "a colleague's umask rebuilds the image",
        file: "infra/buildContext.ts",
        find: '`${executable ? "program" : "file"} ${file}',
        become: "`${fs.statSync(from).mode} ${file}",
    },
    // Rollout.
    {
        mistake: "a failed release is not rolled back",
        file: "infra/service/service.ts",
        find: "deploymentCircuitBreaker: { enable: true, rollback: true },",
        become: "deploymentCircuitBreaker: { enable: true, rollback: false },",
    },
    {
        mistake: "a release stops tasks before their successors are up",
        file: "infra/service/service.ts",
        find: "deploymentMinimumHealthyPercent: 100,",
        become: "deploymentMinimumHealthyPercent: 50,",
    },
    {
        mistake: "pulumi up reverts what the pipeline released",
        file: "infra/service/service.ts",
        find: 'args.releasedBy === "pipeline" ? ["taskDefinition"] : []',
        become: "[]",
    },
    {
        mistake: "pulumi up never releases",
        file: "infra/service/service.ts",
        find: 'args.releasedBy === "pipeline" ? ["taskDefinition"] : []',
        become: '["taskDefinition"]',
    },
    {
        mistake: "the service is created before its listener",
        file: "infra/service/service.ts",
        find: "args.loadBalancer.ready,\n",
        become: "",
    },
    {
        mistake: "a port that running tasks listen on is closed before new ones have another",
        file: "infra/service/service.ts",
        find: 'replaceOnChanges: ["fromPort", "toPort"]',
        become: "replaceOnChanges: []",
    },
    {
        mistake: "a stack that is renamed gets another service",
        file: "infra/runningStack.ts",
        find: "was !== undefined && was !== news[property]",
        become: 'property !== "name" && was !== undefined && was !== news[property]',
    },
    {
        mistake: "components are made before the running stack is checked",
        file: "infra/runningStack.ts",
        find: "{ dependsOn: guard }",
        become: "{}",
    },
    {
        mistake: "a third zone re-lays the subnets of two",
        file: "infra/network/network.ts",
        find: "prefixLength(args.cidr) + zoneBits",
        become: "prefixLength(args.cidr) + Math.ceil(Math.log2(args.zones))",
    },
    {
        mistake: "a Local Zone that the account has opted into is taken for a zone",
        file: "infra/network/network.ts",
        find: ", filters: optIn }",
        become: " }",
    },
    {
        mistake: "the execution role loses its permissions before the service is gone",
        file: "infra/service/task.ts",
        find: "this.ready = [family, executionPolicy, ...execPolicies];",
        become: "this.ready = [family, ...execPolicies];",
    },
    {
        mistake: "under Spot every task can be reclaimed",
        file: "infra/service/service.ts",
        find: 'capacityProvider: "FARGATE", base: 1, weight: 0',
        become: 'capacityProvider: "FARGATE", base: 0, weight: 0',
    },
    {
        mistake: "logs are kept for ever",
        file: "infra/service/task.ts",
        find: "retentionInDays: args.logRetentionDays",
        become: "retentionInDays: 0",
    },
    {
        mistake: "failures to delete revisions go unnoticed",
        file: "infra/service/taskDefinitionFamily.ts",
        find: "failures.length > 0",
        become: "failures.length < 0",
    },
    // The program as a whole.
    {
        mistake: "the workflow does not find the container's name",
        file: "infra/github/pipelineSettings.ts",
        find: "CONTAINER_NAME: task.containerName,",
        become: "",
    },
    {
        mistake: "GitHub's settings are written by the default provider, for another owner",
        file: "infra/github/pipelineSettings.ts",
        find: "{ ...args.repository.settingOptions(this), dependsOn",
        become: "{ parent: this, dependsOn",
    },
    {
        mistake: "the role's ARN is in the wrong secret",
        file: "infra/github/pipelineSettings.ts",
        find: "secrets: { AWS_IAM_ROLE_TO_ASSUME:",
        become: "secrets: { AWS_ROLE_TO_ASSUME:",
    },
    {
        mistake: "roles have no tags",
        file: "infra/tags.ts",
        find: '"aws:iam/rolePolicy:RolePolicy",',
        become: '"aws:iam/rolePolicy:RolePolicy",\n    "aws:iam/role:Role",',
    },
    {
        mistake: "an output that nobody decided on",
        file: "index.ts",
        find: "export const vpcId = network.vpcId;",
        become: "export const vpcId = network.vpcId;\nexport const image = registry.imageRef;",
    },
    {
        mistake: "the placeholder is a repository",
        file: "infra/config/githubKinds.ts",
        find: "v.check((given) => !/^owner\\/(name|repo|repository)$/i.test(given)),",
        become: "",
    },
    {
        mistake: "a mistyped key is a default",
        file: "infra/config/reader.ts",
        find: "this.source.keys.filter((key) => !this.known.includes(key))",
        become: "this.source.keys.filter((key) => this.known.includes(`_${key}`))",
    },
    {
        mistake: "a component is moved, so that all that is in it is replaced",
        file: "infra/monitoring/dashboard.ts",
        find: "fargate-cicd:dashboard:Dashboard",
        become: "fargate-cicd:monitoring:Dashboard",
    },
    {
        mistake: "a renamed stack loses what it has, whatever its name is set to",
        file: "infra/config/index.ts",
        find: "name: name ?? ",
        become: "name: ",
    },
    {
        mistake: "a default changes",
        file: "Pulumi.yaml",
        find: "default: single",
        become: "default: none",
    },
    // The pipeline.
    {
        mistake: "the preview role trusts a push",
        file: "infra/delivery.ts",
        find: '"pull_request",',
        become: "`ref:refs/heads/${args.branch}`,",
    },
    {
        mistake: "the preview role may write",
        file: "infra/delivery.ts",
        find: 'actions: ["ec2:DescribeAvailabilityZones"]',
        become: 'actions: ["ec2:DescribeAvailabilityZones", "ec2:CreateVpc"]',
    },
    {
        mistake: "the deploy role may read every image's layers",
        file: "infra/delivery.ts",
        find: '"ecr:InitiateLayerUpload",',
        become: '"ecr:InitiateLayerUpload", "ecr:GetDownloadUrlForLayer",',
    },
    {
        mistake: "a deployment is cancelled half-way",
        file: ".github/workflows/deploy.yml",
        find: "group: deploy-prod\n      cancel-in-progress: false",
        become: "group: deploy-prod\n      cancel-in-progress: true",
    },
    {
        mistake: "an action is pinned to a tag that can be moved",
        file: ".github/workflows/deploy.yml",
        find: "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
        become: "actions/checkout@v7",
    },
    {
        mistake: "the workflow reads a variable that nobody writes",
        file: ".github/workflows/deploy.yml",
        find: "vars.ECS_TASK_DEFINITION",
        become: "vars.ECS_FAMILY",
    },
    {
        mistake: "a run that comes late rolls back what is newer",
        file: ".github/workflows/deploy.yml",
        find: 'git merge-base --is-ancestor "$VERSION" "$live"; then',
        become: 'git merge-base --is-ancestor "$live" "$VERSION"; then',
    },
    {
        mistake: "a cache that is down fails a release",
        file: ".github/workflows/deploy.yml",
        find: ",ignore-error=true",
        become: "",
    },
    {
        mistake: "the notice for forks waits for a variable that forks cannot see",
        file: ".github/workflows/preview.yml",
        find: "if: github.event.pull_request.head.repo.full_name != github.repository",
        become: "if: vars.PULUMI_STACK != '' && github.event.pull_request.head.repo.full_name != github.repository",
    },
    {
        mistake: "Dependabot's pull requests are previewed without the secrets for it",
        file: ".github/workflows/preview.yml",
        find: " && github.actor != 'dependabot[bot]'",
        become: "",
    },
    ...domainAndSecrets,
    ...production,
    ...tools,
];
