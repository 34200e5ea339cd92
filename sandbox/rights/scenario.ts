/** What a team does with its stacks, one `npm run` a step, with the rights of docs/deployer/ alone. */
import * as fs from "node:fs";
import type { Run } from "../checkouts/copiedCheckout";
import { newKey, newWebAcl } from "../checkouts/teamAccount";
import { ofNewVpc, TeamVpc } from "../checkouts/teamVpc";
import type { TwoStacks } from "../checkouts/twoStacks";

/** Keys of a stack that runs, changed one way and back, so that each kind of change is an update, a creation and a deletion. */
const changes: Readonly<Record<string, unknown>> = {
    availabilityZones: 3,
    natGateways: "one-per-az",
    dualStack: true,
    egress: "5432,587@0.0.0.0/0",
    taskPolicyArns: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    capacity: "spot",
    rolloutTestPort: 9000,
    minTasks: 2,
    cpu: 512,
    memory: 1024,
    command: '["httpd-foreground"]',
    user: "www-data",
    taskPolicyFile: "policy.json",
    startSeconds: 90,
    drainSeconds: 5,
    stopSeconds: 10,
    releasedBy: "pulumi",
    releaseCommand: '["true"]',
    imageScan: "block",
    imageSbom: true,
    deletionProtection: true,
    logRetentionDays: 7,
    enableExec: true,
    accessLogs: true,
    flowLogs: true,
    readOnlyRoot: false,
    containerInsights: "enabled",
    alarmEmail: "on-call@example.com",
    healthCheckPath: "/version.txt",
    githubReviewers: "alice",
    githubPreventSelfReview: true,
    githubAdminsBypass: false,
    previewToken: "team:previews",
    pulumiGithubApp: false,
    githubBranch: "release",
    environment: { LOG_LEVEL: "debug" },
    domainName: "shop.example.com",
    hostedZone: "example.com",
    domainOverwrite: true,
    secrets: { DB_PASSWORD: "correct-horse" },
    schedules: { nightly: { schedule: "cron(0 3 1 1 ? 2199)", command: ["true", "--all"] } },
    scaleSchedule: { sale: { schedule: "cron(0 3 1 1 ? 2199)", minTasks: 2, maxTasks: 4 } },
};

/** What is set already, set otherwise: an update in place has calls of its own. */
const others: Readonly<Record<string, unknown>> = {
    egress: "5433,587@10.0.0.0/8",
    taskPolicyArns: "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",
    rolloutTestPort: 9001,
    deletionProtection: false, // what is taken back after this is deleted
    maxTasks: 4,
    requestsPerTask: 2000,
    logRetentionDays: 14,
    containerInsights: "enhanced",
    alarmEmail: "team@example.com",
    previewToken: "team:others",
    githubBranch: "next",
    githubEnvironment: "staging",
    environment: { LOG_LEVEL: "info" },
    domainName: "store.example.com",
    secrets: { DB_PASSWORD: "battery-staple" },
    schedules: { nightly: { schedule: "cron(0 4 1 1 ? 2199)", command: ["false"] } },
    scaleSchedule: { sale: { schedule: "cron(0 4 1 1 ? 2199)", minTasks: 3, maxTasks: 5 } },
};

/** What there is from the start, so that it is changed and not made. */
const first: Readonly<Record<string, unknown>> = {
    githubEnvironment: "dev",
    secrets: { DB_PASSWORD: "hunter2" },
    schedules: { nightly: { schedule: "cron(0 3 1 1 ? 2199)", command: ["true"] } },
};

/** Another stack, in a VPC that is there already. All that a stack can make: it is alone in its account here, and its repository is not there yet. */
const production: Readonly<Record<string, unknown>> = {
    ...ofNewVpc,
    githubOidcProvider: "create",
    createGithubRepository: true,
    previewPullRequests: false,
    secrets: { DB_PASSWORD: "hunter2" },
    rollout: "linear",
    rolloutPercent: 50,
    rolloutStepMinutes: 1,
    bakeMinutes: 1,
};

const isSet = ([, value]: [string, unknown]) => value !== undefined;

/** The keys that the scenario gives a value. */
export const changed: ReadonlySet<string> = new Set([
    ...[changes, others, first, production].flatMap((each) =>
        Object.entries(each)
            .filter(isSet)
            .map(([key]) => key),
    ),
    ...["vpcId", "publicSubnetIds", "privateSubnetIds", "kmsKeyArn"], // production's
    "webAclArn", // which is made on the way
]);

/** The others, each with the reason why it asks for no right that the scenario does not show. */
export const unchanged: Readonly<Record<string, string>> = {
    "aws:region": "it is in every ARN, and in no action",
    githubRepository: "the same calls about another repository",
    name: "a stack that runs keeps it",
    vpcCidr: "a stack that runs keeps it",
    loadBalancer: "a stack that runs keeps it, and an internal one is made with the same calls",
    containerPort:
        "a value of the task definition and of rules that are changed here anyway; the sample app listens on this one",
    architecture: "a value of the task definition; this machine runs no containers of the other",
    taskPolicyAllowsAll: "it is for the program's own check",
};

export interface Step {
    readonly name: string;
    readonly run: (checkout: TwoStacks, env?: Record<string, string>) => Promise<Run>;
}

/** In this order; each has to end well. */
export const steps: readonly Step[] = [
    {
        name: "up",
        run: (checkout, env) => {
            checkout.configureAll(first);
            return checkout.run("sandbox:up -- --as-deployer", env);
        },
    },
    {
        name: "up with every change",
        run: async (checkout, env) => {
            const bucket = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::uploads/*" };
            const document = JSON.stringify({ Version: "2012-10-17", Statement: [bucket] });
            fs.writeFileSync(checkout.path(String(changes.taskPolicyFile)), document);
            checkout.configureAll({ ...changes, webAclArn: await newWebAcl("team") });
            return checkout.run("sandbox:up -- --as-deployer", env);
        },
    },
    {
        // With a refresh, after which the state has what came of each thing later on, and a deletion may ask for more.
        name: "up with other values, and with a refresh",
        run: async (checkout, env) => {
            checkout.configureAll({ ...others, webAclArn: await newWebAcl("company") });
            return checkout.run("sandbox:up -- --as-deployer --refresh", env);
        },
    },
    {
        name: "up with every change taken back",
        run: (checkout, env) => {
            checkout.configureAll(
                Object.fromEntries(
                    ["webAclArn", ...Object.keys({ ...changes, ...others })].map((key) => [key, undefined]),
                ),
            );
            return checkout.run("sandbox:up -- --as-deployer", env);
        },
    },
    { name: "destroy", run: (checkout, env) => checkout.run("sandbox:destroy -- --as-deployer", env) },
    {
        name: "up of production",
        run: async (checkout, env) => {
            checkout.writeProd();
            await checkout.run("sandbox:preview -- --stack prod", env); // starts the emulators
            const { settings } = await TeamVpc.create();
            checkout.configureAll({ ...settings, ...production, kmsKeyArn: await newKey() }, "prod");
            return checkout.run("sandbox:up -- --as-deployer --stack prod", env);
        },
    },
    {
        name: "destroy of production",
        run: (checkout, env) => checkout.run("sandbox:destroy -- --as-deployer --stack prod", env),
    },
];
