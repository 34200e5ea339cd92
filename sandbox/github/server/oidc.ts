import { randomUUID } from "crypto";
import * as path from "path";
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWTPayload } from "jose";
import { Refusal, type Request, type Route } from "./http";
import type { Run } from "./runRecords";
import { repositoryNamed } from "./runs";
import { own, type Repository, type Store } from "./state";

/** The issuer that trust policies name; also here, although nobody can fetch its keys from there. */
export const issuer = "https://token.actions.githubusercontent.com";

/** Seconds. */
const tokenLife = 5 * 60;

/** Milliseconds; a job on GitHub's runners ends after six hours. */
const runLife = 6 * 60 * 60 * 1000;

/** `sub` of a run's token: the environment where there is one, else the pull request, else the ref. */
export function subjectOf(repository: Repository, run: Run): string {
    const { owner, name, id } = repository;
    const names = run.subject === "name" ? `${owner.login}/${name}` : `${owner.login}@${owner.id}/${name}@${id}`;
    if (run.environment !== undefined) {
        return `repo:${names}:environment:${run.environment.replace(/:/g, "%3A")}`;
    }
    return run.event === "pull_request" ? `repo:${names}:pull_request` : `repo:${names}:ref:${run.ref}`;
}

/** All claims of a run's token but the times. */
export function claimsOf(store: Store, run: Run, number: number, audience: string | undefined): JWTPayload {
    const repository = repositoryNamed(store, run.repository);
    const { owner } = repository;
    const isPullRequest = run.event === "pull_request";
    const workflowRef = `${run.repository}/${run.workflow}@${run.ref}`;
    return {
        iss: issuer,
        aud: audience ?? `https://github.com/${owner.login}`,
        sub: subjectOf(repository, run),
        jti: randomUUID(),
        repository: run.repository,
        repository_id: String(repository.id),
        repository_owner: owner.login,
        repository_owner_id: String(owner.id),
        repository_visibility: String(repository.settings.visibility ?? "public"),
        actor: run.actor,
        actor_id: String(store.tokenHolder.id),
        event_name: run.event === "tag" ? "push" : run.event,
        ref: run.ref,
        ref_type: run.ref.startsWith("refs/tags/") ? "tag" : "branch",
        ref_protected: "false",
        base_ref: isPullRequest ? String(repository.settings.default_branch ?? "main") : "",
        head_ref: isPullRequest ? "change" : "",
        sha: run.sha,
        run_id: String(number),
        run_number: "1",
        run_attempt: "1",
        runner_environment: "github-hosted",
        workflow: path.basename(run.workflow, ".yml"), // its name, which is that of its file in this repository
        workflow_ref: workflowRef,
        workflow_sha: run.sha,
        job_workflow_ref: workflowRef,
        job_workflow_sha: run.sha,
        ...(run.environment === undefined ? {} : { environment: run.environment }),
    };
}

/**
 * Signs claims; times that they do not set are now and `lifetime` seconds later.
 * With `foreignKey` the key is one that the issuer has never published, under the issuer's own key id.
 */
export async function sign(
    store: Store,
    claims: JWTPayload,
    lifetime = tokenLife,
    foreignKey = false,
): Promise<string> {
    const { kid = "" } = store.state.signingKey;
    const foreign = foreignKey ? (await generateKeyPair("RS256", { extractable: true })).privateKey : undefined;
    const key = await importJWK(foreign ? await exportJWK(foreign) : store.state.signingKey, "RS256");
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ nbf: now - 5, iat: now, exp: now + lifetime, ...claims })
        .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
        .sign(key);
}

async function idToken({ store, query, authorization }: Request) {
    const [, requestToken = ""] = /^bearer (.+)$/i.exec(authorization ?? "") ?? [];
    const run = own(store.state.runs, requestToken);
    if (!run || Date.now() - run.startedAt > runLife) {
        throw new Refusal(401, "The request token is not the one of a running job.");
    }
    const audience = query.get("audience") ?? undefined;
    return { status: 200, body: { value: await sign(store, claimsOf(store, run, run.number, audience)) } };
}

/** Forgets runs that are over. */
export function dropOldRuns({ state }: Store): void {
    for (const [token, { startedAt }] of Object.entries(state.runs)) {
        if (Date.now() - startedAt > runLife) {
            delete state.runs[token];
        }
    }
}

function configuration({ origin }: Request) {
    const body = {
        issuer,
        jwks_uri: `${origin}/.well-known/jwks`,
        subject_types_supported: ["public", "pairwise"],
        response_types_supported: ["id_token"],
        id_token_signing_alg_values_supported: ["RS256"],
        scopes_supported: ["openid"],
        claims_supported: ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "sha", "repository", "environment"],
    };
    return { status: 200, body };
}

function keys({ store }: Request) {
    const { kty, n, e, kid, alg } = store.state.signingKey;
    return { status: 200, body: { keys: [{ kty, n, e, kid, alg, use: "sig" }] } };
}

/** The issuer of the tokens by which a workflow proves what it is. */
export const oidcRoutes: readonly Route[] = [
    { method: "GET", path: "/.well-known/openid-configuration", open: true, handle: configuration },
    { method: "GET", path: "/.well-known/jwks", open: true, handle: keys },
    {
        method: "GET",
        path: "/_actions/id-token",
        query: ["api-version", "audience"],
        open: true,
        handle: idToken,
    },
];
