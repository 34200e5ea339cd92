import { environmentOf } from "./environments";
import { invalid, type Request } from "./http";
import { repositoryOf } from "./repositories";
import type { Vault } from "./state";

/** Where secrets and variables live: in the repository, or in one of its environments. */
export interface Scope {
    /** The path of the collection, without the word `secrets` or `variables`. */
    readonly path: string;
    /** @throws Refusal 404 when the repository or the environment is not there */
    vault(request: Request): Vault;
}

export const scopes: readonly Scope[] = [
    { path: "/repos/:owner/:repo/actions", vault: (request) => repositoryOf(request).vault },
    {
        path: "/repos/:owner/:repo/environments/:environment",
        vault: (request) => environmentOf(request).vault,
    },
];

/** The largest value of a secret or variable, in bytes. */
export const largestValue = 48 * 1024;

/**
 * The name as GitHub keeps it, in capitals.
 * @throws Refusal 422 for a name that GitHub does not take
 */
export function checkedName(kind: "Secret" | "Variable", name: string): string {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw invalid(
            `${kind} names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). ` +
                `Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_). Got "${name}".`,
        );
    }
    if (/^github_/i.test(name)) {
        throw invalid(`${kind} names must not start with GITHUB_. Got "${name}".`);
    }
    return name.toUpperCase();
}
