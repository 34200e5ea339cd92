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
    },
    region: "eu-west-1",
    stack: "live",
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

/** Tasks in public subnets, for want of another way out. */
export const withoutNat = once({ values: { natGateways: "none" } });

function once(scenario: Scenario): () => Promise<Recording> {
    let recording: Promise<Recording> | undefined;
    return () => (recording ??= record(scenario));
}
