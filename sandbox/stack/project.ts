/** A stack of the project as the sandbox's engine gets it: the checkout's own files, and where the state and the plugins are. */
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { loadSettings, sourceOf, type Settings } from "../../infra/config";
import { isEncrypted, readYaml, sampleRepository, withDefaults } from "../../tools/stackFiles";
import { checkout, stateDir } from "../paths";
import { UserError } from "../progress";

/** The stack of a command that names none. */
export const defaultStack = "dev";

/** Stands for a secret that the sandbox cannot decrypt. */
export const sampleSecret = "sandbox";

/** Where the engine runs. */
export const projectDir = path.join(stateDir, "project");

/** Where the engine keeps the states of all stacks. */
export const backendDir = path.join(stateDir, "pulumi");

interface ProjectFile {
    readonly name: string;
    readonly config?: Readonly<Record<string, { readonly default?: unknown }>>;
}

interface StackFile {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly encryptionsalt?: string;
}

let read: ProjectFile | undefined;
const projectFile = () => (read ??= readYaml<ProjectFile>(path.join(checkout, "Pulumi.yaml"))); // it is long, and asked often

export const projectName = (): string => projectFile().name;

/** The structured key that holds the app's secrets. */
export const secretsKey = (): string => `${projectName()}:secrets`;

/** The region that another stack of this sandbox was last brought up in. */
export const regionOf = (stack: string): unknown =>
    readYaml<StackFile>(path.join(projectDir, `Pulumi.${stack}.yaml`)).config?.["aws:region"];

/** Whether a setting is a provider's own, about an account: a profile, keys, roles, endpoints, a token. The sandbox has its own. */
const isOfAccount = (name: string) => /^(aws|awsx|docker-build|github):/.test(name) && name !== "aws:region";

/** The aws provider's `assumeRoles`. */
export const assuming = (roleArn: string) => [{ roleArn, sessionName: "pulumi" }];

/** One stack of the project: its configuration file in the checkout, and what the engine makes of it. */
export class Project {
    /**
     * @param stack the name in `Pulumi.<name>.yaml`, which the stack's resources get as well
     * @throws UserError when it has no such file
     */
    constructor(readonly stack: string) {
        if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(stack)) {
            throw new UserError(`"${stack}" is no name of a stack: give the one in Pulumi.<name>.yaml.`);
        }
        if (!fs.existsSync(this.fileIn(checkout))) {
            const example = `${path.basename(this.fileIn(checkout))}.example`;
            const copy = fs.existsSync(path.join(checkout, example)) ? `: make it from ${example}` : "";
            throw new UserError(`The stack ${stack} has no Pulumi.${stack}.yaml in ${checkout}${copy}.`);
        }
    }

    /**
     * The settings that the program will run with, read before a machine is prepared for it.
     * @throws pulumi.RunError that lists every invalid one, as the program itself would.
     */
    settings(): Settings {
        const { values, ...stack } = withDefaults(projectFile(), this.stack, Object.entries(this.config()));
        return loadSettings(sourceOf(values, { ...stack, region: values["aws:region"] }));
    }

    /** The app's secrets by variable, without the references to some that exist already. */
    secrets(): Record<string, string> {
        const entries = Object.entries((this.config()[secretsKey()] ?? {}) as Record<string, unknown>);
        const given = entries.map(([variable, value]) => [variable, String(value)] as const);
        return Object.fromEntries(given.filter(([, value]) => !value.startsWith("arn:")));
    }

    /** The variables whose secret the sandbox cannot decrypt. */
    undecryptable(): string[] {
        const { config = {} } = this.file();
        return Object.entries((config[secretsKey()] ?? {}) as Record<string, unknown>).flatMap(([variable, value]) =>
            isEncrypted(value) ? [variable] : [],
        );
    }

    /**
     * Writes the files that the engine reads, without `secrets`: these the engine encrypts itself.
     * @param plugins the folders of those that the engine does not fetch, by their packages' names
     * @param roleArn what the stack's aws provider assumes, if it is not to be the account's root
     */
    write(plugins: Readonly<Record<string, string>>, roleArn?: string): void {
        fs.mkdirSync(projectDir, { recursive: true });
        fs.mkdirSync(backendDir, { recursive: true });
        const project = {
            ...projectFile(),
            backend: { url: `file://${backendDir}` },
            plugins: {
                providers: Object.entries(plugins).map(([name, folder]) => ({ name, path: folder })),
            },
        };
        fs.writeFileSync(path.join(projectDir, "Pulumi.yaml"), stringify(project));

        // The engine keeps the salt of the encrypted values beside the configuration: without it no passphrase fits any more.
        const file = this.fileIn(projectDir);
        const salt = fs.existsSync(file) ? readYaml<StackFile>(file).encryptionsalt : undefined;
        const config = this.config();
        if (roleArn !== undefined) {
            config["aws:assumeRoles"] = assuming(roleArn);
        }
        const encrypted = this.secrets();
        const entries = Object.entries((config[secretsKey()] ?? {}) as Record<string, unknown>);
        if (entries.length > 0) {
            config[secretsKey()] = Object.fromEntries(
                entries.filter(([variable]) => !Object.hasOwn(encrypted, variable)),
            );
        }
        fs.writeFileSync(file, stringify({ ...(salt && { encryptionsalt: salt }), config }));

        // Providers run in this folder, and paths in the state are relative to it.
        const link = path.join(projectDir, ".build");
        fs.rmSync(link, { force: true });
        fs.symlinkSync(path.join(checkout, ".build"), link);
    }

    /** The settings of the stack's file that the sandbox leaves out. */
    leftOut(): string[] {
        return Object.keys(this.file().config ?? {}).filter(isOfAccount);
    }

    private fileIn(folder: string): string {
        return path.join(folder, `Pulumi.${this.stack}.yaml`);
    }

    private file(): StackFile {
        return readYaml<StackFile>(this.fileIn(checkout));
    }

    /**
     * The configuration of the stack as the sandbox runs it: the checkout's, with a repository instead of the placeholder, and
     * with a text instead of each secret that only the stack's own backend can decrypt.
     */
    private config(): Record<string, unknown> {
        const { config = {} } = this.file();
        const key = `${projectName()}:githubRepository`;
        const placeholder = String(config[key] ?? "OWNER/REPOSITORY").toUpperCase() === "OWNER/REPOSITORY";
        const given = Object.entries({ ...config, ...(placeholder && { [key]: sampleRepository }) });
        const own = Object.fromEntries(given.filter(([name]) => !isOfAccount(name)));
        for (const [name, value] of Object.entries(own)) {
            if (isEncrypted(value)) {
                throw new UserError(
                    `${name} in Pulumi.${this.stack}.yaml is encrypted for the stack's own backend, and the sandbox cannot read ` +
                        "it. Take it out while you work with the sandbox, or write it there as plain text.",
                );
            }
        }
        const secrets = own[secretsKey()];
        if (typeof secrets !== "object" || secrets === null || Array.isArray(secrets)) {
            return own;
        }
        const readable = Object.entries(secrets).map(([name, value]) => [
            name,
            isEncrypted(value) ? sampleSecret : value,
        ]);
        return { ...own, [secretsKey()]: Object.fromEntries(readable) as Record<string, unknown> };
    }
}
