/** The Python environments: of the AWS emulator, of the AWS CLI, and of Prowler. */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout, stateDir } from "../paths";
import { shortHash } from "./cached";
import { link } from "./toolchain";
import { environmentOfPackages } from "./venv";

/** A virtual environment with what a requirements.txt of the sandbox lists, made once for each content of that file. */
async function environmentOf(name: string, folder: string, works: string, ...options: string[]): Promise<string> {
    const requirements = path.join(checkout, "sandbox", folder, "requirements.txt");
    const named = `${name}-${shortHash(fs.readFileSync(requirements))}`;
    return environmentOfPackages(named, [...options, "--requirement", requirements], works);
}

/**
 * Installs sandbox/aws/requirements.txt.
 * @throws UserError when there is no Python ≥ 3.10 with venv, or with pip's output.
 */
export async function ensurePython(): Promise<{ python: string }> {
    const bin = await environmentOf("python", "aws", "import ministack");
    return { python: path.join(bin, "python") };
}

/**
 * Installs sandbox/workflow/requirements.txt: the AWS CLI, which a runner of GitHub has and a workflow calls.
 * @param binFolder gets a link to it
 * @throws UserError like ensurePython
 */
export async function ensureAwsCli(binFolder = path.join(stateDir, "bin")): Promise<void> {
    link(await environmentOf("python-aws-cli", "workflow", "import awscli"), binFolder, ["aws"]);
}

/**
 * Installs sandbox/audit/requirements.txt: Prowler with what it needs for AWS, a tenth of what it asks for.
 * @returns the interpreter
 * @throws UserError like ensurePython
 */
export async function ensureProwler(): Promise<string> {
    const works = "from prowler.lib.scan.scan import Scan";
    return path.join(await environmentOf("python-prowler", "audit", works, "--no-deps"), "python");
}
