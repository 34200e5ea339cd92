/** Docker for all the tests together; one that they had to start themselves ends with them. */
import { dockerHost, ensureDocker, releaseDocker } from "../machine/docker";
import { DockerApi } from "../machine/dockerApi";

let startedHere = false;

export async function mochaGlobalSetup(): Promise<void> {
    startedHere = !(await new DockerApi(dockerHost()).ping());
    await ensureDocker();
}

export async function mochaGlobalTeardown(): Promise<void> {
    if (startedHere) {
        await releaseDocker();
    }
}
