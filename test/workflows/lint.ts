/**
 * `npm run lint:workflows`: actionlint and zizmor over .github. One that is not installed is skipped with a word, except in
 * CI, where it is an error; with `-- --install` both are put into the user's cache folder first.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const checkout = path.resolve(__dirname, "../..");
const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
const folder = path.join(cache, "fargate-cicd", "linters");

const linters = [
    // The same findings everywhere: without the linters of scripts that happen to be on a machine.
    { name: "actionlint", args: ["-shellcheck=", "-pyflakes="] },
    { name: "zizmor", args: ["--offline", "--persona=pedantic", "--quiet", "."] },
] as const;

/** What its user can mend: told without a stack trace. */
class LintError extends Error {}

function run(command: string, args: readonly string[], cwd = checkout, env: Record<string, string> = {}): void {
    const { error, status } = spawnSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
    if (error !== undefined || status !== 0) {
        throw new LintError(`${command} ${args.join(" ")} ${error ? `did not run: ${error.message}` : "failed"}.`);
    }
}

/** actionlint from its Go modules, zizmor from PyPI, both at pinned versions; quick where they are there already. */
function install(): void {
    // Nothing may change the pins. An older Go fetches the one that go.mod asks for.
    const pinned = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "auto", GOWORK: "off" };
    run("go", ["build", "-o", `${folder}/`, "tool"], path.join(__dirname, "actionlint"), pinned);
    const python = path.join(folder, "python");
    run("python3", ["-m", "venv", python]);
    const pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
    run(path.join(python, "bin", "python"), [...pip, "--requirement", path.join(__dirname, "requirements.txt")]);
}

/** The executable: on the PATH, or where `install` has put it. */
function find(name: string): string | undefined {
    const folders = [...(process.env.PATH ?? "").split(path.delimiter), folder, path.join(folder, "python", "bin")];
    return folders.map((each) => path.join(each, name)).find((file) => fs.existsSync(file));
}

function main(options: readonly string[]): void {
    const unknown = options.find((option) => option !== "--install");
    if (unknown !== undefined) {
        throw new LintError(`"${unknown}" is not an option: there is --install, after "--".`);
    }
    if (options.includes("--install")) {
        install();
    }
    for (const { name, args } of linters) {
        const command = find(name);
        if (command === undefined) {
            const missing = `${name} is not installed: npm run lint:workflows -- --install puts it into ${folder}.`;
            if (process.env.CI) {
                throw new LintError(missing);
            }
            console.log(`Skipped, as ${missing}`);
            continue;
        }
        const { status, error } = spawnSync(command, args, { cwd: checkout, stdio: "inherit" });
        if (error !== undefined || status !== 0) {
            throw new LintError(`${name} ${error ? `did not run: ${error.message}` : "found what is listed above"}.`);
        }
    }
}

try {
    main(process.argv.slice(2));
} catch (error) {
    console.error(error instanceof LintError ? error.message : error);
    process.exitCode = 1;
}
