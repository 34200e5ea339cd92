/**
 * The httpd image for machines that reach no image registry: a real Apache from the distribution's packages in the
 * places where the official image has it, with BusyBox for the tools that a Dockerfile's steps use.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout } from "../paths";
import { UserError } from "../progress";
import { type ImageConfig, writeImage } from "./ociLayout";
import { ask, run } from "./run";

export const reference = "docker/library/httpd:2.4-alpine";
export const sources = path.join(checkout, "sandbox", "machine", "httpd");

const server = "/usr/local/apache2";

/** What the official image says about itself. */
export const imageConfig: ImageConfig = {
    Env: [`PATH=${server}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, `HTTPD_PREFIX=${server}`],
    Cmd: ["httpd-foreground"],
    WorkingDir: server,
    ExposedPorts: { "80/tcp": {} },
    StopSignal: "SIGWINCH",
};

// What the loaded modules link to. apache2-bin depends on much more (Perl, LDAP, Lua, curl) for modules that are not.
// libgcc-s1 is in no list: glibc loads it when a thread ends. Newer releases append t64 to some of the names.
const wanted =
    /^(apache2-bin|libapr1|libaprutil1|libc6|libcrypt1|libdb5\.3|libexpat1|libgcc-s1|libpcre2-8-0|libuuid1)(t64)?$/;
// BusyBox's own shell would run its applet called httpd rather than what is on the PATH, so the shell is another.
const alsoWanted = ["busybox-static", "dash", "media-types"];
const unneeded = ["./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/lintian", "*/gconv"];

/** Chooses the packages to unpack from what `apt-cache depends --recurse` printed. */
export function choosePackages(dependencies: string): string[] {
    return [...new Set(dependencies.split("\n").filter((line) => wanted.test(line))), ...alsoWanted];
}

async function download(folder: string): Promise<void> {
    const kinds = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map(
        (kind) => `--no-${kind}`,
    );
    const query = ["depends", "--recurse", ...kinds, "apache2-bin"];
    const get = async () =>
        run("apt-get", ["download", ...choosePackages(await run("apt-cache", query))], { cwd: folder });
    try {
        await get();
    } catch {
        await run("apt-get", ["update"]); // package lists are often missing or stale on a fresh machine
        await get();
    }
}

async function unpack(packages: string, root: string): Promise<void> {
    for (const name of ["bin", "sbin", "lib", "lib64"]) {
        fs.mkdirSync(path.join(root, "usr", name), { recursive: true });
        fs.symlinkSync(`usr/${name}`, path.join(root, name));
    }
    const exclude = unneeded.map((pattern) => `--exclude='${pattern}'`).join(" ");
    for (const file of fs.readdirSync(packages)) {
        // Not `dpkg -x`, which would replace the link /lib by the folder that some packages still have there.
        const extract = `dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink ${exclude} -C "$2"`;
        await run("/bin/sh", ["-c", extract, "sh", path.join(packages, file), root]);
    }
}

async function addTools(root: string): Promise<void> {
    if (!fs.existsSync(path.join(root, "usr/bin/sh"))) {
        fs.symlinkSync("dash", path.join(root, "usr/bin/sh"));
    }
    const applets = await run(path.join(root, "bin", "busybox"), ["--list"]);
    for (const applet of applets.trim().split("\n")) {
        const link = path.join(root, "usr", "bin", applet);
        if (!fs.existsSync(link) && !fs.existsSync(path.join(root, "usr", "sbin", applet))) {
            fs.symlinkSync("/bin/busybox", link);
        }
    }
}

function addServer(root: string): void {
    const at = (...parts: string[]) => path.join(root, ...parts);
    const copy = (name: string, mode: number, ...target: string[]) => {
        fs.copyFileSync(path.join(sources, name), at(...target));
        fs.chmodSync(at(...target), mode); // Git keeps no more of the mode than one bit
    };
    for (const folder of ["bin", "conf", "htdocs", "logs"]) {
        fs.mkdirSync(at(server, folder), { recursive: true });
    }
    for (const folder of ["run", "usr/local/bin", "var/www"]) {
        fs.mkdirSync(at(folder), { recursive: true });
    }
    fs.mkdirSync(at("root"), { mode: 0o700 });
    fs.mkdirSync(at("tmp"));
    fs.chmodSync(at("tmp"), 0o1777);
    fs.symlinkSync("/usr/lib/apache2/modules", at(server, "modules"));
    fs.renameSync(at("etc/mime.types"), at(server, "conf/mime.types"));
    fs.writeFileSync(at(server, "htdocs/index.html"), "<html><body><h1>It works!</h1></body></html>\n");
    fs.writeFileSync(at("etc/passwd"), "root:x:0:0::/root:/bin/sh\nwww-data:x:82:82::/var/www:/bin/false\n");
    fs.writeFileSync(at("etc/group"), "root:x:0:\nwww-data:x:82:\n");
    copy("httpd.conf", 0o644, server, "conf/httpd.conf");
    copy("httpd", 0o755, server, "bin/httpd");
    copy("httpd-foreground", 0o755, "usr/local/bin/httpd-foreground");
}

/** Lets Apache check its configuration, so that a library that is missing shows here and not in a task. */
async function check(root: string): Promise<void> {
    fs.mkdirSync(path.join(root, "proc/self/fd"), { recursive: true }); // where the logs go; a container has it
    await run("chroot", [root, `${server}/bin/httpd`, "-t"]);
    fs.rmSync(path.join(root, "proc"), { recursive: true });
}

/**
 * Writes the image into the folder `layout`.
 * @throws UserError where there are no Debian packages to make it from.
 */
export async function writeApacheImage(layout: string): Promise<void> {
    if ((await ask("apt-get", ["--version"])) === undefined || (await ask("dpkg-deb", ["--version"])) === undefined) {
        throw new UserError(
            "The image registry public.ecr.aws does not answer, and this machine has no apt-get to make the base image " +
                `${reference} from packages. Give it access to https://public.ecr.aws, or use Debian or Ubuntu.`,
        );
    }
    const work = path.join(layout, "work");
    const [packages, root] = [path.join(work, "packages"), path.join(work, "root")];
    [packages, root].forEach((folder) => fs.mkdirSync(folder, { recursive: true }));
    await download(packages);
    await unpack(packages, root);
    await addTools(root);
    addServer(root);
    await check(root);
    await writeImage(layout, reference, root, imageConfig);
    fs.rmSync(work, { recursive: true });
}
