/** How a process of the sandbox is recognised: its environment, which its own children inherit, names its service. */
import * as path from "node:path";
import { stateDir } from "../paths";

export const serviceVariable = "FARGATE_CICD_SANDBOX_SERVICE";

export function markerOf(name: string, runDir: string): string {
    return path.join(runDir, name);
}

/** True for the marker of a service that this checkout started. */
export function isOwnMarker(value: string | undefined): boolean {
    return value !== undefined && value.startsWith(`${stateDir}${path.sep}`);
}
