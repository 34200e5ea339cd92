import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { commandsOf, commandsOfPages, isConfiguring } from "../../test/commands";
import { projectFolder } from "../../test/settings";

/** By which test each command of npm's in the pages is run, and where it says so there. */
const runBy: Readonly<Record<string, readonly [test: string, call: string]>> = {
    "npm ci": [".ci/run", "npm ci\n"],
    "npm test": [".ci/run", "npm test\n"],
    "npm run test:sandbox": [".ci/run", "npm run test:sandbox\n"],
    "npm run audit": ["package.json", '"audit": "npm test --workspace sandbox -- --grep Prowler"'],
    "npm run cost": ["sandbox/test/readme.test.ts", 'told("npm run cost")'],
    "npm run cost -- --stack prod": ["sandbox/test/readme.test.ts", 'told("npm run cost -- --stack prod")'],
    "npm run diagram -- --stack dev --out stack.svg": [
        "sandbox/test/readme.test.ts",
        'told("npm run diagram -- --stack dev --out stack.svg")',
    ],
    "npm run sandbox:up": ["sandbox/test/app.test.ts", 'succeed("sandbox:up")'],
    "npm run sandbox:up -- --stack prod": [
        "sandbox/test/environments.test.ts",
        'succeed("sandbox:up -- --stack prod")',
    ],
    "npm run sandbox:up -- --as-deployer": ["sandbox/test/schedules.test.ts", 'succeed("sandbox:up -- --as-deployer")'],
    "npm run sandbox:preview": ["sandbox/test/changes.test.ts", 'succeed("sandbox:preview")'],
    "npm run sandbox:release": ["sandbox/test/app.test.ts", 'succeed("sandbox:release")'],
    "npm run sandbox:release -- --approve prod": [
        "sandbox/test/environments.test.ts",
        'succeed("sandbox:release -- --approve prod")',
    ],
    "npm run sandbox:status": ["sandbox/test/monitoring.test.ts", 'succeed("sandbox:status")'],
    "npm run sandbox:destroy": ["sandbox/test/environments.test.ts", 'succeed("sandbox:destroy")'],
    "npm run sandbox:destroy -- --stack prod": [
        "sandbox/test/environments.test.ts",
        'succeed("sandbox:destroy -- --stack prod")',
    ],
    "npm run status": ["sandbox/test/undo.test.ts", 'succeed("status -- --stack dev", asOnAws('],
    "npm run releases": ["sandbox/test/undo.test.ts", 'succeed("releases -- --stack dev --count 20", asOnAws('],
    "npm run logs -- --since 12h": ["sandbox/test/monitoring.test.ts", "`logs -- --stack dev --task ${id} --since 1h`"],
    "npm run logs -- --since 1h --filter ERROR": [
        "sandbox/test/monitoring.test.ts",
        "start(`sandbox:logs -- --follow --since 1m --filter ${page}`)",
    ],
    "npm run logs -- --follow": [
        "sandbox/test/monitoring.test.ts",
        "start(`sandbox:logs -- --follow --since 1m --filter ${page}`)",
    ],
};

/** Whether a word of a test is that of a command, or its twin for the sandbox. */
const isScript = (word: string, command: string) => word === command || word === `sandbox:${command}`;

describe("the commands in the READMEs", () => {
    const file = (name: string) => fs.readFileSync(path.join(projectFolder, name), "utf8");

    it("are each run by a test, or need an account: a row for each, and no row without its command or its test", () => {
        const npm = [...commandsOfPages(), ...commandsOf(file("CONTRIBUTING.md"))].filter((each) =>
            /^npm\b/.test(each),
        );
        assert.deepEqual([...new Set(npm)].sort(), Object.keys(runBy).sort());
        for (const [command, [test, call]] of Object.entries(runBy)) {
            assert.ok(file(test).includes(call), `${test} does not have ${call}`);
            // The script, or its twin in the sandbox, with the same options: `npm run logs -- --follow`.
            const [, script, more = ""] = /^npm (?:run )?(\S+)(.*)$/.exec(command)!;
            const words = [script!, ...more.split(" ").filter((word) => /^--\w/.test(word))];
            const missing = words.filter((word) => !call.split(/[^\w:-]+/).some((each) => isScript(each, word)));
            assert.deepEqual([command, missing], [command, []]);
        }
        // What is named in package.json is a part of the whole run.
        assert.match(file("sandbox/test/audit.test.ts"), /^describe\("Prowler/m);
    });

    it("that are not npm's configure a stack, which readme.test.ts does, or need an account, as the page says", () => {
        const needsAnAccount = /^(pulumi (-C \S+ )?(up|destroy|stack output)|export GITHUB_TOKEN=\$\(gh|gh)( |$)/;
        assert.match(
            file("docs/development.md"),
            /A test runs the commands in the blocks of the README and of all pages here, but for those that need an account, or a\nprogram/,
        );
        const all = [...commandsOfPages(), ...commandsOf(file("CONTRIBUTING.md"))];
        assert.ok(all.length > 25, `${all.length} commands`);
        for (const command of all.filter((each) => !/^npm\b/.test(each))) {
            assert.ok(isConfiguring(command) !== needsAnAccount.test(command), command);
        }
    });

    it("are scripts of npm where they say so, in the sandbox's own pages too", () => {
        const { scripts } = JSON.parse(file("package.json")) as { scripts: Record<string, string> };
        const pages = file("sandbox/README.md") + file("sandbox/behaviour.md");
        const named = [...pages.matchAll(/npm run ([a-z:-]*[a-z])/g)].map(([, script]) => script!);
        assert.ok(named.length > 5, named.join(", "));
        assert.deepEqual(
            named.filter((script) => !(script in scripts)),
            [],
        );
    });
});
