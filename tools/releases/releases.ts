/** The last releases of a service, as AWS itself remembers them: it keeps the deployments of 90 days. */
import type { ECS, ServiceDeploymentBrief } from "@aws-sdk/client-ecs";

export interface Release {
    readonly startedAt: Date;
    /** The whole hash; undefined where the image was not built from a commit, but by `pulumi up`. */
    readonly commit?: string;
    /** The address of the run of deploy.yml that made the revision; undefined where `pulumi up` did. */
    readonly run?: string;
    /** Such as `app:7`. */
    readonly revision: string;
    /** In ECS's own words. */
    readonly status: string;
    readonly reason?: string;
    /** Whether it is what visitors get now. */
    readonly live: boolean;
}

type Calls = Pick<
    ECS,
    "describeServiceRevisions" | "describeServices" | "describeTaskDefinition" | "listServiceDeployments"
>;

/** As many revisions as ECS describes in one call. */
export const most = 20;

/**
 * @param count at most `most`
 * @returns the newest first
 */
export async function lastReleases(ecs: Calls, cluster: string, service: string, count: number): Promise<Release[]> {
    const all = await deployments(ecs, cluster, service);
    const newest = all.sort((one, other) => timeOf(other) - timeOf(one)).slice(0, count);
    if (newest.length === 0) {
        return [];
    }
    const arns = newest.flatMap(({ targetServiceRevisionArn: arn }) => arn ?? []);
    const { serviceRevisions = [] } = await ecs.describeServiceRevisions({ serviceRevisionArns: [...new Set(arns)] });
    const definitionOf = new Map(serviceRevisions.map((each) => [each.serviceRevisionArn, each.taskDefinition]));
    const { services = [] } = await ecs.describeServices({ cluster, services: [service] });
    const current = services[0]?.taskDefinition;
    const live = newest.find(
        ({ status, targetServiceRevisionArn: arn }) => status === "SUCCESSFUL" && definitionOf.get(arn) === current,
    );
    return Promise.all(
        newest.map(async (each) => ({
            startedAt: new Date(timeOf(each)),
            ...(await originOf(ecs, definitionOf.get(each.targetServiceRevisionArn))),
            status: each.status ?? "",
            reason: each.statusReason,
            live: each === live,
        })),
    );
}

const timeOf = ({ createdAt }: ServiceDeploymentBrief): number => createdAt?.getTime() ?? 0;

async function deployments(ecs: Calls, cluster: string, service: string): Promise<ServiceDeploymentBrief[]> {
    const found: ServiceDeploymentBrief[] = [];
    let nextToken: string | undefined;
    do {
        const page = await ecs.listServiceDeployments({ cluster, service, maxResults: 100, nextToken });
        found.push(...(page.serviceDeployments ?? []));
        nextToken = page.nextToken;
    } while (nextToken);
    return found;
}

/** What a revision tells of where it is from: its image has the commit as its tag, and its container the run as a label. */
async function originOf(ecs: Calls, arn: string | undefined): Promise<Pick<Release, "commit" | "run" | "revision">> {
    const { taskDefinition } = arn ? await ecs.describeTaskDefinition({ taskDefinition: arn }) : {};
    const [container] = taskDefinition?.containerDefinitions ?? [];
    const commit = /:([0-9a-f]{40})\b/.exec(container?.image ?? "")?.[1];
    // A revision of `pulumi up` has no label: the pipeline's is only copied into the pipeline's own.
    return { commit, run: container?.dockerLabels?.run, revision: arn?.split("/").at(-1) ?? "?" };
}
