import { RunError } from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { options, run } from "../tools/command";

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
