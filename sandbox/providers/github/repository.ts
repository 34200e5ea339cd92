import type { Properties, ResourceStandIn } from "../standIn";
import type { GitHub } from "./client";

/** Inputs that GitHub takes as they are, by its own name of each. */
const fields: Readonly<Record<string, string>> = {
    name: "name",
    description: "description",
    homepageUrl: "homepage",
    visibility: "visibility",
    hasIssues: "has_issues",
    hasProjects: "has_projects",
    hasWiki: "has_wiki",
    hasDiscussions: "has_discussions",
    allowMergeCommit: "allow_merge_commit",
    allowSquashMerge: "allow_squash_merge",
    allowRebaseMerge: "allow_rebase_merge",
    allowAutoMerge: "allow_auto_merge",
    allowUpdateBranch: "allow_update_branch",
    deleteBranchOnMerge: "delete_branch_on_merge",
};

const one = "/repos/{owner}/{repo}";

const body = (inputs: Properties) =>
    Object.fromEntries(
        Object.entries(fields).flatMap(([input, field]) =>
            inputs[input] === undefined ? [] : [[field, inputs[input]]],
        ),
    );

/** What both the resource and the look-up tell about a repository. */
export function repositoryOutputs(found: any): Properties {
    return {
        ...Object.fromEntries(Object.entries(fields).map(([output, field]) => [output, found[field] ?? ""])),
        archived: found.archived,
        defaultBranch: found.default_branch,
        fullName: found.full_name,
        gitCloneUrl: found.git_url,
        hasDownloads: found.has_downloads,
        htmlUrl: found.html_url,
        httpCloneUrl: found.clone_url,
        isTemplate: found.is_template,
        mergeCommitMessage: found.merge_commit_message,
        mergeCommitTitle: found.merge_commit_title,
        nodeId: found.node_id,
        primaryLanguage: found.language ?? "",
        private: found.private,
        repoId: found.id,
        squashMergeCommitMessage: found.squash_merge_commit_message,
        squashMergeCommitTitle: found.squash_merge_commit_title,
        sshCloneUrl: found.ssh_url,
        svnUrl: found.svn_url,
        topics: found.topics,
        webCommitSignoffRequired: found.web_commit_signoff_required,
    };
}

/** An organisation's repositories and a person's own are two collections. */
async function isOrganization(github: GitHub): Promise<boolean> {
    return (await github.call("GET /users/{owner}")).type === "Organization";
}

/**
 * github:index/repository:Repository; the id is the name. The official provider renames in place; here another name is
 * another repository, since an update cannot give the engine a new id, and ids are what leftovers are found by.
 */
export function repository(github: GitHub): ResourceStandIn {
    return {
        required: [],
        optional: [...Object.keys(fields), "autoInit", "archiveOnDestroy"],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 100 },
        async create(inputs) {
            const collection = (await isOrganization(github)) ? "/orgs/{owner}/repos" : "/user/repos";
            const init = inputs.autoInit === undefined ? {} : { auto_init: inputs.autoInit };
            const made = await github.call(`POST ${collection}`, { ...body(inputs), ...init });
            return { id: made.name, outputs: repositoryOutputs(made) };
        },
        async read(id, state) {
            const found = await github.find(`GET ${one}`, { repo: id });
            return found && { ...state, ...repositoryOutputs(found) };
        },
        async update(id, _state, inputs) {
            const changed = await github.call(`PATCH ${one}`, { repo: id, ...body(inputs) });
            return repositoryOutputs(changed);
        },
        async delete(id, state) {
            if (state.archiveOnDestroy) {
                await github.find(`PATCH ${one}`, { repo: id, archived: true });
            } else {
                await github.find(`DELETE ${one}`, { repo: id });
            }
        },
        list: () => repositoryNames(github),
    };
}

/** The names of all repositories of the owner. */
export async function repositoryNames(github: GitHub): Promise<string[]> {
    const all = (await isOrganization(github))
        ? await github.list("GET /orgs/{owner}/repos")
        : await github.list("GET /user/repos", { affiliation: "owner" });
    return all.map(({ name }) => name);
}

/** The number of a repository, which the other resources tell as `repositoryId`. */
export async function repositoryIdOf(github: GitHub, repo: string): Promise<number> {
    return (await github.call(`GET ${one}`, { repo })).id;
}
