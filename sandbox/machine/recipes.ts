/** How each tool is built from its pinned Go modules, and where its project releases the same. */
import * as fs from "node:fs";
import * as path from "node:path";
import { versionOf } from "../npm";
import { checkout } from "../paths";
import { readUpstream } from "./awsProvider";
import type { Release } from "./releases";

export type Tool = "engine" | "docker-build" | "aws" | "github" | "buildkit" | "act" | "sbom";

export interface Recipe {
    /** For the progress line. */
    readonly title: string;
    /** The folder in sandbox/toolchain. What the tools of one module share is compiled once, which is most of it. */
    readonly module: string;
    readonly packages: readonly string[];
    /** Files outside that folder which change what is compiled. */
    readonly changedBy?: readonly string[];
    readonly version: () => string;
    /** The variable into which the version is compiled, where a build of a dependency does not know its own. */
    readonly stamp?: { readonly variable: string; readonly value: () => string };
    readonly releases?: () => readonly Release[];
}

const pulumi = "github.com/pulumi/pulumi/pkg/v3";
const dockerBuild = "github.com/pulumi/pulumi-docker-build";
const buildx = "github.com/docker/buildx";
const buildkit = "github.com/moby/buildkit";
const act = "github.com/nektos/act";
const syft = "github.com/anchore/syft";
const terraformGitHub = "github.com/integrations/terraform-provider-github/v6";

/** What a module of ours requires, without the `v`. */
const pinned = (module: string, dependency: string) =>
    requiredVersion(fs.readFileSync(path.join(folderOf(module), "go.mod"), "utf8"), dependency).replace(/^v/, "");

/** To the engine, a plugin has the version of the SDK that the program is written with. */
const ofSdk = (name: string) => ({ variable: "main.version", value: () => versionOf(`@pulumi/${name}`) });

/** As releases call the processor. */
const goArch = () => (process.arch === "x64" ? "amd64" : process.arch);
const unameArch = () => (process.arch === "x64" ? "x86_64" : process.arch);

export const recipes: Record<Tool, Recipe> = {
    engine: {
        title: "Pulumi engine",
        module: "pulumi",
        packages: [`${pulumi}/cmd/pulumi`],
        version: () => pinned("pulumi", pulumi),
        // The Automation API reads it from `pulumi version`.
        stamp: {
            variable: "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
            value: () => `v${pinned("pulumi", pulumi)}`,
        },
    },
    "docker-build": {
        title: "Pulumi provider docker-build",
        module: "pulumi",
        packages: [`${dockerBuild}/provider/cmd/pulumi-resource-docker-build`],
        version: () => pinned("pulumi", dockerBuild),
        // The engine compares it with the SDK's.
        stamp: { variable: `${dockerBuild}/provider.Version`, value: () => pinned("pulumi", dockerBuild) },
    },
    aws: {
        title: "Pulumi provider aws",
        module: "pulumi",
        packages: ["./pulumi-resource-aws"],
        changedBy: [path.join(__dirname, "awsProvider.ts")],
        version: () => `${versionOf("@pulumi/aws")} (upstream ${readUpstream(folderOf("pulumi")).release})`,
        stamp: ofSdk("aws"),
    },
    github: {
        title: "Pulumi provider github",
        module: "pulumi",
        packages: ["./pulumi-resource-github"],
        version: () => `${versionOf("@pulumi/github")} (upstream ${pinned("pulumi", terraformGitHub)})`,
        stamp: ofSdk("github"),
    },
    buildkit: {
        title: "BuildKit",
        module: "pulumi", // at the versions that the provider docker-build is made of
        packages: [`${buildkit}/cmd/buildkitd`, `${buildx}/cmd/buildx`],
        version: () => `${pinned("pulumi", buildkit)} (buildx ${pinned("pulumi", buildx)})`,
        // Without a version buildx ignores `provenance: false`, and pushes an index of an image and its attestation.
        stamp: { variable: `${buildx}/version.Version`, value: () => `v${pinned("pulumi", buildx)}` },
        releases: () => [
            release(buildkit, pinned("pulumi", buildkit), {
                asset: (version) => `buildkit-${version}.linux-${goArch()}.tar.gz`,
                executables: { "bin/buildkitd": "buildkitd" },
            }),
            release(buildx, pinned("pulumi", buildx), {
                asset: (version) => `buildx-${version}.linux-${goArch()}`,
                executables: (asset) => ({ [asset]: "buildx" }),
            }),
        ],
    },
    act: {
        title: "act, the workflow runner",
        module: "act",
        packages: [act],
        version: () => pinned("act", act),
        releases: () => [
            release(act, pinned("act", act), {
                asset: () => `act_Linux_${unameArch()}.tar.gz`,
                executables: { act: "act" },
            }),
        ],
    },
    sbom: {
        title: "Syft, the scanner for SBOMs",
        module: "sbom",
        packages: ["./"],
        version: () => pinned("sbom", syft),
    },
};

function release(
    module: string,
    number: string,
    file: {
        readonly asset: (version: string) => string;
        readonly executables: Release["executables"] | ((asset: string) => Release["executables"]);
    },
): Release {
    const version = `v${number}`;
    const asset = file.asset(version);
    const executables = typeof file.executables === "function" ? file.executables(asset) : file.executables;
    return { repository: module.replace("github.com/", ""), version, asset, executables };
}

export function folderOf(module: string): string {
    return path.join(checkout, "sandbox", "toolchain", module);
}

/** The version of a module that a go.mod requires, or of Go itself for the module "go". */
export function requiredVersion(goMod: string, module: string): string {
    const lines = goMod.split("\n").map((line) => line.replace(/^require/, "").trim());
    const version = lines.find((line) => line.startsWith(`${module} `))?.split(/\s+/)[1];
    if (!version) {
        throw new Error(`go.mod requires no ${module}`);
    }
    return version;
}
