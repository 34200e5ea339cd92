/** Tools as their projects release them on GitHub, each checked against the digest that GitHub has of it. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../progress";
import { run } from "./run";

export interface Release {
    /** `owner/name` on GitHub. */
    readonly repository: string;
    /** The tag. */
    readonly version: string;
    /** The file's name; an archive if it ends with `.tar.gz`, else the executable itself. */
    readonly asset: string;
    /** The executables: their names here by where they are in the archive, or the one by the file's name. */
    readonly executables: Readonly<Record<string, string>>;
}

interface Answer {
    readonly assets?: readonly {
        readonly name: string;
        readonly digest?: string | null;
        readonly browser_download_url: string;
    }[];
}

const api = () => process.env.SANDBOX_RELEASES_API || "https://api.github.com";
const stalledAfterMs = 60_000;

async function get(url: string): Promise<Buffer> {
    const response = await fetch(url, { signal: AbortSignal.timeout(stalledAfterMs) });
    if (!response.ok) {
        throw new UserError(`${url} answers ${response.status} ${response.statusText}`);
    }
    return Buffer.from(await response.arrayBuffer()); // fails where the answer breaks off
}

/**
 * Puts a release's executables into `folder`.
 * @throws UserError when it is not there, breaks off, or is not what GitHub has a digest of; `folder` is then of no use.
 */
export async function download(release: Release, folder: string): Promise<void> {
    const { repository, version, asset: name, executables } = release;
    const described = await get(`${api()}/repos/${repository}/releases/tags/${version}`);
    const asset = (JSON.parse(described.toString()) as Answer).assets?.find((each) => each.name === name);
    if (!asset?.digest?.startsWith("sha256:")) {
        throw new UserError(`The release ${version} of ${repository} has no ${asset ? "digest of" : "file"} ${name}`);
    }
    const content = await get(asset.browser_download_url);
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    if (digest !== asset.digest) {
        throw new UserError(`${asset.browser_download_url} is not what was released: ${digest}, not ${asset.digest}`);
    }
    const file = path.join(folder, name);
    fs.writeFileSync(file, content);
    if (name.endsWith(".tar.gz")) {
        await run("tar", ["-xzf", file, "-C", folder, ...Object.keys(executables)]);
        fs.rmSync(file);
    }
    for (const [from, to] of Object.entries(executables)) {
        fs.renameSync(path.join(folder, from), path.join(folder, to));
        fs.chmodSync(path.join(folder, to), 0o755);
    }
}
