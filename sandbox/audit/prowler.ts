/** Prowler, over the emulated account. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { rootEnvironment } from "../aws/emulator";
import { ensureProwler } from "../machine/python";
import { run } from "../machine/run";
import { checkout } from "../paths";

/** What one check says of one resource. */
export interface Finding {
    readonly check: string;
    readonly resource: string;
    readonly says: string;
    readonly status: "PASS" | "FAIL" | "MANUAL";
    /** Whether it is in the list of exceptions. */
    readonly excepted: boolean;
}

const folder = path.join(checkout, "sandbox", "audit");

/** Those of Prowler's that the stack has something in; the key and the web ACL are not its own. */
const services = [
    ...["acm", "cloudwatch", "ec2", "ecr", "ecs", "elbv2", "eventbridge", "iam", "route53", "s3", "secretsmanager"],
    ...["sns", "sqs", "vpc"],
];

interface Exceptions {
    readonly Mutelist: {
        readonly Accounts: Readonly<
            Record<string, { readonly Checks: Readonly<Record<string, { Description?: string }>> }>
        >;
    };
}

/** Why each check may find something, by its name, which may end with `*`. */
export function exceptions(): Readonly<Record<string, string>> {
    const { Mutelist } = parse(fs.readFileSync(path.join(folder, "exceptions.yaml"), "utf8")) as Exceptions;
    const checks = Object.entries(Mutelist.Accounts["*"]!.Checks);
    return Object.fromEntries(checks.map(([check, { Description = "" }]) => [check, Description]));
}

/**
 * @param looked the services that are looked at
 * @throws UserError when Prowler does not run to its end.
 */
export async function audit(region: string, looked: readonly string[] = services): Promise<Finding[]> {
    const output = await run(
        await ensureProwler(),
        [
            path.join(folder, "scan.py"),
            "--region",
            region,
            "--exceptions",
            path.join(folder, "exceptions.yaml"),
            ...looked,
        ],
        { env: { ...rootEnvironment(region), PYTHONDONTWRITEBYTECODE: "1" } },
    );
    const lines = output.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as Finding);
}
