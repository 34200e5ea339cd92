/** Each setting's change on a stack that runs: what the engine plans, there and back, or where else it is told. */
import type { table } from "../../infra/config/table";
import { named, type Plan } from "./plans";

export type Key = keyof typeof table;
export type Value = string | number | boolean | object | undefined;
export type Values = Partial<Readonly<Record<Key, Value>>>;

interface Change {
    readonly to: Values;
    readonly plan: Plan;
    /** Another value on the way, and the plan of that. */
    readonly between?: { readonly to: Values; readonly plan: Plan };
    /** The plan of the way back, where it is not the same the other way round. */
    readonly back?: Plan;
    /** Changes the app as well, which the setting is about. */
    readonly app?: (dockerfile: string) => string;
}

const taskDefinition = "+- aws:ecs:TaskDefinition main";
const service = "~ aws:ecs:Service main";

const deployVariables = [
    ...["main-app-url", "main-aws-region", "main-container-name", "main-ecr-repository", "main-ecs-cluster"],
    ...[
        "main-ecs-service",
        "main-ecs-task-definition",
        "main-image-sbom",
        "main-image-scan",
        "main-load-balancer",
        "main-release-command",
    ],
];

/** Web ACLs that a team has, once they are made. */
export const webAcls: string[] = [];

/** By what they are about. Those of one `to` are changed in one `up`, and each thing that is planned is one setting's. */
export const changes: Readonly<Record<string, Change>> = {
    "what watches, who is told, and what comes at set times": {
        to: {
            ...{ logRetentionDays: 90, alarmEmail: "ops@example.com", containerInsights: "enhanced" },
            ...{ healthCheckPath: "/index.html", drainSeconds: 30, maxTasks: 3, requestsPerTask: 2000 },
            ...{ previewToken: "team:previews", pulumiGithubApp: false },
            ...{ accessLogs: true, flowLogs: true },
            schedules: { nightly: { schedule: "cron(0 3 1 1 ? 2199)", command: ["true"] } },
            scaleSchedule: { sale: { schedule: "cron(0 3 1 1 ? 2199)", minTasks: 2 } },
        },
        plan: [
            "+ aws:appautoscaling:ScheduledAction main-sale",
            ...named("+ aws:cloudwatch:EventRule", ["main-run-cut-off", "main-run-failed"]),
            ...named("+ aws:cloudwatch:EventTarget", ["main-run-cut-off", "main-run-failed"]),
            "+ aws:cloudwatch:LogGroup main-flow-logs",
            "+ aws:ec2:FlowLog main-flow-logs",
            "+ aws:iam:Role main-flow-logs",
            "+ aws:iam:RolePolicy main-flow-logs",
            ...["Bucket", "BucketLifecycleConfiguration", "BucketPolicy", "BucketPublicAccessBlock"].map(
                (type) => `+ aws:s3:${type} main-access-logs`,
            ),
            "+ aws:cloudwatch:MetricAlarm main-run-not-started",
            "+ aws:iam:Role main-schedules",
            "+ aws:iam:RolePolicy main-schedules",
            "+ aws:scheduler:Schedule main-nightly",
            "+ aws:scheduler:ScheduleGroup main",
            ...["Queue", "QueuePolicy"].map((type) => `+ aws:sqs:${type} main-not-started`),
            "~ aws:cloudwatch:Dashboard main",
            "+ aws:sns:TopicSubscription main-email",
            "~ aws:appautoscaling:Policy main-requests",
            "~ aws:appautoscaling:Target main",
            ...named("~ aws:cloudwatch:LogGroup", ["main", "main-insights"]),
            "~ aws:cloudwatch:MetricAlarm main-too-few-tasks",
            "~ aws:ecs:Cluster main",
            "~ aws:lb:LoadBalancer main",
            ...named("~ aws:lb:TargetGroup", ["main", "main-alternate"]),
            ...named("~ github:index:ActionsVariable", ["main-pulumi-github-app", "main-pulumi-token"]),
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
        ],
    },
    "what a task is": {
        to: {
            ...{ cpu: 512, memory: 2048, stopSeconds: 60, enableExec: true },
            ...{ environment: { LOG_LEVEL: "debug" }, secrets: { API_KEY: "once" } },
            ...{ command: '["httpd-foreground"]', user: "82", readOnlyRoot: false },
            ...{ egress: "5432", taskPolicyArns: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" },
        },
        plan: [
            "+ aws:cloudwatch:LogGroup main-shell",
            "+ aws:iam:RolePolicy main-exec",
            "+ aws:iam:RolePolicyAttachment main-app-aws-policy/AmazonS3ReadOnlyAccess",
            "+ aws:secretsmanager:Secret main-API_KEY",
            "+ aws:secretsmanager:SecretVersion main-API_KEY",
            "+ aws:vpc:SecurityGroupEgressRule main-tasks-5432@10.0.0.0/16",
            taskDefinition,
            "~ aws:ecs:Cluster main",
            service,
            "~ aws:iam:RolePolicy main-execution",
            "~ pulumi-nodejs:dynamic/ecs:ReadableSecrets main",
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
        ],
    },
    "how many zones, and their ways out": {
        // Two tasks, as the README says: the load balancer leaves a zone before the one that is in it.
        to: { availabilityZones: 3, natGateways: "one-per-az", minTasks: 2 },
        plan: [
            ...named("+ aws:ec2:Eip", ["main-vpc-2", "main-vpc-3"]),
            ...named("+ aws:ec2:NatGateway", ["main-vpc-2", "main-vpc-3"]),
            ...["Route", "RouteTable", "RouteTableAssociation", "Subnet"].flatMap((type) =>
                named(`+ aws:ec2:${type}`, ["main-vpc-private-3", "main-vpc-public-3"]),
            ),
            "~ aws:appautoscaling:Target main",
            "~ aws:cloudwatch:MetricAlarm main-too-few-tasks",
            "~ aws:ec2:Route main-vpc-private-2",
            "~ aws:ec2:VpcEndpoint com.amazonaws.ap-northeast-1.s3",
            service,
            "~ aws:iam:RolePolicy main-deploy",
            "~ aws:lb:LoadBalancer main",
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
            "~ pulumi-nodejs:dynamic/network:KeptZones main",
        ],
    },
    "where tasks run, and how long they may take to start": {
        to: { natGateways: "none", capacity: "spot", startSeconds: 90, minTasks: 2 },
        plan: [
            "- aws:ec2:Eip main-vpc-1",
            "- aws:ec2:NatGateway main-vpc-1",
            ...named("- aws:ec2:Route", ["main-vpc-private-1", "main-vpc-private-2"]),
            "~ aws:appautoscaling:Target main",
            "~ aws:cloudwatch:MetricAlarm main-too-few-tasks",
            service,
            "~ aws:iam:RolePolicy main-deploy",
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
        ],
    },
    "where a release is tried": {
        to: { rolloutTestPort: undefined },
        plan: [
            "- aws:lb:Listener main-test",
            "- aws:lb:ListenerRule main-test-http",
            "- aws:vpc:SecurityGroupIngressRule main-alb-test",
            service,
            "~ aws:iam:RolePolicy main-shift",
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
        ],
    },
    "which firewall a request passes": {
        to: {
            get webAclArn() {
                return webAcls[0];
            },
        },
        plan: ["+ aws:wafv2:WebAclAssociation main"],
        between: {
            to: {
                get webAclArn() {
                    return webAcls[1];
                },
            },
            plan: ["+- aws:wafv2:WebAclAssociation main"],
        },
    },
    "who comes by IPv6": {
        to: { dualStack: true },
        plan: [
            ...named("+ aws:ec2:Route", ["main-ipv6-1", "main-ipv6-2"]),
            ...named("+ aws:vpc:SecurityGroupIngressRule", ["main-alb-http-ipv6", "main-alb-test-ipv6"]),
            ...named("~ aws:ec2:Subnet", ["main-vpc-public-1", "main-vpc-public-2"]),
            "~ aws:ec2:Vpc main-vpc",
            "~ aws:iam:RolePolicy main-preview",
            "~ aws:lb:LoadBalancer main",
        ],
        // The ranges stay.
        back: [
            ...named("- aws:ec2:Route", ["main-ipv6-1", "main-ipv6-2"]),
            ...named("- aws:vpc:SecurityGroupIngressRule", ["main-alb-http-ipv6", "main-alb-test-ipv6"]),
            "~ aws:iam:RolePolicy main-preview",
            "~ aws:lb:LoadBalancer main",
        ],
    },
    "HTTPS at a domain, and what guards it": {
        to: {
            domainName: "app.example.com",
            hostedZone: "example.com",
            domainOverwrite: true,
            deletionProtection: true,
        },
        plan: [
            "+ aws:acm:Certificate main",
            "+ aws:acm:CertificateValidation main",
            "+ aws:lb:Listener main-https",
            "+ aws:lb:ListenerRule main-production-https",
            "+ aws:route53:Record main",
            "+ aws:route53:Record main-validation",
            "+ aws:vpc:SecurityGroupIngressRule main-alb-https",
            "+- aws:lb:Listener main-test",
            "+ aws:lb:ListenerRule main-test-https",
            ...named("- aws:lb:ListenerRule", ["main-production-http", "main-test-http"]),
            service,
            "~ aws:ecr:Repository main",
            ...named("~ aws:iam:RolePolicy", ["main-preview", "main-shift"]),
            "~ aws:lb:Listener main-http",
            "~ aws:lb:LoadBalancer main",
            "~ aws:vpc:SecurityGroupIngressRule main-alb-test",
            "~ github:index:ActionsVariable main-app-url",
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
        ],
        between: {
            to: { domainName: "shop.example.com" },
            plan: [
                "+- aws:acm:Certificate main",
                "+- aws:acm:CertificateValidation main",
                ...named("+- aws:route53:Record", ["main", "main-validation"]),
                ...named("~ aws:lb:Listener", ["main-https", "main-test"]),
                "~ github:index:ActionsVariable main-app-url",
                "~ pulumi-nodejs:dynamic/guard:RunningStack main",
            ],
        },
    },
    "who deploys, and from where": {
        to: {
            ...{ githubEnvironment: "dev", githubReviewers: "alice", githubBranch: "release" },
            ...{ githubPreventSelfReview: true, githubAdminsBypass: false },
            ...{ previewPullRequests: false, releaseCommand: '["true"]', imageScan: "block", imageSbom: true },
        },
        plan: [
            "+ github:index:ActionsEnvironmentSecret main-aws-iam-role-to-assume",
            ...named("+ github:index:ActionsEnvironmentVariable", deployVariables),
            "+ github:index:ActionsVariable main-runner-dev",
            "+ github:index:RepositoryEnvironment main",
            "+ github:index:RepositoryEnvironmentDeploymentPolicy main",
            "- aws:iam:Role main-preview",
            "- aws:iam:RolePolicy main-preview",
            "- github:index:ActionsSecret main-aws-iam-preview-role-to-assume",
            "- github:index:ActionsSecret main-aws-iam-role-to-assume",
            ...named("- github:index:ActionsVariable", [
                ...[...deployVariables, "main-pulumi-github-app", "main-pulumi-organization", "main-pulumi-stack"],
                ...["main-pulumi-token", "main-runner"],
            ]),
            "~ aws:iam:Role main-deploy",
            "~ aws:iam:RolePolicy main-deploy",
            "~ pulumi-nodejs:dynamic/github:Claim main",
        ],
    },
    "the port, and who releases": {
        to: { releasedBy: "pulumi", containerPort: 9000 },
        app: (dockerfile) => dockerfile.replace("Listen 8080", "Listen 9000"),
        plan: [
            taskDefinition,
            "+- aws:vpc:SecurityGroupEgressRule main-alb-to-tasks",
            "+- aws:vpc:SecurityGroupIngressRule main-tasks-from-alb",
            service,
            "~ docker-build:index:Image main-app",
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
        ],
    },
};

/** What no `up` changes: how the preview refuses it. */
export const refusals: Partial<Readonly<Record<Key, { readonly to: Value; readonly says: RegExp }>>> = {
    vpcCidr: { to: "10.1.0.0/16", says: /AWS changes the range of no VPC/ },
    loadBalancer: { to: "internal", says: /that of this stack is internet-facing, which AWS changes of none/ },
    name: { to: "another", says: /run "pulumi config set name fargate-cicd-dev"/ },
    containerPort: { to: 9000, says: /run "pulumi config set releasedBy pulumi"/ },
    createGithubRepository: { to: true, says: /the repository is there already/ },
    kmsKeyArn: {
        to: "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        says: /run "pulumi config rm kmsKeyArn"/,
    },
    githubOidcProvider: { to: "existing", says: /this stack made GitHub's OIDC provider, and would delete it/ },
};

/** Settings that are changed elsewhere, and why not here. */
export const elsewhere: Partial<Readonly<Record<Key, { readonly why: string; readonly file: string }>>> = {
    "aws:region": { why: "the emulator has one region", file: "test/runningStack.test.ts" },
    githubRepository: {
        why: "the emulated GitHub has one repository at first",
        file: "sandbox/test/firstContact.test.ts",
    },
    taskPolicyFile: { why: "with a document that a team writes", file: "sandbox/test/reach.test.ts" },
    taskPolicyAllowsAll: {
        why: "says why a document is accepted, and changes nothing",
        file: "sandbox/test/reach.test.ts",
    },
    ...Object.fromEntries(
        ["vpcId", "publicSubnetIds", "privateSubnetIds"].map((key) => [
            key,
            { why: "of a VPC that a team has", file: "sandbox/test/existingNetwork.test.ts" },
        ]),
    ),
    ...Object.fromEntries(
        ["rollout", "bakeMinutes", "rolloutPercent", "rolloutStepMinutes"].map((key) => [
            key,
            { why: "with releases, whose visitors are counted", file: "sandbox/test/rollouts.test.ts" },
        ]),
    ),
};

/** Settings of which the plan alone is told: this machine runs the other processor's containers not. */
export const planned: Readonly<Record<string, { readonly to: Values; readonly plan: Plan }>> = {
    "the processor": {
        to: { architecture: "arm64" },
        plan: [taskDefinition, "~ docker-build:index:Image main-app", "~ github:index:ActionsVariable main-runner"],
    },
};

/** Of the file that the checkout comes with; all others have their defaults. */
export const first: Partial<Readonly<Record<Key, Value>>> = {
    ...{ githubRepository: "OWNER/REPOSITORY", minTasks: 1, maxTasks: 2 },
    rolloutTestPort: 9000, // whose listener goes from HTTP to HTTPS and back with the domain
};
