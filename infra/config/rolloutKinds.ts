import * as v from "valibot";
import { integer, oneOf, type Kind } from "./kinds";

/** ECS's own strategies: "Amazon ECS service deployment controllers and strategies" in its Developer Guide. */
export const strategies = ["rolling", "blue-green", "canary", "linear"] as const;
export const strategy = oneOf(...strategies);

/** What ECS takes for a share of the requests, in tenths: canaryPercent and stepPercent in its API reference. */
export function shareFor(rollout: string): Kind<number> {
    const least = rollout === "linear" ? 3 : 0.1;
    const values = `${least} to 100, at most one decimal`;
    return {
        type: "number",
        schema: v.message(
            v.pipe(v.string(), v.regex(/^\d{1,3}(\.\d)?$/), v.transform(Number), v.minValue(least), v.maxValue(100)),
            `a percentage from ${least} to 100 with at most one decimal${rollout === "linear" ? ', as ECS takes for "linear"' : ""}`,
        ),
        values: rollout === "linear" ? values : `${values}; for \`linear\` 3 at least`,
        example: "10",
    };
}

/**
 * Minutes of a canary or of a step; where none are set, a canary takes as long as the alarms need to tell of it, and ten steps as long as
 * a run of deploy.yml can see.
 */
export function stepMinutesFor(rollout: string): Kind<number> {
    const standard = rollout === "linear" ? "3" : "10";
    const minutes = integer(0, 1440);
    const schema = v.pipe(
        v.string(),
        v.transform((given) => given || standard),
        minutes.schema,
    );
    return { ...minutes, schema, example: standard };
}

/** How a release goes live, and what that takes. */
export interface Rollout {
    readonly rollout: (typeof strategies)[number];
    readonly bakeMinutes: number;
    readonly rolloutPercent: number;
    readonly rolloutStepMinutes: number;
}

/** For how long both versions stay on purpose, from the first visitor of the new one to the last task of the old one. */
export function rolloutMinutes({ rollout, bakeMinutes, rolloutPercent, rolloutStepMinutes }: Rollout): number {
    switch (rollout) {
        case "rolling":
            return 0;
        case "blue-green":
            return bakeMinutes;
        case "canary":
            return rolloutStepMinutes + bakeMinutes;
        case "linear": // ECS does not wait after the last step
            return (Math.ceil(100 / rolloutPercent) - 1) * rolloutStepMinutes + bakeMinutes;
    }
}

/** Minutes. ECS ends a deployment that takes longer: "Amazon ECS blue/green service deployments workflow" in its Developer Guide. */
export const longestRollout = 30 * 24 * 60;
