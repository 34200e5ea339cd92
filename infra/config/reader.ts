import * as pulumi from "@pulumi/pulumi";
import type { Rule } from "./rules";

/** Where the values come from: the stack's configuration, or a plain record in a test. */
export interface ConfigSource {
    /** The value of a key of the project's namespace as Pulumi stores it: always a string, JSON where it is structured. */
    get(key: string): string | undefined;
    /** Every key that is set in the project's namespace, known or not. */
    readonly keys: readonly string[];
    /** `aws:region`, or the environment's AWS_REGION. */
    readonly region: string | undefined;
    readonly project: string;
    readonly stack: string;
}

/** Reads values and collects what is wrong with them, so that all of it can be said at once. */
export class ConfigReader {
    private readonly problems: string[] = [];
    private readonly known = new Set<string>();
    private readonly refused = new Set<string>();

    constructor(private readonly source: ConfigSource) {}

    /** The value of `key` if `rule` accepts it; otherwise the problem is noted and the rule's example stands in. */
    read<T>(key: string, rule: Rule<T>): T {
        this.known.add(key);
        const text = key === "aws:region" ? this.source.region : this.source.get(key);
        const value = text === undefined ? undefined : rule.parse(text);
        if (value !== undefined) {
            return value;
        }
        this.refuse(key, rule.expected, text, rule.example);
        return rule.parse(rule.example)!;
    }

    /** The entries of a structured key: none where it is not set. The problem never shows a value, which may be a secret. */
    readEntries(key: string, rule: Rule<Readonly<Record<string, string>>>): Readonly<Record<string, string>> {
        this.known.add(key);
        const text = this.source.get(key);
        const entries = text === undefined ? {} : rule.parse(text);
        if (!entries) {
            this.note(key, `expected ${rule.expected}`, `pulumi config rm ${key}, then set each as ${rule.example}`);
        }
        return entries ?? {};
    }

    /** Whether each of the keys has a value that is fine by itself, so that it can be held against others. */
    accepted(...keys: string[]): boolean {
        return !keys.some((key) => this.refused.has(key));
    }

    refuse(key: string, expected: string, got: string | undefined, example: string | number): void {
        this.refused.add(key);
        const given = got === undefined ? "nothing" : `"${got}"`;
        this.note(key, `expected ${expected}, got ${given}`, `pulumi config set ${key} ${example}`);
    }

    note(subject: string, problem: string, fix: string): void {
        this.problems.push(`${subject}: ${problem}\n    fix: ${fix}`);
    }

    /** @throws pulumi.RunError, which Pulumi prints without a stack trace, that lists every problem. */
    finish(): void {
        // A key that nothing reads is a mistyped one: its value would silently not take effect.
        for (const key of this.source.keys.filter((key) => !this.known.has(key))) {
            const names = [...this.known].filter((name) => !name.includes(":")).join(", ");
            this.note(key, `expected one of ${names}, got an unknown key`, `pulumi config rm ${key}`);
        }
        if (this.problems.length > 0) {
            const count = `${this.problems.length} invalid setting${this.problems.length === 1 ? "" : "s"}`;
            const list = this.problems.map((problem) => `  - ${problem}`).join("\n");
            throw new pulumi.RunError(`Pulumi.${this.source.stack}.yaml has ${count}:\n${list}`);
        }
    }
}
