/** How a process of the sandbox is recognised: its environment, which its own children inherit, names its service. */
import * as path from "node:path";
import { stateDir } from "../paths";

export const serviceVariable = "FARGATE_CICD_SANDBOX_SERVICE";

export function markerOf(name: string, runDir: string): string {
    return path.join(runDir, name);
}

// Debian's root shells often lack the folders of dockerd, runc and iptables.
const systemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The environment of what the sandbox starts: its own, what is given, and the mark. */
export function markedEnvironment(marker: string, added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    const environment = { ...process.env, ...added };
    const known = (environment.PATH ?? "").split(path.delimiter);
    const PATH = [...known, ...systemFolders.filter((folder) => !known.includes(folder))].join(path.delimiter);
    return { ...environment, PATH, [serviceVariable]: marker };
}

/** True for the marker of a service that this checkout started. */
export function isOwnMarker(value: string | undefined): boolean {
    return value !== undefined && value.startsWith(`${stateDir}${path.sep}`);
}
