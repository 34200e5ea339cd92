/** The last releases of a service, as AWS itself remembers them: it keeps the deployments of 90 days. */
import type { ECS, ServiceDeployment, ServiceDeploymentBrief, ServiceRevisionSummary } from "@aws-sdk/client-ecs";
import { lastOf } from "./tasks";

export interface Release {
    readonly startedAt: Date;
    /** When it was over, one way or the other. */
    readonly finishedAt?: Date;
    /** The whole hash; undefined where the image was not built from a commit, but by `pulumi up`. */
    readonly commit?: string;
    /** The address of the run of deploy.yml that made the revision; undefined where `pulumi up` did, or the revision is deleted. */
    readonly run?: string;
    /** Such as `app:7`. */
    readonly revision: string;
    /** Undefined where the revision is deleted. */
    readonly image?: string;
    /** In ECS's own words. */
    readonly status: string;
    readonly reason?: string;
    /** The percentage of the visitors' requests that it gets, while it is under way and ECS shifts them. */
    readonly share?: number;
    /** Whether it is what visitors get now, and most of them where they are being shifted. */
    readonly live: boolean;
}

export type Origin = Pick<Release, "commit" | "run" | "revision" | "image">;

type Calls = Pick<
    ECS,
    "describeServiceDeployments" | "describeServiceRevisions" | "describeTaskDefinition" | "listServiceDeployments"
>;

/** As many revisions as ECS describes in one call. */
export const most = 20;

export interface History {
    /** The newest first. */
    readonly last: readonly Release[];
    /** What visitors get, be it one of the last or not; undefined where AWS remembers none. */
    readonly live?: Release;
    /** The deployment that is under way. */
    readonly underWay?: ServiceDeployment;
}

/** @param count at most `most` */
export async function lastReleases(ecs: Calls, cluster: string, service: string, count: number): Promise<History> {
    const all = (await deployments(ecs, cluster, service)).sort((one, other) => timeOf(other) - timeOf(one));
    const newest = all.slice(0, count);
    const begun = newest.find(({ status = "" }) => !ended.includes(status));
    const { serviceDeployments: [underWay] = [] } = begun
        ? await ecs.describeServiceDeployments({ serviceDeploymentArns: [begun.serviceDeploymentArn!] })
        : {};
    const isShifting = (underWay?.deploymentConfiguration?.strategy ?? "ROLLING") !== "ROLLING";
    const share = isShifting ? underWay!.targetServiceRevision?.requestedProductionTrafficWeight : undefined;
    // One that ECS still watches has all visitors, although it may be taken back. Whatever failed was taken back to the last that succeeded.
    const rolledOut = !isShifting && underWay && hasReplaced(underWay) ? begun : undefined;
    const live = share === 100 ? begun : (rolledOut ?? all.find(({ status }) => status === "SUCCESSFUL"));
    const described = (await describe(ecs, newest, live)).map((each, index) =>
        newest[index] === begun ? { ...each, share } : each,
    );
    return {
        last: described,
        live: described.find((each) => each.live) ?? (live && (await describe(ecs, [live], live))[0]),
        underWay,
    };
}

/** Whether all tasks of a rolling one run, and none of those that they replace. */
function hasReplaced({ status, targetServiceRevision, sourceServiceRevisions = [] }: ServiceDeployment): boolean {
    const { requestedTaskCount: requested = 0, runningTaskCount: running = 0 } = targetServiceRevision ?? {};
    const isGone = ({ runningTaskCount = 0 }: ServiceRevisionSummary) => runningTaskCount === 0;
    return status === "IN_PROGRESS" && requested > 0 && running >= requested && sourceServiceRevisions.every(isGone);
}

/** The states after which nothing happens any more: ServiceDeployment in the ECS API Reference. */
const ended: readonly string[] = ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];

async function describe(
    ecs: Calls,
    deployed: readonly ServiceDeploymentBrief[],
    live?: ServiceDeploymentBrief,
): Promise<Release[]> {
    const arns = [...new Set(deployed.flatMap(({ targetServiceRevisionArn: arn }) => arn ?? []))];
    if (arns.length === 0) {
        return [];
    }
    const { serviceRevisions = [] } = await ecs.describeServiceRevisions({ serviceRevisionArns: arns });
    const definitionOf = new Map(serviceRevisions.map((each) => [each.serviceRevisionArn, each.taskDefinition]));
    return Promise.all(
        deployed.map(async (each) => ({
            startedAt: new Date(timeOf(each)),
            finishedAt: each.finishedAt,
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
export async function originOf(ecs: Pick<Calls, "describeTaskDefinition">, arn: string | undefined): Promise<Origin> {
    // ECS remembers a deployment for 90 days, and of a revision that somebody has deleted nothing.
    const nothing = (error: Error) => {
        if (error.name !== "ClientException") throw error;
        return { taskDefinition: undefined };
    };
    const { taskDefinition } = arn ? await ecs.describeTaskDefinition({ taskDefinition: arn }).catch(nothing) : {};
    const [container] = taskDefinition?.containerDefinitions ?? [];
    const image = container?.image;
    const commit = /:([0-9a-f]{40})\b/.exec(image ?? "")?.[1];
    // A revision of `pulumi up` has no label: the pipeline's is only copied into the pipeline's own.
    return { commit, run: container?.dockerLabels?.run, revision: arn ? lastOf(arn) : "?", image };
}
