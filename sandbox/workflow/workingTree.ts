/** The working tree as a commit of its own, since what is released is what the user sees, committed or not. */
import * as fs from "node:fs";
import * as path from "node:path";
import { run } from "../machine/run";
import { checkout } from "../paths";

/** Of whoever commits here, with nothing of the user's configuration. */
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

/** Also where they are links, which .gitignore's patterns for folders do not mean. */
const neverReleased = ["/node_modules", "/.sandbox", "/.build"];

/**
 * Commits the working tree, without what .gitignore names, to a bare repository, upon what was pushed to the branch before. Content
 * that has not changed since is the same commit: releasing it again is what pushing nothing and dispatching the workflow is. The
 * user's own repository and its index are not touched, and there need not be one.
 * @returns the commit's hash
 */
export async function commitWorkingTree(repository: string, branch: string): Promise<string> {
    const env = {
        ...fixedIdentity,
        GIT_DIR: repository,
        GIT_WORK_TREE: checkout,
        GIT_INDEX_FILE: path.join(repository, "index"), // git sets it for its hooks, to the user's
    };
    const git = async (...args: string[]) => (await run("git", args, { cwd: checkout, env })).trim();
    const head = `refs/heads/${branch}`;
    fs.mkdirSync(path.dirname(repository), { recursive: true });
    await run("git", ["init", "--quiet", "--bare", repository], { env: fixedIdentity }); // as good for one that is there
    await git("config", "pack.window", "0"); // looking for what is alike is most of the time that a checkout takes, and it stays on this machine
    // What a command that was killed has left.
    for (const left of ["index", "index.lock", `${head}.lock`]) {
        fs.rmSync(path.join(repository, left), { force: true });
    }
    fs.mkdirSync(path.join(repository, "info"), { recursive: true });
    fs.writeFileSync(path.join(repository, "info", "exclude"), `${neverReleased.join("\n")}\n`);
    await git("add", "--all");
    const tree = await git("write-tree");
    const parent = await git("for-each-ref", "--format=%(objectname)", head);
    if (parent !== "" && tree === (await git("rev-parse", `${parent}^{tree}`))) {
        return parent;
    }
    const commit = await git("commit-tree", tree, "-m", "The working tree", ...(parent ? ["-p", parent] : []));
    await git("update-ref", head, commit);
    return commit;
}
