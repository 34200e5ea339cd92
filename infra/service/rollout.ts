import type * as aws from "@pulumi/aws";
import type { Rollout } from "../config";

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
