import type * as aws from "@pulumi/aws";
import { rolloutMinutes, type ReleasedBy, type Rollout } from "../config";

/** The strategy as ECS has it; set for `rolling` as well, since the provider keeps the former value of a property that is left out. */
export function deploymentConfiguration({
    rollout,
    bakeMinutes,
    rolloutPercent,
    rolloutStepMinutes,
}: Rollout): aws.types.input.ecs.ServiceDeploymentConfiguration {
    const bakeTimeInMinutes = String(bakeMinutes);
    const step = String(rolloutStepMinutes);
    switch (rollout) {
        case "rolling":
            return { strategy: "ROLLING" }; // ECS works its bake time out from the alarms
        case "blue-green":
            return { strategy: "BLUE_GREEN", bakeTimeInMinutes };
        case "canary":
            return {
                strategy: "CANARY",
                bakeTimeInMinutes,
                canaryConfiguration: { canaryPercent: rolloutPercent, canaryBakeTimeInMinutes: step },
            };
        case "linear":
            return {
                strategy: "LINEAR",
                bakeTimeInMinutes,
                linearConfiguration: { stepPercent: rolloutPercent, stepBakeTimeInMinutes: step },
            };
    }
}

/** Of the 55 minutes of a job in deploy.yml, what is left for a rollout once the image is built and the tasks have started. */
const minutesOfRun = 45;

/** What is told of a rollout that the run which releases cannot see to its end. */
export function warningOf(
    args: Rollout & { readonly releasedBy: ReleasedBy; readonly drainSeconds: number },
): string | undefined {
    const minutes = Math.ceil(rolloutMinutes(args) + args.drainSeconds / 60); // ECS is not done before the old tasks are gone
    return args.releasedBy === "pipeline" && minutes > minutesOfRun
        ? `a release takes ${minutes} minutes by its steps, bakeMinutes and drainSeconds, and a run of deploy.yml has 55 for all that it does: it ends as ` +
              "cancelled before ECS is done, and the stacks behind it are not reached. Fewer or shorter steps: rolloutPercent, " +
              "rolloutStepMinutes, bakeMinutes, drainSeconds."
        : undefined;
}
