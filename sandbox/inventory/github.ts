/** What there is on the emulated GitHub, under the ids that the provider gives. */
import { Octokit } from "@octokit/rest";
import { githubToken, githubUrl } from "../github/start";

export interface GitHubItem {
    /** As Pulumi names it. */
    readonly type: string;
    readonly id: string;
    readonly remove: () => Promise<unknown>;
}

interface Health {
    readonly owners: readonly string[];
    /** The repositories that were there at first, as `owner/name` in lower case. */
    readonly seeded: readonly string[];
}

/** The parts of an id, as the provider joins them; a colon inside one is written as two question marks. */
const joined = (...parts: readonly string[]) => parts.map((part) => part.replace(/:/g, "??")).join(":");

const typeOf = (name: string) => `github:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`;

/**
 * Everything that the emulated GitHub has and did not have at first, what is inside another before it.
 * @throws Error when the emulator does not answer
 */
export async function inventory(): Promise<GitHubItem[]> {
    const { owners, seeded } = (await (await fetch(`${githubUrl()}/_sandbox/health`)).json()) as Health;
    const octokit = new Octokit({ baseUrl: githubUrl(), auth: githubToken });
    const items: GitHubItem[] = [];
    for (const owner of owners) {
        for (const repo of await repositoriesOf(octokit, owner)) {
            items.push(...(await contents(octokit, owner, repo)));
            if (!seeded.includes(`${owner}/${repo}`.toLowerCase())) {
                const remove = () => octokit.repos.delete({ owner, repo });
                items.push({ type: typeOf("Repository"), id: repo, remove });
            }
        }
    }
    return items;
}

async function repositoriesOf(octokit: Octokit, owner: string): Promise<string[]> {
    const { data } = await octokit.users.getByUsername({ username: owner });
    const all =
        data.type === "Organization"
            ? await octokit.paginate(octokit.repos.listForOrg, { org: owner, per_page: 100 })
            : await octokit.paginate(octokit.repos.listForAuthenticatedUser, { affiliation: "owner", per_page: 100 });
    return all.map(({ name }) => name);
}

/** Secrets, variables and environments of a repository. */
async function contents(octokit: Octokit, owner: string, repo: string): Promise<GitHubItem[]> {
    const items: GitHubItem[] = [];
    const at = { owner, repo };
    const { environments = [] } = (await octokit.repos.getAllEnvironments({ ...at, per_page: 100 })).data;
    for (const { name: environment_name } of environments) {
        const there = { ...at, environment_name };
        const all = { ...there, per_page: 100 };
        const add = (type: string, name: string, remove: () => Promise<unknown>) =>
            items.push({ type: typeOf(type), id: joined(repo, environment_name, name), remove });
        for (const { name } of (await octokit.actions.listEnvironmentSecrets(all)).data.secrets) {
            const remove = () => octokit.actions.deleteEnvironmentSecret({ ...there, secret_name: name });
            add("ActionsEnvironmentSecret", name, remove);
        }
        for (const { name } of (await octokit.actions.listEnvironmentVariables(all)).data.variables) {
            add("ActionsEnvironmentVariable", name, () =>
                octokit.actions.deleteEnvironmentVariable({ ...there, name }),
            );
        }
        const remove = () => octokit.repos.deleteAnEnvironment(there);
        items.push({ type: typeOf("RepositoryEnvironment"), id: joined(repo, environment_name), remove });
    }
    for (const { name } of (await octokit.actions.listRepoSecrets({ ...at, per_page: 100 })).data.secrets) {
        const remove = () => octokit.actions.deleteRepoSecret({ ...at, secret_name: name });
        items.push({ type: typeOf("ActionsSecret"), id: joined(repo, name), remove });
    }
    for (const { name } of (await octokit.actions.listRepoVariables({ ...at, per_page: 30 })).data.variables) {
        const remove = () => octokit.actions.deleteRepoVariable({ ...at, name });
        items.push({ type: typeOf("ActionsVariable"), id: joined(repo, name), remove });
    }
    return items;
}
