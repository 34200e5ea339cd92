/**
 * `npm run lint:workflows`: actionlint and zizmor over .github. One that is not installed is skipped with a word, except in
 * CI, where it is an error; with `-- --install` both are put into the user's cache folder first.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { shortHash } from "../../sandbox/machine/cached";
import { ensureToolchain, link } from "../../sandbox/machine/toolchain";
import { environmentOfPackages } from "../../sandbox/machine/venv";
import { cacheDir, checkout } from "../../sandbox/paths";
import { step, UserError } from "../../sandbox/progress";

const linters = [
    // The same findings everywhere: without the linters of scripts that happen to be on a machine.
    { name: "actionlint", args: ["-shellcheck=", "-pyflakes="] },
    { name: "zizmor", args: ["--offline", "--persona=pedantic", "--quiet", "."] },
] as const;

const folder = path.join(cacheDir, "linters");

/** actionlint from its Go modules, zizmor from PyPI, both at pinned versions. */
async function install(): Promise<void> {
    await ensureToolchain(["actionlint"], folder);
    const requirements = path.join(__dirname, "requirements.txt");
    const name = `python-linters-${shortHash(fs.readFileSync(requirements))}`;
    const packages = () => environmentOfPackages(name, ["--requirement", requirements], "import sys");
    link(await step("zizmor", packages), folder, ["zizmor"]);
}

/** The executable: on the PATH, or where `install` has put it. */
function find(name: string): string | undefined {
    const folders = [...(process.env.PATH ?? "").split(path.delimiter), folder];
    return folders.map((each) => path.join(each, name)).find((file) => fs.existsSync(file));
}

async function main(options: readonly string[]): Promise<void> {
    const unknown = options.find((option) => option !== "--install");
    if (unknown !== undefined) {
        throw new UserError(`"${unknown}" is not an option: there is --install, after "--".`);
    }
    if (options.includes("--install")) {
        await install();
    }
    for (const { name, args } of linters) {
        const command = find(name);
        if (command === undefined) {
            const missing = `${name} is not installed: npm run lint:workflows -- --install puts it into ${folder}.`;
            if (process.env.CI) {
                throw new UserError(missing);
            }
            console.log(`Skipped, as ${missing}`);
            continue;
        }
        const { status, error } = spawnSync(command, args, { cwd: checkout, stdio: "inherit" });
        if (error !== undefined || status !== 0) {
            throw new UserError(`${name} ${error ? `did not run: ${error.message}` : "found what is listed above"}.`);
        }
    }
}

main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
});
