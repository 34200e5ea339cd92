import type { Rule } from "./rules";

/** `owner/name`, split. What documentation writes for it, such as the `OWNER/REPOSITORY` of `Pulumi.yaml`, is refused. */
export const githubRepository: Rule<readonly [owner: string, name: string]> = {
    parse: (text) => {
        const match = /^([A-Za-z0-9][A-Za-z0-9_-]{0,38})\/([A-Za-z0-9._-]{1,100})$/.exec(text);
        if (!match || /^owner\/(name|repo|repository)$/i.test(text) || /^\.{1,2}$|\.git$/.test(match[2]!)) {
            return undefined;
        }
        return [match[1]!, match[2]!];
    },
    expected: 'your repository as owner/name, such as "acme/shop"',
    example: "acme/shop",
};

/**
 * The name of a GitHub environment. GitHub takes almost any; here it is also part of a variable's name and of a token's subject,
 * where other characters would have to be escaped.
 */
export const environmentName: Rule<string> = {
    parse: (text) => (/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(text) ? text : undefined),
    expected: 'the name of a GitHub environment, letters, digits, hyphens and underscores, such as "prod"',
    example: "prod",
};

/** Who may let a deployment through: GitHub takes up to six, each a person or a team. */
export interface Reviewers {
    /** Logins. */
    readonly users: readonly string[];
    /** Slugs of teams of the repository's owner. */
    readonly teams: readonly string[];
}

/** `alice, acme/platform`: people by login, teams as GitHub mentions them. Nobody where it is empty. */
export const reviewers = (owner: string): Rule<Reviewers> => ({
    parse: (text) => {
        const names = text === "" ? [] : text.split(",").map((name) => name.trim().replace(/^@/, ""));
        const isTeam = (name: string) => name.includes("/");
        const valid = names.every(
            (name) =>
                isTeam(name)
                    ? name.startsWith(`${owner}/`) && /^[a-z0-9_-]+$/.test(name.slice(owner.length + 1))
                    : /^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$/.test(name) && name !== "OWNER", // the example's, who may be somebody
        );
        if (!valid || names.length > 6) {
            return undefined;
        }
        return {
            users: names.filter((name) => !isTeam(name)),
            teams: names.filter(isTeam).map((name) => name.slice(owner.length + 1)),
        };
    },
    expected: `up to six logins or teams such as "alice, ${owner}/platform"`,
    example: `alice,${owner}/platform`,
});

/** A branch name as git-check-ref-format allows it; a pattern is not a branch. */
export const branch: Rule<string> = {
    parse: (text) =>
        /^[^\s~^:?*[\]\\\x00-\x1f\x7f]+$/.test(text) &&
        !/^[-/]|\/$|\.$|\.\.|\/\/|@\{|^@$|\.lock(\/|$)|(^|\/)\./.test(text)
            ? text
            : undefined,
    expected: "the name of one branch, no pattern",
    example: "main",
};
