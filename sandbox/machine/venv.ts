/** Python, and environments with packages from PyPI. */
import * as path from "node:path";
import { UserError } from "../progress";
import { cachedFolder } from "./cached";
import { ask, run } from "./run";

const oldest = [3, 10] as const;
const candidates = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];

// Debian splits venv's ensurepip into a package of its own: venv imports without it and then fails half-way.
const describe = `import sys
try:
    import venv, ensurepip
    complete = 1
except ImportError:
    complete = 0
print(*sys.version_info[:2], complete)`;

/** Chooses a Python from what `python -c describe` printed for each; the message says why none will do. */
export function choosePython(answers: ReadonlyMap<string, string | undefined>): string {
    const seen: string[] = [];
    for (const [command, answer] of answers) {
        const [major = 0, minor = 0, complete] = answer?.trim().split(" ").map(Number) ?? [];
        if (answer === undefined || major === 0) {
            continue;
        }
        const recent = major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
        if (recent && complete) {
            return command;
        }
        seen.push(`${command} is ${major}.${minor}${recent ? " without the module venv" : ", which is too old"}`);
    }
    throw new UserError(
        `No Python: the AWS emulator needs Python ${oldest.join(".")} or newer with the module venv; ` +
            `${seen.length > 0 ? seen.join(", ") : "none is on the PATH"}. ` +
            "On Debian and Ubuntu: sudo apt-get install python3 python3-venv. Elsewhere: https://www.python.org/downloads/.",
    );
}

async function findPython(): Promise<string> {
    const answers = new Map<string, string | undefined>();
    for (const command of candidates) {
        answers.set(command, await ask(command, ["-c", describe]));
        if (answers.get(command)?.trim().endsWith(" 1")) {
            break;
        }
    }
    return choosePython(answers);
}

/**
 * A virtual environment in the cache.
 * @param name its folder there, which must change when the packages do
 * @param packages arguments of `pip install`
 * @param works a Python statement that succeeds in a complete environment
 * @returns its `bin` folder
 * @throws UserError when there is no Python for it, or with pip's output.
 */
export async function environmentOfPackages(name: string, packages: readonly string[], works: string): Promise<string> {
    const { folder } = await cachedFolder(
        name,
        async (target) => {
            await run(await findPython(), ["-m", "venv", target]);
            const pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
            await run(path.join(target, "bin", "python"), [...pip, ...packages]);
        },
        async (existing) => (await ask(path.join(existing, "bin", "python"), ["-c", works])) !== undefined,
    );
    return path.join(folder, "bin");
}
