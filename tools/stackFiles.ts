/** The project's configuration as the engine would hand it to the program, read without the Pulumi CLI. */
import { RunError } from "@pulumi/pulumi/errors";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

/** What a new checkout has for `githubRepository`. The program refuses it, since nothing can be deployed from there. */
const placeholder = "OWNER/REPOSITORY";
/** What stands in for it, on the emulated GitHub too. */
export const sampleRepository = "octo-org/hello-fargate";

/** Stands for a value that only the stack's own backend can decrypt. */
const sampleSecret = "encrypted";

interface ProjectFile {
    readonly name: string;
    readonly config?: Readonly<Record<string, { readonly default?: unknown }>>;
    readonly template?: { readonly config?: Readonly<Record<string, { readonly default?: unknown }>> };
}

interface StackFile {
    readonly config?: Readonly<Record<string, unknown>>;
}

export interface StackConfig {
    readonly project: string;
    readonly stack: string;
    /** Every key with its namespace; structured values as JSON. */
    readonly values: Readonly<Record<string, string>>;
}

/**
 * The configuration of a stack: `Pulumi.<stack>.yaml` over the defaults of `Pulumi.yaml`, with a repository instead of the
 * placeholder, and with a text instead of each encrypted secret of the app.
 *
 * @param folder the project's
 * @throws RunError if there is no such stack, a file cannot be read, or a setting is encrypted that decides what is declared
 */
export function stackConfig(folder: string, stack: string): StackConfig {
    const file = projectFile(folder);
    const { config = {} } = readYaml<StackFile>(stackFile(folder, stack));
    const own = Object.entries(config).map(([key, value]) => [key, readable(key, value, file.name, stack)] as const);
    return withDefaults(file, stack, own);
}

/** The configuration of a stack that keeps to the defaults of `Pulumi.yaml`, in the region that its template proposes. */
export function defaultConfig(folder: string, stack: string): StackConfig {
    const file = projectFile(folder);
    return withDefaults(file, stack, [["aws:region", file.template?.config?.["aws:region"]?.default]]);
}

const projectFile = (folder: string) => readYaml<ProjectFile>(path.join(folder, "Pulumi.yaml"));

/** What is set over the defaults of `Pulumi.yaml`, each value as Pulumi hands it on, with a repository instead of the placeholder. */
export function withDefaults(
    { name: project, config: declared = {} }: ProjectFile,
    stack: string,
    own: readonly (readonly [string, unknown])[],
): StackConfig {
    const defaults = Object.entries(declared).map(([key, { default: value }]) => [`${project}:${key}`, value] as const);
    const values = new Map<string, unknown>([...defaults, ...own]);
    const repository = `${project}:githubRepository`;
    if (asText(values.get(repository) ?? placeholder).toUpperCase() === placeholder) {
        values.set(repository, sampleRepository);
    }
    const given = [...values].filter(([, value]) => value !== undefined && value !== null);
    return { project, stack, values: Object.fromEntries(given.map(([key, value]) => [key, asText(value)])) };
}

function stackFile(folder: string, stack: string): string {
    const stacks = fs.readdirSync(folder).flatMap((name) => /^Pulumi\.([^/]+)\.yaml$/.exec(name)?.[1] ?? []);
    if (!stacks.includes(stack)) {
        throw new RunError(
            `There is no stack "${stack}": ${folder} has no Pulumi.${stack}.yaml. Its stacks are ${stacks.join(", ") || "none"}.`,
        );
    }
    return path.join(folder, `Pulumi.${stack}.yaml`);
}

/** Secrets of the app count as secrets whatever they hold; and settings of other namespaces decide nothing that is declared. */
function readable(key: string, value: unknown, project: string, stack: string): unknown {
    if (isEncrypted(value)) {
        if (key.startsWith(`${project}:`)) {
            throw new RunError(
                `${key} in Pulumi.${stack}.yaml is encrypted, and what the stack consists of cannot be told without it. ` +
                    `Set it as plain text: pulumi config set ${key.slice(project.length + 1)} <value>`,
            );
        }
        return sampleSecret;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
        return value;
    }
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.map(([name, entry]) => [name, isEncrypted(entry) ? sampleSecret : entry]));
}

/** What the Pulumi CLI writes for a secret. */
export function isEncrypted(value: unknown): boolean {
    return typeof value === "object" && value !== null && "secure" in value;
}

/** As Pulumi hands a value on: always a string. */
function asText(value: unknown): string {
    return typeof value === "string" ? value : JSON.stringify(value);
}

/** @throws RunError that names the file, if it is missing or no YAML */
export function readYaml<T extends object>(file: string): T {
    try {
        return (parse(fs.readFileSync(file, "utf8")) ?? {}) as T;
    } catch (error) {
        throw new RunError(`${file} cannot be read: ${(error as Error).message}`);
    }
}
