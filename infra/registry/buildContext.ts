import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { DockerIgnore } from "./dockerIgnore";

/** A folder that `docker build` can be given. */
export interface BuildContext {
    /** Relative to the project's folder, since it is kept in the state and compared on every machine that runs the stack. */
    readonly location: string;
    /** 12 hex digits that name the content: paths, bytes and executable bits of what the image can be built from. */
    readonly version: string;
}

/** Never left out, as `docker build` itself reads them. Where there are two that say what to ignore, it is the first that counts. */
const ignoreFiles = ["Dockerfile.dockerignore", ".dockerignore"];
const alwaysSent = new Set(["Dockerfile", ...ignoreFiles]);

/**
 * Copies `source` to `.build/<source>` with the file modes that git keeps, without what `.dockerignore` names.
 *
 * docker-build rebuilds when a file mode changes. These depend on the umask of whoever checked the repository out, so that the
 * plain folder would make a colleague's or CI's `pulumi up` build and push an image that nobody changed.
 *
 * @throws pulumi.RunError if `source` has no Dockerfile, or `.dockerignore` a pattern that Docker refuses.
 */
export function stageBuildContext(source: string): BuildContext {
    if (!fs.existsSync(path.join(source, "Dockerfile"))) {
        throw new pulumi.RunError(
            `${source}/Dockerfile does not exist: put the app that the image is built from into ${source}/`,
        );
    }
    const location = path.posix.join(".build", source);
    const entries = entriesToSend(source);
    const version = versionOf(source, entries);
    // Another command may be sending it: `pulumi preview` of a stack beside the `pulumi up` of another.
    if (!fs.existsSync(path.join(location, "Dockerfile")) || versionOf(location, entriesToSend(location)) !== version) {
        const [fresh, former] = [`${location}.${process.pid}`, `${location}.${process.pid}.former`];
        const remove = (folder: string) => fs.rmSync(folder, { recursive: true, force: true });
        remove(fresh);
        copy(source, fresh, entries);
        if (fs.existsSync(location)) {
            fs.renameSync(location, former);
        }
        fs.renameSync(fresh, location);
        remove(former);
    }
    return { location, version };
}

function versionOf(folder: string, entries: readonly Entry[]): string {
    const digest = createHash("sha256");
    for (const { file, kind } of entries) {
        const from = path.join(folder, file);
        if (kind === "folder") {
            digest.update(`folder ${file}\0`);
        } else if (kind === "link") {
            digest.update(`link ${file}\0${linkOf(from)}\0`);
        } else {
            const content = fs.readFileSync(from);
            const what = isExecutable(from) ? "program" : "file";
            digest.update(`${what} ${file}\0${content.length}\0`).update(content);
        }
    }
    return digest.digest("hex").slice(0, 12);
}

function copy(source: string, target: string, entries: readonly Entry[]): void {
    for (const { file, kind } of entries) {
        const [from, to] = [path.join(source, file), path.join(target, file)];
        if (kind === "folder") {
            fs.mkdirSync(to, { recursive: true });
            fs.chmodSync(to, 0o755); // copied into the image with its mode
        } else if (kind === "link") {
            fs.symlinkSync(linkOf(from), to);
        } else {
            fs.copyFileSync(from, to);
            fs.chmodSync(to, isExecutable(from) ? 0o755 : 0o644);
        }
    }
}

const linkOf = (file: string) => fs.readlinkSync(file).split(path.sep).join("/");
const isExecutable = (file: string) => (fs.statSync(file).mode & 0o100) !== 0;

interface Entry {
    /** Relative to the context, with forward slashes. */
    readonly file: string;
    readonly kind: "folder" | "link" | "file";
}

/** A folder before what is in it, and otherwise sorted, so that every machine computes the same digest. */
function entriesToSend(source: string): Entry[] {
    const ignore = ignoreOf(source);
    const inside = (folder: string): Entry[] =>
        fs
            .readdirSync(path.join(source, folder), { withFileTypes: true })
            .sort((one, other) => (one.name < other.name ? -1 : 1))
            .flatMap((entry): Entry[] => {
                const file = path.posix.join(folder, entry.name);
                const ignored = ignore.ignores(file) && !alwaysSent.has(file);
                if (entry.isDirectory()) {
                    const entries = !ignored || ignore.mayHaveExceptions(file) ? inside(file) : [];
                    return ignored && entries.length === 0 ? [] : [{ file, kind: "folder" }, ...entries];
                }
                const kind = entry.isSymbolicLink() ? "link" : "file";
                // Neither devices nor sockets, of which Docker sends none.
                return ignored || (kind === "file" && !entry.isFile()) ? [] : [{ file, kind }];
            });
    return [{ file: ".", kind: "folder" }, ...inside(".")];
}

function ignoreOf(source: string): DockerIgnore {
    const file = ignoreFiles.map((name) => path.join(source, name)).find((name) => fs.existsSync(name));
    try {
        return new DockerIgnore(file ? fs.readFileSync(file, "utf8") : "");
    } catch (error) {
        throw new pulumi.RunError(`${file}: ${(error as Error).message}: correct that line, or delete it`);
    }
}
