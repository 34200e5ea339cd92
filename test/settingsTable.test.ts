import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { table } from "../infra/config/table";
import { renderers } from "../tools/settings/render";
import { projectFolder } from "./settings";

/** What is written of the table elsewhere; what it makes the program refuse is in config.test.ts. */
describe("the table of settings", () => {
    for (const [name, render] of Object.entries(renderers)) {
        it(`is what ${name} says: where this fails, run npm run settings`, () => {
            const text = fs.readFileSync(path.join(projectFolder, name), "utf8");
            assert.equal(text, render(text));
        });
    }

    it("has every setting on one page, and in the list of them", () => {
        const folder = path.join(projectFolder, "docs/settings");
        const [list, ...pages] = ["README.md", ...fs.readdirSync(folder).filter((name) => name !== "README.md")].map(
            (name) => fs.readFileSync(path.join(folder, name), "utf8"),
        );
        const keys = pages.flatMap((page) => [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key!));
        assert.deepEqual(keys.sort(), Object.keys(table).sort());
        const rows = list!.split("\n").filter((line) => line.startsWith("| ["));
        const listed = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, key]) => key!));
        assert.deepEqual(listed.sort(), keys);
    });

    it("takes the place of what somebody wrote by hand, and of nothing else", () => {
        const text = fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8");
        const edited = text.replace("default: single", "default: none").replace(/^ {2}name:\n( {4}.*\n)+/m, "");
        assert.notEqual(edited, text);
        assert.equal(renderers["Pulumi.yaml"]!(edited), text);
        assert.throws(() => renderers["docs/settings/README.md"]!("# Another page\n"), /no place for the settings/);
    });
});
