import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../config";
import { acceptedUnless, holdUntil } from "../checks";
import { Claim } from "./claim";
import { GitHubEnvironment } from "./environment";
import { ofRestApi } from "./restApi";

export interface GitHubRepositoryArgs {
    readonly owner: string;
    readonly name: string;
    /** Creates the repository, private and empty, instead of looking it up. Destroying the stack then deletes it. */
    readonly create: boolean;
    /** The branch that deploys. */
    readonly branch: string;
    /** What a deployment has to pass; undefined: nothing. */
    readonly environment?: Environment;
    /** What the service is called: no other stack's has the name, in the region and the account. */
    readonly serviceName: string;
    readonly region: string;
    /** Pull requests of the repository preview this stack. */
    readonly previews: boolean;
    /** Pulumi does not delete the repository. */
    readonly deletionProtection: boolean;
}

/**
 * The team's repository on GitHub: what a workflow's token says about itself, and where its settings are written. What is declared after
 * it is made once the repository is known to be there, and its settings to be this stack's.
 */
export class GitHubRepository extends pulumi.ComponentResource {
    /** `owner/name` as it is configured. */
    public readonly fullName: string;
    /** As GitHub spells them, which a token's subject follows to the letter. */
    public readonly owner: pulumi.Output<string>;
    public readonly repositoryName: pulumi.Output<string>;
    /** The numbers in the immutable form of a token's subject: names can be given to somebody else, these cannot. */
    public readonly ownerId: pulumi.Output<string>;
    public readonly repositoryId: pulumi.Output<number>;
    /** Where the workflow deploys from; undefined: from the branch itself. */
    public readonly environment?: GitHubEnvironment;
    public readonly provider: github.Provider;
    /** Where the stack makes it. What is in it goes with it: GitHub would not find it any more. */
    private readonly created?: github.Repository;
    /** Goes with the stack's last setting. */
    private readonly claim: Claim;

    constructor(name: string, args: GitHubRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:github:GitHubRepository", name, {}, opts);

        this.fullName = `${args.owner}/${args.name}`;
        // The owner comes with the repository's name, so it need not be configured a second time for the provider. A token from
        // the environment belongs to whoever runs Pulumi: the SDK would write it into the state, as plain text and different in
        // every run, so only a configured one is passed on; without it the provider reads GITHUB_TOKEN by itself.
        const config = new pulumi.Config("github");
        const token = config.getSecret("token");
        const appAuth = config.getSecretObject<github.types.input.ProviderAppAuth>("appAuth");
        this.provider = new github.Provider(
            name,
            { owner: args.owner, appAuth },
            {
                parent: this,
                transformations: [({ props, opts }) => ({ props: { ...props, token }, opts })],
                replaceOnChanges: ["owner"], // what was written with another owner's is deleted with that
            },
        );
        const lookup = { parent: this, provider: this.provider };
        const found = findOnGitHub(args, lookup);
        const problem = found.then((answers) => ("problem" in answers ? answers.problem : undefined));
        this.claim = new Claim(
            name,
            {
                fullName: this.fullName,
                environment: args.environment?.name,
                serviceName: args.serviceName,
                region: args.region,
                previews: args.previews,
                problem,
                moved: found.then((answers) => ("problem" in answers ? undefined : answers.moved)),
            },
            { parent: this },
            lookup,
        );
        const checked = acceptedUnless(this.claim, problem);
        holdUntil(checked);
        // Where the claim is refused, nothing needs an answer any more.
        const known = checked.then(() => found as Promise<Answers>);
        const account = pulumi.output(known.then((answers) => answers.account));
        this.created = args.create
            ? new github.Repository(
                  name,
                  { name: args.name, visibility: "private", hasIssues: true },
                  {
                      ...lookup,
                      ignoreChanges: [...ofTheTeam],
                      replaceWith: [this.provider],
                      protect: args.deletionProtection,
                      dependsOn: this.claim,
                  },
              )
            : undefined;
        const repository = this.created ?? pulumi.output(known.then((answers) => answers.repository!));

        this.owner = account.login;
        this.ownerId = account.id;
        this.repositoryName = repository.name;
        this.repositoryId = repository.repoId;
        this.environment =
            args.environment &&
            new GitHubEnvironment(
                name,
                {
                    repository: repository.name,
                    environment: args.environment,
                    branch: args.branch,
                    options: (parent) => this.settingOptions(parent),
                },
                { parent: this, providers: { github: this.provider } },
            );
        this.registerOutputs({ owner: this.owner, repositoryName: this.repositoryName });
    }

    /**
     * The options of what is written into the repository, as a child of `parent`. No id of it has the owner: without `replaceWith`
     * another owner's repository of the same name would be taken for this one. GitHub leads the old address of one that was
     * transferred to the new one, where a deletion that came last would meet what has just been written.
     */
    settingOptions(parent: pulumi.Resource) {
        return {
            parent,
            provider: this.provider,
            replaceWith: [this.provider],
            deleteBeforeReplace: true,
            deletedWith: this.created,
            dependsOn: [this.claim],
        };
    }
}

/**
 * What the repository begins with, and its team changes on GitHub: after a refresh the provider would set it back, and what the
 * stack does not name to nothing (resourceGithubRepositoryObject in resource_github_repository.go).
 */
const ofTheTeam: readonly Exclude<keyof github.RepositoryArgs, "name">[] = [
    ...(["visibility", "private", "archived", "description", "homepageUrl", "topics", "pages", "isTemplate"] as const),
    ...(["defaultBranch", "deleteBranchOnMerge", "webCommitSignoffRequired"] as const),
    ...(["hasDiscussions", "hasDownloads", "hasIssues", "hasProjects", "hasWiki"] as const),
    ...(["allowAutoMerge", "allowForking", "allowMergeCommit", "allowRebaseMerge"] as const),
    ...(["allowSquashMerge", "allowUpdateBranch", "mergeCommitMessage", "mergeCommitTitle"] as const),
    ...(["squashMergeCommitMessage", "squashMergeCommitTitle", "securityAndAnalysis", "vulnerabilityAlerts"] as const),
];

/** A user or an organization. */
interface Account {
    /** As GitHub spells it. */
    readonly login: string;
    readonly id: string;
}

interface Answers {
    readonly account: Account;
    /** Undefined: the stack makes it. */
    readonly repository?: github.GetRepositoryResult;
    /** What is wrong where the stack has made the repository already, and GitHub leads from its address to another. */
    readonly moved?: string;
}

/** What GitHub says of the owner and the repository, or what keeps the stack from them. */
export async function findOnGitHub(
    args: Pick<GitHubRepositoryArgs, "owner" | "name" | "create">,
    lookup: pulumi.InvokeOptions,
): Promise<Answers | { readonly problem: string }> {
    const overridden = overriddenBy(args.owner);
    if (overridden !== undefined) {
        return { problem: overridden };
    }
    try {
        // First and always, as it tells where GitHub cannot be reached, at which getRestApi panics (data_source_github_rest_api.go).
        const found = await github.getRepository({ fullName: `${args.owner}/${args.name}` }, lookup);
        const account = await accountOf(args.owner, lookup);
        const repository = args.create ? undefined : found;
        const moved = args.create ? moveOf(args, found) : undefined;
        const isToBeMade = args.create && (!found.name || moved !== undefined);
        const problem = isToBeMade ? undefined : problemOf(args, found);
        return problem === undefined ? { account, repository, moved } : { problem };
    } catch (error) {
        return { problem: unanswered((error as Error).message) };
    }
}

/** @param message the provider's, in which go-github has the status that GitHub answered with (ErrorResponse.Error in github.go) */
export function unanswered(message: string): string {
    const login = "unset GITHUB_TOKEN, gh auth login, export GITHUB_TOKEN=$(gh auth token)";
    return `githubRepository: ${message}${message.includes(": 401 ") ? `\n  fix, as the token is over or missing: ${login}` : ""}`;
}

/**
 * The provider takes an owner from the environment in place of its own ("for backwards compatibility", provider.go), but not in the look-up
 * of a repository: it would write into another owner's of the same name, such as somebody's fork.
 */
function overriddenBy(owner: string): string | undefined {
    const variable = ["GITHUB_ORGANIZATION", "GITHUB_OWNER"].find((each) => process.env[each]);
    const other = variable && process.env[variable]!;
    return other && other.toLowerCase() !== owner.toLowerCase()
        ? `githubRepository: its owner is "${owner}", and ${variable} in the environment has "${other}", which the provider would take\n` +
              `  fix: unset ${variable}`
        : undefined;
}

/** Not `getUser`, which asks for the account's keys as well: GitHub documents them for users, and not for organizations. */
async function accountOf(owner: string, lookup: pulumi.InvokeOptions): Promise<Account> {
    const found = await ofRestApi<{ login: string; id: number }>(`users/${owner}`, lookup);
    if (found === undefined) {
        throw new Error(`GitHub has no account "${owner}"`);
    }
    return { login: found.login, id: String(found.id) };
}

/**
 * The provider answers nothing, and no error, for a repository that GitHub does not show; and GitHub answers the old address of one
 * that was transferred.
 * @returns what is wrong and what to do
 */
export function problemOf(
    { owner, name }: Pick<GitHubRepositoryArgs, "owner" | "name">,
    { name: found, fullName, archived }: Pick<github.GetRepositoryResult, "name" | "fullName" | "archived">,
): string | undefined {
    const asked = `${owner}/${name}`;
    if (!found) {
        return (
            `githubRepository: GitHub shows no repository "${asked}" to this token: it does not exist, or the token cannot see it\n` +
            "  if the name is wrong: pulumi config set githubRepository <owner>/<name>\n" +
            "  if the stack is to create it: pulumi config set createGithubRepository true\n" +
            `  if it is there: let GITHUB_TOKEN see it (fine-grained: owner ${owner}, "${name}" among its repositories; ` +
            "classic: scope repo; in an organization with SSO: authorized for it)"
        );
    }
    if (fullName.split("/")[0]!.toLowerCase() !== owner.toLowerCase()) {
        return (
            `githubRepository: "${asked}" was transferred to "${fullName}", which its workflows' tokens now name\n` +
            `  fix: pulumi config set githubRepository ${fullName}`
        );
    }
    return archived
        ? `githubRepository: "${fullName}" is archived, and nothing can be written into it\n  fix: gh repo unarchive ${fullName}`
        : undefined;
}

/**
 * A repository that the stack has made is another one in the state under another owner, and made anew; under another name it is renamed
 * there, which GitHub has done already.
 */
export function moveOf(
    { owner, name }: Pick<GitHubRepositoryArgs, "owner" | "name">,
    { name: found, fullName }: Pick<github.GetRepositoryResult, "name" | "fullName">,
): string | undefined {
    const asked = `${owner}/${name}`;
    if (!found || fullName.toLowerCase() === asked.toLowerCase()) {
        return undefined;
    }
    return fullName.split("/")[0]!.toLowerCase() === owner.toLowerCase()
        ? `githubRepository: "${asked}" was renamed to "${fullName}", which its workflows' tokens now name\n` +
              `  fix: pulumi config set githubRepository ${fullName}, then pulumi up --refresh`
        : `githubRepository: "${asked}" was transferred to "${fullName}", and the stack, which has made it, would make another one there\n` +
              `  fix: transfer it back to ${owner}`;
}
