import { isIPv4 } from "node:net";

/** What one configuration key accepts. */
export interface Rule<T> {
    /** The value, or undefined where the text is not acceptable. */
    readonly parse: (text: string) => T | undefined;
    /** What is accepted, as it follows the word "expected". */
    readonly expected: string;
    /** An acceptable value, shown in the fix. */
    readonly example: string;
}

export const oidcProviders = ["create", "existing"] as const;
export const natGateways = ["none", "single", "one-per-az"] as const;
export const architectures = ["x86_64", "arm64"] as const;
export const capacities = ["on-demand", "spot"] as const;
export const releasers = ["pipeline", "pulumi"] as const;

/** CloudWatch Logs, PutRetentionPolicy: the only numbers of days that it accepts. */
const logRetentions = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

export function oneOf<const T extends string>(values: readonly T[], example: NoInfer<T> = values[0]!): Rule<T> {
    return {
        parse: (text) => values.find((value) => value === text),
        expected: values.map((value) => `"${value}"`).join(" or "),
        example,
    };
}

/** A whole number from `least` to `most`, both included. */
export function integer(least: number, most: number, example = least): Rule<number> {
    return {
        parse: (text) => {
            const value = wholeNumber(text);
            return value !== undefined && value >= least && value <= most ? value : undefined;
        },
        expected: `a whole number from ${least} to ${most}`,
        example: String(example),
    };
}

export const flag: Rule<boolean> = {
    parse: (text) => (text === "true" ? true : text === "false" ? false : undefined),
    expected: "true or false",
    example: "false",
};

export const region: Rule<string> = {
    parse: (text) => (/^[a-z]{2}(-[a-z]+)+-\d$/.test(text) ? text : undefined),
    expected: 'an AWS region such as "ap-northeast-1"',
    example: "ap-northeast-1",
};

/**
 * RFC 1918 is not asked for: a VPC may use any range but those that EC2 refuses (this network, loopback, link-local, multicast and
 * above). The network address must be exact, as EC2 would change it silently.
 */
export const cidr: Rule<string> = {
    parse: (text) => {
        const [address, length] = text.split("/");
        if (!isIPv4(address ?? "") || !/^(1[6-9]|2[0-4])$/.test(length ?? "")) {
            return undefined;
        }
        const reserved = /^(0|127|22[4-9]|2[3-5]\d|169\.254)\./.test(text);
        return !reserved && network(text, Number(length)) === text ? text : undefined;
    },
    expected: "an IPv4 network from /16 to /24 with no host bits set",
    example: "10.0.0.0/16",
};

/** An ELB health check path: absolute, at most 1024 characters. */
export const path: Rule<string> = {
    parse: (text) => (/^\/[\w\-.~!$&'()*+,;=:@%/?]{0,1023}$/.test(text) ? text : undefined),
    expected: 'an absolute path such as "/health"',
    example: "/",
};

/** A DNS name to the letter: lower case, no wildcard (the app has one address), no dot at the end, two labels or more. */
export const domainName: Rule<string> = {
    parse: (text) =>
        text.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(text)
            ? text
            : undefined,
    expected: 'a domain name such as "shop.example.com", no wildcard',
    example: "shop.example.com",
};

/** One address, as a person writes it: whether it can be reached, SNS finds out by asking it to confirm. */
export const email: Rule<string> = {
    parse: (text) => (/^[^\s@,;<>"]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$/.test(text) ? text : undefined),
    expected: 'an e-mail address such as "on-call@example.com"',
    example: "on-call@example.com",
};

/** What ECS and a POSIX shell both take as a variable's name, without those that the ECS agent sets itself. */
const isVariable = (name: string): boolean =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^(ECS_|AWS_EXECUTION_ENV$|AWS_CONTAINER_CREDENTIALS_)/.test(name);

/** A JSON object of variables; numbers and booleans, as YAML has them, are taken as text. */
function variables(
    expected: string,
    example: string,
    accepts: (value: string) => boolean,
): Rule<Readonly<Record<string, string>>> {
    return {
        parse: (text) => {
            const parsed = parseJson(text);
            if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
                return undefined;
            }
            const scalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
            const entries = Object.entries(parsed).map(([name, value]) => [
                name,
                scalar(value) ? String(value) : undefined,
            ]);
            const fine = entries.every(([name, value]) => isVariable(name!) && value !== undefined && accepts(value));
            return fine ? (Object.fromEntries(entries) as Record<string, string>) : undefined;
        },
        expected: `${expected}, by names of letters, digits and underscores that ECS does not set itself (ECS_…)`,
        example,
    };
}

/** Plain variables of the container. */
export const environment = variables("texts", "pulumi config set --path environment.LOG_LEVEL debug", () => true);

/** Secrets Manager takes up to 64 KiB and nothing empty. An ARN is one of a secret or of an SSM parameter. */
export const secrets = variables(
    "texts that are not empty, or ARNs of a Secrets Manager secret or an SSM parameter",
    "pulumi config set --secret --path secrets.DB_PASSWORD",
    (value) =>
        value !== "" &&
        value.length <= 65_536 &&
        (!value.startsWith("arn:") ||
            /^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:\d{12}:secret:|ssm:[a-z0-9-]+:\d{12}:parameter\/)\S+$/.test(
                value,
            )),
);

function parseJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/** `rule`, or nothing at all: an empty text. */
export const optional = (rule: Rule<string>): Rule<string> => ({
    ...rule,
    parse: (text) => (text === "" ? "" : rule.parse(text)),
});

/** The name without its first label, or itself where only two are left. */
export const parent = (name: string): string => (name.split(".").length > 2 ? name.slice(name.indexOf(".") + 1) : name);

export const cpu: Rule<number> = {
    parse: (text) => [...fargate.keys()].find((units) => String(units) === text),
    expected: "CPU units that Fargate runs: 256, 512, 1024, 2048, 4096, 8192 or 16384",
    example: "256",
};

export const logRetention: Rule<number> = {
    parse: (text) => logRetentions.find((days) => String(days) === text),
    expected: `a number of days that CloudWatch Logs accepts: ${logRetentions.join(", ")}`,
    example: "30",
};

/** ECR allows 256 characters of lower case; a log group, a cluster and a service allow more. IAM and ALB names are generated. */
export const longestName = 200;

/** ECR refuses a hyphen at the end and two in a row. */
export const isResourceName = (name: string): boolean =>
    name.length <= longestName && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);

/** The acceptable stack name that is nearest to `stack`. */
export function stackName(stack: string, project: string): string {
    const words = stack.toLowerCase().match(/[a-z0-9]+/g) ?? ["dev"];
    return words
        .join("-")
        .slice(0, longestName - project.length - 1)
        .replace(/-$/, "");
}

const range = (from: number, to: number, step: number) =>
    Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);

/** Memory in MiB by CPU units: "Task CPU and memory" in the Amazon ECS Developer Guide, Linux on Fargate. */
const fargate: ReadonlyMap<number, readonly number[]> = new Map([
    [256, [512, 1024, 2048]],
    [512, range(1024, 4096, 1024)],
    [1024, range(2048, 8192, 1024)],
    [2048, range(4096, 16384, 1024)],
    [4096, range(8192, 30720, 1024)],
    [8192, range(16384, 61440, 4096)],
    [16384, range(32768, 122880, 8192)],
]);

/** The memory sizes, in MiB, that Fargate runs with `cpuUnits`. */
export function memoryFor(cpuUnits: number): Rule<number> {
    const memories = fargate.get(cpuUnits) ?? [];
    return {
        parse: (text) => memories.find((memory) => String(memory) === text),
        expected: `a memory (MiB) that Fargate runs with ${cpuUnits} cpu: ${listMemories(memories)}`,
        example: String(memories[0]),
    };
}

/** "512, 1024 or 2048", or "4096 to 16384 in steps of 1024" where the list is long. */
function listMemories(memories: readonly number[]): string {
    return memories.length > 4
        ? `${memories[0]} to ${memories.at(-1)} in steps of ${memories[1]! - memories[0]!}`
        : `${memories.slice(0, -1).join(", ")} or ${memories.at(-1)}`;
}

/** `cidr` widened to `prefix`, without host bits. */
export function network(cidr: string, prefix: number): string {
    const address = cidr
        .split(/[./]/)
        .slice(0, 4)
        .reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const start = address - (address % 2 ** (32 - prefix));
    return `${[24, 16, 8, 0].map((shift) => (start >>> shift) & 255).join(".")}/${prefix}`;
}

export const prefixLength = (network: string): number => Number(network.split("/")[1]);

/**
 * The smallest VPC, as a prefix length, whose public subnets hold a load balancer. awsx halves the range for each power of two of
 * zones, gives half of a zone to its private subnet and half of the rest to its public one; ELB wants at least a /27 there.
 */
export const longestPrefix = (zones: number): number => 27 - Math.ceil(Math.log2(zones)) - 2;

function wholeNumber(text: string): number | undefined {
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
