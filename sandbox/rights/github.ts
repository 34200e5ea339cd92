/**
 * What a fine-grained token needs for each route that the provider calls, after GitHub's "Permissions required for fine-grained
 * personal access tokens" (github/docs, src/github-apps/data/fpt-2026-03-10/fine-grained-pat-permissions.json).
 */
export type Level = "read" | "write";

export interface Need {
    readonly permission: string;
    readonly level: Level;
}

/** When the program makes the call; undefined: always. */
type When = "githubEnvironment" | "createGithubRepository" | "teams in githubReviewers" | "a repository with Pages";

export interface GitHubRoute {
    /** A method and GitHub's path, `{…}` for what varies. */
    readonly route: string;
    /** Undefined: any token may, or none has to be given. */
    readonly need?: Need;
    readonly when?: When;
    /** Why no call in the sandbox shows it. */
    readonly source?: string;
}

const read = (permission: string): Need => ({ permission, level: "read" });
const write = (permission: string): Need => ({ permission, level: "write" });

const repository = "/repos/{owner}/{repo}";
const environment = `${repository}/environments/{environment_name}`;
const inEnvironment = "githubEnvironment";
const creating = "createGithubRepository";

export const routes: readonly GitHubRoute[] = [
    { route: "GET /orgs/{org}" },
    { route: "GET /users/{username}" },
    { route: "GET /users/{username}/keys" },
    { route: "GET /users/{username}/gpg_keys" },
    { route: `GET ${repository}`, need: read("Metadata") },
    {
        route: `GET ${repository}/license`,
        need: read("Metadata"),
        source: "data_source_github_repository.go, for a repository with a license",
    },
    {
        route: `GET ${repository}/pages`,
        need: read("Pages"),
        when: "a repository with Pages",
        source: "data_source_github_repository.go, for a repository with Pages",
    },
    { route: `GET ${repository}/actions/secrets`, need: read("Secrets") },
    { route: `GET ${repository}/actions/variables`, need: read("Variables") },
    { route: `GET ${repository}/actions/secrets/public-key`, need: read("Secrets") },
    { route: `GET ${repository}/actions/secrets/{secret_name}`, need: read("Secrets") },
    { route: `PUT ${repository}/actions/secrets/{secret_name}`, need: write("Secrets") },
    { route: `DELETE ${repository}/actions/secrets/{secret_name}`, need: write("Secrets") },
    { route: `GET ${repository}/actions/variables/{name}`, need: read("Variables") },
    { route: `POST ${repository}/actions/variables`, need: write("Variables") },
    { route: `DELETE ${repository}/actions/variables/{name}`, need: write("Variables") },
    { route: `PATCH ${repository}/actions/variables/{name}`, need: write("Variables") },
    { route: `GET ${environment}`, need: read("Actions"), when: inEnvironment },
    { route: `PUT ${environment}`, need: write("Administration"), when: inEnvironment },
    { route: `DELETE ${environment}`, need: write("Administration"), when: inEnvironment },
    {
        route: `GET ${environment}/deployment-branch-policies/{id}`,
        need: read("Actions"),
        when: inEnvironment,
        source: "resource_github_repository_environment_deployment_policy.go, in a refresh",
    },
    { route: `POST ${environment}/deployment-branch-policies`, need: write("Administration"), when: inEnvironment },
    {
        route: `PUT ${environment}/deployment-branch-policies/{id}`,
        need: write("Administration"),
        when: inEnvironment,
        source: "resource_github_repository_environment_deployment_policy.go, where githubBranch changes",
    },
    {
        route: `DELETE ${environment}/deployment-branch-policies/{id}`,
        need: write("Administration"),
        when: inEnvironment,
        source: "resource_github_repository_environment_deployment_policy.go, where it goes without its environment",
    },
    { route: `GET ${environment}/secrets`, need: read("Environments"), when: inEnvironment },
    { route: `GET ${environment}/variables`, need: read("Environments"), when: inEnvironment },
    { route: `GET ${environment}/secrets/public-key`, need: read("Environments"), when: inEnvironment },
    { route: `GET ${environment}/secrets/{secret_name}`, need: read("Environments"), when: inEnvironment },
    { route: `PUT ${environment}/secrets/{secret_name}`, need: write("Environments"), when: inEnvironment },
    {
        route: `DELETE ${environment}/secrets/{secret_name}`,
        need: write("Environments"),
        when: inEnvironment,
        source: "resource_github_actions_environment_secret.go, where it goes without its environment",
    },
    { route: `GET ${environment}/variables/{name}`, need: read("Environments"), when: inEnvironment },
    { route: `POST ${environment}/variables`, need: write("Environments"), when: inEnvironment },
    {
        route: `PATCH ${environment}/variables/{name}`,
        need: write("Environments"),
        when: inEnvironment,
        source: "resource_github_actions_environment_variable.go, where a value changes",
    },
    {
        route: `DELETE ${environment}/variables/{name}`,
        need: write("Environments"),
        when: inEnvironment,
        source: "resource_github_actions_environment_variable.go, where it goes without its environment",
    },
    { route: "GET /orgs/{org}/teams/{team_slug}", need: read("Members"), when: "teams in githubReviewers" },
    { route: "POST /orgs/{org}/repos", need: write("Administration"), when: creating },
    {
        route: "POST /user/repos",
        need: write("Administration"),
        when: creating,
        source: "resource_github_repository.go, for a repository of one's own account",
    },
    { route: `PATCH ${repository}`, need: write("Administration"), when: creating },
    { route: `GET ${repository}/vulnerability-alerts`, need: read("Administration"), when: creating },
    { route: `DELETE ${repository}`, need: write("Administration"), when: creating },
];

/** The route of a call, by the first that fits: what does not vary is listed first. */
export function routeOf(method: string, path: string): GitHubRoute | undefined {
    return routes.find(({ route }) => {
        const [verb, pattern] = route.split(" ") as [string, string];
        const fits = new RegExp(`^${pattern.replace(/\{\w+\}/g, "[^/]+")}$`);
        return verb === method && fits.test(path);
    });
}

/** The calls in the emulator's log, as GitHub's paths; what is the sandbox's own is left out. */
export function callsIn(log: string): { readonly method: string; readonly path: string }[] {
    return log.split("\n").flatMap((line) => {
        const [, method, path] = /^\S+ ([A-Z]+) \/api\/v3(\/[^ ?]*)/.exec(line) ?? [];
        return method && path ? [{ method, path: path.replace(/^\/repositories\/\d+/, "/repos/-/-") }] : [];
    });
}

/** The permissions to give, by when they are needed, the stronger of two levels. */
export function tokenNeeds(): Map<string, Map<string, Level>> {
    const needs = new Map<string, Map<string, Level>>();
    for (const { need, when = "always" } of routes) {
        if (need) {
            const group = needs.get(when) ?? new Map<string, Level>();
            group.set(need.permission, group.get(need.permission) === "write" ? "write" : need.level);
            needs.set(when, group);
        }
    }
    return needs;
}

const spoken: Readonly<Record<Level, string>> = { read: "read", write: "read and write" };

export function tokenTable(): string[] {
    const rows = [...tokenNeeds()].map(([when, permissions]) => {
        const listed = [...permissions].sort().map(([permission, level]) => `_${permission}_ ${spoken[level]}`);
        return `| ${when.replace(/\b\w*[a-z][A-Z]\w*/g, "`$&`")} | ${listed.join(", ")} |`;
    });
    return ["| when | permissions |", "| --- | --- |", ...rows];
}
