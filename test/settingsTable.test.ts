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

    it("has every setting under one heading of the page", () => {
        const page = fs.readFileSync(path.join(projectFolder, "docs/settings.md"), "utf8");
        const keys = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key!);
        assert.deepEqual(keys.sort(), Object.keys(table).sort());
    });

    it("takes the place of what somebody wrote by hand, and of nothing else", () => {
        const text = fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8");
        const edited = text.replace("default: single", "default: none").replace(/^ {2}name:\n( {4}.*\n)+/m, "");
        assert.notEqual(edited, text);
        assert.equal(renderers["Pulumi.yaml"]!(edited), text);
        assert.throws(() => renderers["docs/settings.md"]!("# Another page\n"), /no place for the settings/);
    });
});
