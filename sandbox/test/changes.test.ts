/**
 * Every setting changed on a stack that runs, and back again: what the engine plans, that `up` passes or is refused in the preview,
 * and that somebody who asks the app without pause sees no request fail.
 */
import assert from "node:assert/strict";
import { table } from "../../infra/config/table";
import { CopiedCheckout, undisturbed } from "./copiedCheckout";

type Key = keyof typeof table;
type Value = string | number | boolean | object;

/** `+` made, `~` changed in place, `+-` replaced, `-` deleted; then the type as the engine shows it, and the name. */
type Plan = readonly string[];

interface Change {
    readonly to: Partial<Readonly<Record<Key, Value>>>;
    readonly plan: Plan;
    /** The plan of the way back, where it is not the same the other way round. */
    readonly back?: Plan;
    /** Changes the app as well, which the setting is about. */
    readonly app?: (dockerfile: string) => string;
}

const named = (kind: string, names: readonly string[]) => names.map((name) => `${kind} ${name}`);
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

/** By what they are about. Those of one `to` are changed in one `up`, and each thing that is planned is one setting's. */
const changes: Readonly<Record<string, Change>> = {
    "what watches, who is told, and what comes at set times": {
        to: {
            ...{ logRetentionDays: 90, alarmEmail: "ops@example.com", containerInsights: "enhanced" },
            ...{ healthCheckPath: "/index.html", drainSeconds: 30, maxTasks: 3 },
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
            "+ fargate-cicd:alarms:RunAlarms main",
            "~ aws:cloudwatch:Dashboard main",
            "+ aws:sns:TopicSubscription main-email",
            "+ fargate-cicd:accessLogs:AccessLogs main",
            "+ fargate-cicd:flowLogs:FlowLogs main",
            "~ aws:appautoscaling:Target main",
            ...named("~ aws:cloudwatch:LogGroup", ["main", "main-insights"]),
            "~ aws:cloudwatch:MetricAlarm main-too-few-tasks",
            "~ aws:ecs:Cluster main",
            "~ aws:lb:LoadBalancer main",
            ...named("~ aws:lb:TargetGroup", ["main", "main-alternate"]),
            ...named("~ github:index:ActionsVariable", ["main-pulumi-github-app", "main-pulumi-token"]),
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
        ],
    },
    "how many zones, and their ways out": {
        to: { availabilityZones: 3, natGateways: "one-per-az" },
        plan: [
            ...named("+ aws:ec2:Eip", ["main-vpc-2", "main-vpc-3"]),
            ...named("+ aws:ec2:NatGateway", ["main-vpc-2", "main-vpc-3"]),
            ...["Route", "RouteTable", "RouteTableAssociation", "Subnet"].flatMap((type) =>
                named(`+ aws:ec2:${type}`, ["main-vpc-private-3", "main-vpc-public-3"]),
            ),
            "~ aws:ec2:Route main-vpc-private-2",
            "~ aws:ec2:VpcEndpoint com.amazonaws.ap-northeast-1.s3",
            service,
            "~ aws:lb:LoadBalancer main",
        ],
    },
    "where tasks run, and how long they may take to start": {
        to: { natGateways: "none", capacity: "spot", startSeconds: 90 },
        plan: [
            "- aws:ec2:Eip main-vpc-1",
            "- aws:ec2:NatGateway main-vpc-1",
            ...named("- aws:ec2:Route", ["main-vpc-private-1", "main-vpc-private-2"]),
            service,
        ],
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
        to: { domainName: "app.example.com", hostedZone: "example.com", deletionProtection: true },
        plan: [
            "+ aws:acm:Certificate main",
            "+ aws:acm:CertificateValidation main",
            "+ aws:lb:Listener main-https",
            "+ aws:lb:ListenerRule main-production-https",
            "+ aws:route53:Record main",
            "+ aws:route53:Record main-validation",
            "+ aws:vpc:SecurityGroupIngressRule main-alb-https",
            "+ fargate-cicd:certificate:Certificate main",
            "+- aws:lb:Listener main-test",
            "+- aws:lb:ListenerRule main-test",
            "- aws:lb:ListenerRule main-production-http",
            service,
            "~ aws:ecr:Repository main",
            ...named("~ aws:iam:RolePolicy", ["main-preview", "main-shift"]),
            "~ aws:lb:Listener main-http",
            "~ aws:lb:LoadBalancer main",
            "~ aws:vpc:SecurityGroupIngressRule main-alb-test",
            "~ github:index:ActionsVariable main-app-url",
            "~ pulumi-nodejs:dynamic/guard:RunningStack main",
        ],
    },
    "who deploys, and from where": {
        to: {
            ...{ githubEnvironment: "dev", githubReviewers: "alice", githubBranch: "release" },
            ...{ githubPreventSelfReview: true, githubAdminsBypass: false },
            ...{ previewPullRequests: false, releaseCommand: '["true"]', imageScan: "block", imageSbom: true },
        },
        plan: [
            "+ fargate-cicd:github:GitHubEnvironment main",
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
const refusals: Partial<Readonly<Record<Key, { readonly to: Value; readonly says: RegExp }>>> = {
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
const elsewhere: Partial<Readonly<Record<Key, string>>> = {
    "aws:region": "the emulator has one region: test/runningStack.test.ts",
    githubRepository: "the emulated GitHub has one repository at first: firstContact.test.ts",
    architecture: "this machine runs one: app.test.ts",
    webAclArn: "with a web ACL that there is: audit.test.ts",
    minTasks: "with maxTasks, which it bounds",
    vpcId: "with a VPC that a team has: existingNetwork.test.ts",
    publicSubnetIds: "with vpcId",
    privateSubnetIds: "with vpcId",
    taskPolicyFile: "with a document that a team writes: reach.test.ts",
    taskPolicyAllowsAll: "why a document is accepted, which changes nothing: test/policyFile.test.ts",
    ...Object.fromEntries(
        ["rollout", "bakeMinutes", "rolloutPercent", "rolloutStepMinutes", "rolloutTestPort"].map((key) => [
            key,
            "with releases, whose visitors are counted: rollouts.test.ts",
        ]),
    ),
};

/** Of the file that the checkout comes with; all others have their defaults. */
const first: Partial<Readonly<Record<Key, Value>>> = {
    ...{ githubRepository: "OWNER/REPOSITORY", minTasks: 1, maxTasks: 2 },
    rolloutTestPort: 9000, // whose listener goes from HTTP to HTTPS and back with the domain
};

/** What a preview says that it would do. */
function planOf(output: string): string[] {
    const lines = output.matchAll(/^ (\+|~|-|\+-) +([\w-]+(?:[:/][\w-]+)+ \S+) (?:create|update|delete|replace)\b/gm);
    return [...lines].map(([, symbol, what]) => `${symbol} ${what}`).sort();
}

const inverse = (plan: Plan) =>
    plan.map((line) =>
        line.startsWith("+ ") ? `-${line.slice(1)}` : line.startsWith("- ") ? `+${line.slice(1)}` : line,
    );

describe("a change of a running stack", () => {
    const checkout = new CopiedCheckout();
    const configure = (settings: object) => checkout.configureAll(settings);
    const succeed = async (script: string) => (await checkout.succeed(script)).output;
    /** What there is on AWS and GitHub, as the state knows it. */
    const things = (): string[] =>
        checkout
            .state()
            .deployment.resources.filter(({ type }) => /^(aws|docker-build|github):/.test(type))
            .map(({ urn, id }) => `${urn} ${id}`)
            .sort();
    const url = () => (checkout.state().deployment.resources[0].outputs.url as string).replace(/^https:/, "http:");
    let address: string;
    const answers = [200, 301];

    before(async () => {
        configure(first);
        await succeed("sandbox:up");
        address = url();
    });
    after(() => checkout.remove());

    // What a test that failed has left would be in the next one's plan.
    afterEach(() => configure(Object.fromEntries(Object.keys(table).map((key) => [key, first[key as Key]]))));

    it("is told here for every setting", () => {
        const changed = Object.values(changes).flatMap(({ to }) => Object.keys(to));
        const all = [...changed, ...Object.keys(refusals), ...Object.keys(elsewhere)];
        assert.deepEqual([...new Set(all)].sort(), Object.keys(table).sort());
    });

    it("is refused in the preview, and before anything is touched, where it would cost what runs", async () => {
        const before = things();
        for (const script of ["sandbox:preview", "sandbox:up"]) {
            for (const [key, { to, says }] of Object.entries(refusals)) {
                configure({ [key]: to });
                const { code, output } = await checkout.run(script);
                configure({ [key]: undefined });
                assert.equal(code, 1, output);
                assert.match(output, says);
                assert.doesNotMatch(output, /^ *(\+|~|-|\+-) +(aws|docker-build|github):\S+ \S+ \w+ing\b/m);
                assert.deepEqual(things(), before, `${script}: ${key}`);
            }
        }
    });

    for (const [what, { to, plan, back = inverse(plan), app }] of Object.entries(changes)) {
        it(`of ${what} is what is planned, there and back, and loses no request`, async () => {
            const dockerfile = "app/Dockerfile";
            let original = "";
            if (app) {
                checkout.edit(dockerfile, (text) => app((original = text)));
            }
            configure(to);
            assert.deepEqual(planOf(await succeed("sandbox:preview")), [...plan].sort());
            await undisturbed(address, succeed("sandbox:up"), answers);

            configure(Object.fromEntries(Object.keys(to).map((key) => [key, first[key as Key]])));
            if (app) {
                checkout.edit(dockerfile, () => original);
                configure({ releasedBy: to.releasedBy }); // until the old port is live again
            }
            assert.deepEqual(planOf(await succeed("sandbox:preview")), [...back].sort());
            await undisturbed(address, succeed("sandbox:up"), answers);
            configure({ releasedBy: undefined });
            await succeed("sandbox:up");
            await succeed("sandbox:up -- --expect-no-changes");
        });
    }
});
