import type * as aws from "@pulumi/aws";
import type { Rollout } from "../config";

/** The strategy as ECS has it; with `rolling` said as well, since the provider leaves as it was what is not said. */
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
