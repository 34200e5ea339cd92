/** What a picture shows of a stack. */

export interface Zone {
    /** The ranges of its two subnets. */
    readonly publicCidr: string;
    readonly privateCidr: string;
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
    readonly cidr: string;
    readonly zones: readonly Zone[];
    /** Where tasks run. */
    readonly tasksIn: "public" | "private";
    /** AWS services with an endpoint in the VPC, such as `s3`. */
    readonly endpoints: readonly string[];
    /** A listener without `redirectsTo` forwards to the tasks. */
    readonly listeners: readonly { readonly port: string; readonly redirectsTo?: string }[];
    /** Ports that the security groups open, by who talks to whom. */
    readonly ports: {
        readonly worldToBalancer: readonly string[];
        readonly balancerToTasks: readonly string[];
        readonly tasksToWorld: readonly string[];
    };
    readonly domain?: { readonly name: string; readonly certificate: boolean };
    readonly tasks: { readonly least: number; readonly most: number; readonly size: string; readonly spot: boolean };
    readonly image: { readonly repository: string; readonly pulled: boolean };
    /** Undefined: the tasks write to no group of the stack. */
    readonly logs?: { readonly group: string; readonly days: number };
    readonly secrets: readonly string[];
    readonly alarms: {
        readonly count: number;
        readonly told: boolean;
        readonly rollsBack: boolean;
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
    };
}
