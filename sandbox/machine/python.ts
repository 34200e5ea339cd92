/** The Python environments: of the AWS emulator, and of the AWS CLI. */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout, stateDir } from "../paths";
import { shortHash } from "./cached";
import { link } from "./toolchain";
import { environmentOfPackages } from "./venv";

/** A virtual environment with what a requirements.txt of the sandbox lists, made once for each content of that file. */
async function environmentOf(name: string, folder: string, works: string): Promise<string> {
    const requirements = path.join(checkout, "sandbox", folder, "requirements.txt");
    const named = `${name}-${shortHash(fs.readFileSync(requirements))}`;
    return environmentOfPackages(named, ["--requirement", requirements], works);
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
