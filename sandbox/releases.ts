/** What `npm run sandbox:releases` does: `npm run releases`, for a stack of the sandbox. */
import { ECS } from "@aws-sdk/client-ecs";
import { lastReleases } from "../tools/releases/releases";
import { report } from "../tools/releases/report";
import { isAwsHealthy, rootClient } from "./aws/emulator";
import { UserError } from "./progress";
import type { Project } from "./project";
import { outputsOf } from "./states";

export async function releases(project: Project): Promise<void> {
    const { clusterName, serviceName } = outputsOf(project.stack);
    if (!clusterName || !serviceName || !(await isAwsHealthy())) {
        throw new UserError("There is no sandbox with releases: run npm run sandbox:up first.");
    }
    const ecs = new ECS(rootClient(project.settings().region));
    console.log(report(serviceName, await lastReleases(ecs, clusterName, serviceName, 10)));
}
