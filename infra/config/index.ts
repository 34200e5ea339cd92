import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { isReference } from "./containerKinds";
import type { Reviewers } from "./githubKinds";
import { checkOtherKeys } from "./otherKeys";
import { ConfigReader, type ConfigSource } from "./reader";
import { table, type Values } from "./table";
import { checkTogether } from "./together";

export { prefixLength, zoneBits } from "./networkKinds";
export { rolloutMinutes, type Rollout } from "./rolloutKinds";

export type NatGateways = Values["natGateways"];
export type Architecture = Values["architecture"];
export type Capacity = Values["capacity"];
export type ReleasedBy = Values["releasedBy"];
export type ImageScan = Values["imageScan"];
export type OidcProvider = Values["githubOidcProvider"];
export type ContainerInsights = Values["containerInsights"];

/** Where the app is reached over HTTPS. */
export interface Domain {
    /** Fully qualified, such as `shop.example.com`. */
    readonly name: string;
    /** The name of the Route 53 zone that has it, such as `example.com`. */
    readonly hostedZone: string;
}

/** A VPC that is there already, and the subnets of it that the app may use. */
export interface ExistingVpc {
    readonly vpcId: string;
    /** None where the load balancer is internal. */
    readonly publicSubnetIds: readonly string[];
    readonly privateSubnetIds: readonly string[];
}

/** The GitHub environment that deploys. */
export interface Environment {
    readonly name: string;
    /** Who lets each deployment through; where there are none, nobody has to. */
    readonly reviewers: Reviewers;
    /** Who started a run is not among those who let it through. */
    readonly preventSelfReview: boolean;
    /** Administrators of the repository may let a deployment through without the reviewers. */
    readonly adminsBypass: boolean;
}

/** Settings that the program has in another form than their own: see below. */
const composed = [
    ...(["aws:region", "name", "domainName", "hostedZone", "secrets"] as const),
    ...(["githubRepository", "githubBranch", "githubOidcProvider", "createGithubRepository"] as const),
    ...(["vpcId", "publicSubnetIds", "privateSubnetIds", "loadBalancer"] as const),
    ...(["githubEnvironment", "githubReviewers", "githubPreventSelfReview", "githubAdminsBypass"] as const),
    ...(["previewPullRequests", "previewToken", "pulumiGithubApp"] as const),
];

type Plain = Omit<Values, (typeof composed)[number]>;

/** The stack's configuration, complete and valid: each setting by its key, as the table describes it, or composed with others. */
export interface Settings extends Plain {
    /** The name of everything that a person or the workflow looks up. */
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
        /** For whom Pulumi Cloud gives a preview its token: `organization`, `team:NAME` or `user:LOGIN`. */
        readonly previewToken: string;
        /** The Pulumi GitHub App is installed and comments on pull requests. */
        readonly pulumiApp: boolean;
    };
    /** Undefined: the stack makes its own. */
    readonly existingVpc?: ExistingVpc;
    /** Nobody but the VPC reaches the app. */
    readonly internal: boolean;
    /** Undefined: HTTP only. */
    readonly domain?: Domain;
    /** By variable. The values are secret to Pulumi from here on. */
    readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
    /** ARNs of secrets that exist already, by variable. */
    readonly secretArns: Readonly<Record<string, string>>;
}

/**
 * Reads and validates the whole configuration before any resource is registered.
 *
 * @throws pulumi.RunError that lists every problem at once, each with its fix.
 */
export function loadSettings(source: ConfigSource = stackConfig()): Settings {
    const config = new ConfigReader<keyof typeof table>(source);
    const values = config.readAll(table) as Values;
    checkTogether(config, values, source);
    checkOtherKeys(config, source);
    config.finish();

    const isPlain = ([key]: [string, unknown]) => !(composed as readonly string[]).includes(key);
    const plain = Object.fromEntries(Object.entries(values).filter(isPlain)) as unknown as Plain;
    const { name, domainName, hostedZone, githubRepository, githubEnvironment, vpcId } = values;
    return {
        ...plain,
        ...secretsOf(values.secrets),
        name: name ?? `${source.project}-${source.stack}`,
        region: values["aws:region"],
        tags: { Project: source.project, Stack: source.stack, ManagedBy: "pulumi" },
        github: {
            owner: githubRepository[0],
            repository: githubRepository[1],
            create: values.createGithubRepository,
            branch: values.githubBranch,
            oidcProvider: values.githubOidcProvider,
            environment: githubEnvironment
                ? {
                      name: githubEnvironment,
                      reviewers: values.githubReviewers,
                      preventSelfReview: values.githubPreventSelfReview,
                      adminsBypass: values.githubAdminsBypass,
                  }
                : undefined,
            previews: values.previewPullRequests,
            previewToken: values.previewToken,
            pulumiApp: values.pulumiGithubApp,
        },
        existingVpc: vpcId
            ? { vpcId, publicSubnetIds: values.publicSubnetIds, privateSubnetIds: values.privateSubnetIds }
            : undefined,
        internal: values.loadBalancer === "internal",
        domain: domainName && hostedZone ? { name: domainName, hostedZone } : undefined,
    };
}

/** Secrets that are given and secrets that are referred to come in one key. */
function secretsOf(secrets: Values["secrets"]): Pick<Settings, "secrets" | "secretArns"> {
    const entries = Object.entries(secrets);
    return {
        secrets: Object.fromEntries(
            entries.filter((entry) => !isReference(entry)).map(([variable, value]) => [variable, pulumi.secret(value)]),
        ),
        secretArns: Object.fromEntries(entries.filter(isReference)),
    };
}

/**
 * A stack's configuration as the loader takes it.
 *
 * @param values by key, with its namespace
 * @param isEncrypted of a key with its namespace
 */
export function sourceOf(
    values: Readonly<Record<string, string>>,
    stack: Pick<ConfigSource, "project" | "stack" | "region">,
    isEncrypted: (key: string) => boolean = () => false,
): ConfigSource {
    const prefix = `${stack.project}:`;
    const keys = Object.keys(values);
    return {
        ...stack,
        get: (key) => values[prefix + key],
        isEncrypted: (key) => isEncrypted(key.includes(":") ? key : prefix + key),
        keys: keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)),
        others: keys.filter((key) => !key.startsWith(prefix)),
    };
}

/** The SDK has it, and does not declare it (runtime/config.js). One encrypted member makes the whole key secret. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };

// Not pulumi.Config, which gives every value as the type that it is asked for, and does not tell an encrypted one from another.
const stackConfig = () =>
    sourceOf(
        pulumi.runtime.allConfig(),
        { project: pulumi.getProject(), stack: pulumi.getStack(), region: aws.config.region },
        isConfigSecret,
    );
