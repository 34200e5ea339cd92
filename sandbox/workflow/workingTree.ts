/** The working tree as a commit of its own, since what is released is what the user sees, committed or not. */
import * as fs from "node:fs";
import * as path from "node:path";
import { ask, run } from "../machine/run";
import { checkout } from "../paths";

/** The same content gives the same commit: releasing it again is what re-running a workflow of that commit is. */
const fixedIdentity = {
    GIT_AUTHOR_NAME: "sandbox",
    GIT_AUTHOR_EMAIL: "sandbox@localhost",
    GIT_AUTHOR_DATE: "2000-01-01T00:00:00Z",
    GIT_COMMITTER_NAME: "sandbox",
    GIT_COMMITTER_EMAIL: "sandbox@localhost",
    GIT_COMMITTER_DATE: "2000-01-01T00:00:00Z",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
};

const neverReleased = /^(node_modules|\.sandbox|\.build|\.git)(\/|$)/;

/** Files of the checkout, relative: those that git does not ignore, or all where it is no git repository. */
async function files(): Promise<string[]> {
    const listed = await ask("git", ["-C", checkout, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
    const names = listed?.split("\0") ?? fs.readdirSync(checkout, { recursive: true, encoding: "utf8" });
    const isFile = (name: string) =>
        fs.lstatSync(path.join(checkout, name), { throwIfNoEntry: false })?.isDirectory() === false;
    return [...new Set(names)].filter((name) => name && !neverReleased.test(name) && isFile(name)).sort();
}

/**
 * Commits the working tree to `folder`, a repository made anew; the user's own repository is not touched.
 * @returns the commit's hash
 */
export async function commitWorkingTree(folder: string, branch: string, repository: string): Promise<string> {
    fs.rmSync(folder, { recursive: true, force: true });
    for (const name of await files()) {
        fs.cpSync(path.join(checkout, name), path.join(folder, name), { verbatimSymlinks: true });
    }
    const git = (...args: string[]) => run("git", args, { cwd: folder, env: fixedIdentity });
    await git("init", "--quiet", `--initial-branch=${branch}`);
    await git("remote", "add", "origin", `https://github.com/${repository}.git`);
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "The working tree");
    return (await git("rev-parse", "HEAD")).trim();
}
