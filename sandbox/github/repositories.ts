import { invalid, notFound, page, paging, Refusal, type Fields, type Request, type Route } from "./http";
import type { Account } from "./settings";
import { now, type Repository, type Store } from "./state";

const name = /^[A-Za-z0-9._-]{1,100}$/;

const flags = [
    "has_issues",
    "has_projects",
    "has_wiki",
    "has_downloads",
    "has_discussions",
    "is_template",
    "allow_squash_merge",
    "allow_merge_commit",
    "allow_rebase_merge",
    "allow_auto_merge",
    "allow_update_branch",
    "delete_branch_on_merge",
    "web_commit_signoff_required",
] as const;

const settable: Fields = {
    description: { type: "string", nullable: true },
    homepage: { type: "string", nullable: true },
    private: { type: "boolean" },
    visibility: { type: "string" },
    ...Object.fromEntries(flags.map((flag) => [flag, { type: "boolean" }])),
};

const creation: Fields = { name: { type: "string", required: true }, auto_init: { type: "boolean" }, ...settable };

const change: Fields = {
    name: { type: "string" },
    default_branch: { type: "string" },
    archived: { type: "boolean" },
    ...settable,
};

/** What GitHub gives a repository of which nothing else was said. */
const standard: Readonly<Record<string, unknown>> = {
    description: null,
    homepage: null,
    visibility: "public",
    default_branch: "main",
    archived: false,
    ...Object.fromEntries(flags.map((flag) => [flag, false])),
    has_issues: true,
    has_projects: true,
    has_wiki: true,
    has_downloads: true,
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_rebase_merge: true,
    topics: [],
};

export const nodeId = (kind: string, id: number) => Buffer.from(`${kind}:${id}`).toString("base64");

/** @throws Refusal 404 when the path's `:owner/:repo` is not there */
export function repositoryOf({ store, params }: Request): Repository {
    const repository = store.repository(params.owner!, params.repo!);
    if (!repository) {
        throw notFound();
    }
    return repository;
}

function accountOf(store: Store, login: string): Account {
    const account = store.accounts.find((each) => each.login.toLowerCase() === login.toLowerCase());
    if (!account) {
        throw notFound();
    }
    return account;
}

function accountJson({ login, id, type }: Account) {
    const html = `https://github.com/${login}`;
    return { login, id, node_id: nodeId(type, id), type, html_url: html, avatar_url: `${html}.png`, site_admin: false };
}

function profileJson(account: Account) {
    const texts = { name: account.login, company: null, blog: "", location: null, email: null, bio: null };
    const counts = { public_repos: 0, public_gists: 0, followers: 0, following: 0 };
    const times = { created_at: "2020-01-01T00:00:00Z", updated_at: "2020-01-01T00:00:00Z" };
    return { ...accountJson(account), gravatar_id: "", ...texts, ...counts, ...times };
}

function organization(store: Store, login: string): Account {
    const account = accountOf(store, login);
    if (account.type !== "Organization") {
        throw notFound();
    }
    return account;
}

export const fullNameOf = ({ owner, name: repositoryName }: Repository) => `${owner.login}/${repositoryName}`;

function repositoryJson(repository: Repository) {
    const { id, owner, createdAt, updatedAt } = repository;
    const fullName = fullNameOf(repository);
    const html = `https://github.com/${fullName}`;
    const settings: Record<string, unknown> = { ...standard, ...repository.settings };
    return {
        id,
        node_id: nodeId("Repository", id),
        name: repository.name,
        full_name: fullName,
        owner: accountJson(owner),
        private: settings.visibility !== "public",
        ...settings,
        fork: false,
        language: null,
        html_url: html,
        url: `https://api.github.com/repos/${fullName}`,
        git_url: `git://github.com/${fullName}.git`,
        ssh_url: `git@github.com:${fullName}.git`,
        clone_url: `${html}.git`,
        svn_url: html,
        has_pages: false,
        disabled: false,
        merge_commit_title: "MERGE_MESSAGE",
        merge_commit_message: "PR_TITLE",
        squash_merge_commit_title: "COMMIT_OR_PR_TITLE",
        squash_merge_commit_message: "COMMIT_MESSAGES",
        permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
        created_at: createdAt,
        updated_at: updatedAt,
        pushed_at: createdAt,
    };
}

/** The members of a body that are kept as they are; `private` is only another way to say `visibility`. */
function settingsFrom(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { name: _name, auto_init: _init, private: isPrivate, ...rest } = body;
    const settings: Record<string, unknown> = rest;
    if (isPrivate !== undefined && settings.visibility === undefined) {
        settings.visibility = isPrivate ? "private" : "public";
    }
    if (settings.visibility !== undefined && !["public", "private"].includes(settings.visibility as string)) {
        throw invalid(`For 'properties/visibility', ${JSON.stringify(settings.visibility)} is not public or private.`);
    }
    return settings;
}

function checkName(store: Store, owner: string, wanted: string): void {
    const refuse = (message: string) =>
        new Refusal(422, "Repository creation failed.", {
            errors: [{ resource: "Repository", code: "custom", field: "name", message }],
        });
    if (!name.test(wanted)) {
        throw refuse("name can only contain ASCII letters, digits, and the characters ., -, and _");
    }
    if (store.repository(owner, wanted)) {
        throw refuse("name already exists on this account");
    }
}

function create({ store, body }: Request, owner: Account) {
    checkName(store, owner.login, body.name);
    const settings = settingsFrom(body);
    const repository = store.addRepository(owner, body.name, store.nextId(), false);
    repository.settings = settings;
    return { status: 201, body: repositoryJson(repository) };
}

function update(request: Request) {
    const { store, body } = request;
    const repository = repositoryOf(request);
    const settings = settingsFrom(body);
    if (body.name !== undefined && body.name.toLowerCase() !== repository.name.toLowerCase()) {
        checkName(store, repository.owner.login, body.name);
        delete store.state.repositories[fullNameOf(repository).toLowerCase()];
        store.state.repositories[`${repository.owner.login}/${body.name}`.toLowerCase()] = repository;
    }
    repository.name = body.name ?? repository.name;
    repository.settings = { ...repository.settings, ...settings };
    repository.updatedAt = now();
    return { status: 200, body: repositoryJson(repository) };
}

function remove(request: Request) {
    delete request.store.state.repositories[fullNameOf(repositoryOf(request)).toLowerCase()];
    return { status: 204 };
}

function list(request: Request, owner: Account | undefined) {
    const all = Object.values(request.store.state.repositories);
    const owned = all.filter((each) => owner === undefined || each.owner.login === owner.login);
    return page(request, owned, (some) => some.map((each) => repositoryJson(each)));
}

/** The token's holder may see all there is; `affiliation=owner` leaves only what is the holder's own. */
function listMine(request: Request) {
    const affiliation = request.query.get("affiliation");
    if (affiliation !== null && affiliation !== "owner") {
        throw invalid(`For 'affiliation', "${affiliation}" is not owner, the only one that is here.`);
    }
    return list(request, affiliation === "owner" ? own(request) : undefined);
}

function setTopics(request: Request) {
    const names: unknown[] = request.body.names;
    const wrong = names.filter((topic) => typeof topic !== "string" || !/^[a-z0-9][a-z0-9-]{0,49}$/.test(topic));
    if (wrong.length > 0) {
        throw invalid(`Not a topic (lower-case letters, digits and hyphens): ${JSON.stringify(wrong)}.`);
    }
    const repository = repositoryOf(request);
    repository.settings = { ...repository.settings, topics: names };
    return { status: 200, body: { names } };
}

function setAlerts(request: Request, on: boolean) {
    repositoryOf(request).vulnerabilityAlerts = on;
    return { status: 204 };
}

function getAlerts(request: Request) {
    if (!repositoryOf(request).vulnerabilityAlerts) {
        throw new Refusal(404, "Vulnerability alerts are disabled.");
    }
    return { status: 204 };
}

const ok = (body: unknown) => ({ status: 200, body });
const one = "/repos/:owner/:repo";
const alerts = `${one}/vulnerability-alerts`;
const own = (request: Request) => request.store.tokenHolder;
const org = ({ store, params }: Request) => organization(store, params.org!);

/** Accounts and repositories. */
export const repositoryRoutes: readonly Route[] = [
    { method: "GET", path: "/user", handle: (r) => ok(profileJson(own(r))) },
    { method: "GET", path: "/users/:user", handle: (r) => ok(profileJson(accountOf(r.store, r.params.user!))) },
    { method: "GET", path: "/orgs/:org", handle: (r) => ok(profileJson(org(r))) },
    { method: "GET", path: "/orgs/:org/repos", query: paging, handle: (r) => list(r, org(r)) },
    { method: "GET", path: "/user/repos", query: ["affiliation", ...paging], handle: listMine },
    { method: "POST", path: "/orgs/:org/repos", body: creation, handle: (r) => create(r, org(r)) },
    { method: "POST", path: "/user/repos", body: creation, handle: (r) => create(r, own(r)) },
    { method: "GET", path: one, handle: (r) => ok(repositoryJson(repositoryOf(r))) },
    { method: "PATCH", path: one, body: change, handle: update },
    { method: "DELETE", path: one, handle: remove },
    {
        method: "PUT",
        path: `${one}/topics`,
        body: { names: { type: "array", required: true } },
        handle: setTopics,
    },
    { method: "GET", path: alerts, handle: getAlerts },
    { method: "PUT", path: alerts, handle: (r) => setAlerts(r, true) },
    { method: "DELETE", path: alerts, handle: (r) => setAlerts(r, false) },
];
