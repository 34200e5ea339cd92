/** What all the tests share: Docker, where one that they had to start ends with them, the tools, built before any test's time counts, and the variables. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dockerHost, ensureDocker, releaseDocker } from "../machine/docker";
import { DockerApi } from "../machine/dockerApi";
import { recipes, type Tool } from "../machine/recipes";
import { ensureToolchain } from "../machine/toolchain";

/** The variables that the file of tests found; the next file of the same worker has to find them as well. */
let found: NodeJS.ProcessEnv;

export const mochaHooks = {
    beforeAll(): void {
        found = { ...process.env };
    },
    afterAll(): void {
        assert.deepEqual(
            { ...process.env },
            found,
            "a file of tests leaves the environment's variables as it finds them",
        );
    },
};

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
