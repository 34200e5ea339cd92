import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { standard } from "./scenarios";
import { projectFolder } from "./settings";

const file = (name: string) => fs.readFileSync(path.join(projectFolder, name), "utf8");

describe("the README", () => {
    const readme = file("README.md");

    it("lists every configuration key with its default", () => {
        const { config } = parse(file("Pulumi.yaml")) as { config: Record<string, { default: string }> };
        const rows = readme.split("\n").filter((line) => line.startsWith("| `"));
        const [head] = /^\| key \|.*$/m.exec(readme)!;
        const column = head.split("|").indexOf(" default ");
        for (const [key, { default: standard }] of Object.entries(config)) {
            const row = rows.find((line) => line.split("|")[1]!.includes(`\`${key}\``));
            assert.ok(row, `${key} has no row`);
            const given = standard === "" ? "none" : `\`${standard}\``;
            const expected = key === "githubRepository" ? "required" : given;
            assert.ok(row.split("|")[column]!.includes(expected), `${key}: ${expected} is not in ${row}`);
        }
    });

    it("names only scripts of npm that exist", () => {
        const { scripts } = JSON.parse(file("package.json")) as { scripts: Record<string, string> };
        const named = [...readme.matchAll(/npm run ([a-z:-]*[a-z])/g)].map(([, script]) => script!);
        assert.ok(named.length > 10, named.join(", "));
        assert.deepEqual(
            named.filter((script) => !(script in scripts)),
            [],
        );
    });

    // Pulumi Cloud lets a pull request in as AWS does: by the form of the subject that GitHub gives the repository.
    it("names each form of a pull request's subject that the preview role trusts", async () => {
        const { inputs } = (await standard()).one("aws:iam/role:Role", "main-preview");
        const trusted = String(inputs.assumeRolePolicy).match(/repo:[^"]+/g) ?? [];
        const forms = trusted.map((subject) =>
            subject.replace(/^repo:\w+(@\d+)?\/\w+(@\d+)?/, (_, owner, name) =>
                ["repo:OWNER", owner && "@OWNER-ID", "/NAME", name && "@REPOSITORY-ID"].join(""),
            ),
        );
        assert.equal(forms.length, 2);
        assert.deepEqual(
            forms.filter((form) => !readme.includes(`| \`${form}\` |`)),
            [],
        );
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

    // The sandbox can be deleted with its folder; its own tests hold what is said of it.
    it("names only folders and files that exist", () => {
        const named = [...readme.matchAll(/^\| `([\w./-]+)` \| /gm)].map(([, name]) => name!);
        const paths = named.filter((name) => /[/.]/.test(name) && name !== "sandbox/");
        assert.ok(paths.length >= 6, paths.join(", "));
        for (const name of paths) {
            assert.ok(fs.existsSync(path.join(projectFolder, name)), name);
        }
    });
});
