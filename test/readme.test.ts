import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { commandsOf, isConfiguring, isOpeningAShell } from "./commands";
import { projectFolder } from "./settings";

const file = (name: string) => fs.readFileSync(path.join(projectFolder, name), "utf8");

describe("the README", () => {
    const readme = file("README.md");

    it("lists every configuration key with its default", () => {
        const { config } = parse(file("Pulumi.yaml")) as { config: Record<string, { default: string }> };
        const rows = readme.split("\n").filter((line) => line.startsWith("| `"));
        for (const [key, { default: standard }] of Object.entries(config)) {
            const row = rows.find((line) => line.split("|")[1]!.includes(`\`${key}\``));
            assert.ok(row, `${key} has no row`);
            const given = standard === "" ? "none" : `\`${standard}\``;
            const expected = key === "githubRepository" ? "required" : given;
            assert.ok(row.split("|").at(-2)!.includes(expected), `${key}: ${expected} is not in ${row}`);
        }
    });

    it("names only scripts of npm that exist", () => {
        const { scripts } = JSON.parse(file("package.json")) as { scripts: Record<string, string> };
        for (const name of ["README.md", "sandbox/README.md"]) {
            const named = [...file(name).matchAll(/npm run ([a-z:-]*[a-z])/g)].map(([, script]) => script!);
            assert.ok(named.length > 0, name);
            assert.deepEqual(
                named.filter((script) => !(script in scripts)),
                [],
                name,
            );
        }
    });

    it("leads from what it is to what went wrong", () => {
        assert.deepEqual(
            [...readme.matchAll(/^## (.+)$/gm)].map(([, title]) => title),
            [
                "Try it here",
                "Run it on AWS",
                "Day two",
                "How it is built",
                "Configuration",
                "What each role may do, and why",
                "Cost",
                "Security model",
                "When something goes wrong",
            ],
        );
    });

    it("has no command that neither a test runs nor it says why none can", () => {
        const where = ["test/sandbox", "test"].flatMap((folder) =>
            fs
                .readdirSync(path.join(projectFolder, folder))
                .filter((name) => name.endsWith(".test.ts"))
                .map((name) => path.join(folder, name)),
        );
        const tests = [".ci/run", ...where].map(file).join("\n");
        const runByATest = (command: string) => {
            const [, script] = /^npm run ([a-z:-]+)/.exec(command) ?? [];
            if (script !== undefined) {
                return tests.includes(`"${script}`) || tests.includes(`npm run ${script}`);
            }
            const whole = command === "npm ci" || command === "npm test";
            return whole ? tests.includes(command) : isConfiguring(command) || isOpeningAShell(command);
        };
        const needsAnAccount = /^(pulumi (up|stack output)|export GITHUB_TOKEN=\$\(gh|gh|aws logs tail)( |$)/;
        assert.match(readme, /A test runs the commands of this page, but for those that need an account, or a program/);
        const all = commandsOf(readme);
        assert.ok(all.length > 25, `${all.length} commands`);
        for (const command of [...all, ...commandsOf(file("CONTRIBUTING.md"))]) {
            assert.ok(runByATest(command) !== needsAnAccount.test(command), command);
        }
    });

    it("names only folders and files that exist", () => {
        const named = [...readme.matchAll(/^\| `([\w./-]+)` \| /gm)].map(([, name]) => name!);
        const paths = named.filter((name) => name.includes("/") || name.includes("."));
        assert.ok(paths.length >= 6, paths.join(", "));
        for (const name of paths) {
            assert.ok(fs.existsSync(path.join(projectFolder, name)), name);
        }
    });
});
