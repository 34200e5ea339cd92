/** What is written of the settings elsewhere: `Pulumi.yaml`'s `config`, for the engine, and the tables in docs/, for people. */
import * as v from "valibot";
import { Document, Scalar, type YAMLMap } from "yaml";
import { headings, table, type Setting } from "../../infra/config/table";
import type { Renderers } from "../rendered";

const settings = Object.entries<Setting>(table);

/** By file of the project, its text with the settings as the table has them now. */
export const renderers: Renderers = {
    "Pulumi.yaml": (text) => replaced(text, /^config:\n[\s\S]*$/m, projectConfig()),
    "docs/settings/README.md": (text) => replaced(text, /^\| page [\s\S]*$/m, index()),
    ...Object.fromEntries(
        Object.entries(headings).map(([heading, page]) => [`docs/settings/${page}.md`, () => pageOf(heading)]),
    ),
};

function replaced(text: string, place: RegExp, by: string): string {
    if (!place.test(text)) {
        throw new Error(`there is no place for the settings: nothing fits ${place}`);
    }
    return text.replace(place, () => by);
}

/** The keys of the project's own namespace. Structured ones are left out: the engine's schema has no type for them. */
function projectConfig(): string {
    const declared = settings.filter(([key, { type }]) => !key.includes(":") && type !== "entries");
    const config = declared.map(([key, setting]) => {
        const description = new Scalar(inPulumiYaml(setting));
        description.type = description.value.length > 100 ? Scalar.BLOCK_FOLDED : Scalar.PLAIN;
        return [key, { type: "string", description, default: setting.default }];
    });
    return new Document({ config: Object.fromEntries(config) as YAMLMap }).toString({ lineWidth: 0 });
}

/** With what is accepted, where a description is no list of it, and what is so without a value. */
function inPulumiYaml({ type, description, values, none }: Setting): string {
    const accepted = type === "text" || type === "number" ? ` (${values})` : "";
    return plain(`${description}${accepted}${none === undefined ? "" : `. Empty - ${none}`}`);
}

/** Without the marks of Markdown. */
const plain = (markdown: string) => markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "");

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]) =>
    [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");

const under = (heading: string) => settings.filter(([, setting]) => setting.heading === heading);

/** Every key with the page that it is on. */
const index = () =>
    tableOf(
        ["page", "keys"],
        Object.entries(headings).map(([heading, page]) => [
            `[${heading}](${page}.md)`,
            under(heading)
                .map(([key]) => `\`${key}\``)
                .join(", "),
        ]),
    );

function pageOf(heading: string): string {
    const rows = under(heading).map(([key, setting]) => [
        `\`${key}\``,
        setting.description,
        setting.values,
        defaultOf(setting),
        setting.takesEffect,
    ]);
    const columns = ["key", "what it is", "values", "default", "a change takes effect"];
    return `# Settings: ${heading}

How they are set: [all settings](README.md).

<!-- Written by npm run settings, from infra/config/table.ts. -->

${tableOf(columns, rows)}`;
}

function defaultOf({ type, schema, default: value, none }: Setting): string {
    if (type === "entries" || value === "") {
        return none === undefined ? "none" : `none: ${none}`;
    }
    return v.is(schema, value) ? `\`${value}\`` : "required";
}
