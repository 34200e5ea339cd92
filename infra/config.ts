import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as rules from "./configRules";

/** Where the values come from: the stack's configuration, or a plain record in a test. */
export interface ConfigSource {
    /** Project namespace, then the value of a key as Pulumi stores it: always a string. */
    get(key: string): string | undefined;
    /** Every key that is set in the project's namespace, known or not. */
    readonly keys: readonly string[];
    /** `aws:region`, or the environment's AWS_REGION. */
    readonly region: string | undefined;
    readonly project: string;
    readonly stack: string;
}

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
        readonly domain?: Domain;
    };
    readonly service: {
        /** CPU units: 1024 are one vCPU. */
        readonly cpu: number;
        /** MiB. */
        readonly memory: number;
        readonly architecture: Architecture;
        readonly capacity: Capacity;
        readonly minTasks: number;
        readonly maxTasks: number;
        readonly logRetentionDays: number;
        readonly releasedBy: ReleasedBy;
    };
}

/**
 * Reads and validates the whole configuration before any resource is registered.
 *
 * @throws pulumi.RunError that lists every problem at once, each with its fix.
 */
export function loadSettings(source: ConfigSource = stackConfig()): Settings {
    const problems: string[] = [];
    const known = new Set<string>();
    const refused = new Set<string>();
    const report = (key: string, expected: string, got: string | undefined, example: string | number) => {
        refused.add(key);
        problems.push(
            `${key}: expected ${expected}, got ${got === undefined ? "nothing" : `"${got}"`}\n` +
                `    fix: pulumi config set ${key} ${example}`,
        );
    };

    /** The value of `key` if `rule` accepts it; otherwise the problem is noted and the rule's example stands in. */
    const read = <T>(key: string, rule: rules.Rule<T>): T => {
        known.add(key);
        const text = key === "aws:region" ? source.region : source.get(key);
        const value = text === undefined ? undefined : rule.parse(text);
        if (value !== undefined) {
            return value;
        }
        report(key, rule.expected, text, rule.example);
        return rule.parse(rule.example)!;
    };

    const [owner, repository] = read("githubRepository", rules.githubRepository);
    const cpu = read("cpu", rules.cpu);
    const domainName = read("domainName", rules.optional(rules.domainName));
    const hostedZone = read("hostedZone", rules.optional(rules.domainName));
    const settings: Settings = {
        name: `${source.project}-${source.stack}`,
        region: read("aws:region", rules.region),
        tags: { Project: source.project, Stack: source.stack, ManagedBy: "pulumi" },
        github: {
            owner,
            repository,
            create: read("createGithubRepository", rules.flag),
            branch: read("githubBranch", rules.branch),
            oidcProvider: read("githubOidcProvider", rules.oneOf(rules.oidcProviders)),
            pulumiApp: read("pulumiGithubApp", rules.flag),
        },
        network: {
            cidr: read("vpcCidr", rules.cidr),
            zones: read("availabilityZones", rules.integer(2, 3)),
            natGateways: read("natGateways", rules.oneOf(rules.natGateways, "single")),
        },
        app: {
            port: read("containerPort", rules.integer(1, 65535, 80)),
            healthCheckPath: read("healthCheckPath", rules.path),
            domain: domainName && hostedZone ? { name: domainName, hostedZone } : undefined,
        },
        service: {
            cpu,
            memory: read("memory", refused.has("cpu") ? rules.integer(512, 122_880) : rules.memoryFor(cpu)),
            architecture: read("architecture", rules.oneOf(rules.architectures)),
            capacity: read("capacity", rules.oneOf(rules.capacities)),
            minTasks: read("minTasks", rules.integer(1, 1000, 2)),
            maxTasks: read("maxTasks", rules.integer(1, 1000, 4)),
            logRetentionDays: read("logRetentionDays", rules.logRetention),
            releasedBy: read("releasedBy", rules.oneOf(rules.releasers)),
        },
    };

    // A key that nothing reads is a mistyped one: its value would silently not take effect.
    for (const key of source.keys.filter((key) => !known.has(key))) {
        problems.push(
            `${key}: expected one of ${[...known].filter((name) => !name.includes(":")).join(", ")}, got an unknown key\n` +
                `    fix: pulumi config rm ${key}`,
        );
    }

    // Values that are fine alone and wrong together: only worth saying where each of them is fine alone.
    const { minTasks, maxTasks } = settings.service;
    if (!refused.has("minTasks") && !refused.has("maxTasks") && minTasks > maxTasks) {
        report("maxTasks", `at least minTasks (${minTasks})`, String(maxTasks), minTasks);
    }
    const { cidr, zones } = settings.network;
    const longest = rules.longestPrefix(zones);
    if (!refused.has("vpcCidr") && !refused.has("availabilityZones") && rules.prefixLength(cidr) > longest) {
        report(
            "vpcCidr",
            `/${longest} or larger, so that a load balancer fits into the public subnet of each of ${zones} zones ` +
                `(AWS asks for /27)`,
            cidr,
            rules.network(cidr, longest),
        );
    }
    if (!refused.has("domainName") && !refused.has("hostedZone")) {
        if (domainName && !hostedZone) {
            report(
                "hostedZone",
                "the Route 53 zone of domainName, since HTTPS needs both",
                "",
                rules.parent(domainName),
            );
        } else if (hostedZone && !domainName) {
            report("domainName", "a name in hostedZone, since HTTPS needs both", "", `app.${hostedZone}`);
        } else if (domainName !== hostedZone && !domainName.endsWith(`.${hostedZone}`)) {
            report("domainName", `a name in the zone "${hostedZone}"`, domainName, `app.${hostedZone}`);
        }
    }
    if (!rules.isResourceName(settings.name)) {
        problems.push(
            `stack name: expected lower-case letters, digits and single hyphens between them, at most ${rules.longestName} ` +
                `characters with the project's name, got "${settings.name}" (it names the ECR repository and the ECS service)\n` +
                `    fix: pulumi stack rename ${rules.stackName(source.stack, source.project)}`,
        );
    }

    if (problems.length > 0) {
        const count = `${problems.length} invalid setting${problems.length === 1 ? "" : "s"}`;
        throw new pulumi.RunError(
            `Pulumi.${source.stack}.yaml has ${count}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
        );
    }
    return settings;
}

function stackConfig(): ConfigSource {
    const config = new pulumi.Config();
    return {
        get: (key) => config.get(key),
        keys: Object.keys(pulumi.runtime.allConfig())
            .filter((key) => key.startsWith(`${config.name}:`))
            .map((key) => key.slice(config.name.length + 1)),
        region: aws.config.region,
        project: pulumi.getProject(),
        stack: pulumi.getStack(),
    };
}
