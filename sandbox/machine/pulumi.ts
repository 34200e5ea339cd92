/** The Pulumi engine and its plugins: as everybody has them where they can be had, else built from their Go modules. */
import { PulumiCommand } from "@pulumi/pulumi/automation";
import * as fs from "node:fs";
import * as path from "node:path";
import { versionOf } from "../npm";
import { cacheDir, checkout, stateDir } from "../paths";
import { step } from "../progress";
import { cachedFolder } from "./cached";
import { recipes } from "./recipes";
import { ask, run } from "./run";
import { orNot, type Part, type Reachable } from "./sources";
import { ensureToolchain, isAtLeast, link } from "./toolchain";

/** The engine's own folder; what it downloads is in the cache, for every checkout. */
export const pulumiHome = path.join(stateDir, "pulumi-home");

const downloads = path.join(cacheDir, "pulumi-plugins");
const standIns = path.join(checkout, "sandbox", "providers");

/** The providers of the program; all but awsx can be built. */
const providers = ["aws", "awsx", "docker-build", "github"] as const;
type Provider = (typeof providers)[number];

interface Installed {
    readonly executable: string;
    readonly version: string;
}

/** Where the engine and the plugins will come from, before anything is fetched. */
export interface PulumiPlan {
    readonly parts: readonly Part[];
    readonly installed: Installed | undefined;
    readonly fetches: boolean;
}

export async function planPulumi({ pulumi: fetches }: Reachable, binFolder: string): Promise<PulumiPlan> {
    const installed = await installedEngine(binFolder);
    const plugins = providers.map((name): Part => {
        const version = versionOf(`@pulumi/${name}`);
        if (fetches) {
            return { name, origin: "original", version };
        }
        return name === "awsx"
            ? { name, origin: "stand-in", version: `for ${version}` }
            : { name, origin: "original, built here", version: recipes[name].version() };
    });
    const engine: Part = installed
        ? { name: "engine", origin: "original", version: `${installed.version} (${installed.executable})` }
        : fetches
          ? { name: "engine", origin: "original", version: versionOf("@pulumi/pulumi") }
          : { name: "engine", origin: "original, built here", version: recipes.engine.version() };
    return { parts: [engine, ...plugins], installed, fetches };
}

/**
 * Puts `pulumi`, and the plugins that it does not fetch by itself, into `binFolder`.
 * @returns the folders of those plugins by their packages' names
 * @throws UserError when something can neither be had nor be built
 */
export async function ensurePulumi(plan: PulumiPlan, binFolder: string): Promise<Record<string, string>> {
    prepareHome();
    await ensureEngine(plan, binFolder);
    const plugins: Record<string, string> = { "pulumi-nodejs": path.join(standIns, "pulumi-nodejs") }; // the SDK's own
    for (const provider of providers) {
        if (plan.fetches && (await hasPlugin(provider, binFolder))) {
            continue;
        }
        if (provider === "awsx") {
            plugins.awsx = path.join(standIns, "awsx");
        } else {
            await ensureToolchain([provider], binFolder);
            plugins[provider] = binFolder;
        }
    }
    return plugins;
}

function prepareHome(): void {
    fs.mkdirSync(pulumiHome, { recursive: true });
    // With a file in its folder's place the engine does without a log of all that it does: a megabyte for each command, and a third of its
    // time.
    const logs = path.join(pulumiHome, "logs");
    if (!fs.existsSync(logs)) {
        fs.writeFileSync(logs, "");
    }
    fs.mkdirSync(downloads, { recursive: true });
    const plugins = path.join(pulumiHome, "plugins");
    if (!fs.existsSync(plugins)) {
        fs.rmSync(plugins, { force: true }); // a link to a cache that was deleted
        fs.symlinkSync(downloads, plugins);
    }
}

/** What is on the PATH if it fits, else the SDK's release from Pulumi's site, else the one that is built. */
async function ensureEngine({ installed, fetches }: PulumiPlan, binFolder: string): Promise<void> {
    if (installed) {
        link(path.dirname(installed.executable), binFolder, ["pulumi"]);
        return;
    }
    const name = path.join("tools", `engine-release-${versionOf("@pulumi/pulumi")}-${process.arch}`);
    const install = async (root: string) => void (await PulumiCommand.install({ root })); // the SDK's own version
    const fetch = () => step("Pulumi engine", () => cachedFolder(name, install), told);
    const release = fetches ? await orNot(fetch) : undefined;
    if (release) {
        link(path.join(release.folder, "bin"), binFolder, ["pulumi"]);
    } else {
        await ensureToolchain(["engine"], binFolder);
    }
}

const told = ({ built }: { built: boolean }) => (built ? "downloaded" : "ready");

/** The Pulumi CLI on the PATH, where it is as new as the one that the sandbox was tried with. */
async function installedEngine(binFolder: string): Promise<Installed | undefined> {
    const folders = (process.env.PATH ?? "").split(path.delimiter).filter((each) => path.resolve(each) !== binFolder);
    const executable = folders.map((each) => path.join(each, "pulumi")).find((file) => fs.existsSync(file));
    const version = executable && (await ask(executable, ["version"]))?.trim().replace(/^v/, "");
    if (!executable || !version?.startsWith("3.") || !isAtLeast(version, recipes.engine.version())) {
        return undefined;
    }
    return { executable, version };
}

/** Has the engine fetch the plugin of the SDK's version, as it does by itself; here what to do without it can be decided. */
async function hasPlugin(provider: Provider, binFolder: string): Promise<boolean> {
    const version = versionOf(`@pulumi/${provider}`);
    const folder = path.join(downloads, `resource-${provider}-v${version}`);
    const isComplete = () => fs.existsSync(folder) && !fs.existsSync(`${folder}.partial`); // the engine's mark for half of one
    if (isComplete()) {
        return true;
    }
    const env = { PULUMI_HOME: pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const command = ["plugin", "install", "resource", provider, version, "--non-interactive"];
    const fetch = () => run(path.join(binFolder, "pulumi"), command, { env });
    await orNot(() => step(`Pulumi provider ${provider}`, fetch, () => "downloaded"));
    return isComplete();
}
