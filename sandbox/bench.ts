/**
 * `npm run sandbox:bench`: what running the stack takes on this machine; with `-- --fresh` also what a machine takes on which
 * nothing is built or downloaded yet, which is a quarter of an hour.
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { report, table } from "../test/bench/table";
import { containersOf, CopiedCheckout } from "./checkouts/copiedCheckout";
import { TeamVpc } from "./checkouts/teamVpc";

const GiB = 2 ** 30;

interface Process {
    readonly pid: number;
    readonly parent: number;
    /** Bytes: shared pages counted in parts, so that a sum counts them once. */
    readonly memory: number;
}

function processes(): Process[] {
    return fs.readdirSync("/proc").flatMap((pid) => {
        try {
            const parent = Number(/^PPid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
            const [, pss] = /^Pss:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
            return pss === undefined ? [] : [{ pid: Number(pid), parent, memory: Number(pss) * 1024 }];
        } catch {
            return []; // no process, or one that ended meanwhile
        }
    });
}

/** What these processes and all that they started have in memory. */
function memoryOf(roots: readonly number[]): number {
    const all = processes();
    const family = new Set(roots);
    for (let size = 0; size !== family.size;) {
        size = family.size;
        all.filter(({ parent }) => family.has(parent)).forEach(({ pid }) => family.add(pid));
    }
    return all.filter(({ pid }) => family.has(pid)).reduce((sum, { memory }) => sum + memory, 0);
}

async function run(checkout: CopiedCheckout, what: string, script: string, bar: number): Promise<void> {
    const { code, output, seconds: measured } = await checkout.run(script);
    if (code !== 0) {
        throw new Error(`npm run ${script} failed:\n${output}`);
    }
    report({ what, measured, bar, unit: "s" });
}

/** On a machine where all is built: in a copy of the checkout, with nothing left of it in the end. */
async function warm(work: (checkout: CopiedCheckout) => Promise<void>): Promise<void> {
    const checkout = new CopiedCheckout();
    try {
        await work(checkout);
    } finally {
        await checkout.remove();
    }
}

async function ownVpc(checkout: CopiedCheckout): Promise<void> {
    await run(checkout, "sandbox:up, new stack, everything built", "sandbox:up", 30);
    const services = fs.readdirSync(checkout.path(".sandbox/run")).filter((file) => file.endsWith(".pid"));
    const pids = services.map((file) => checkout.servicePid(path.basename(file, ".pid")));
    const containers = await containersOf(checkout);
    const measured = memoryOf([...pids, ...containers.map(({ pid }) => pid)]) / GiB;
    report({ what: "memory of all that runs after it", measured, bar: 1.5, unit: "GiB" });
    await run(checkout, "sandbox:up, no change", "sandbox:up", 12);
    checkout.edit("app/public/index.html", (html) => html.replace("</h1>", "!</h1>"));
    await run(checkout, "sandbox:release, to the end of ECS's watch", "sandbox:release", 15);
    await run(checkout, "sandbox:destroy", "sandbox:destroy", 30);
}

async function existingVpc(checkout: CopiedCheckout): Promise<void> {
    await checkout.succeed("sandbox:preview"); // starts the emulators
    const { settings } = await TeamVpc.create();
    checkout.configureAll(settings);
    await run(checkout, "sandbox:up, new stack in a VPC that was there before", "sandbox:up", 20);
}

/** The README's first command in a clone, with caches of its own for npm, Go, Python and the tools. */
async function fresh(): Promise<void> {
    const checkout = new CopiedCheckout();
    const caches = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-caches-"));
    fs.rmSync(checkout.path("node_modules"));
    const env = {
        XDG_CACHE_HOME: path.join(caches, "cache"),
        GOCACHE: path.join(caches, "go-build"),
        GOMODCACHE: path.join(caches, "go-mod"),
        GOFLAGS: "-modcacherw",
        npm_config_cache: path.join(caches, "npm"),
        PIP_NO_CACHE_DIR: "1",
        SANDBOX_OFFLINE: "1",
    };
    try {
        const began = Date.now();
        await new Promise<void>((resolve, reject) => {
            const child = spawn("npm", ["ci", "--no-audit"], { cwd: checkout.folder, env: { ...process.env, ...env } });
            child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`npm ci failed: ${code}`))));
        });
        const { process: child, finished } = checkout.start("sandbox:up", env);
        let peak = 0;
        const sampling = setInterval(() => (peak = Math.max(peak, memoryOf([child.pid!]))), 500);
        const { code, output } = await finished;
        clearInterval(sampling);
        if (code !== 0) {
            throw new Error(`npm run sandbox:up failed:\n${output}`);
        }
        console.log(output.match(/^ +✓ .*\d s$/gm)?.join("\n"));
        const minutes = (Date.now() - began) / 60_000;
        report({ what: "npm ci && npm run sandbox:up, fresh machine", measured: minutes, bar: 15, unit: "min" });
        report({ what: "memory while it is built", measured: peak / GiB, bar: 4, unit: "GiB" });
        await checkout.run("sandbox:destroy", env);
    } finally {
        fs.rmSync(checkout.folder, { recursive: true, force: true });
        fs.rmSync(caches, { recursive: true, force: true });
    }
}

async function main(): Promise<void> {
    const { values } = parseArgs({ options: { fresh: { type: "boolean" } } });
    await warm(ownVpc);
    await warm(existingVpc);
    if (values.fresh) {
        await fresh();
    }
    table();
}

void main();
