/** The files of docs/deployer/: what they say, and with values in the place of their placeholders. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Renderers } from "../../tools/rendered";
import { checkout } from "../paths";
import { deployer, type Policy } from "./aws";
import { tokenTable } from "./github";

const folder = path.join("docs", "deployer");

/** What stands for a value of the account or the stack: `${…}` would be a variable of IAM's own. */
export interface Values {
    readonly PARTITION: string;
    readonly REGION: string;
    readonly ACCOUNT: string;
    /** The project's name, which is the tag `Project`. */
    readonly PROJECT: string;
    /** What everything is called: `<project>-<stack>`. */
    readonly NAME: string;
    /** The id of the hosted zone. */
    readonly ZONE: string;
    /** The app's domain, or a pattern with `*` for more than one. */
    readonly DOMAIN: string;
    /** The id of the customer's key. */
    readonly KEY: string;
}

/** Each document as it is in the checkout, which a team may have edited. */
export function policies(values: Values): { readonly title: string; readonly document: string }[] {
    const at = path.join(checkout, folder);
    return fs
        .readdirSync(at)
        .filter((file) => file.endsWith(".json"))
        .map((file) => ({
            title: path.basename(file, ".json"),
            document: fs
                .readFileSync(path.join(at, file), "utf8")
                .replace(
                    /\b(?:PARTITION|REGION|ACCOUNT|PROJECT|NAME|ZONE|DOMAIN|KEY)\b/g,
                    (name) => values[name as keyof Values],
                ),
        }));
}

/** What AWS limits a managed policy to, white space aside. */
export const longest = 6_144;

const statements = ({ rights }: Policy) =>
    rights.map(({ sid, actions, resources, condition }) => ({
        Sid: sid,
        Effect: "Allow",
        Action: [...actions].sort(),
        Resource: resources,
        ...(condition && { Condition: condition }),
    }));

const json = (policy: Policy) =>
    `${JSON.stringify({ Version: "2012-10-17", Statement: statements(policy) }, undefined, 4)}\n`;

const wide = ({ title, rights }: Policy) =>
    rights.flatMap(({ sid, why }) => (why === undefined ? [] : [`| ${title} | ${sid} | ${why} |`]));

const unseen = ({ rights }: Policy) =>
    rights.flatMap(({ actions, sid, source }) => (source ? [`- ${actions.join(", ")} (${sid}): ${source}.`] : []));

const page = (before: string) => {
    const sections: Readonly<Record<string, readonly string[]>> = {
        policies: [
            "| file | what it is for |",
            "| --- | --- |",
            ...deployer.map(({ title, purpose }) => `| [${title}.json](${title}.json) | ${purpose} |`),
        ],
        wide: ["| file | statement | why not narrower |", "| --- | --- | --- |", ...deployer.flatMap(wide)],
        unseen: deployer.flatMap(unseen),
        token: tokenTable(),
    };
    return before.replace(
        /(<!-- (\w+): .*-->\n)[^]*?(?=<!-- end -->)/g,
        (_, mark: string, name: string) => `${mark}\n${sections[name]!.join("\n")}\n\n`,
    );
};

/** What each file is to contain, by its path in the checkout; a page is given as it is. */
export const renderers: Renderers = {
    ...Object.fromEntries(deployer.map((policy) => [path.join(folder, `${policy.title}.json`), () => json(policy)])),
    ...Object.fromEntries(["README.md", "reasons.md", "github.md"].map((name) => [path.join(folder, name), page])),
};
