import { Octokit } from "@octokit/rest";
import type { Configuration } from "../standIn";

/** What the official provider's SDK fills in where neither the program nor the environment names an address. */
const realGitHub = "https://api.github.com";

/** Calls GitHub's REST API for one owner. Paths are GitHub's own, with `{name}` for parameters. */
export class GitHub {
    private constructor(
        readonly owner: string,
        private readonly octokit: Octokit,
    ) {}

    /**
     * Takes owner, token and baseUrl from the provider's configuration, else from GITHUB_OWNER, GITHUB_TOKEN and
     * GITHUB_BASE_URL, as the official provider does.
     * @throws Error when one is missing, or when the address is not on this machine
     */
    static connect(configuration: Configuration, env: NodeJS.ProcessEnv): GitHub {
        const { appAuth, owner = env.GITHUB_OWNER, token = env.GITHUB_TOKEN, baseUrl, ...others } = configuration;
        const unknown = Object.keys(others).filter((name) => name !== "version" && !name.startsWith("__"));
        if (appAuth !== undefined || unknown.length > 0) {
            const names = [...(appAuth === undefined ? [] : ["appAuth"]), ...unknown].join(", ");
            throw new Error(`the sandbox's github provider does not know the setting ${names}`);
        }
        const configured = trim(baseUrl ?? realGitHub);
        const address = trim(configured === realGitHub ? (env.GITHUB_BASE_URL ?? realGitHub) : configured);
        // A mistake here would send a token to GitHub, or write to a team's repository.
        if (!["127.0.0.1", "localhost", "[::1]"].includes(new URL(address).hostname)) {
            throw new Error(
                `the sandbox's github provider only talks to this machine, not to ${address}: set GITHUB_BASE_URL`,
            );
        }
        if (!owner || !token) {
            const missing = owner ? "token (GITHUB_TOKEN)" : "owner (GITHUB_OWNER)";
            throw new Error(`the github provider has no ${missing}; set it in the provider's configuration`);
        }
        return new GitHub(owner, new Octokit({ baseUrl: address, auth: token, log: silent }));
    }

    /** @returns the answer's body. @throws Error with the call, the status and what GitHub said */
    async call(route: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<any> {
        const all = this.withOwner(route, parameters);
        try {
            return (await this.octokit.request(route, all)).data;
        } catch (error) {
            throw explained(error, route, all);
        }
    }

    /** As `call`, and undefined where GitHub says that it is not there. */
    async find(route: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<any> {
        return this.call(route, parameters).catch((error: Error & { status?: number }) => {
            if (error.status === 404) {
                return undefined;
            }
            throw error;
        });
    }

    /** Every item of a list, over all its pages. */
    async list(route: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<any[]> {
        const all = { per_page: 100, ...this.withOwner(route, parameters) };
        return this.octokit.paginate(route, all).catch((error) => {
            throw explained(error, route, all);
        });
    }

    /** A parameter that the path does not have would go into the query. */
    private withOwner(route: string, parameters: Readonly<Record<string, unknown>>) {
        return route.includes("{owner}") ? { owner: this.owner, ...parameters } : parameters;
    }
}

// Octokit reports every 404 by itself, and the engine shows its user whatever a provider prints.
const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const trim = (address: string) => address.replace(/\/+$/, "");

function explained(error: any, route: string, parameters: Readonly<Record<string, unknown>>): Error {
    const call = route.replace(/\{(\w+)\}/g, (_, name) => String(parameters[name]));
    const said = error.response?.data?.message ?? error.message;
    const details = error.response?.data?.errors?.map((each: any) => each.message ?? JSON.stringify(each)) ?? [];
    const message = [`GitHub answered ${call} with ${error.status}: ${said}`, ...details].join("; ");
    return Object.assign(new Error(message), { status: error.status });
}

/** The parts of an id, as the official provider joins them; a colon inside one is written as two question marks. */
export const joinId = (...parts: readonly string[]) => parts.map((part) => part.replace(/:/g, "??")).join(":");

/** @throws Error when the id does not have as many parts as there are names */
export function splitId(id: string, ...names: readonly string[]): string[] {
    const parts = id.split(":").map((part) => part.replace(/\?\?/g, ":"));
    if (parts.length !== names.length || parts.some((part) => part === "")) {
        throw new Error(`"${id}" is not an id of this type; it must be ${names.join(":")}`);
    }
    return parts;
}

/** GitHub's time as the official provider keeps it in the state. */
export const goTime = (time: string) => time.replace("T", " ").replace("Z", " +0000 UTC");
