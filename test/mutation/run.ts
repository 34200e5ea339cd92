import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Mutation } from "./mutation";
import { mutations } from "./mutations";

/**
 * Applies each mistake of the table to a copy of the program and runs the unit tests there, which must fail.
 * A text as argument chooses the mutations whose mistake or file contains it.
 */

const checkout = path.join(__dirname, "../..");
const copied = [
    ...["index.ts", "infra", "app", "test", "sandbox", "tools", "docs", ".github", ".ci", ".node-version", "README.md"],
    ...[
        "Pulumi.yaml",
        "Pulumi.dev.yaml",
        "Pulumi.prod.yaml.example",
        "package.json",
        "package-lock.json",
        "tsconfig.json",
        "tsconfig.pulumi.json",
    ],
];

/** The test that holds this table against a program without mistakes, and the one that looks for commands in all tests. */
const leftOut = ["mutation.test.ts", "readme.test.ts"].map((name) => path.join("test", name));

/**
 * These show whatever the program declares, so that any mistake in it changes them: whether the test fails that is about the mistake
 * would not be known. They are there for mistakes in tools/, and where there is none.
 */
const mirrors = ["cost", "diagram"].map((name) => path.join("test", `${name}.test.ts`));

interface Verdict {
    readonly passed: boolean;
    /** The first test that failed, or how mocha ended where none did. */
    readonly reason: string;
}

/** @throws Error if the mutation does not fit the program any more. */
async function test(mutation?: Mutation): Promise<Verdict> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-mutation-"));
    try {
        const skipped = mutation && !mutation.file.startsWith("tools/") ? [...leftOut, ...mirrors] : leftOut;
        // A team may have deleted the sandbox.
        for (const name of copied.filter((each) => fs.existsSync(path.join(checkout, each)))) {
            const filter = (from: string) => !skipped.includes(path.relative(checkout, from));
            fs.cpSync(path.join(checkout, name), path.join(folder, name), { recursive: true, filter });
        }
        fs.symlinkSync(path.join(checkout, "node_modules"), path.join(folder, "node_modules"));
        if (mutation) {
            apply(mutation, path.join(folder, mutation.file));
        }
        return await mocha(folder);
    } finally {
        fs.rmSync(folder, { recursive: true, force: true });
    }
}

function apply({ mistake, file, find, become }: Mutation, at: string): void {
    const parts = fs.readFileSync(at, "utf8").split(find);
    if (parts.length !== 2) {
        throw new Error(
            `"${mistake}" fits ${file} ${parts.length - 1} times instead of once: change it in mutations.ts`,
        );
    }
    fs.writeFileSync(at, parts.join(become));
}

function mocha(folder: string): Promise<Verdict> {
    const args = [
        "--config",
        path.join(checkout, ".mocharc.json"),
        "--timeout",
        "120000",
        "--no-parallel", // so that the first failure is the same one each time
        "--bail",
        "--reporter",
        "json",
    ];
    const child = spawn(process.execPath, ["node_modules/mocha/bin/mocha.js", ...args], {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            const start = output.indexOf('{\n  "stats"');
            if (start < 0) {
                reject(new Error(`mocha reported nothing (exit code ${code}):\n${output}${errors}`));
                return;
            }
            const { failures } = JSON.parse(output.slice(start)) as { failures: { fullTitle: string }[] };
            const reason = failures[0]?.fullTitle ?? `exit code ${code}`;
            if (/"(before|after) (all|each)" hook/.test(reason)) {
                reject(new Error(`the program cannot be recorded any more, so that no promise was tested: ${reason}`));
                return;
            }
            resolve({ passed: code === 0, reason });
        });
    });
}

async function main(wanted: string): Promise<void> {
    const unchanged = await test();
    if (!unchanged.passed) {
        throw new Error(`the tests fail without any mutation: ${unchanged.reason}`);
    }
    const queue = mutations.filter(({ mistake, file }) => `${mistake} ${file}`.includes(wanted));
    const total = queue.length;
    const survivors: string[] = [];
    const work = async () => {
        for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
            const { passed, reason } = await test(mutation);
            console.log(passed ? `  ✗ ${mutation.mistake}: no test fails` : `  ✓ ${mutation.mistake}\n      ${reason}`);
            if (passed) {
                survivors.push(mutation.mistake);
            }
        }
    };
    await Promise.all(Array.from({ length: Math.max(1, os.availableParallelism()) }, work));
    console.log(`\n${total - survivors.length} of ${total} mutations fail a test`);
    process.exitCode = survivors.length > 0 ? 1 : 0;
}

main(process.argv.slice(2).join(" ")).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
