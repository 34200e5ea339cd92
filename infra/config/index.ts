import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ConfigReader, type ConfigSource } from "./reader";
import * as rules from "./rules";
import * as githubRules from "./githubRules";

export type NatGateways = (typeof rules.natGateways)[number];
export type Architecture = (typeof rules.architectures)[number];
export type Capacity = (typeof rules.capacities)[number];
export type ReleasedBy = (typeof rules.releasers)[number];
export type OidcProvider = (typeof rules.oidcProviders)[number];

/** Where the app is reached over HTTPS. */
export interface Domain {
    /** Fully qualified, such as `shop.example.com`. */
    readonly name: string;
    /** The name of the Route 53 zone that has it, such as `example.com`. */
    readonly hostedZone: string;
}

/** The GitHub environment that deploys. */
export interface Environment {
    readonly name: string;
    /** Who lets each deployment through; where there are none, nobody has to. */
    readonly reviewers: githubRules.Reviewers;
}

/** The stack's configuration, complete and valid. `Pulumi.yaml` describes each value and holds its default. */
export interface Settings {
    /** `<project>-<stack>`: the name of everything that a person or the workflow looks up. */
    readonly name: string;
    readonly region: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly github: {
        readonly owner: string;
        readonly repository: string;
        readonly create: boolean;
        readonly branch: string;
        readonly oidcProvider: OidcProvider;
        /** Undefined: the stack deploys from its branch, without an environment. */
        readonly environment?: Environment;
        /** Pull requests of the repository preview this stack. */
        readonly previews: boolean;
        /** The Pulumi GitHub App is installed and comments on pull requests. */
        readonly pulumiApp: boolean;
    };
    readonly network: {
        readonly cidr: string;
        readonly zones: number;
        readonly natGateways: NatGateways;
    };
    readonly app: {
        readonly port: number;
        readonly healthCheckPath: string;
        readonly environment: Readonly<Record<string, string>>;
        /** By variable. The values are secret to Pulumi from here on. */
        readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
        /** ARNs of secrets that exist already, by variable. */
        readonly secretArns: Readonly<Record<string, string>>;
    };
    /** Undefined: HTTP only. */
    readonly domain?: Domain;
    readonly service: {
        /** CPU units: 1024 are one vCPU. */
        readonly cpu: number;
        /** MiB. */
        readonly memory: number;
        readonly architecture: Architecture;
        readonly capacity: Capacity;
        readonly minTasks: number;
        readonly maxTasks: number;
        readonly releasedBy: ReleasedBy;
        /** A shell in a running task can be opened with `aws ecs execute-command`. */
        readonly enableExec: boolean;
        readonly containerInsights: boolean;
    };
    readonly logRetentionDays: number;
    /** Undefined: alarms tell nobody, unless somebody subscribes to their topic. */
    readonly alarmEmail?: string;
    /** What cannot be made again (images, logs, secrets, the load balancer's address) survives a `pulumi destroy`. */
    readonly deletionProtection: boolean;
}

/**
 * Reads and validates the whole configuration before any resource is registered.
 *
 * @throws pulumi.RunError that lists every problem at once, each with its fix.
 */
export function loadSettings(source: ConfigSource = stackConfig()): Settings {
    const config = new ConfigReader(source);
    const [owner, repository] = config.read("githubRepository", githubRules.githubRepository);
    const cpu = config.read("cpu", rules.cpu);
    const settings: Settings = {
        name: `${source.project}-${source.stack}`,
        region: config.read("aws:region", rules.region),
        tags: { Project: source.project, Stack: source.stack, ManagedBy: "pulumi" },
        github: {
            owner,
            repository,
            create: config.read("createGithubRepository", rules.flag),
            branch: config.read("githubBranch", githubRules.branch),
            oidcProvider: config.read("githubOidcProvider", rules.oneOf(rules.oidcProviders)),
            environment: environmentOf(config, owner),
            previews: config.read("previewPullRequests", rules.flag),
            pulumiApp: config.read("pulumiGithubApp", rules.flag),
        },
        network: {
            cidr: config.read("vpcCidr", rules.cidr),
            zones: config.read("availabilityZones", rules.integer(2, 3)),
            natGateways: config.read("natGateways", rules.oneOf(rules.natGateways, "single")),
        },
        app: {
            port: config.read("containerPort", rules.integer(1, 65535, 80)),
            healthCheckPath: config.read("healthCheckPath", rules.path),
            environment: config.readEntries("environment", rules.environment),
            ...secretsOf(config),
        },
        domain: domainOf(config),
        service: {
            cpu,
            memory: config.read("memory", config.accepted("cpu") ? rules.memoryFor(cpu) : rules.integer(512, 122_880)),
            architecture: config.read("architecture", rules.oneOf(rules.architectures)),
            capacity: config.read("capacity", rules.oneOf(rules.capacities)),
            minTasks: config.read("minTasks", rules.integer(1, 1000, 2)),
            maxTasks: config.read("maxTasks", rules.integer(1, 1000, 4)),
            releasedBy: config.read("releasedBy", rules.oneOf(rules.releasers)),
            enableExec: config.read("enableExec", rules.flag),
            containerInsights: config.read("containerInsights", rules.flag),
        },
        logRetentionDays: config.read("logRetentionDays", rules.logRetention),
        alarmEmail: config.read("alarmEmail", rules.optional(rules.email)) || undefined,
        deletionProtection: config.read("deletionProtection", rules.flag),
    };
    checkTogether(config, settings, source);
    config.finish();
    return settings;
}

function environmentOf(config: ConfigReader, owner: string): Environment | undefined {
    const name = config.read("githubEnvironment", rules.optional(githubRules.environmentName));
    const reviewers = config.read("githubReviewers", githubRules.reviewers(owner));
    const asked = reviewers.users.length + reviewers.teams.length > 0;
    if (config.accepted("githubEnvironment", "githubReviewers") && asked && !name) {
        config.refuse("githubEnvironment", "an environment, which is what githubReviewers guard", "", "prod");
    }
    return name === "" ? undefined : { name, reviewers };
}

/** Secrets that are given and secrets that are referred to come in one key; the ARN of one is no secret itself. */
function secretsOf(config: ConfigReader): Pick<Settings["app"], "secrets" | "secretArns"> {
    const entries = Object.entries(config.readEntries("secrets", rules.secrets));
    const isArn = ([, value]: [string, string]) => value.startsWith("arn:");
    return {
        secrets: Object.fromEntries(
            entries.filter((entry) => !isArn(entry)).map(([variable, value]) => [variable, pulumi.secret(value)]),
        ),
        secretArns: Object.fromEntries(entries.filter(isArn)),
    };
}

function domainOf(config: ConfigReader): Domain | undefined {
    const name = config.read("domainName", rules.optional(rules.domainName));
    const hostedZone = config.read("hostedZone", rules.optional(rules.domainName));
    if (!config.accepted("domainName", "hostedZone") || (!name && !hostedZone)) {
        return undefined;
    }
    if (!hostedZone) {
        config.refuse("hostedZone", "the Route 53 zone of domainName: HTTPS needs both", "", rules.parent(name));
    } else if (!name) {
        config.refuse("domainName", "a name in hostedZone: HTTPS needs both", "", `app.${hostedZone}`);
    } else if (name !== hostedZone && !name.endsWith(`.${hostedZone}`)) {
        config.refuse("domainName", `a name in the zone "${hostedZone}"`, name, `app.${hostedZone}`);
    }
    return { name, hostedZone };
}

/** Values that are fine alone and wrong together: only worth saying where each of them is fine alone. */
function checkTogether(config: ConfigReader, settings: Settings, { project, stack }: ConfigSource): void {
    const { minTasks, maxTasks } = settings.service;
    if (config.accepted("minTasks", "maxTasks") && minTasks > maxTasks) {
        config.refuse("maxTasks", `at least minTasks (${minTasks})`, String(maxTasks), minTasks);
    }
    const { environment, previews } = settings.github;
    if (config.accepted("githubReviewers", "previewPullRequests") && environment?.reviewers.teams.length && previews) {
        config.refuse(
            "previewPullRequests",
            "false where githubReviewers has a team: the token of a pull request may not look one up",
            "true",
            "false",
        );
    }
    const { cidr, zones } = settings.network;
    const longest = rules.longestPrefix(zones);
    if (config.accepted("vpcCidr", "availabilityZones") && rules.prefixLength(cidr) > longest) {
        config.refuse(
            "vpcCidr",
            `/${longest} or larger, so that a load balancer fits into the public subnet of each of ${zones} zones ` +
                `(AWS asks for /27)`,
            cidr,
            rules.network(cidr, longest),
        );
    }
    for (const variable of Object.keys(settings.app.environment)) {
        if (Object.hasOwn(settings.app.secrets, variable) || Object.hasOwn(settings.app.secretArns, variable)) {
            const problem = "expected in environment or in secrets, got in both";
            config.note(variable, problem, `pulumi config rm --path environment.${variable}`);
        }
    }
    if (!rules.isResourceName(settings.name)) {
        config.note(
            "stack name",
            `expected lower-case letters, digits and single hyphens between them, at most ${rules.longestName} characters ` +
                `with the project's name, got "${settings.name}" (it names the ECR repository and the ECS service)`,
            `pulumi stack rename ${rules.stackName(stack, project)}`,
        );
    }
}

function stackConfig(): ConfigSource {
    const project = pulumi.getProject();
    // Not pulumi.Config: that warns about a secret that is read as text, which the loader does to tell its name from its value.
    const own = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(`${project}:`));
    const values = new Map(own.map(([key, value]) => [key.slice(project.length + 1), value]));
    return {
        get: (key) => values.get(key),
        keys: [...values.keys()],
        region: aws.config.region,
        project,
        stack: pulumi.getStack(),
    };
}
