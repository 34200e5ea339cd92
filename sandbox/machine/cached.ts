/** Folders in the cache that are either complete or absent, whoever is killed and however many build at once. */
import * as fs from "node:fs";
import * as path from "node:path";
import { createHash } from "node:crypto";
import { cacheDir } from "../paths";
import { bootId, isAlive, parseStat } from "./processes";

export function shortHash(...parts: readonly (string | Buffer)[]): string {
    const hash = createHash("sha256");
    parts.forEach((part) => hash.update(part).update("\0"));
    return hash.digest("hex").slice(0, 12);
}

function ownSuffix(): string {
    const startTime = parseStat(fs.readFileSync("/proc/self/stat", "latin1"))?.startTime ?? "0";
    return `${process.pid}-${startTime}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Removes what builds of `link` left behind that were killed: folders nobody uses and whose builder has ended. */
function removeAbandoned(link: string): void {
    const parent = path.dirname(link);
    const prefix = `${path.basename(link)}.`;
    const current = fs.existsSync(link) ? path.basename(fs.realpathSync(link)) : undefined;
    for (const name of fs.readdirSync(parent)) {
        const [pid, startTime] = name.startsWith(prefix) ? name.slice(prefix.length).split("-") : [];
        if (startTime && name !== current && !isAlive({ pid: Number(pid), startTime, bootId: bootId() })) {
            fs.rmSync(path.join(parent, name), { recursive: true, force: true });
        }
    }
}

/**
 * Gives the folder `name` of the cache, built by `build` when it is not there. It is built under a name of its own
 * and linked when complete, so its files never move (a Python environment knows its own path) and the first of two
 * simultaneous builds wins.
 * @param stillGood tells whether an existing one can be used; one that cannot is built again
 */
export async function cachedFolder(
    name: string,
    build: (folder: string) => Promise<void>,
    stillGood: (folder: string) => Promise<boolean> = () => Promise.resolve(true),
): Promise<{ folder: string; built: boolean }> {
    const link = path.resolve(cacheDir, name);
    if (fs.existsSync(link)) {
        if (await stillGood(link)) {
            return { folder: link, built: false };
        }
    }
    fs.rmSync(link, { force: true }); // it does not work, or it points to a folder that was deleted
    fs.mkdirSync(path.dirname(link), { recursive: true });
    removeAbandoned(link);
    const folder = `${link}.${ownSuffix()}`;
    fs.mkdirSync(folder);
    try {
        await build(folder);
        fs.symlinkSync(path.basename(folder), link);
    } catch (error) {
        fs.rmSync(folder, { recursive: true, force: true });
        if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !fs.existsSync(link)) {
            throw error;
        }
    }
    return { folder: link, built: true };
}
