import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseDocument } from "yaml";

const checkout = path.resolve(__dirname, "../..");

/** Ports beside the default ones, so that the tests leave a sandbox alone that runs on this machine. */
export const testPorts = { SANDBOX_AWS_PORT: "5566", SANDBOX_GITHUB_PORT: "5567", SANDBOX_MIRROR_PORT: "5568" } as const;

export interface Run {
    /** The exit code, or null if it was killed. */
    readonly code: number | null;
    /** What it printed, both streams in order. */
    readonly output: string;
    readonly seconds: number;
}

/** A copy of this checkout in a folder of its own, as somebody has it who cloned the repository; tests edit it at will. */
export class CopiedCheckout {
    public readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-"));

    constructor() {
        const files = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
        const listed = spawnSync("git", files, { cwd: checkout, encoding: "utf8" });
        for (const file of listed.stdout.split("\0").filter((name) => name && fs.existsSync(path.join(checkout, name)))) {
            fs.cpSync(path.join(checkout, file), path.join(this.folder, file));
        }
        fs.symlinkSync(path.join(checkout, "node_modules"), path.join(this.folder, "node_modules"));
    }

    path(...parts: string[]): string {
        return path.join(this.folder, ...parts);
    }

    /** Runs `npm run <script>` there. */
    async run(script: string, env: Record<string, string> = {}): Promise<Run> {
        return this.start(script, env).finished;
    }

    /** Starts `npm run <script>` there, in a process group of its own. */
    start(script: string, env: Record<string, string> = {}): { process: ChildProcess; finished: Promise<Run> } {
        const began = Date.now();
        const child = spawn("npm", ["run", "--silent", ...script.split(" ")], {
            cwd: this.folder,
            env: { ...process.env, ...testPorts, ...env },
            detached: true,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let output = "";
        child.stdout.on("data", (chunk) => (output += chunk));
        child.stderr.on("data", (chunk) => (output += chunk));
        const finished = new Promise<Run>((resolve) =>
            child.on("close", (code) => resolve({ code, output, seconds: (Date.now() - began) / 1000 })),
        );
        return { process: child, finished };
    }

    /** Changes one key in `Pulumi.dev.yaml`; undefined takes it out. */
    configure(key: string, value: string | number | undefined): void {
        const file = this.path("Pulumi.dev.yaml");
        const document = parseDocument(fs.readFileSync(file, "utf8"));
        if (value === undefined) {
            document.deleteIn(["config", key]);
        } else {
            document.setIn(["config", key], value);
        }
        fs.writeFileSync(file, document.toString());
    }

    edit(file: string, change: (text: string) => string): void {
        fs.writeFileSync(this.path(file), change(fs.readFileSync(this.path(file), "utf8")));
    }

    /** Only after a destroy: processes that still run lose their folder. */
    remove(): void {
        fs.rmSync(this.folder, { recursive: true, force: true });
    }
}
