import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../config";
import { lookUpAfterChecks } from "../checks";

export interface GitHubEnvironmentArgs {
    /** The repository's name, without its owner. */
    readonly repository: pulumi.Input<string>;
    readonly environment: Environment;
    /** The only branch whose runs may enter the environment. */
    readonly branch: string;
    /** What is written into the repository is written with these. */
    readonly options: (parent: pulumi.Resource) => pulumi.CustomResourceOptions;
}

/**
 * A GitHub environment: what a deployment has to pass. The subject of a token says in which environment its job is and then no longer on
 * which branch: it is GitHub that keeps the other branches out, and AWS where it knows the claim.
 */
export class GitHubEnvironment extends pulumi.ComponentResource {
    public readonly environmentName: string;
    /** What is in the environment goes with it. */
    public readonly resource: pulumi.Resource;
    /** The name again, known once the environment is there. */
    public readonly created: pulumi.Output<string>;

    constructor(name: string, args: GitHubEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:github:GitHubEnvironment", name, {}, opts);
        const { repository } = args;
        const { name: environment, reviewers, preventSelfReview, adminsBypass } = args.environment;

        const users = reviewers.users.map(
            (username) => lookUpAfterChecks(() => github.getUser({ username }, { parent: this })).id,
        );
        const teams = reviewers.teams.map(
            (slug) => lookUpAfterChecks(() => github.getTeam({ slug, summaryOnly: true }, { parent: this })).id,
        );
        const asked = users.length + teams.length > 0;
        const created = new github.RepositoryEnvironment(
            name,
            {
                repository,
                environment,
                reviewers: asked ? [{ users: users.map(toNumber), teams: teams.map(toNumber) }] : undefined,
                preventSelfReview,
                canAdminsBypass: adminsBypass,
                deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
            },
            args.options(this),
        );
        new github.RepositoryEnvironmentDeploymentPolicy(
            name,
            { repository, environment: created.environment, branchPattern: args.branch },
            { ...args.options(this), deletedWith: created },
        );

        this.resource = created;
        this.environmentName = environment;
        this.created = created.environment;
        this.registerOutputs({ environment: this.created });
    }
}

/** GitHub's ids are numbers; the look-ups give every id as a text. */
const toNumber = (id: pulumi.Output<string>): pulumi.Output<number> => id.apply(Number);
