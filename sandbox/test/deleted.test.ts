/** A team that does not want the sandbox deletes its folder, and one line; and in any case ci.yml, as the README says. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { checkout } from "../paths";

describe("the project without its sandbox", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-without-"));
    const succeed = (command: string, ...args: string[]) => {
        const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
        assert.equal(status, 0, `${command} ${args.join(" ")}:\n${stdout}${stderr}`);
        return stdout;
    };

    before(() => {
        const { stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: checkout, encoding: "utf8" });
        const kept = stdout
            .split("\0")
            .filter((file) => file && !/^(sandbox\/|\.github\/workflows\/ci\.yml$)/.test(file));
        for (const file of kept.filter((name) => fs.existsSync(path.join(checkout, name)))) {
            fs.cpSync(path.join(checkout, file), path.join(folder, file));
        }
        spawnSync("git", ["init", "--quiet"], { cwd: folder }); // actionlint looks for the workflows of a repository
        const manifest = path.join(folder, "package.json");
        const lines = fs.readFileSync(manifest, "utf8").split("\n");
        fs.writeFileSync(manifest, lines.filter((line) => line.trim() !== '"sandbox"').join("\n")); // in `workspaces`
        assert.equal(fs.readFileSync(manifest, "utf8").split("\n").length, lines.length - 1);
    });
    after(() => fs.rmSync(folder, { recursive: true }));

    it("passes its CI, with none of the sandbox's packages installed", function () {
        this.timeout(1_500_000);
        assert.match(succeed(".ci/run"), /\d{3} passing/);
        const installed = fs.readdirSync(path.join(folder, "node_modules"));
        assert.ok(!installed.includes("jose") && !installed.includes("fargate-cicd-sandbox"), installed.join(", "));
    });

    it("tells its cost and draws its picture", () => {
        assert.match(succeed("npm", "run", "cost"), /US dollars for a month/);
        const picture = path.join(folder, "docs", "architecture.svg");
        const before = fs.readFileSync(picture);
        succeed("npm", "run", "diagram");
        assert.deepEqual(fs.readFileSync(picture), before);
    });

    it("makes the mistakes that its tests must notice", () => {
        const tests = path.join(folder, "test");
        // With one file of them: all, without and with the mistake, take minutes.
        const others = fs.readdirSync(tests).filter((name) => name.endsWith(".test.ts") && name !== "audit.test.ts");
        others.forEach((name) => fs.rmSync(path.join(tests, name)));
        assert.match(
            succeed("npm", "run", "test:mutation", "--", "sent without TLS"),
            /^1 of 1 mutations fail a test$/m,
        );
    });
});
