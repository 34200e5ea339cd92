/** `npm run bench`: what loading, testing and running the stack takes, beside the bars that the project sets itself. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { CopiedCheckout } from "../sandbox/copiedCheckout";

interface Row {
    readonly what: string;
    readonly measured: number;
    readonly bar: number;
    readonly unit: string;
}

const folder = path.resolve(__dirname, "../..");
const rows: Row[] = [];

function report(row: Row): void {
    rows.push(row);
    console.log(`  ${row.what}: ${row.measured.toFixed(2)} ${row.unit}`);
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** The program under mocks in a process of its own. */
function program(typeChecked: boolean): { milliseconds: number; kilobytes: number } {
    const register = typeChecked ? "ts-node/register" : "ts-node/register/transpile-only";
    const env = { ...process.env, ...(typeChecked && { TS_NODE_COMPILER_OPTIONS: '{"noCheck":false}' }) };
    const args = ["-r", register, "test/bench/program.ts"];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
    if (status !== 0) {
        throw new Error(`the program did not run: ${stderr}`);
    }
    return JSON.parse(stdout) as { milliseconds: number; kilobytes: number };
}

function load(): void {
    const runs = [1, 2, 3].map(() => ({ plain: program(false), checked: program(true) })); // in turn: the machine is shared
    const ratio = (key: "milliseconds" | "kilobytes") =>
        median(runs.map(({ plain }) => plain[key])) / median(runs.map(({ checked }) => checked[key]));
    report({
        what: "program under mocks, time against type-checked",
        measured: ratio("milliseconds"),
        bar: 0.25,
        unit: "×",
    });
    report({
        what: "program under mocks, memory against type-checked",
        measured: ratio("kilobytes"),
        bar: 0.35,
        unit: "×",
    });
}

/** Seconds that an npm script takes. */
function seconds(script: string): number {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", script], { cwd: folder, encoding: "utf8" });
    if (status !== 0) {
        throw new Error(`npm run ${script} failed:\n${stdout}${stderr}`);
    }
    return (performance.now() - began) / 1000;
}

function tests(): void {
    seconds("test"); // fills the caches of the linters
    report({ what: "npm test, warm", measured: seconds("test"), bar: 20, unit: "s" });
    report({ what: "mocha alone", measured: seconds("test:unit"), bar: 6, unit: "s" });
}

async function sandbox(): Promise<void> {
    const checkout = new CopiedCheckout();
    const measure = async (what: string, script: string, bar: number) => {
        const { code, output, seconds: measured } = await checkout.run(script);
        if (code !== 0) {
            throw new Error(`npm run ${script} failed:\n${output}`);
        }
        report({ what, measured, bar, unit: "s" });
    };
    try {
        await measure("sandbox:up, new stack, engine built", "sandbox:up", 60);
        await measure("sandbox:up, no change", "sandbox:up", 12);
        checkout.edit("app/public/index.html", (html) => html.replace("</h1>", "!</h1>"));
        await measure("sandbox:release, from start to the new page", "sandbox:release", 30);
        await measure("sandbox:destroy", "sandbox:destroy", 45);
    } finally {
        if (fs.existsSync(checkout.folder)) {
            await checkout.remove();
        }
    }
}

async function main(): Promise<void> {
    load();
    tests();
    await sandbox();
    console.log("\n| what | measured | bar | |\n| --- | --- | --- | --- |");
    for (const { what, measured, bar, unit } of rows) {
        console.log(
            `| ${what} | ${measured.toFixed(2)} ${unit} | ${bar} ${unit} | ${measured <= bar ? "ok" : "over"} |`,
        );
    }
}

void main();
