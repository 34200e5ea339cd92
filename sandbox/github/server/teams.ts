import { invalid, nodeId, notFound, type Request, type Route } from "./http";
import type { Team } from "./state";

export function teamJson({ id, organization, slug }: Team) {
    const html = `https://github.com/orgs/${organization}/teams/${slug}`;
    const rights = { privacy: "closed", notification_setting: "notifications_enabled", permission: "pull" };
    return { id, node_id: nodeId("Team", id), name: slug, slug, description: "", html_url: html, ...rights };
}

function get({ store, params }: Request) {
    const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
    const team = store.state.teams.find(
        ({ organization, slug }) => same(organization, params.org!) && slug === params.team,
    );
    if (!team) {
        throw notFound();
    }
    return { status: 200, body: teamJson(team) };
}

/** Puts people and teams there that a repository's owner has; those that are there stay as they are. */
function addReviewers({ store, body }: Request) {
    const { organization, users, teams } = body;
    const login = [...users, ...teams].find((each) => typeof each !== "string" || !/^[A-Za-z0-9_-]+$/.test(each));
    if (login !== undefined) {
        throw invalid(`${JSON.stringify(login)} is no login or slug.`);
    }
    const owner = store.accounts.find((each) => each.login === organization);
    if (owner?.type !== "Organization" && teams.length > 0) {
        throw invalid(`"${organization}" is no organization, and only these have teams.`);
    }
    for (const user of users as string[]) {
        if (!store.accounts.some((each) => each.login.toLowerCase() === user.toLowerCase())) {
            store.state.people.push({ login: user, id: store.nextId(), type: "User" });
        }
    }
    for (const slug of teams as string[]) {
        if (!store.state.teams.some((each) => each.organization === organization && each.slug === slug)) {
            store.state.teams.push({ id: store.nextId(), organization, slug });
        }
    }
    return { status: 204 };
}

const names = { type: "array", required: true } as const;

/** Teams, and `POST /_sandbox/reviewers`, which GitHub does not have: it puts people and teams there. */
export const teamRoutes: readonly Route[] = [
    { method: "GET", path: "/orgs/:org/teams/:team", handle: get },
    {
        method: "POST",
        path: "/_sandbox/reviewers",
        body: { organization: { type: "string", required: true }, users: names, teams: names },
        handle: addReviewers,
    },
];
