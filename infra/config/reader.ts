import * as pulumi from "@pulumi/pulumi";
import * as v from "valibot";
import { nearest } from "./nearest";
import type { Setting } from "./table";

/** Where the values come from: the stack's configuration, or a plain record in a test. */
export interface ConfigSource {
    /** The value of a key of the project's namespace as Pulumi stores it: always a string, JSON where it is structured. */
    get(key: string): string | undefined;
    /** Whether the value of such a key, or something in it, is encrypted: by `pulumi config set --secret`, or as a secret of an environment. */
    isEncrypted(key: string): boolean;
    /** Every key that is set in the project's namespace, known or not. */
    readonly keys: readonly string[];
    /** Keys of other namespaces, with them: `aws:region`, and those of a project of another name. */
    readonly others: readonly string[];
    /** `aws:region`, or the environment's AWS_REGION. */
    readonly region: string | undefined;
    readonly project: string;
    readonly stack: string;
}

/** Whose namespaces have settings of their own. */
const packages: readonly string[] = ["aws", "awsx", "docker-build", "github", "pulumi"];

/** Reads the values of these keys and collects what is wrong with them, so that all of it can be said at once. */
export class ConfigReader<Key extends string> {
    private readonly problems: string[] = [];
    private readonly refused = new Set<Key>();
    private known: readonly string[] = [];

    constructor(private readonly source: ConfigSource) {}

    /** The value of every setting, by key, as its schema reads it. Where that refuses, the problem is noted, and the default or an example stands in. */
    readAll(table: Readonly<Record<Key, Setting>>): Record<string, unknown> {
        const values: Record<string, unknown> = {};
        for (const [key, setting] of Object.entries(table) as [Key, Setting][]) {
            const { narrowed } = setting;
            // What the other setting's schema has read, which the table cannot know the type of while it is being written.
            const narrower =
                narrowed && this.accepted(narrowed.by as Key) ? narrowed.kind(values[narrowed.by] as never) : {};
            values[key] = this.read(key, { ...setting, ...narrower });
        }
        this.known = Object.keys(table).filter((key) => !key.includes(":"));
        return values;
    }

    private read(key: Key, setting: Setting): unknown {
        const { type, schema, example = setting.default ?? "" } = setting;
        if (this.source.isEncrypted(key) && setting.encrypted !== "accepted") {
            this.refuseEncrypted(key, setting);
            return type === "entries" ? {} : standInOf(setting);
        }
        const text = key === "aws:region" ? this.source.region : this.source.get(key);
        if (type === "entries") {
            return this.readEntries(key, text ?? "{}", schema, example);
        }
        const result = v.safeParse(schema, text, { abortPipeEarly: true });
        // Of a list, each entry by itself.
        const [first, ...others] = result.issues ?? [];
        for (const { message, path } of first ? [first, ...others.filter((issue) => issue.path)] : []) {
            this.refuse(key, message, path ? String(path[0].value) : text, example);
        }
        return result.success ? result.output : standInOf(setting);
    }

    /** The value is shown neither here nor by what is wrong with it besides. */
    private refuseEncrypted(key: Key, { type, example = "", encrypted }: Setting): void {
        this.refused.add(key);
        const set = `pulumi config set ${key} <value> --plaintext`;
        const plain = type === "entries" ? `pulumi config rm ${key}, then set each as ${example} --plaintext` : set;
        this.note(
            key,
            "expected plain text, got an encrypted value, which would be plain text in the state and in AWS or on GitHub",
            typeof encrypted === "object" ? encrypted.fix : plain,
        );
    }

    /** What is wrong with each entry, by its name, and with each member of one. No problem shows a value, which may be a secret. */
    private readEntries(key: Key, text: string, schema: Setting["schema"], example: string): unknown {
        const result = v.safeParse(schema, text);
        const noted = new Set<string>();
        for (const { message, path = [], expected } of result.issues ?? []) {
            const [entry, member]: readonly v.IssuePathItem[] = path;
            const { subject, argument } = pathOf(
                key,
                [entry, member].flatMap((item) => (item ? [String(item.key)] : [])),
            );
            if (noted.has(subject)) {
                continue;
            }
            noted.add(subject);
            this.refused.add(key);
            if (!entry) {
                this.note(key, `expected ${message}`, `pulumi config rm ${key}, then set each as ${example}`);
                continue;
            }
            // A name can only be taken away; a value can be set again.
            const isUnknown = member ? expected === "never" : entry.origin === "key";
            const setAgain = example.slice(0, example.indexOf(`${key}.`)) + argument; // Pulumi asks for the value
            this.note(subject, `expected ${message}`, isUnknown ? `pulumi config rm --path ${argument}` : setAgain);
        }
        return result.success ? result.output : {};
    }

    /** Whether each of the keys has a value that is fine by itself, so that it can be held against others. */
    accepted(...keys: Key[]): boolean {
        return !keys.some((key) => this.refused.has(key));
    }

    refuse(key: Key, expected: string, got: string | undefined, example: string | number): void {
        this.refused.add(key);
        const given = got === undefined ? "nothing" : `"${got}"`;
        this.note(key, `expected ${expected}, got ${given}`, `pulumi config set ${key} ${argumentOf(String(example))}`);
    }

    note(subject: string, problem: string, fix: string): void {
        this.problems.push(`${subject}: ${problem}\n    fix: ${fix}`);
    }

    /** @throws pulumi.RunError, which Pulumi prints without a stack trace, that lists every problem. */
    finish(): void {
        this.refuseUnknown();
        this.refuseStrayed();
        if (this.problems.length > 0) {
            const count = `${this.problems.length} invalid setting${this.problems.length === 1 ? "" : "s"}`;
            const list = this.problems.map((problem) => `  - ${problem}`).join("\n");
            throw new pulumi.RunError(`Pulumi.${this.source.stack}.yaml has ${count}:\n${list}`);
        }
    }

    /** A key that nothing reads is a mistyped one: its value would silently not take effect. */
    private refuseUnknown(): void {
        for (const key of this.source.keys.filter((key) => !this.known.includes(key))) {
            const meant = nearest(key, this.known);
            const expected = meant ?? `one of ${this.known.join(", ")}`;
            const remedy = meant === undefined ? "" : `, and set ${meant} in its place`;
            this.note(key, `expected ${expected}, got an unknown key`, `pulumi config rm ${key}${remedy}`);
        }
    }

    /** Settings under the name of another project, which Pulumi passes over: those of an example, or from before a new name. */
    private refuseStrayed(): void {
        const { others, project, stack } = this.source;
        const namespaceOf = (key: string) => key.slice(0, key.indexOf(":"));
        const strayed = others.filter((key) => this.known.includes(key.slice(namespaceOf(key).length + 1)));
        for (const namespace of new Set(strayed.map(namespaceOf).filter((each) => !packages.includes(each)))) {
            const keys = strayed.filter((key) => namespaceOf(key) === namespace);
            this.note(
                keys.join(", "),
                `expected ${project}:…, as Pulumi.yaml calls the project ${project}; nothing reads ${namespace}:…`,
                `write ${project}: in place of ${namespace}: in Pulumi.${stack}.yaml, or delete what is there already`,
            );
        }
    }
}

/** A valid value, in place of one that is refused. */
function standInOf({ schema, default: standIn = "", example = standIn }: Setting): unknown {
    return v.parse(schema, v.is(schema, standIn) ? standIn : example);
}

/** A value as an argument of a shell's command. */
function argumentOf(value: string): string {
    return /^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** An entry or its member in messages, and as an argument of a shell's command: Pulumi takes the names of variables as they are. */
function pathOf(key: string, names: readonly string[]): { subject: string; argument: string } {
    const subject = names.reduce(
        (path, name) => (/^\w+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`),
        key,
    );
    return { subject, argument: argumentOf(subject) };
}
