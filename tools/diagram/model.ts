/** What a picture shows of a stack. */

export type Reach = "public" | "private";

export interface Zone {
    readonly title: string;
    /** A title and a line; undefined where the stack was given none. */
    readonly subnets: Readonly<Record<Reach, { readonly title: string; readonly line: string } | undefined>>;
    readonly nat: boolean;
}

export interface Role {
    readonly name: string;
    /** What a token's subject ends with: `ref:refs/heads/main`, `environment:prod` or `pull_request`. */
    readonly context: string;
    /** The workflow that assumes it: it reads the secret that holds the role's ARN. */
    readonly workflow: string;
    readonly pushesImages: boolean;
    readonly rollsOut: boolean;
}

export interface Facts {
    readonly name: string;
    readonly region: string;
    /** Its range, or its id where it was there before the stack. */
    readonly vpc: { readonly name: string; readonly existing: boolean; readonly flowLogDays?: number };
    /** Of an existing VPC one, in the place of all: its zones are not the stack's business. */
    readonly zones: readonly Zone[];
    readonly balancerIn: Reach;
    readonly tasksIn: Reach;
    /** AWS services with an endpoint in the VPC, such as `s3`. */
    readonly endpoints: readonly string[];
    /** A listener without `redirectsTo` forwards to the tasks. */
    readonly listeners: readonly { readonly port: string; readonly redirectsTo?: string }[];
    readonly balancer: { readonly dualStack: boolean; readonly webAcl: boolean; readonly accessLogDays?: number };
    /** Ports that the security groups open, by who talks to whom. */
    readonly ports: {
        readonly worldToBalancer: readonly string[];
        readonly vpcToBalancer: readonly string[];
        readonly balancerToTasks: readonly string[];
        readonly tasksToWorld: readonly string[];
        /** Beyond the internet: `the VPC`, or a range. */
        readonly tasksToOthers: readonly { readonly place: string; readonly ports: readonly string[] }[];
    };
    readonly domain?: { readonly name: string; readonly certificate: boolean };
    readonly tasks: {
        readonly least: number;
        readonly most: number;
        /** Times at which other bounds begin. */
        readonly hours: number;
        readonly size: string;
        readonly spot: boolean;
        /** How a release goes live, such as `rolling`. */
        readonly rollout: string;
    };
    /** What runs at set times, by name. */
    readonly schedules: readonly string[];
    /** What the app's own role may do: managed policies by name, one that the stack wrote, and to carry a shell. */
    readonly role: { readonly managed: readonly string[]; readonly written: boolean; readonly shell: boolean };
    readonly image: { readonly repository: string; readonly pulled: boolean };
    /** Undefined: the tasks write to no group of the stack. */
    readonly logs?: { readonly group: string; readonly days: number };
    readonly secrets: readonly string[];
    /** What a KMS key that is not AWS's own encrypts. */
    readonly encrypted: readonly string[];
    readonly alarms: {
        readonly count: number;
        readonly told: boolean;
        /** How many of them take a release back. */
        readonly rollsBack: number;
        readonly dashboard: boolean;
    };
    /** What ECS reports reaches the same topic. */
    readonly reports: boolean;
    readonly mail?: string;
    readonly oidcProvider: "own" | "existing";
    readonly roles: readonly Role[];
    readonly github: {
        readonly repository: string;
        readonly created: boolean;
        readonly environment?: { readonly name: string; readonly reviewed: boolean };
        readonly secrets: readonly string[];
        readonly variables: readonly string[];
        /** What a release goes through beyond what each does. */
        readonly hurdles: readonly string[];
    };
}
