import * as path from "path";
import { startService } from "../machine/services";
import { checkout, ports, stateDir } from "../paths";

export interface GitHubOptions {
    /** `owner/name` of the stack's configuration. */
    readonly repository: string;
    /** False when the program is to create the repository. */
    readonly repositoryExists: boolean;
}

/** What the API takes as a token in the sandbox. */
export const githubToken = "sandbox-token";

/** The file that keeps the emulated GitHub, private keys included. Deleting it while it does not run empties it. */
export const githubStateFile = path.join(stateDir, "github.json");

/** The base URL of the REST API. */
export const githubUrl = (): string => `http://127.0.0.1:${ports.github}`;

/** The public keys of the OIDC issuer, which AWS checks tokens against. */
export const jwksUrl = (): string => `${githubUrl()}/.well-known/jwks`;

/**
 * Starts the emulated GitHub, or keeps the one that runs with the same options.
 * @throws UserError when the port is taken, or with the end of its log when it does not start
 */
export async function startGitHub({ repository, repositoryExists }: GitHubOptions): Promise<void> {
    await startService({
        name: "github",
        command: process.execPath,
        args: ["-r", path.join(checkout, "tools/transpile.js"), path.join(checkout, "sandbox/github/server/main.ts")],
        cwd: checkout,
        env: {
            SANDBOX_GITHUB_PORT: String(ports.github),
            SANDBOX_GITHUB_STATE: githubStateFile,
            SANDBOX_GITHUB_TOKEN: githubToken,
            SANDBOX_GITHUB_REPOSITORY: repository,
            SANDBOX_GITHUB_REPOSITORY_EXISTS: String(repositoryExists),
            ...(process.env.SANDBOX_GITHUB_PLAN && { SANDBOX_GITHUB_PLAN: process.env.SANDBOX_GITHUB_PLAN }),
        },
        port: ports.github,
        ready: async () => (await fetch(`${githubUrl()}/_sandbox/health`)).ok,
        readyWithin: 20_000,
    });
}
