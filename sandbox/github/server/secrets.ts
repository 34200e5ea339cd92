import { invalid, notFound, page, paging, type Request, type Route } from "./http";
import { unseal } from "./sealedBox";
import { now, own, type Secret } from "./state";
import { checkedName, checkRoom, largestValue, scopes, type Scope } from "./vaults";

/** GitHub never gives a value back. */
const secretJson = (name: string, { createdAt, updatedAt }: Secret) => ({
    name,
    created_at: createdAt,
    updated_at: updatedAt,
});

function publicKey(scope: Scope, request: Request) {
    const { id, publicKey: key } = scope.vault(request).key;
    return { status: 200, body: { key_id: id, key } };
}

function list(scope: Scope, request: Request) {
    const all = Object.entries(scope.vault(request).secrets);
    return page(request, all, (some) => ({
        total_count: all.length,
        secrets: some.map(([name, secret]) => secretJson(name, secret)),
    }));
}

function get(scope: Scope, request: Request) {
    const name = request.params.name!.toUpperCase();
    const secret = own(scope.vault(request).secrets, name);
    if (!secret) {
        throw notFound();
    }
    return { status: 200, body: secretJson(name, secret) };
}

function put(scope: Scope, request: Request) {
    const { key, secrets } = scope.vault(request);
    const name = checkedName("Secret", request.params.name!);
    const { encrypted_value: sealed, key_id: keyId } = request.body;
    if (keyId !== key.id) {
        throw invalid(
            `"key_id" ${keyId} is not the public key in use here; ask for it at ${scope.path}/secrets/public-key.`,
        );
    }
    const value = unseal(sealed, key);
    if (value === undefined) {
        throw invalid(`"encrypted_value" is not a sealed box for the public key ${key.id}.`);
    }
    if (Buffer.byteLength(value) > largestValue) {
        throw invalid(`The value of ${name} is larger than 48 KB.`);
    }
    const old = own(secrets, name);
    if (!old) {
        checkRoom("Secret", scope, secrets);
    }
    secrets[name] = { sealed, createdAt: old?.createdAt ?? now(), updatedAt: now() };
    return old ? { status: 204 } : { status: 201, body: {} };
}

function remove(scope: Scope, request: Request) {
    const { secrets } = scope.vault(request);
    const name = request.params.name!.toUpperCase();
    if (!own(secrets, name)) {
        throw notFound();
    }
    delete secrets[name];
    return { status: 204 };
}

/** Actions secrets of repositories and environments. */
export const secretRoutes: readonly Route[] = scopes.flatMap((scope): Route[] => {
    const all = `${scope.path}/secrets`;
    const body = {
        encrypted_value: { type: "string", required: true },
        key_id: { type: "string", required: true },
    } as const;
    return [
        { method: "GET", path: all, query: paging, handle: (r) => list(scope, r) },
        { method: "GET", path: `${all}/public-key`, handle: (r) => publicKey(scope, r) },
        { method: "GET", path: `${all}/:name`, handle: (r) => get(scope, r) },
        { method: "PUT", path: `${all}/:name`, body, handle: (r) => put(scope, r) },
        { method: "DELETE", path: `${all}/:name`, handle: (r) => remove(scope, r) },
    ];
});
