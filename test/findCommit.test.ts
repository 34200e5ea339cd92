import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectFolder } from "./settings";

describe("the commit to go back to", () => {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-commit-"));
    after(() => fs.rmSync(scratch, { recursive: true }));
    const git = (...args: string[]) =>
        execFileSync("git", ["-C", scratch, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
            encoding: "utf8",
        }).trim();
    /** The commits of the branch, the newest first, of which some begin with the same four digits: there are enough for that. */
    let branch: string[];
    let elsewhere: string;
    before(() => {
        const commits = Array.from({ length: 1500 }, (_, time) => {
            return `commit refs/heads/main\ncommitter a <a@b.c> ${time} +0000\ndata 0\n\n`;
        });
        git("init", "--quiet", "--initial-branch", "main");
        execFileSync("git", ["-C", scratch, "fast-import", "--quiet"], { input: commits.join("") });
        branch = git("rev-list", "main").split("\n");
        git("checkout", "--quiet", "-b", "other", branch.at(-1)!);
        git("commit", "--quiet", "--allow-empty", "--message", "elsewhere");
        elsewhere = git("rev-parse", "HEAD");
    });

    const look = (COMMIT: string) => {
        const outputs = path.join(scratch, "outputs");
        fs.rmSync(outputs, { force: true });
        const env = {
            PATH: process.env.PATH,
            COMMIT,
            GITHUB_SHA: branch[0]!,
            GITHUB_REF_NAME: "main",
            GITHUB_OUTPUT: outputs,
        };
        const script = path.join(projectFolder, ".github/scripts/findCommit.sh");
        const { status, stdout, stderr } = spawnSync("bash", [script], { cwd: scratch, env, encoding: "utf8" });
        const sha = fs.existsSync(outputs) ? fs.readFileSync(outputs, "utf8").trim() : undefined;
        return { status, sha, output: stdout + stderr };
    };

    it("is found by its hash and by its beginning, in capitals as well, and is the run's own where none is given", () => {
        const first = branch.at(-1)!;
        for (const given of [first, first.slice(0, 9), first.toUpperCase()]) {
            assert.equal(look(given).sha, `sha=${first}`, given);
        }
        assert.equal(look("").sha, `sha=${branch[0]}`);
    });

    it("is refused with one error where it is unknown, not on the branch, ambiguous, or no commit at all", () => {
        const alike = (hash: string) => branch.filter((other) => other.startsWith(hash.slice(0, 4)));
        const twins = branch.map(alike).find((found) => found.length > 1)!;
        const digits = twins[0]!.slice(0, 4);
        const refusals: Readonly<Record<string, string>> = {
            ["f".repeat(40)]: `There is no commit ${"f".repeat(40)}.`,
            [elsewhere]: `${elsewhere} is not on main, the branch of this run.`,
            [elsewhere.slice(0, 12)]: `${elsewhere.slice(0, 12)} is not on main, the branch of this run.`,
            [digits]: `${digits} is the beginning of ${twins.join(" and ")}: give more of it.`,
            ...Object.fromEntries(
                ["main", "HEAD~1", "abc", "--all", "$(id)", "0123456g", "a b"].map((text) => [
                    text,
                    `Expected a commit's hash, or the first digits of it, and got "${text}".`,
                ]),
            ),
        };
        for (const [given, refusal] of Object.entries(refusals)) {
            const { status, sha, output } = look(given);
            assert.deepEqual([status, sha, output.trim()], [1, undefined, `::error::${refusal} Nothing was changed.`]);
        }
    });
});
