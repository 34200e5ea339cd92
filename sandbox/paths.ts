/** Where the sandbox keeps what: the only file that knows folders and ports. */
import * as os from "node:os";
import * as path from "node:path";
import { UserError } from "./progress";

/** The checkout that this sandbox belongs to. */
export const checkout = path.resolve(__dirname, "..");

/** State, process ids, logs and sockets of this checkout's sandbox. Ignored by git; `sandbox:destroy` empties it. */
export const stateDir = path.join(checkout, ".sandbox");

/** Builds and downloads, shared by all checkouts of this user. Deleting it costs time, nothing else. */
export const cacheDir = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "fargate-cicd");

/** The environment variables that move a port. */
export const portVariables = {
    aws: "SANDBOX_AWS_PORT",
    github: "SANDBOX_GITHUB_PORT",
    mirror: "SANDBOX_MIRROR_PORT",
} as const;

function port(variable: string, fallback: number): number {
    const given = process.env[variable];
    if (given === undefined || given === "") {
        return fallback;
    }
    const value = Number(given);
    if (!Number.isInteger(value) || value < 1024 || value > 65535) {
        throw new UserError(
            `${variable} is "${given}"; give a port from 1024 to 65535, or unset it to use ${fallback}.`,
        );
    }
    return value;
}

/**
 * Ports on 127.0.0.1. Read on use, not on import, so that a bad value is reported like any other user error.
 * @throws UserError when the variable holds something else than a port.
 */
export const ports = {
    get aws(): number {
        return port(portVariables.aws, 4566);
    },
    get github(): number {
        return port(portVariables.github, 4567);
    },
    get mirror(): number {
        return port(portVariables.mirror, 4568);
    },
};
