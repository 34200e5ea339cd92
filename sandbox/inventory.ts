/** All that exists on the emulated AWS and GitHub and in Docker, whoever made it, but what another stack knows of. */
import { containerLabel, registryHost, sandboxId } from "./aws/emulator";
import { DockerApi } from "./machine/dockerApi";
import * as aws from "./providers/aws/inventory";
import * as github from "./providers/github/inventory";
import { otherStacks } from "./states";

export interface Existing {
    /** A resource type as the state names it, `docker:container`, or `docker:image` for one that a task was started from. */
    readonly type: string;
    /** As in the state; of an image one of its names, since the same image may be in two registries. */
    readonly id: string;
    /** Removes it; what is gone already is fine. */
    readonly remove: () => Promise<void>;
}

/** The label by which ECS tells whose a container is. */
const clusterLabel = "com.amazonaws.ecs.cluster";

/**
 * What is there now and no other stack's, in an order in which it can be removed; empty when nothing is left.
 * @param stack whose it may be
 * @param dockerHost a value for DOCKER_HOST
 */
export async function existing(stack: string, region: string, dockerHost: string): Promise<Existing[]> {
    const docker = new DockerApi(dockerHost);
    const [onAws, onGitHub, containers, images] = await Promise.all([
        aws.inventory({ region }),
        github.inventory(),
        docker.containers(`${containerLabel}=${sandboxId}`),
        docker.images(`${registryHost()}/*`),
    ]);
    const others = otherStacks(stack).flatMap(({ resources }) => resources);
    const known = new Set(others.map(({ type, id }) => `${type} ${id}`));
    const isOthers = (type: string, id: string) => known.has(`${type} ${id}`);
    const repositoryOf = (reference: string) => reference.slice(registryHost().length + 1).replace(/[:@].*$/, "");
    const references = images.flatMap((image) => image.references).filter((name) => name.startsWith(registryHost()));
    return [
        ...onAws
            .filter(({ type, id }) => !isOthers(type, id))
            .map((item) => ({ ...item, remove: () => aws.remove({ region }, item) })),
        ...onGitHub
            .filter(({ type, id }) => !isOthers(type, id))
            .map(({ type, id, owner }) => ({ type, id, remove: () => github.remove(type, id, owner) })),
        ...containers
            .filter(({ labels }) => !isOthers("aws:ecs/cluster:Cluster", labels[clusterLabel] ?? ""))
            .map(({ id }) => ({ type: "docker:container", id, remove: () => docker.removeContainer(id) })),
        ...references
            .filter((name) => !isOthers("aws:ecr/repository:Repository", repositoryOf(name)))
            .map((id) => ({ type: "docker:image", id, remove: () => docker.removeImage(id) })),
    ];
}
