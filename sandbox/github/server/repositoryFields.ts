/** What can be said of a repository, by GitHub's field names: see "Create an organization repository" and "Update a repository". */
import type { Field, Fields } from "./http";

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
    "allow_forking",
    "delete_branch_on_merge",
    "web_commit_signoff_required",
] as const;

const oneOf = (...values: string[]): Field => ({ type: "string", oneOf: values });

const settable: Fields = {
    description: { type: "string", nullable: true },
    homepage: { type: "string", nullable: true },
    private: { type: "boolean" },
    visibility: oneOf("public", "private"),
    squash_merge_commit_title: oneOf("PR_TITLE", "COMMIT_OR_PR_TITLE"),
    squash_merge_commit_message: oneOf("PR_BODY", "COMMIT_MESSAGES", "BLANK"),
    merge_commit_title: oneOf("PR_TITLE", "MERGE_MESSAGE"),
    merge_commit_message: oneOf("PR_BODY", "PR_TITLE", "BLANK"),
    ...Object.fromEntries(flags.map((flag) => [flag, { type: "boolean" }])),
};

/** What a new repository's content begins with. GitHub passes over it later, and the provider sends it with every change. */
const beginning: Fields = {
    auto_init: { type: "boolean" },
    gitignore_template: { type: "string" },
    license_template: { type: "string" },
};

export const creation: Fields = { name: { type: "string", required: true }, ...beginning, ...settable };

export const change: Fields = {
    name: { type: "string" },
    default_branch: { type: "string" },
    archived: { type: "boolean" },
    security_and_analysis: { type: "object", nullable: true },
    topics: { type: "array" }, // passed over as well: they have a call of their own
    ...beginning,
    ...settable,
};

/** Members of a body that are no setting of the repository. */
export const notKept: readonly string[] = ["name", "private", "topics", ...Object.keys(beginning)];

/** What GitHub gives a repository of which nothing else was said. */
export const standard: Readonly<Record<string, unknown>> = {
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
    squash_merge_commit_title: "COMMIT_OR_PR_TITLE",
    squash_merge_commit_message: "COMMIT_MESSAGES",
    merge_commit_title: "MERGE_MESSAGE",
    merge_commit_message: "PR_TITLE",
    topics: [],
    security_and_analysis: {
        secret_scanning: { status: "disabled" },
        secret_scanning_push_protection: { status: "disabled" },
        dependabot_security_updates: { status: "disabled" },
    },
};
