/** The tasks of a service. */
import type { DesiredStatus, ECS, Task } from "@aws-sdk/client-ecs";

/** As many as ECS describes in one call. */
const batch = 100;

/** The tasks that are to run, or those that are to stop or have done so in the last hour, which is as long as ECS tells of them. */
export async function describedTasks(
    ecs: Pick<ECS, "listTasks" | "describeTasks">,
    cluster: string,
    serviceName: string,
    desiredStatus: DesiredStatus,
): Promise<Task[]> {
    const found: Task[] = [];
    let nextToken: string | undefined;
    do {
        const request = { cluster, serviceName, desiredStatus, maxResults: batch, nextToken };
        const page = await ecs.listTasks(request);
        if (page.taskArns?.length) {
            found.push(...((await ecs.describeTasks({ cluster, tasks: page.taskArns })).tasks ?? []));
        }
        nextToken = page.nextToken;
    } while (nextToken);
    return found;
}

export const idOf = ({ taskArn = "" }: Task): string => lastOf(taskArn);

/** As many digits of a task's id as tell it from the others of a service. */
export const shortOf = (id: string): string => id.slice(0, 8);

/** `app:7` of a task definition's ARN, the id of a task's and of its log's. */
export const lastOf = (arn: string): string => arn.split("/").at(-1)!;

/** Why a task stopped, in ECS's words. */
export function reasonOf({ stoppedReason, containers = [] }: Task): string {
    const details = containers.flatMap(({ name, exitCode, reason }) => [
        ...(exitCode === undefined ? [] : [`${name} exited with ${exitCode}`]),
        ...(reason ? [`${name}: ${reason}`] : []),
    ]);
    return [stoppedReason ?? "no reason", ...details].join("; ");
}
