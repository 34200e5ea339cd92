/** All that exists on the emulated AWS and GitHub and in Docker, whoever made it. */
import { containerLabel, registryHost, sandboxId } from "./aws/emulator";
import { DockerApi } from "./machine/dockerApi";
import * as aws from "./providers/aws/inventory";
import * as github from "./providers/github/inventory";

export interface Existing {
    /** A resource type as the state names it, `docker:container`, or `docker:image` for one that a task was started from. */
    readonly type: string;
    /** As in the state. */
    readonly id: string;
    /** Removes it; what is gone already is fine. */
    readonly remove: () => Promise<void>;
}

/**
 * What is there now, in an order in which it can be removed; empty when nothing is left.
 * @param dockerHost a value for DOCKER_HOST
 */
export async function existing(region: string, dockerHost: string): Promise<Existing[]> {
    const docker = new DockerApi(dockerHost);
    const [onAws, onGitHub, containers, images] = await Promise.all([
        aws.inventory({ region }),
        github.inventory(),
        docker.containers(`${containerLabel}=${sandboxId}`),
        docker.images(`${registryHost()}/*`),
    ]);
    return [
        ...onAws.map((item) => ({ ...item, remove: () => aws.remove({ region }, item) })),
        ...onGitHub.map(({ type, id, owner }) => ({ type, id, remove: () => github.remove(type, id, owner) })),
        ...containers.map(({ id }) => ({ type: "docker:container", id, remove: () => docker.removeContainer(id) })),
        ...images.map(({ id }) => ({ type: "docker:image", id, remove: () => docker.removeImage(id) })),
    ];
}
