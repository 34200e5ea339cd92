/** All that exists on the emulated AWS and GitHub and in Docker, whoever made it, but what another stack knows of. */
import { createRequire } from "node:module";
import { containerLabel, registryHost, sandboxId } from "../aws/emulator";
import { DockerApi } from "../machine/dockerApi";
import { otherStacks } from "../stack/states";

// The clients take a second to load, and most commands never ask.
const load = createRequire(__filename);
const aws = () => load("./aws") as typeof import("./aws");
const onGitHubNow = () => (load("./github") as typeof import("./github")).inventory();

export interface Existing {
    /** A resource type as the state names it, `docker:container`, or `docker:image` for one that a task was started from. */
    readonly type: string;
    /** As the provider names it in the state; of an image one of its names, since the same image may be in two registries. */
    readonly id: string;
    /** Removes it with all that is in it; what is gone already is fine. */
    readonly remove: () => Promise<unknown>;
}

/** The ids of the rules of security groups that there are. */
export const existingRules = (region: string): Promise<string[]> => aws().rules(region);

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
        Promise.all(
            aws()
                .kinds(region)
                .map(async (kind) => (await kind.list()).map((id) => ({ ...kind, id }))),
        ),
        onGitHubNow(),
        docker.containers(`${containerLabel}=${sandboxId}`),
        docker.images(`${registryHost()}/*`),
    ]);
    const others = otherStacks(stack).flatMap(({ resources }) => resources);
    const known = new Set(others.map(({ type, id }) => `${type} ${id}`));
    const isOurs = (type: string, id: string) => !known.has(`${type} ${id}`);
    const repositoryOf = (reference: string) => reference.slice(registryHost().length + 1).replace(/[:@].*$/, "");
    const references = images.flatMap((image) => image.references).filter((name) => name.startsWith(registryHost()));
    const clusters = others.filter(({ type }) => type === "aws:ecs/cluster:Cluster").map(({ id = "" }) => id);
    return [
        ...onAws
            .flat()
            .filter(({ type, id }) => isOurs(type, id))
            .map(({ type, id, remove }) => ({ type, id, remove: () => unlessGone(remove(id)) })),
        ...onGitHub
            .filter(({ type, id }) => isOurs(type, id))
            .map(({ type, id, remove }) => ({ type, id, remove: () => unlessGone(remove()) })),
        ...containers
            .filter(({ labels }) => !clusters.includes(labels[clusterLabel] ?? ""))
            .map(({ id }) => ({ type: "docker:container", id, remove: () => docker.removeContainer(id) })),
        ...references
            .filter((name) => isOurs("aws:ecr/repository:Repository", repositoryOf(name)))
            .map((id) => ({ type: "docker:image", id, remove: () => docker.removeImage(id) })),
    ];
}

/** Services name it in as many ways; GitHub answers 404. */
async function unlessGone(removal: Promise<unknown>): Promise<void> {
    await removal.catch((error: Error & { status?: number }) => {
        if (error.status !== 404 && !/NotFound|NoSuch|NotActive|InvalidAssociationID/.test(error.name)) throw error;
    });
}
