import { table, type Setting } from "../infra/config/table";
import type { Values } from "./settings";

/** What is expected, the example in the fix, values that are refused, and values that are taken. */
interface Rule {
    readonly expected: string;
    readonly example: string;
    readonly bad: readonly string[];
    readonly good: readonly string[];
}

/** Texts, and lists of numbers, have rules that nothing but their own words tell. */
const written: Readonly<Record<string, Rule>> = {
    githubRepository: {
        expected: 'your repository as owner/name, such as "acme/shop"',
        example: "acme/shop",
        bad: [
            "OWNER/REPOSITORY",
            "owner/repository",
            "",
            "shop",
            "/shop",
            "acme/",
            "acme/shop/x",
            "-acme/shop",
            "acme/sh op",
            "acme/*",
            "acme/..",
            "acme/shop.git",
            "https://github.com/acme/shop",
            "acme_corp/shop,other/shop",
            `acme/${"a".repeat(101)}`,
        ],
        good: ["acme/shop", "A-1/my.shop_2", "a/b"],
    },
    githubBranch: {
        expected: "the name of one branch, no pattern",
        example: "main",
        bad: [
            "",
            "*",
            "release/*",
            "a b",
            "a..b",
            "/main",
            "main/",
            "-main",
            "main.lock",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a[b",
            "@",
            "@{-1}",
        ],
        good: ["main", "release/2.0", "feature_x", "v1.2-rc.1"],
    },
    previewToken: {
        expected: "organization, team:NAME or user:LOGIN",
        example: "team:previews",
        bad: ["", "team", "team:", "user: alice", "personal", "role:admin", "team:a b"],
        good: ["organization", "team:previews", "user:alice", "team:web_2.0-dev"],
    },
    githubEnvironment: {
        expected: 'the name of a GitHub environment, letters, digits, hyphens and underscores, such as "prod"',
        example: "prod",
        bad: ["prod eu", "prod/eu", "1prod", "-prod", "prod:eu", "pröd", "a".repeat(64)],
        good: ["", "prod", "Prod_EU-1", "a".repeat(63)],
    },
    releaseCommand: {
        expected: 'a JSON array of words such as ["bin/migrate", "--all"]',
        example: '["bin/migrate", "--all"]',
        bad: ["bin/migrate --all", "{}", "[]", '[""]', '["bin/migrate", 1]', '["bin/migrate"', "null", "true"],
        good: ["", '["true"]', '["sh", "-c", "a && b"]'],
    },
    alarmEmail: {
        expected: 'an e-mail address such as "on-call@example.com"',
        example: "on-call@example.com",
        bad: [
            "on-call",
            "@example.com",
            "on call@example.com",
            "a@b",
            "a@example.com,b@example.com",
            "<a@example.com>",
        ],
        good: ["", "on-call@example.com", "first.last+aws@mail.example.co.jp"],
    },
    healthCheckPath: {
        expected: 'an absolute path such as "/health"',
        example: "/",
        bad: ["", "health", "http://x/health", "/a b", `/${"a".repeat(1024)}`],
        good: ["/", "/health", "/live?deep=1", `/${"a".repeat(1023)}`],
    },
    egress: {
        expected:
            'a port within the VPC such as 5432, or at an IPv4 network without host bits such as "5432@10.20.0.0/16" or "587@0.0.0.0/0"',
        example: "5432",
        bad: [
            "0",
            "65536",
            "05432",
            "-1",
            "5432/udp",
            "5432-5440",
            "postgres",
            "5432@",
            "5432@10.20.0.0",
            "5432@10.20.0.1/16",
            "5432@10.20.0.0/33",
            "5432@010.20.0.0/16",
            "5432@0.0.0.0/00",
            "5432@::/0",
            "5432@db.example.com",
        ],
        good: [
            "",
            "5432",
            "5432, 6379",
            "587@0.0.0.0/0,5432@10.20.0.0/16",
            "443@0.0.0.0/0",
            "1,65535",
            "5432@10.1.2.3/32",
        ],
    },
    command: {
        expected: 'a JSON array of words such as ["npm", "start"]',
        example: '["npm", "start"]',
        bad: ["npm start", "[]", '"npm"', '["npm", ""]', '["sleep", 5]', "{}", "["],
        good: ["", '["npm", "start"]', '["sh", "-c", "exec node ."]'],
    },
    user: {
        expected: 'a user with or without a group, by name or number, such as "1000" or "node:node"',
        example: "1000",
        bad: ["-1", "node:", ":node", "node node", "Node!", "a:b:c", "12345678901"],
        good: ["", "1000", "1000:1000", "node", "www-data:0"],
    },
    taskPolicyArns: {
        expected: 'the ARN of a managed policy such as "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"',
        example: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        bad: [
            "AmazonS3ReadOnlyAccess",
            "arn:aws:iam::aws:role/x",
            "arn:aws:iam::123:policy/x",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::123456789012:policy/a b",
        ],
        good: [
            "",
            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess, arn:aws-cn:iam::123456789012:policy/team/shop",
            "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        ],
    },
    cpu: {
        expected: "CPU units that Fargate runs: 256, 512, 1024, 2048, 4096, 8192, 16384 or 32768",
        example: "256",
        bad: ["", "0", "128", "300", "1 vCPU", "65536", "0256"],
        good: ["256"],
    },
    vpcCidr: {
        expected: "an IPv4 network from /16 to /23 with no host bits set",
        example: "10.0.0.0/16",
        bad: [
            "",
            "10.0.0.0",
            "10.0.0.0/15",
            "10.0.0.0/24", // its public subnets would be too small for a load balancer
            "10.0.0.1/16",
            "10.0.1.0/20",
            "10.0.256.0/24",
            "10.0.0/16",
            "fd00::/16",
            "010.0.0.0/16",
            "0.0.0.0/16",
            "127.0.0.0/16",
            "169.254.0.0/16",
            "224.0.0.0/16",
            "10.0.0.0/16/16",
            "10.0.0.0/16 ",
        ],
        good: ["10.0.0.0/16", "172.31.16.0/20", "192.168.4.0/23"],
    },
    logRetentionDays: {
        expected:
            "a number of days that CloudWatch Logs accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
        example: "30",
        bad: ["", "0", "2", "31", "forever", "-1"],
        good: [
            "1",
            "3",
            "5",
            "7",
            "14",
            "30",
            "60",
            "90",
            "120",
            "150",
            "180",
            "365",
            "400",
            "545",
            "731",
            "1096",
            "1827",
            "2192",
            "2557",
            "2922",
            "3288",
            "3653",
        ],
    },
    name: {
        expected: "lower-case letters, digits and single hyphens between them, 2 to 90 characters",
        example: "shop-prod",
        bad: ["Shop", "my_shop", "shop-", "-shop", "a--b", "7shop", "shop.prod", "s", "x".repeat(91), "shöp", " shop"],
        good: ["", "sh", "shop", "shop-prod-2", "x".repeat(90)],
    },
    rolloutTestPort: {
        expected: "a whole number from 1 to 65535",
        example: "9000",
        bad: ["0", "65536", "9000.5", "-1", "http"],
        good: ["", "1", "9000", "65535"],
    },
    webAclArn: {
        expected:
            'the ARN of a regional web ACL of AWS WAF such as "arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab"',
        example: "arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab",
        bad: [
            "shop",
            "arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:wafv2:ap-northeast-1:123456789012:regional/ipset/shop/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:waf-regional:ap-northeast-1:123456789012:webacl/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/shop",
        ],
        good: [
            "",
            "arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab",
        ],
    },
    kmsKeyArn: {
        expected:
            'the ARN of a KMS key such as "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"',
        example: "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        bad: [
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "alias/shop",
            "arn:aws:kms:ap-northeast-1:123456789012:alias/shop",
            "arn:aws:kms:ap-northeast-1:123:key/1234abcd",
        ],
        good: [
            "",
            "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:ap-northeast-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        ],
    },
    containerInsights: {
        expected: '"disabled" or "enabled" or "enhanced"',
        example: "disabled",
        bad: ["", "Enabled", "on", "FALSE", "True", "0"],
        good: ["disabled", "enabled", "enhanced", "true", "false"],
    },
};

/** Settings whose least or most is fine only with that of another. */
export const partners: Readonly<Record<string, Values>> = {
    minTasks: { maxTasks: "1000" },
    maxTasks: { minTasks: "1" },
    enableExec: { readOnlyRoot: "false" },
    githubPreventSelfReview: { githubEnvironment: "prod", githubReviewers: "alice" },
    githubAdminsBypass: { githubEnvironment: "prod", githubReviewers: "alice" },
};

/** What the words of the table promise of a choice, a flag or a whole number; undefined for the rest. */
function promised({ type, values, example, default: standard }: Setting): Rule | undefined {
    const [, least, most] = (/^(\d+) to (\d+)$/.exec(values) ?? []).map(Number);
    if (type === "number" && least !== undefined && most !== undefined) {
        const others = ["", "-1", "two", "1e3", "0x2", `${least}.5`, ` ${least}`, `${least} `];
        return {
            expected: `a whole number from ${least} to ${most}`,
            example: example ?? standard!,
            bad: [...others, String(least - 1), String(most + 1)],
            good: [String(least), String(most)],
        };
    }
    const options = [...values.matchAll(/`([^`]+)`/g)].map(([, option]) => option!);
    const unlike = options.flatMap((option) => [option.toUpperCase(), ` ${option}`, `${option}s`, option.slice(1)]);
    const bad = ["", "0", "yes", ...unlike.filter((option) => !options.includes(option))];
    if (type === "choice") {
        const expected = options.map((option) => `"${option}"`).join(" or ");
        return { expected, example: example ?? standard!, bad, good: options };
    }
    return type === "flag" ? { expected: "true or false", example: "false", bad, good: ["true", "false"] } : undefined;
}

/** By key. A new choice, flag or whole number needs no entry here; a new text does, or the table is not covered. */
export const rules: Readonly<Record<string, Rule>> = Object.fromEntries(
    Object.entries<Setting>(table)
        .filter(([, { narrowed }]) => narrowed === undefined)
        .flatMap(([key, setting]) => {
            const rule = written[key] ?? promised(setting);
            return rule ? [[key, rule]] : [];
        }),
);
