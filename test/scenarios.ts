import { record, type Recording, type Scenario } from "./record";

/** The stack with the defaults of `Pulumi.yaml`. Each scenario runs once, however many tests look at it. */
export const standard = once({});

/** Every setting that has an alternative takes it, in another region and stack. */
export const alternative = once({
    values: {
        githubRepository: "acme/new-shop",
        githubBranch: "release/live",
        githubOidcProvider: "existing",
        createGithubRepository: "true",
        previewToken: "team:previews",
        pulumiGithubApp: "false",
        containerPort: "3000",
        healthCheckPath: "/health",
        startSeconds: "90",
        drainSeconds: "120",
        stopSeconds: "90",
        cpu: "1024",
        memory: "4096",
        architecture: "arm64",
        capacity: "spot",
        minTasks: "3",
        maxTasks: "9",
        vpcCidr: "172.20.0.0/20",
        availabilityZones: "3",
        natGateways: "one-per-az",
        egress: "5432",
        command: JSON.stringify(["node", "server.js"]),
        user: "1000",
        taskPolicyArns: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        logRetentionDays: "7",
        releasedBy: "pulumi",
        releaseCommand: '["bin/migrate", "--all"]',
        imageScan: "block",
        imageSbom: "true",
    },
    region: "eu-west-1",
    stack: "live",
});

/** Tasks at set times, and no task at night. */
export const withSchedules = once({
    values: {
        schedules: JSON.stringify({
            nightly: { schedule: "cron(0 3 * * ? *)", command: ["node", "clean.js"], timezone: "Europe/Berlin" },
            hourly: { schedule: "rate(1 hour)", command: ["bin/sync"] },
        }),
        scaleSchedule: JSON.stringify({
            night: { schedule: "cron(0 20 * * ? *)", minTasks: 0, maxTasks: 0, timezone: "Europe/Berlin" },
            morning: { schedule: "cron(0 7 ? * MON-FRI *)" },
        }),
    },
});

export const databasePassword = "correct-horse-5e1f";
export const existingSecret = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:shared/api-XyZ123";
export const existingParameter = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/token";

/** The app at a domain, with variables, a secret of its own and two that exist already. */
export const withDomain = once({
    values: {
        domainName: "shop.example.com",
        hostedZone: "example.com",
        environment: JSON.stringify({ LOG_LEVEL: "debug", WORKERS: 4 }),
        secrets: JSON.stringify({
            DB_PASSWORD: databasePassword,
            API_KEY: `${existingSecret}:key::`,
            TOKEN: existingParameter,
        }),
    },
});

/** A stack that leaves room for another in its repository. */
export const sharedDev = once({ values: { githubEnvironment: "dev" } });

/** The other stack of a repository: guarded, watched, and with a shell to look into it. */
export const production = once({
    values: {
        githubEnvironment: "prod",
        githubReviewers: "Alice, acme/platform",
        githubOidcProvider: "existing",
        previewPullRequests: "false",
        createGithubRepository: "true",
        environment: JSON.stringify({ LOG_LEVEL: "warn" }),
        secrets: JSON.stringify({ DB_PASSWORD: databasePassword }),
        enableExec: "true",
        readOnlyRoot: "false",
        alarmEmail: "on-call@example.com",
        containerInsights: "true",
        deletionProtection: "true",
    },
    stack: "prod",
});

export const kmsKey = "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
export const webAcl =
    "arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab";

/** Everything that an audit asks for. */
export const audited = once({
    values: {
        accessLogs: "true",
        flowLogs: "true",
        webAclArn: webAcl,
        kmsKeyArn: kmsKey,
        enableExec: "true",
        readOnlyRoot: "false",
        containerInsights: "enabled",
        logRetentionDays: "365",
        secrets: JSON.stringify({ DB_PASSWORD: databasePassword, TOKEN: existingParameter }),
    },
});

/** Tasks in public subnets, for want of another way out. */
export const withoutNat = once({ values: { natGateways: "none" } });

/** In a VPC that is there already, which is not the stack's. */
export const inExistingVpc = once({
    values: {
        vpcId: "vpc-0a1b2c3d",
        publicSubnetIds: "subnet-0000000a,subnet-0000000c",
        privateSubnetIds: "subnet-1000000a,subnet-1000000c",
        egress: "5432",
    },
});

/** Reached from the VPC alone. */
export const internal = once({ values: { loadBalancer: "internal" } });

/** Reached over IPv6 as well, at a domain. */
export const dualStack = once({
    values: { dualStack: "true", domainName: "shop.example.com", hostedZone: "example.com", rolloutTestPort: "9000" },
});

/** Between them all that the program can declare. */
export const everything = [
    standard,
    alternative,
    withoutNat,
    withDomain,
    withSchedules,
    production,
    audited,
    inExistingVpc,
    dualStack,
];

function once(scenario: Scenario): (() => Promise<Recording>) & { readonly scenario: Scenario } {
    let recording: Promise<Recording> | undefined;
    return Object.assign(() => (recording ??= record(scenario)), { scenario });
}
