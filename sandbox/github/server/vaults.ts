import { environmentOf } from "./environments";
import { Refusal, type Request } from "./http";
import { repositoryOf } from "./repositories";
import type { Vault } from "./state";

/** Where secrets and variables live: in the repository, or in one of its environments. */
export interface Scope {
    /** The path of the collection, without the word `secrets` or `variables`. */
    readonly path: string;
    /** How many a place can have: see "Secrets reference" and "Variables reference" in GitHub's docs. */
    readonly most: { readonly Secret: number; readonly Variable: number };
    /** @throws Refusal 404 when the repository or the environment is not there */
    vault(request: Request): Vault;
}

export const scopes: readonly Scope[] = [
    {
        path: "/repos/:owner/:repo/actions",
        most: { Secret: 100, Variable: 500 },
        vault: (request) => repositoryOf(request).vault,
    },
    {
        path: "/repos/:owner/:repo/environments/:environment",
        most: { Secret: 100, Variable: 100 },
        vault: (request) => environmentOf(request).vault,
    },
];

/** The largest value of a secret or variable, in bytes. */
export const largestValue = 48 * 1024;

/** Characters. GitHub documents no limit of these; it is that of an environment's name. */
const longestName = 255;

type Kind = keyof Scope["most"];

/**
 * The name as GitHub keeps it, in capitals.
 * @throws Refusal 422 for a name that GitHub does not take
 */
export function checkedName(kind: Kind, name: string): string {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new Refusal(
            422,
            `${kind} names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). ` +
                "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).",
        );
    }
    if (/^github_/i.test(name)) {
        throw new Refusal(422, `${kind} names must not start with GITHUB_.`);
    }
    if (name.length > longestName) {
        throw new Refusal(422, `${kind} names can be ${longestName} characters long; this one has ${name.length}.`);
    }
    return name.toUpperCase();
}

/** @throws Refusal 422 when the place has as many as it can have */
export function checkRoom(kind: Kind, scope: Scope, present: object): void {
    const most = scope.most[kind];
    if (Object.keys(present).length >= most) {
        throw new Refusal(422, `There are ${most} ${kind.toLowerCase()}s here already, and no more can be added.`);
    }
}
