import { RunError } from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { options, run } from "../tools/command";
import { projectFolder } from "./settings";

describe("a command of tools/", () => {
    const { argv, exitCode } = process;
    const print = console.error.bind(console);
    let printed: unknown[];
    beforeEach(() => {
        printed = [];
        console.error = (...values: unknown[]) => void printed.push(...values);
    });
    afterEach(() => {
        [process.argv, process.exitCode, console.error] = [argv, exitCode, print];
    });

    const given = (...args: string[]) => {
        process.argv = ["node", "main.ts", ...args];
        return options({ stack: "dev", out: "picture.svg" });
    };

    it("takes its options as they are given, and defaults for the others", () => {
        assert.deepEqual(given("--stack", "prod"), { stack: "prod", out: "picture.svg" });
        assert.deepEqual(given("--out=a.svg"), { stack: "dev", out: "a.svg" });
    });

    it("refuses what it does not know, and says what it takes", () => {
        for (const args of [["--region", "x"], ["prod"], ["--stack"]]) {
            assert.throws(
                () => given(...args),
                (error) =>
                    RunError.isInstance(error) &&
                    error.message.endsWith('This command takes --stack <value> and --out <value>, after "--".'),
                args.join(" "),
            );
        }
    });

    it("refuses an option that npm has kept, which would be left out without a word", () => {
        const kept = { npm_config_stack: "prod", npm_config_out: "", npm_lifecycle_event: "diagram" };
        const { env } = process;
        process.env = { ...env, ...kept };
        try {
            assert.throws(() => given(), {
                message: 'npm keeps --stack for itself. Put "--" before it: npm run diagram -- --stack <value>',
            });
            process.env = { ...env, npm_config_dry_run: "true", npm_lifecycle_event: "rehearse" };
            assert.throws(() => options({ "dry-run": false }, []), { message: / npm run rehearse -- --dry-run$/ });
        } finally {
            process.env = env;
        }
    });

    it("says what a value is where the option's name does not tell", () => {
        assert.throws(() => options({ filter: "", since: "" }, ["x"], { filter: "pattern" }), {
            message: /\nThis command takes --filter <pattern> and --since <value>, after "--"\.$/,
        });
    });

    it("names the file that it cannot write", () => {
        const main = ["-r", "./tools/transpile.js", "tools/diagram/main.ts", "--out", "missing/x.svg"];
        const { status, stderr } = spawnSync(process.execPath, main, { cwd: projectFolder, encoding: "utf8" });
        assert.equal(status, 1);
        assert.match(stderr, /^missing\/x\.svg cannot be written: ENOENT: .*\n$/);
    });

    it("prints what its user can mend without a stack trace, anything else with one, and fails", async () => {
        const defect = new TypeError("x is undefined");
        for (const error of [new RunError("no such stack"), defect]) {
            printed = [];
            process.exitCode = undefined;
            run(() => Promise.reject(error));
            await new Promise(setImmediate);
            assert.deepEqual([printed, process.exitCode], [[error === defect ? defect : "no such stack"], 1]);
        }
    });
});
