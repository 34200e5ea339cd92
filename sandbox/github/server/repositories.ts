import { accountJson, organization } from "./accounts";
import { invalid, nodeId, notFound, page, paging, Refusal, type Request, type Route } from "./http";
import { change, creation, notKept, standard } from "./repositoryFields";
import type { Account } from "./settings";
import { now, type Repository, type Store } from "./state";

const name = /^[A-Za-z0-9._-]{1,100}$/;

/** @throws Refusal 404 when the path's `:owner/:repo` is not there */
export function repositoryOf({ store, params }: Request): Repository {
    const repository = store.repository(params.owner!, params.repo!);
    if (!repository) {
        throw notFound();
    }
    return repository;
}

export const fullNameOf = ({ owner, name: repositoryName }: Repository) => `${owner.login}/${repositoryName}`;

function repositoryJson(repository: Repository) {
    const { id, owner, createdAt, updatedAt } = repository;
    const fullName = fullNameOf(repository);
    const html = `https://github.com/${fullName}`;
    const settings: Record<string, unknown> = {
        ...standard,
        allow_forking: (repository.settings.visibility ?? "public") === "public",
        ...repository.settings,
    };
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
        license: null,
        has_pages: false,
        disabled: false,
        html_url: html,
        url: `https://api.github.com/repos/${fullName}`,
        git_url: `git://github.com/${fullName}.git`,
        ssh_url: `git@github.com:${fullName}.git`,
        clone_url: `${html}.git`,
        svn_url: html,
        permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
        created_at: createdAt,
        updated_at: updatedAt,
        pushed_at: createdAt,
    };
}

/** The members of a body that are kept as they are; `private` is only another way to say `visibility`. */
function settingsFrom(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const settings = Object.fromEntries(Object.entries(body).filter(([member]) => !notKept.includes(member)));
    if (body.private !== undefined && settings.visibility === undefined) {
        settings.visibility = body.private ? "private" : "public";
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
    const old: Readonly<Record<string, any>> = { ...standard, ...repository.settings };
    if (body.visibility !== undefined && body.visibility === old.visibility) {
        throw new Refusal(422, `Visibility is already ${body.visibility}.`);
    }
    if (body.name !== undefined && body.name.toLowerCase() !== repository.name.toLowerCase()) {
        checkName(store, repository.owner.login, body.name);
        delete store.state.repositories[fullNameOf(repository).toLowerCase()];
        store.state.repositories[`${repository.owner.login}/${body.name}`.toLowerCase()] = repository;
    }
    repository.name = body.name ?? repository.name;
    repository.settings = {
        ...repository.settings,
        ...settings,
        security_and_analysis: { ...old.security_and_analysis, ...body.security_and_analysis },
    };
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

export const repositoryRoutes: readonly Route[] = [
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
