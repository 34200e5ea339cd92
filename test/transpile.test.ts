import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectFolder } from "./settings";

describe("what runs TypeScript", () => {
    it("tells of an error where it is in the source, whatever the compiler has made of the lines before", () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-transpile-"));
        const file = path.join(folder, "broken.ts");
        const lines = [
            "interface Gone {",
            "    readonly name: string;",
            "}",
            "enum Made { One, Two }",
            "export const broken = ({ name }: Gone): never => { throw new RangeError(`no ${name} ${Made.Two}`); };",
            'broken({ name: "shop" });',
        ];
        try {
            fs.writeFileSync(file, lines.join("\n"));
            const transpile = path.join(projectFolder, "tools/transpile.js");
            const { stderr, status } = spawnSync(process.execPath, ["-r", transpile, file], { encoding: "utf8" });
            assert.equal(status, 1);
            assert.match(stderr, /^RangeError: no shop 1$/m);
            const column = lines[4]!.indexOf("new RangeError") + 1;
            assert.ok(stderr.includes(`    at broken (${file}:5:${column})\n`), stderr);
            assert.ok(stderr.includes(`    at Object.<anonymous> (${file}:6:`), stderr);
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
    });
});
