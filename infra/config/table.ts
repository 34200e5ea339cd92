import type * as v from "valibot";
import * as aws from "./awsKinds";
import * as container from "./containerKinds";
import * as github from "./githubKinds";
import { flag, integer, oneOf, optional, type Kind } from "./kinds";
import * as network from "./networkKinds";
import * as policy from "./policyKinds";
import * as rollout from "./rolloutKinds";
import * as schedule from "./scheduleKinds";

/** What docs/settings/ lists them under, in this order, each on a page of its own, by its name there. */
export const headings = {
    "The stack": "stack",
    GitHub: "github",
    Network: "network",
    "The container": "container",
    "Size and hours": "size",
    Releases: "releases",
    "Watching and audits": "watching",
} as const;

export interface Setting<T = unknown> extends Kind<T> {
    /**
     * As a text, like every value. An empty one is none. One that is not accepted, or is missing, asks for a value; entries are none
     * where they are not set.
     */
    readonly default?: string;
    readonly heading: keyof typeof headings;
    /** What it is, in one sentence without a full stop, in Markdown: that of docs/settings/, and Pulumi.yaml's without the marks. */
    readonly description: string;
    /** What applies where the setting has no value, for the docs. */
    readonly none?: string;
    /** When a change reaches a stack that runs. */
    readonly takesEffect: string;
    /** What to do with an encrypted value, if not to set it as plain text. Accepted: nothing of it is plain text anywhere. */
    readonly encrypted?: "accepted" | { readonly fix: string };
    /** What is accepted once the other setting is known: it stands before this one. */
    readonly narrowed?: { readonly by: string; readonly kind: (other: never) => Kind<T> };
}

/**
 * When a change takes effect: with `pulumi up`, with `pulumi up` which rolls out what runs once more, with the first release after it,
 * or never on a stack that runs.
 */
const atOnce = "at once";
const withNewTasks = "at once, in new tasks";
const withRelease = "with the next release";
const inNewStack = "in a new stack only; refused in one that runs";

/**
 * Every setting, in the order in which problems are reported. `Pulumi.yaml`, `docs/settings/` and the tests of refusals come from
 * here: `npm run settings`. A new key is an entry here, and its use.
 */
export const table = {
    "aws:region": {
        heading: "The stack",
        ...aws.region,
        description: "The AWS region",
        takesEffect: inNewStack,
    },
    githubRepository: {
        heading: "GitHub",
        ...github.githubRepository,
        default: github.placeholder,
        description: "The repository on GitHub that deploys",
        takesEffect: atOnce,
    },
    githubBranch: {
        heading: "GitHub",
        ...github.branch,
        default: "main",
        description: "The branch whose pushes deploy; the workflow's `branches` must say the same",
        takesEffect: atOnce,
    },
    githubOidcProvider: {
        heading: "GitHub",
        ...oneOf("create", "existing"),
        default: "create",
        description:
            "GitHub's OIDC provider in the AWS account, which can have one only: `create` makes it, `existing` uses the one that is there, which must have the audience `sts.amazonaws.com`",
        takesEffect: inNewStack,
    },
    createGithubRepository: {
        heading: "GitHub",
        ...flag,
        default: "false",
        description: "Create the repository on GitHub (private, empty). `pulumi destroy` then deletes it",
        takesEffect: inNewStack,
    },
    githubEnvironment: {
        heading: "GitHub",
        ...optional(github.environmentName),
        default: "",
        description:
            "The GitHub environment that deploys this stack, `dev` or `prod`, spelled as in `deploy.yml`, when several stacks share the repository",
        none: "deploys from its branch, as the only stack of a repository can",
        takesEffect: atOnce,
    },
    githubReviewers: {
        heading: "GitHub",
        ...github.reviewers("acme"),
        narrowed: { by: "githubRepository", kind: ([owner]: [string, string]) => github.reviewers(owner) },
        default: "",
        description:
            "Who must let a deployment to `githubEnvironment` through, people or teams of the repository's owner, in a public repository or with GitHub Enterprise",
        none: "nobody",
        takesEffect: atOnce,
    },
    githubPreventSelfReview: {
        heading: "GitHub",
        ...flag,
        default: "false",
        description: "Whether one of `githubReviewers` is kept from letting through a run that they started themselves",
        takesEffect: atOnce,
    },
    githubAdminsBypass: {
        heading: "GitHub",
        ...flag,
        default: "true",
        description: "Whether administrators of the repository may let a deployment through without `githubReviewers`",
        takesEffect: atOnce,
    },
    previewPullRequests: {
        heading: "GitHub",
        ...flag,
        default: "true",
        description:
            "Whether pull requests preview this stack. One stack of a repository can have this; the others set `false`",
        takesEffect: atOnce,
    },
    previewToken: {
        heading: "GitHub",
        ...github.pulumiToken,
        default: "organization",
        description:
            "For whom Pulumi Cloud gives the preview's job a token: the `organization` (Essentials edition and above), one team of it, which limits what it may open where the organization itself may open nothing (Pro edition and above), or the user whose account it is (any edition)",
        takesEffect: atOnce,
    },
    pulumiGithubApp: {
        heading: "GitHub",
        ...flag,
        default: "true",
        description:
            "Whether the Pulumi GitHub App is installed on the repository and comments on pull requests; with `false` the workflow comments by itself",
        takesEffect: atOnce,
    },
    name: {
        heading: "The stack",
        ...optional(aws.resourceName),
        default: "",
        description:
            "What everything is called: cluster, service, task family, image repository, logs, alarms. A stack or project that is renamed keeps them by its former `<project>-<stack>` here",
        none: "`<project>-<stack>`",
        takesEffect: inNewStack,
    },
    vpcCidr: {
        heading: "Network",
        ...network.cidr,
        default: "10.0.0.0/16",
        description: "The VPC's IPv4 range",
        takesEffect: inNewStack,
    },
    availabilityZones: {
        heading: "Network",
        ...integer(2, 3),
        default: "2",
        description: "Zones that the VPC spans, the first by name of those that every account has and Fargate runs in",
        takesEffect: "at once, in new tasks: a third zone is added and taken away in place",
    },
    natGateways: {
        heading: "Network",
        ...oneOf("none", "single", "one-per-az"),
        default: "single",
        description:
            "`single`, `one-per-az` (survives the loss of a zone), or `none` (no gateway to pay for; tasks run in public subnets, each with an address at about 3.65 US dollars a month, behind the same firewall rules)",
        takesEffect: `${atOnce}; to and from \`none\` in new tasks`,
    },
    vpcId: {
        heading: "Network",
        ...optional(network.vpcId),
        default: "",
        description: "A VPC that is there already, for the app to live in. Nothing of it is [changed](../network.md)",
        none: "a VPC of the stack's own",
        takesEffect: inNewStack,
    },
    publicSubnetIds: {
        heading: "Network",
        ...network.subnetIds,
        default: "",
        description: "The subnets of `vpcId` for the load balancer, one a zone, unless it is `internal`",
        none: "those of the stack's own VPC",
        takesEffect: atOnce,
    },
    privateSubnetIds: {
        heading: "Network",
        ...network.subnetIds,
        default: "",
        description: "The subnets of `vpcId` for the tasks, in two zones or more, and for an `internal` load balancer",
        none: "those of the stack's own VPC",
        takesEffect: withNewTasks,
    },
    loadBalancer: {
        heading: "Network",
        ...oneOf("internet-facing", "internal"),
        default: "internet-facing",
        description: "Who reaches the app: anybody, or with `internal` the VPC alone",
        takesEffect: inNewStack,
    },
    dualStack: {
        heading: "Network",
        ...flag,
        default: "false",
        description: "Whether visitors reach the load balancer over IPv6, too. The tasks stay with IPv4",
        takesEffect: atOnce,
    },
    egress: {
        heading: "Network",
        ...network.egress,
        default: "",
        description: "What tasks reach beyond HTTPS, over TCP: a database, a cache, a mail server. DNS is open anyway",
        none: "nothing",
        takesEffect: atOnce,
    },
    containerPort: {
        heading: "The container",
        ...integer(1, 65_535),
        default: "8080",
        description: "The port on which the app's container listens; one below 1024 may need root",
        takesEffect: "at once, with `releasedBy: pulumi` for that one `pulumi up`; refused otherwise",
    },
    healthCheckPath: {
        heading: "The container",
        ...network.path,
        default: "/",
        description: "The path that answers 2xx or 3xx when the app is healthy",
        takesEffect: `${atOnce}; refused where what runs is known not to answer there`,
    },
    startSeconds: {
        heading: "The container",
        ...integer(0, 600),
        default: "60",
        description:
            "Seconds that the app may take from its start until it answers `healthCheckPath`; a task that takes longer is replaced",
        takesEffect: withNewTasks,
    },
    drainSeconds: {
        heading: "The container",
        ...integer(0, 3600),
        default: "15",
        description: "Seconds that a task which leaves may take to answer the requests it has; it gets no new ones",
        takesEffect: atOnce,
    },
    stopSeconds: {
        heading: "The container",
        ...integer(2, 120),
        default: "30",
        description: "Seconds that the app may take to end after `SIGTERM`, before it is killed",
        takesEffect: withRelease,
    },
    rollout: {
        heading: "Releases",
        ...rollout.strategy,
        default: "rolling",
        description:
            "How a release goes live: `rolling` - task by task; `blue-green` - all visitors at once, with the old tasks kept for a while; `canary` - a share of them first; `linear` - a share more with each step",
        takesEffect: withNewTasks,
    },
    bakeMinutes: {
        heading: "Releases",
        ...integer(0, 1440),
        default: "10",
        description:
            "Minutes that the old tasks stay once all visitors are with the new ones; not for `rolling`. The alarms that take a release back need up to 6",
        takesEffect: withNewTasks,
    },
    rolloutPercent: {
        heading: "Releases",
        ...rollout.shareFor("canary"),
        narrowed: { by: "rollout", kind: rollout.shareFor },
        default: "10",
        description: "Share of the visitors in per cent: what a `canary` has, or what each step of `linear` adds",
        takesEffect: withNewTasks,
    },
    rolloutStepMinutes: {
        heading: "Releases",
        ...rollout.stepMinutesFor("canary"),
        narrowed: { by: "rollout", kind: rollout.stepMinutesFor },
        default: "",
        description: "Minutes that a `canary` or a step of `linear` takes",
        none: "`10` for `canary`, `3` for `linear`",
        takesEffect: withNewTasks,
    },
    rolloutTestPort: {
        heading: "Releases",
        ...optional(integer(1, 65_535)),
        example: "9000",
        default: "",
        description:
            "A port of the load balancer on which the new version answers before visitors reach it; with `rolling` it answers as they see it",
        none: "no such port",
        takesEffect: withNewTasks,
    },
    domainName: {
        heading: "Network",
        ...optional(network.domainName),
        default: "",
        description:
            "The app's domain name, for HTTPS with a certificate that renews itself; HTTP redirects to it. Needs `hostedZone`",
        none: "HTTP at the load balancer's own address",
        takesEffect: "at once; where it is added or taken away, in new tasks",
    },
    hostedZone: {
        heading: "Network",
        ...optional(network.zoneName),
        default: "",
        description:
            "The name of the public Route 53 zone that `domainName` is in: there already, in the stack's account, and delegated to",
        takesEffect: atOnce,
    },
    domainOverwrite: {
        heading: "Network",
        ...flag,
        default: "false",
        description:
            "Whether `domainName` is taken over from what it leads to: the load balancer's records take the place of those that it has, once the app is up. Otherwise a name that leads elsewhere is refused",
        takesEffect: atOnce,
    },
    environment: {
        heading: "The container",
        ...container.environment,
        description: "Plain variables of the container",
        encrypted: {
            fix: "pulumi config set --secret --path secrets.NAME for each that is encrypted, and pulumi config rm --path environment.NAME",
        },
        takesEffect: withRelease,
    },
    secrets: {
        heading: "The container",
        ...container.secrets,
        description: "Variables of the container that are secret",
        encrypted: "accepted",
        takesEffect: withRelease,
    },
    cpu: {
        heading: "Size and hours",
        ...container.cpu,
        default: "256",
        description: "CPU units of a task; 1024 are one vCPU",
        takesEffect: withRelease,
    },
    memory: {
        heading: "Size and hours",
        ...integer(512, container.mostMemory),
        narrowed: { by: "cpu", kind: container.memoryFor },
        default: "512",
        description:
            "Memory of a task in MiB; Fargate runs [certain pairs](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html) of `cpu` and `memory`",
        takesEffect: withRelease,
    },
    architecture: {
        heading: "Size and hours",
        ...oneOf("x86_64", "arm64"),
        default: "x86_64",
        description: "The processor that the app is built for, `arm64` for Graviton",
        takesEffect: withRelease,
    },
    command: {
        heading: "The container",
        ...optional(container.command('["npm", "start"]')),
        default: "",
        description: "What the container runs in place of the image's `CMD`; an `ENTRYPOINT` stays before it",
        none: "that of the image",
        takesEffect: withRelease,
    },
    user: {
        heading: "The container",
        ...optional(container.user),
        default: "",
        description: "Whom the container runs as",
        none: "the image's own `USER`",
        takesEffect: withRelease,
    },
    readOnlyRoot: {
        heading: "The container",
        ...flag,
        default: "true",
        description:
            "Whether nothing but `/tmp` can be written to in the container. `/tmp` belongs to root then, unless the image says otherwise: for another user, put `RUN chmod 1777 /tmp` and `VOLUME /tmp` into the Dockerfile. `enableExec` needs `false`",
        takesEffect: withRelease,
    },
    taskPolicyArns: {
        heading: "The container",
        ...policy.policyArns,
        default: "",
        description:
            "Managed policies of the app's own role; more than 10 take a higher quota of IAM. Others that somebody attaches stay as they are",
        none: "no managed policy",
        takesEffect: atOnce,
    },
    taskPolicyFile: {
        heading: "The container",
        ...optional(policy.policyFile),
        default: "",
        description: "What the app's own role may do beyond that",
        none: "nothing",
        takesEffect: atOnce,
    },
    taskPolicyAllowsAll: {
        heading: "The container",
        ...optional(policy.reason),
        default: "",
        description: "Why the app's own role may do everything on everything, where it may",
        none: "it may not",
        takesEffect: atOnce,
    },
    capacity: {
        heading: "Size and hours",
        ...oneOf("on-demand", "spot"),
        default: "on-demand",
        description: "`on-demand`, or `spot` for cheaper tasks that AWS may reclaim (one always runs on demand)",
        takesEffect: withNewTasks,
    },
    minTasks: {
        heading: "Size and hours",
        ...integer(1, 1000),
        default: "2",
        description: "Tasks that always run",
        takesEffect: atOnce,
    },
    maxTasks: {
        heading: "Size and hours",
        ...integer(1, 1000),
        default: "4",
        description: "Tasks that run under load at most",
        takesEffect: atOnce,
    },
    requestsPerTask: {
        heading: "Size and hours",
        ...integer(1, 10_000_000),
        default: "1000",
        description:
            "Requests a minute that a task is to serve: with more of them there are more tasks, as there are where tasks use more than 60 % of their CPU. Raise it for an app whose requests cost it little",
        takesEffect: atOnce,
    },
    scaleSchedule: {
        heading: "Size and hours",
        ...schedule.scaleSchedule,
        description: "Times from which other bounds hold. A bound that an entry leaves out is `minTasks` or `maxTasks`",
        none: "the same at all hours",
        takesEffect: "from the next of its hours on",
    },
    schedules: {
        heading: "Size and hours",
        ...schedule.schedules,
        description: "What runs at set times, each in a task of its own, of the newest revision",
        none: "nothing",
        takesEffect: atOnce,
    },
    logRetentionDays: {
        heading: "Watching and audits",
        ...aws.logRetention,
        default: "30",
        description: "Days that CloudWatch keeps the app's logs",
        takesEffect: atOnce,
    },
    releasedBy: {
        heading: "Releases",
        ...oneOf("pipeline", "pulumi"),
        default: "pipeline",
        description:
            "`pipeline` - a push releases and `pulumi up` never touches what runs; or `pulumi` - an edit in `app/` and `pulumi up` release, and a push does as well, unless `gh workflow disable deploy.yml` turns that off",
        takesEffect: atOnce,
    },
    releaseCommand: {
        heading: "Releases",
        ...optional(container.command('["bin/migrate", "--all"]')),
        default: "",
        description:
            "What `deploy.yml` runs in place of `CMD` once for each release, in a task of its own with the new image, before anything is rolled out (migrations); if the command fails, nothing is released. `pulumi up` never runs it",
        none: "nothing",
        takesEffect: withRelease,
    },
    imageScan: {
        heading: "Releases",
        ...oneOf("report", "block"),
        default: "report",
        description:
            "What `deploy.yml` does with what ECR's scan finds in the image: `report` lists it on the page of the run; `block` waits for it, too, and fails a release with a critical finding before it is rolled out",
        takesEffect: withRelease,
    },
    imageSbom: {
        heading: "Releases",
        ...flag,
        default: "false",
        description:
            "Whether `deploy.yml` attaches an SBOM to each image: a list of the packages in it, made by a scanner that is pulled from Docker Hub for each build. How the image was built is attached anyway",
        takesEffect: withRelease,
    },
    enableExec: {
        heading: "The container",
        ...flag,
        default: "false",
        description:
            "Whether `npm run shell` opens a shell in a running task; needs `readOnlyRoot: false`. What is typed and shown is logged for `logRetentionDays`, where the image has `script` and `cat`",
        takesEffect: withNewTasks,
    },
    alarmEmail: {
        heading: "Watching and audits",
        ...optional(aws.email),
        default: "",
        description: "The address that alarms are sent to, once it has confirmed AWS's first message",
        none: "nobody",
        takesEffect: atOnce,
    },
    containerInsights: {
        heading: "Watching and audits",
        ...aws.containerInsights,
        default: "disabled",
        description:
            "CloudWatch Container Insights: metrics of each task (`enabled`), and of each container (`enhanced`), at a price per metric",
        takesEffect: atOnce,
    },
    accessLogs: {
        heading: "Watching and audits",
        ...flag,
        default: "false",
        description:
            "Whether the load balancer writes down each request, in an S3 bucket of the stack, for `logRetentionDays`",
        takesEffect: atOnce,
    },
    flowLogs: {
        heading: "Watching and audits",
        ...flag,
        default: "false",
        description:
            "Whether the stack's own VPC writes down who talks to whom, in a log group of the stack, for `logRetentionDays`; not beside `vpcId`",
        takesEffect: atOnce,
    },
    webAclArn: {
        heading: "Watching and audits",
        ...optional(aws.webAclArn),
        default: "",
        description: "A web ACL of AWS WAF, set up elsewhere, that every request to the load balancer passes",
        none: "no firewall",
        takesEffect: `${atOnce}; another in place of one, after some seconds with none`,
    },
    kmsKeyArn: {
        heading: "Watching and audits",
        ...optional(aws.kmsKeyArn),
        default: "",
        description:
            "The KMS key that encrypts logs, secrets, images, alarm messages and shells; its policy must allow that, as [docs/audit/](../audit/README.md#the-key) says",
        none: "AWS's own keys; alarm messages are not encrypted where they wait",
        takesEffect: inNewStack,
    },
    deletionProtection: {
        heading: "The stack",
        ...flag,
        default: "false",
        description: "With `true`, `pulumi destroy` refuses, and so does AWS for the load balancer and the images",
        takesEffect: atOnce,
    },
} satisfies Readonly<Record<string, Setting>>;

/** What the settings are, by key, once they are read. */
export type Values = { readonly [Key in keyof typeof table]: v.InferOutput<(typeof table)[Key]["schema"]> };
