/** `npm run bench`: what loading and testing the program takes, beside the bars that the project sets itself. */
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { report, table } from "./table";

const folder = path.resolve(__dirname, "../..");

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** The program under mocks in a process of its own. */
function program(typeChecked: boolean): { milliseconds: number; kilobytes: number } {
    const register = typeChecked ? "ts-node/register" : "./tools/transpile.js";
    const args = ["-r", register, "test/bench/program.ts"];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) {
        throw new Error(`the program did not run: ${stderr}`);
    }
    return JSON.parse(stdout) as { milliseconds: number; kilobytes: number };
}

function load(): void {
    const runs = [1, 2, 3].map(() => ({ plain: program(false), checked: program(true) })); // in turn: other load falls on both
    const ratio = (key: "milliseconds" | "kilobytes") =>
        median(runs.map(({ plain }) => plain[key])) / median(runs.map(({ checked }) => checked[key]));
    report({
        what: "program under mocks, time against type-checked",
        measured: ratio("milliseconds"),
        bar: 0.2,
        unit: "×",
    });
    report({
        what: "program under mocks, memory against type-checked",
        measured: ratio("kilobytes"),
        bar: 0.25,
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

load();
tests();
table();
