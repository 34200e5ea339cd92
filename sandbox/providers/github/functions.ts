import { misfits, type FunctionStandIn, type Properties } from "../standIn";
import { goTime, type GitHub } from "./client";
import { repositoryOutputs } from "./repository";

function check(name: string, args: Properties, required: readonly string[]): void {
    const [problem] = misfits(args, required, []);
    if (problem) {
        throw new Error(`${name}: ${problem.reason}`);
    }
}

/** github:index/getRepository:getRepository, by `fullName`. @throws Error when it is not there */
export function getRepository(github: GitHub): FunctionStandIn {
    return async (args) => {
        check("getRepository", args, ["fullName"]);
        const [owner, repo, ...more] = String(args.fullName).split("/");
        if (!owner || !repo || more.length > 0) {
            throw new Error(`getRepository: fullName must be owner/name, got "${args.fullName}"`);
        }
        const found = await github.call("GET /repos/{owner}/{repo}", { owner, repo });
        const none = { pages: [], repositoryLicenses: [], templates: [] };
        return { ...repositoryOutputs(found), ...none, id: found.name, fork: found.fork, allowForking: true };
    };
}

/** github:index/getUser:getUser, for organisations too. @throws Error when it is not there */
export function getUser(github: GitHub): FunctionStandIn {
    return async (args) => {
        check("getUser", args, ["username"]);
        const found = await github.call("GET /users/{username}", { username: args.username });
        return {
            id: String(found.id),
            username: args.username,
            login: found.login,
            nodeId: found.node_id,
            avatarUrl: found.avatar_url,
            gravatarId: found.gravatar_id,
            name: found.name ?? "",
            company: found.company ?? "",
            blog: found.blog ?? "",
            location: found.location ?? "",
            email: found.email ?? "",
            bio: found.bio ?? "",
            siteAdmin: found.site_admin,
            publicRepos: found.public_repos,
            publicGists: found.public_gists,
            followers: found.followers,
            following: found.following,
            createdAt: goTime(found.created_at),
            updatedAt: goTime(found.updated_at),
            suspendedAt: "",
            gpgKeys: [],
            sshKeys: [],
        };
    };
}

/** github:index/getTeam:getTeam of the provider's owner, without members and repositories. @throws Error when it is not there */
export function getTeam(github: GitHub): FunctionStandIn {
    return async (args) => {
        check("getTeam", args, ["slug", "summaryOnly"]);
        if (args.summaryOnly !== true) {
            throw new Error("getTeam: the sandbox knows no members of a team, set summaryOnly");
        }
        const found = await github.call("GET /orgs/{owner}/teams/{slug}", { slug: args.slug });
        return {
            id: String(found.id),
            slug: found.slug,
            summaryOnly: true,
            nodeId: found.node_id,
            name: found.name,
            description: found.description,
            privacy: found.privacy,
            notificationSetting: found.notification_setting,
            permission: found.permission,
            members: [],
            repositories: [],
            repositoriesDetaileds: [],
        };
    };
}
