import { nodeId, notFound, paging, type Request, type Route } from "./http";
import type { Account } from "./settings";
import type { Store } from "./state";

/** @throws Refusal 404 when nobody is called that */
export function accountOf(store: Store, login: string): Account {
    const account = store.accounts.find((each) => each.login.toLowerCase() === login.toLowerCase());
    if (!account) {
        throw notFound();
    }
    return account;
}

export function accountJson({ login, id, type }: Account) {
    const html = `https://github.com/${login}`;
    return { login, id, node_id: nodeId(type, id), type, html_url: html, avatar_url: `${html}.png`, site_admin: false };
}

function profileJson(account: Account) {
    const texts = { name: account.login, company: null, blog: "", location: null, email: null, bio: null };
    const counts = { public_repos: 0, public_gists: 0, followers: 0, following: 0 };
    const times = { created_at: "2020-01-01T00:00:00Z", updated_at: "2020-01-01T00:00:00Z" };
    return { ...accountJson(account), gravatar_id: "", ...texts, ...counts, ...times };
}

/** @throws Refusal 404 when nobody is called that, or a person is */
export function organization(store: Store, login: string): Account {
    const account = accountOf(store, login);
    if (account.type !== "Organization") {
        throw notFound();
    }
    return account;
}

/** Nobody has put a key here. */
function noKeys({ store, params }: Request) {
    accountOf(store, params.user!);
    return { status: 200, body: [] };
}

const profile = (account: Account) => ({ status: 200, body: profileJson(account) });

/** People and organizations. */
export const accountRoutes: readonly Route[] = [
    { method: "GET", path: "/user", handle: ({ store }) => profile(store.tokenHolder) },
    { method: "GET", path: "/users/:user", handle: ({ store, params }) => profile(accountOf(store, params.user!)) },
    { method: "GET", path: "/users/:user/keys", query: paging, handle: noKeys },
    { method: "GET", path: "/users/:user/gpg_keys", query: paging, handle: noKeys },
    { method: "GET", path: "/orgs/:org", handle: ({ store, params }) => profile(organization(store, params.org!)) },
];
