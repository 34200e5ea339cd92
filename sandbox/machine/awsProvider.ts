/**
 * The source of the Terraform provider for AWS, without the services that the program does not use: all of it takes an hour to
 * compile and more memory than most machines have. What is left is upstream's, but for the length of its waits, and for which of its
 * two ways to a bucket's tags it takes.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../progress";
import { run, type RunOptions } from "./run";

/** `toolchain/pulumi/upstream.json`. */
interface Upstream {
    /** A fork that makes the provider's constructor public and is otherwise the release of that number. */
    readonly module: string;
    readonly version: string;
    /** As in a go.sum: Go does not check a source that replaces another one. */
    readonly sum: string;
    readonly release: string;
    /** Folders of `internal/service`. */
    readonly services: readonly string[];
}

export const readUpstream = (moduleFolder: string): Upstream =>
    JSON.parse(fs.readFileSync(path.join(moduleFolder, "upstream.json"), "utf8")) as Upstream;

/**
 * Downloads the provider's source and links it into `folder` as `upstream`, which its go.mod names.
 * @returns the file for `go build -overlay`: Go takes none for a file of its module cache, but does by way of the link
 * @throws UserError when it cannot be downloaded, or is not what was pinned: nothing of it is used then.
 */
export async function linkUpstream(go: string, folder: string, options: RunOptions): Promise<string> {
    const { module, version, sum, services } = readUpstream(folder);
    const download = ["mod", "download", "-json", `${module}@${version}`];
    // The checksum database does not know the fork: `sum` is what is trusted.
    const env = { ...options.env, GOFLAGS: "-mod=mod", GONOSUMDB: module };
    const { Dir: source, Sum: got } = JSON.parse(await run(go, download, { ...options, env })) as Record<
        string,
        string
    >;
    if (got !== sum || source === undefined) {
        throw new UserError(
            `${module}@${version} is not what was pinned: its checksum is ${got}, and not ${sum}. Nothing of it is used. Remove ` +
                "it with go clean -modcache and run this again; if that is no help, the module proxy serves something else.",
        );
    }
    const link = path.join(folder, "upstream");
    fs.symlinkSync(source, link);
    return writeOverlay(folder, link, services);
}

/** Replaces the files that name every service, and those that say how long to wait. */
function writeOverlay(folder: string, upstream: string, services: readonly string[]): string {
    const read = (file: string) => fs.readFileSync(path.join(upstream, file), "utf8");
    const clients = clientsIn(
        [...services.map((service) => `internal/service/${service}`), "internal/conns"],
        upstream,
    );
    const changes: Readonly<Record<string, (text: string) => string>> = {
        "internal/provider/sdkv2/service_packages_gen.go": (text) => withServices(text, services),
        "internal/conns/awsclient_gen.go": (text) => withClients(text, clients),
        "internal/retry/state.go": hastened,
        "internal/service/ec2/wait.go": hastenedDelays,
        "internal/service/s3/tags.go": withoutControl,
    };
    const written = path.join(folder, ".overlay"); // with a dot, so that Go takes it for no package
    fs.mkdirSync(written);
    const replaced = Object.entries(changes).map(([file, change]) => {
        const target = path.join(written, path.basename(file));
        const before = read(file);
        const after = change(before);
        if (after === before) {
            throw new Error(`${file} of the AWS provider has changed: nothing in it is what was to be replaced`);
        }
        fs.writeFileSync(target, after);
        return [path.join(upstream, file), target] as const;
    });
    const overlay = path.join(written, "overlay.json");
    fs.writeFileSync(overlay, JSON.stringify({ Replace: Object.fromEntries(replaced) }));
    return overlay;
}

/** The names of the clients that the Go files of these folders ask for. */
function clientsIn(folders: readonly string[], upstream: string): ReadonlySet<string> {
    const sources = folders.flatMap((folder) =>
        fs
            .readdirSync(path.join(upstream, folder))
            .filter((name) => /^(?!.*_test\.go$)(?!awsclient_gen\.go$).*\.go$/.test(name))
            .map((name) => fs.readFileSync(path.join(upstream, folder, name), "utf8")),
    );
    return new Set(sources.flatMap((text) => [...text.matchAll(/\.(\w+Client)\(ctx/g)].map(([, name]) => name!)));
}

/** Without the imports and list entries of other services. */
function withServices(text: string, services: readonly string[]): string {
    const serviceOf = (line: string) =>
        (/internal\/service\/(\w+)"$/.exec(line) ?? /^\t\t(\w+)\.ServicePackage\(ctx\),/.exec(line))?.[1];
    const isKept = (line: string) => services.includes(serviceOf(line) ?? services[0]!);
    return text.split("\n").filter(isKept).join("\n");
}

/** Without the methods that make other services' clients, and without the imports that only these need. */
function withClients(text: string, clients: ReadonlySet<string>): string {
    const kept = text.replace(/^func \(c \*AWSClient\) (\w+)\(.*?^}\n/gms, (method, name: string) =>
        clients.has(name) ? method : "",
    );
    return kept.replace(
        /^\t(\w+ )?"github\.com\/aws\/.*\/(\w+)"\n/gm,
        (line, alias: string | undefined, name: string) =>
            kept.includes(`*${(alias ?? name).trim()}.Client`) ? line : "",
    );
}

/** S3 Control puts the account before the endpoint's host, which few machines then find; upstream's second way asks S3 itself. */
const withoutControl = (text: string) => text.replaceAll("c.AccountID(ctx); accountID", '""; accountID');

// The waits are for AWS, where things take their time: half a minute before a load balancer is first looked at, and two minutes in
// which a queue has to be gone each time that it is asked for.

const hastened = (text: string) =>
    text
        .replace(
            "(conf.Delay, conf.PollInterval, conf.MinTimeout)",
            "(conf.Delay/100, conf.PollInterval/100, conf.MinTimeout/100)",
        )
        .replaceAll("conf.ContinuousTargetOccurence == targetOccurence", "targetOccurence > 0");

const hastenedDelays = (text: string) =>
    text.replace(/^(\t\t(?:Delay|MinTimeout|PollInterval):.*)time\.(Second|Minute),$/gm, "$1time.$2 / 100,");
