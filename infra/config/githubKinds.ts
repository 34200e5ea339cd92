import * as v from "valibot";
import { text, type Kind } from "./kinds";

/** What documentation writes for a repository, and a new checkout of this one has. It is refused: nothing can be deployed from there. */
export const placeholder = "OWNER/REPOSITORY";

/** `owner/name`, split. */
export const githubRepository = text(
    v.pipe(
        v.string(),
        v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,38}\/[A-Za-z0-9._-]{1,100}$/),
        v.check((given) => !/^owner\/(name|repo|repository)$/i.test(given)),
        v.check((given) => !/\/\.{1,2}$|\.git$/.test(given)),
        v.transform((given) => given.split("/") as [owner: string, name: string]),
    ),
    {
        expected: 'your repository as owner/name, such as "acme/shop"',
        values: "`owner/name`",
        example: "acme/shop",
    },
);

/**
 * The name of a GitHub environment. GitHub takes almost any; here it is also part of a variable's name and of a token's subject,
 * where other characters would have to be escaped.
 */
export const environmentName = text(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/)), {
    expected: 'the name of a GitHub environment, letters, digits, hyphens and underscores, such as "prod"',
    values: "letters, digits, hyphens and underscores",
    example: "prod",
});

/** For whom Pulumi Cloud gives out a token, as it writes the scope of one; an organization's has none. */
export const pulumiToken = text(v.pipe(v.string(), v.regex(/^(organization|(team|user):[A-Za-z0-9][\w.-]*)$/)), {
    expected: "organization, team:NAME or user:LOGIN",
    values: "`organization`, `team:NAME`, `user:LOGIN`",
    example: "team:previews",
});

/** Who may let a deployment through: GitHub takes up to six, each a person or a team. */
export interface Reviewers {
    /** Logins. */
    readonly users: readonly string[];
    /** Slugs of teams of the repository's owner. */
    readonly teams: readonly string[];
}

const isTeam = (name: string) => name.includes("/");

/** `alice, acme/platform`: people by login, teams as GitHub mentions them. Nobody where it is empty. */
export const reviewers = (owner: string): Kind<Reviewers> =>
    text(
        v.pipe(
            v.string(),
            v.transform((given) => (given === "" ? [] : given.split(",").map((name) => name.trim().replace(/^@/, "")))),
            v.maxLength(6),
            v.everyItem(
                (name) =>
                    isTeam(name)
                        ? name.startsWith(`${owner}/`) && /^[a-z0-9_-]+$/.test(name.slice(owner.length + 1))
                        : /^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$/.test(name) && name !== "OWNER", // the example's, who may be somebody
            ),
            v.transform((names) => ({
                users: names.filter((name) => !isTeam(name)),
                teams: names.filter(isTeam).map((name) => name.slice(owner.length + 1)),
            })),
        ),
        {
            expected: `up to six logins or teams such as "alice, ${owner}/platform"`,
            values: "up to six logins, or teams such as `acme/platform`, with commas between them",
            example: `alice,${owner}/platform`,
        },
    );

/** A branch name as git-check-ref-format allows it; a pattern is not a branch. */
export const branch = text(
    v.pipe(
        v.string(),
        v.regex(/^[^\s~^:?*[\]\\\x00-\x1f\x7f]+$/),
        v.check((given) => !/^[-/]|\/$|\.$|\.\.|\/\/|@\{|^@$|\.lock(\/|$)|(^|\/)\./.test(given)),
    ),
    { expected: "the name of one branch, no pattern", values: "the name of one branch" },
);
