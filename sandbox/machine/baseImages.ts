/** Where the images come from that the app's Dockerfile starts from. */
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheDir, checkout, ports } from "../paths";
import { reference, sources, writeApacheImage } from "./apacheImage";
import { cachedFolder, shortHash } from "./cached";
import { isMirrorOf } from "./mirrorServer";
import { scannerLayout } from "./scannerImage";
import { isRunning, startService } from "./services";

export const registry = "public.ecr.aws";
const service = "mirror";
const answersWithinMs = 3_000;

/** The code that decides what is in the image: an edit makes another one. */
const recipeCode = ["./apacheImage", "./ociLayout"].map((module) => require.resolve(module));

/** True when the registry itself answers: a proxy that stands in the way answers too, but not like a registry. */
export async function isRegistryReachable(host = registry): Promise<boolean> {
    try {
        const response = await fetch(`https://${host}/v2/`, { signal: AbortSignal.timeout(answersWithinMs) });
        await response.body?.cancel();
        return response.ok || (response.status === 401 && response.headers.has("www-authenticate"));
    } catch {
        return false;
    }
}

/**
 * Where public.ecr.aws cannot be reached, makes the base image from packages, once, and serves it on loopback.
 * @returns `mirror`, the `host:port` of that plain-HTTP registry; none where the real one is used.
 */
export async function ensureBaseImages(): Promise<{ mirror: string | undefined }> {
    // One that runs is kept, so that a network that comes and goes does not change what an image is built from.
    if (!isRunning(service) && (await isRegistryReachable())) {
        return { mirror: undefined };
    }
    const recipe = [
        ...fs
            .readdirSync(sources)
            .sort()
            .map((file) => path.join(sources, file)),
        ...recipeCode,
    ];
    const name = path.join(
        "images",
        `httpd-${shortHash(...recipe.map((file) => fs.readFileSync(file)), process.arch)}`,
    );
    const { folder } = await cachedFolder(name, writeApacheImage);
    const port = ports.mirror;
    await startService({
        name: service,
        command: process.execPath,
        args: [
            "--require",
            path.join(checkout, "tools", "transpile.js"),
            path.join(checkout, "sandbox", "machine", "mirror.ts"),
            String(port),
            fs.realpathSync(folder),
            path.resolve(cacheDir, scannerLayout()),
        ],
        port,
        ready: () => isMirrorOf(port, reference),
        readyWithin: 20_000,
    });
    return { mirror: `127.0.0.1:${port}` };
}
