/** An account that owns repositories. `type` is GitHub's own word for it. */
export interface Account {
    readonly login: string;
    readonly id: number;
    readonly type: "Organization" | "User";
}

export interface GitHubSettings {
    readonly port: number;
    /** JSON file that holds everything, private keys included; written atomically after every change. */
    readonly stateFile: string;
    /** The one token that the REST API accepts. */
    readonly token: string;
    readonly owner: Account;
    /** What the owner pays for, which decides what an environment of a private repository can have. */
    readonly plan: "enterprise" | "team" | "free";
    /** The repository that is there before the program runs; `undefined` when the program creates it. */
    readonly repository: { readonly name: string; readonly id: number } | undefined;
}

/** The person whose token it is, when the owner is an organisation. */
export const tokenHolder: Account = { login: "sandbox-user", id: 90000002, type: "User" };

/**
 * Reads SANDBOX_GITHUB_PORT, _STATE (path), _TOKEN, _REPOSITORY (owner/name), _REPOSITORY_ID, _REPOSITORY_EXISTS
 * (`false`: only the owner is there), _OWNER_ID, _OWNER_TYPE and _PLAN. Only the path has no default.
 * @throws Error naming the variable and the value that is wrong
 */
export function settingsFromEnv(env: NodeJS.ProcessEnv): GitHubSettings {
    const repository = env.SANDBOX_GITHUB_REPOSITORY ?? "octo-org/hello-fargate";
    const [, login, name] = /^([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+)$/.exec(repository) ?? [];
    if (login === undefined || name === undefined) {
        throw new Error(`SANDBOX_GITHUB_REPOSITORY is "${repository}"; it must be owner/name, such as "acme/shop".`);
    }
    const stateFile = env.SANDBOX_GITHUB_STATE;
    if (!stateFile) {
        throw new Error("SANDBOX_GITHUB_STATE is not set; it must be the path of the file that keeps the state.");
    }
    const type = oneOf(env, "SANDBOX_GITHUB_OWNER_TYPE", ["Organization", "User"]);
    const exists = oneOf(env, "SANDBOX_GITHUB_REPOSITORY_EXISTS", ["true", "false"]);
    const repositoryId = integer(env, "SANDBOX_GITHUB_REPOSITORY_ID", 80000001);
    return {
        port: integer(env, "SANDBOX_GITHUB_PORT", 4567),
        stateFile,
        token: env.SANDBOX_GITHUB_TOKEN ?? "sandbox-token",
        owner: { login, id: integer(env, "SANDBOX_GITHUB_OWNER_ID", 90000001), type },
        plan: oneOf(env, "SANDBOX_GITHUB_PLAN", ["enterprise", "team", "free"]),
        repository: exists === "true" ? { name, id: repositoryId } : undefined,
    };
}

function integer(env: NodeJS.ProcessEnv, name: string, standard: number): number {
    const text = env[name] ?? String(standard);
    if (!/^\d{1,15}$/.test(text)) {
        throw new Error(`${name} is "${text}"; it must be a whole number.`);
    }
    return Number(text);
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, allowed: readonly [T, ...T[]]): T {
    const text = env[name] ?? allowed[0];
    const found = allowed.find((value) => value === text);
    if (found === undefined) {
        throw new Error(`${name} is "${text}"; it must be one of ${allowed.join(", ")}.`);
    }
    return found;
}
