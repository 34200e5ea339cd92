import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { loadSettings, type Settings } from "../infra/config";
import type { ConfigSource } from "../infra/config/reader";

export const projectFolder = path.join(__dirname, "..");

interface ProjectFile {
    readonly name: string;
    readonly config: Readonly<Record<string, { type: string; description: string; default?: string }>>;
}

/** `Pulumi.yaml`: the only place that holds defaults. */
export const project = readYaml("Pulumi.yaml") as ProjectFile;

export const region = "ap-northeast-1";

/** Pulumi Cloud's organization that the stack belongs to. */
export const organization = "acme-platform";

export type Values = Readonly<Record<string, string | undefined>>;

/** Every key's value as the program gets it: the default, a repository, and `values` over both; undefined takes a key away. */
export function configured(values: Values = {}): Record<string, string> {
    const defaults = Object.entries(project.config).map(([key, { default: value }]) => [key, value]);
    const all = { ...Object.fromEntries(defaults), githubRepository: "acme/shop", ...values } as Values;
    return Object.fromEntries(
        Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
    );
}

/** The settings that `values` over the defaults give, without running the program. */
export function load(values: Values = {}, source: Partial<ConfigSource> = {}): Settings {
    const all = configured(values);
    return loadSettings({
        get: (key) => all[key],
        isEncrypted: () => false,
        keys: Object.keys(all),
        others: ["aws:region"],
        region,
        project: project.name,
        stack: "dev",
        ...source,
    });
}

/** The message with which they are refused: a RunError's, which the engine prints without a stack trace. */
export function refusal(...args: Parameters<typeof load>): string {
    try {
        load(...args);
    } catch (error) {
        assert.ok(pulumi.RunError.isInstance(error), String(error));
        return error.message;
    }
    throw new assert.AssertionError({ message: `${JSON.stringify(args[0])} was accepted` });
}

/** A file of the project. */
export function readYaml(file: string): unknown {
    return parse(fs.readFileSync(path.join(projectFolder, file), "utf8"));
}
