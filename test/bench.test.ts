import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as path from "node:path";

describe("the benchmarks", () => {
    /** Of a command that has measured these seconds, where 20 are allowed. */
    function exitCode(...measured: number[]): number | null {
        const rows = JSON.stringify(measured.map((each) => ({ what: "tests", measured: each, bar: 20, unit: "s" })));
        const command = `const { report, table } = require("./test/bench/table.ts"); ${rows}.forEach(report); table();`;
        const cwd = path.resolve(__dirname, "..");
        return spawnSync(process.execPath, ["-r", "./tools/transpile.js", "-e", command], { cwd }).status;
    }

    it("fail where one is over its bar, and only then", () => {
        assert.deepEqual([exitCode(20, 3), exitCode(3, 20.1), exitCode(21, 3)], [0, 1, 1]);
    });
});
