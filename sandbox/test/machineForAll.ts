/** What all the tests share: Docker, where one that they had to start ends with them, and the tools, built before any test's time counts. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dockerHost, ensureDocker, releaseDocker } from "../machine/docker";
import { DockerApi } from "../machine/dockerApi";
import { recipes, type Tool } from "../machine/recipes";
import { ensureToolchain } from "../machine/toolchain";

let startedHere = false;

export async function mochaGlobalSetup(): Promise<void> {
    startedHere = !(await new DockerApi(dockerHost()).ping());
    await ensureDocker();
    const links = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-tools-"));
    await ensureToolchain(Object.keys(recipes) as Tool[], links);
    fs.rmSync(links, { recursive: true });
}

export async function mochaGlobalTeardown(): Promise<void> {
    if (startedHere) {
        await releaseDocker();
    }
}
