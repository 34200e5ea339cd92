import dockerIgnore from "@balena/dockerignore";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** A folder that `docker build` can be given. */
export interface BuildContext {
    /** Relative to the project's folder, since it is kept in the state and compared on every machine that runs the stack. */
    readonly location: string;
    /** 12 hex digits that name the content: paths, bytes and executable bits of what the image can be built from. */
    readonly version: string;
}

/** Never left out, as `docker build` itself reads them. */
const alwaysSent = new Set(["Dockerfile", ".dockerignore"]);

/**
 * Copies `source` to `.build/<source>` with the file modes that git keeps, without what `.dockerignore` names.
 *
 * docker-build rebuilds when a file mode changes. These depend on the umask of whoever checked the repository out, so that the
 * plain folder would make a colleague's or CI's `pulumi up` build and push an image that nobody changed.
 *
 * @throws Error if `source` has no Dockerfile.
 */
export function stageBuildContext(source: string): BuildContext {
    if (!fs.existsSync(path.join(source, "Dockerfile"))) {
        throw new Error(
            `${source}/Dockerfile does not exist: put the app that the image is built from into ${source}/`,
        );
    }
    const location = path.posix.join(".build", source);
    fs.rmSync(location, { recursive: true, force: true });

    const digest = createHash("sha256");
    for (const file of filesToSend(source)) {
        const from = path.join(source, file);
        const to = path.join(location, file);
        fs.mkdirSync(path.dirname(to), { recursive: true });
        if (fs.lstatSync(from).isSymbolicLink()) {
            const target = fs.readlinkSync(from);
            fs.symlinkSync(target, to);
            digest.update(`link ${file}\0${target}\0`);
        } else {
            const executable = (fs.statSync(from).mode & 0o100) !== 0;
            const content = fs.readFileSync(from);
            fs.writeFileSync(to, content);
            fs.chmodSync(to, executable ? 0o755 : 0o644);
            digest.update(`${executable ? "program" : "file"} ${file}\0${content.length}\0`).update(content);
        }
    }
    // Folders are copied into the image with their modes, too.
    for (const entry of fs.readdirSync(location, { recursive: true, withFileTypes: true })) {
        if (entry.isDirectory()) {
            fs.chmodSync(path.join(entry.parentPath, entry.name), 0o755);
        }
    }
    return { location, version: digest.digest("hex").slice(0, 12) };
}

/** Relative paths with forward slashes, sorted, so that every machine computes the same digest. */
function filesToSend(source: string): string[] {
    const ignore = dockerIgnore();
    const ignoreFile = path.join(source, ".dockerignore");
    if (fs.existsSync(ignoreFile)) {
        ignore.add(fs.readFileSync(ignoreFile, "utf8"));
    }
    return fs
        .readdirSync(source, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => path.relative(source, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
        .filter((file) => alwaysSent.has(file) || !ignore.ignores(file))
        .sort();
}
