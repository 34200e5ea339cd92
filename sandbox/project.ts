/** The project as the sandbox's engine gets it: the checkout's own files, and where the state and the plugins are. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { loadSettings, type Settings } from "../infra/config";
import { checkout, stateDir } from "./paths";
import { UserError } from "./progress";

/** The stack whose configuration file is used, `Pulumi.dev.yaml`, and whose name the resources get. */
export const stackName = "dev";

/** The repository on the emulated GitHub, for as long as the configuration holds the placeholder. */
const sampleRepository = "octo-org/hello-fargate";

/** Where the engine runs. */
export const projectDir = path.join(stateDir, "project");

const backendDir = path.join(stateDir, "pulumi");

/** What the engine runs instead of the plugins that it would download, by the package's name. */
const standIns = ["aws", "awsx", "github", "pulumi-nodejs"];

interface ProjectFile {
    readonly name: string;
    readonly config?: Readonly<Record<string, { readonly default?: unknown }>>;
}

interface StackFile {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly encryptionsalt?: string;
}

function readYaml<T extends object>(file: string): T {
    try {
        return (parse(fs.readFileSync(file, "utf8")) ?? {}) as T;
    } catch (error) {
        throw new UserError(`${file} cannot be read: ${(error as Error).message}`);
    }
}

const projectFile = () => readYaml<ProjectFile>(path.join(checkout, "Pulumi.yaml"));

export const projectName = (): string => projectFile().name;

/** The configuration of the stack as the sandbox runs it: the checkout's, with a repository instead of the placeholder. */
function stackConfig(): Record<string, unknown> {
    const { config = {} } = readYaml<StackFile>(path.join(checkout, `Pulumi.${stackName}.yaml`));
    const key = `${projectName()}:githubRepository`;
    const placeholder = String(config[key] ?? "OWNER/REPOSITORY").toUpperCase() === "OWNER/REPOSITORY";
    return placeholder ? { ...config, [key]: sampleRepository } : { ...config };
}

/**
 * The settings that the program will run with, read before a machine is prepared for it.
 * @throws pulumi.RunError that lists every invalid one, as the program itself would.
 */
export function sandboxSettings(): Settings {
    const project = projectFile();
    const prefix = `${project.name}:`;
    const config = stackConfig();
    const text = (value: unknown) => (value === undefined ? undefined : String(value));
    return loadSettings({
        get: (key) => text(config[prefix + key] ?? project.config?.[key]?.default),
        keys: Object.keys(config)
            .filter((key) => key.startsWith(prefix))
            .map((key) => key.slice(prefix.length)),
        region: text(config["aws:region"]),
        project: project.name,
        stack: stackName,
    });
}

/**
 * Writes the files that the engine reads.
 * @param toolFolder the folder with the program `pulumi-resource-docker-build`
 */
export function writeProject(toolFolder: string): void {
    fs.mkdirSync(projectDir, { recursive: true });
    fs.mkdirSync(backendDir, { recursive: true });
    const project = {
        ...projectFile(),
        backend: { url: `file://${backendDir}` },
        plugins: {
            providers: [
                ...standIns.map((name) => ({ name, path: path.join(checkout, "sandbox/providers", name) })),
                { name: "docker-build", path: toolFolder },
            ],
        },
    };
    fs.writeFileSync(path.join(projectDir, "Pulumi.yaml"), stringify(project));

    // The engine keeps the salt of the encrypted values beside the configuration: without it no passphrase fits any more.
    const file = path.join(projectDir, `Pulumi.${stackName}.yaml`);
    const salt = fs.existsSync(file) ? readYaml<StackFile>(file).encryptionsalt : undefined;
    fs.writeFileSync(file, stringify({ ...(salt && { encryptionsalt: salt }), config: stackConfig() }));

    // Providers run in this folder, and paths in the state are relative to it.
    const link = path.join(projectDir, ".build");
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.join(checkout, ".build"), link);
}

/** The file with the stack's state. */
export function stateFile(): string {
    return path.join(backendDir, ".pulumi", "stacks", projectName(), `${stackName}.json`);
}
