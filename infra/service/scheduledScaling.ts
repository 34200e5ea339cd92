import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";

type Bounds = Pick<Settings, "minTasks" | "maxTasks" | "scaleSchedule">;

/** The bounds that begin at an hour of `scaleSchedule`: those of the settings, where it has none of its own. */
const scheduledBounds = ({ minTasks, maxTasks, scaleSchedule }: Bounds) =>
    Object.entries(scaleSchedule).map(([name, hour]) => [name, { minTasks, maxTasks, ...hour }] as const);

/** How many tasks there are meant to be at the hour with the fewest. */
export const fewestTasks = (settings: Bounds): number =>
    Math.min(settings.minTasks, ...scheduledBounds(settings).map(([, { minTasks }]) => minTasks));

/**
 * Other bounds of autoscaling from set times on. They stay until the next of them, or until somebody changes the target.
 *
 * @param before what is changed on the target before: Application Auto Scaling refuses two changes of one target at a time
 */
export function scheduledActions(
    name: string,
    settings: Bounds,
    target: aws.appautoscaling.Target,
    before: pulumi.Resource,
    { parent }: { readonly parent: pulumi.Resource },
): void {
    let last = before;
    for (const [hour, { schedule, timezone = "UTC", minTasks, maxTasks }] of scheduledBounds(settings)) {
        last = new aws.appautoscaling.ScheduledAction(
            `${name}-${hour}`,
            {
                name: hour,
                serviceNamespace: target.serviceNamespace,
                scalableDimension: target.scalableDimension,
                resourceId: target.resourceId,
                schedule,
                timezone,
                scalableTargetAction: { minCapacity: minTasks, maxCapacity: maxTasks },
            },
            { parent, dependsOn: last },
        );
    }
}
