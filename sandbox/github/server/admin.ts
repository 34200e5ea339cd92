import { checkBody, invalid, type Request, type Route } from "./http";
import { claimsOf, sign } from "./oidc";
import { isDependabot, isFromFork } from "./runRecords";
import { checkedRun, environmentNamed, repositoryNamed, runFields } from "./runs";
import { unseal } from "./sealedBox";
import type { Vault } from "./state";
import { tokenRequest } from "./workflowRuns";

/** The run of one job. A job that has to wait for a reviewer comes up in a workflow's run instead. */
function startRun({ store, body, origin }: Request) {
    const run = checkedRun(store, body);
    const environment = run.environment && environmentNamed(repositoryNamed(store, run.repository), run.environment);
    if (environment && environment.reviewers.length > 0) {
        throw invalid(`A job enters ${environment.name} only after a review.`);
    }
    return { status: 201, body: tokenRequest(store, origin, run, store.nextId()) };
}

async function mintToken({ store, body }: Request) {
    checkBody(body.run, runFields);
    const claims = claimsOf(store, checkedRun(store, body.run), store.nextId(), body.audience);
    const value = await sign(store, { ...claims, ...body.claims }, body.lifetime, body.key === "foreign");
    return { status: 201, body: { value } };
}

function opened({ key, secrets, variables }: Vault) {
    return {
        secrets: Object.fromEntries(Object.entries(secrets).map(([name, { sealed }]) => [name, unseal(sealed, key)])),
        variables: Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value])),
    };
}

/**
 * What a job sees: those of the repository, and over them those of its environment. None of them where the run comes from a fork,
 * and no secret where Dependabot has started it: see "Secrets" and "Dependabot on GitHub Actions" in GitHub's docs.
 */
function jobValues({ store, query }: Request) {
    const full = query.get("repository") ?? "";
    const repository = repositoryNamed(store, full);
    const environment = query.get("environment");
    const below = opened(repository.vault);
    const above = environment === null ? undefined : opened(environmentNamed(repository, environment).vault);
    const fork = isFromFork({ repository: full, head: query.get("head") ?? full });
    const dependabot = isDependabot({ actor: query.get("actor") ?? "" });
    return {
        status: 200,
        body: {
            secrets: fork || dependabot ? {} : { ...below.secrets, ...above?.secrets },
            variables: fork ? {} : { ...below.variables, ...above?.variables },
        },
    };
}

function health({ store }: Request) {
    const { owner } = store.settings;
    const owners = [...new Set([owner, ...store.accounts].map(({ login }) => login))];
    return { status: 200, body: { status: "ok", owner: owner.login, owners, seeded: store.state.seeded } };
}

const minting = {
    run: { type: "object", required: true },
    audience: { type: "string" },
    claims: { type: "object" },
    key: { type: "string", oneOf: ["issuer", "foreign"] },
    lifetime: { type: "integer" },
} as const;

/**
 * What GitHub does not have and the sandbox needs. All but the health take the API's token.
 * - `GET /_sandbox/health`: `owner` is the configured one, `owners` are all that can have repositories, `seeded` are
 *   the repositories (lower-case `owner/name`) that no caller made.
 * - `POST /_sandbox/runs`: a run of one job starts; answers what the runner puts into ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN.
 * - `POST /_sandbox/tokens`: any token at once, for tests of what must be refused. `claims` go over those of `run`,
 *   `key: "foreign"` signs with a key that is not the issuer's, `lifetime` is in seconds and may be negative.
 * - `GET /_sandbox/secrets?repository=&environment=&head=&actor=`: secrets in plain text and variables, as a job sees them.
 */
export const adminRoutes: readonly Route[] = [
    { method: "GET", path: "/_sandbox/health", open: true, handle: health },
    { method: "POST", path: "/_sandbox/runs", body: runFields, handle: startRun },
    { method: "POST", path: "/_sandbox/tokens", body: minting, handle: mintToken },
    {
        method: "GET",
        path: "/_sandbox/secrets",
        query: ["repository", "environment", "head", "actor"],
        handle: jobValues,
    },
];
