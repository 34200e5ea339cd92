/** The Python environment that the AWS emulator runs in. */
import * as fs from "node:fs";
import * as path from "node:path";
import { checkout } from "../paths";
import { shortHash } from "./cached";
import { environmentOfPackages } from "./venv";

const requirements = path.join(checkout, "sandbox", "aws", "requirements.txt");

/**
 * Installs sandbox/aws/requirements.txt into a virtual environment, once for each content of that file.
 * @throws UserError when there is no Python ≥ 3.10 with venv, or with pip's output.
 */
export async function ensurePython(): Promise<{ python: string }> {
    const name = `python-${shortHash(fs.readFileSync(requirements))}`;
    const bin = await environmentOfPackages(name, ["--requirement", requirements], "import ministack");
    return { python: path.join(bin, "python") };
}
