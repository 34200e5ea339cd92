import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { OidcProvider } from "../config";
import type { GitHubRepository } from "../github/repository";
import { newRole, policyDocument, type Statement } from "../iam";
import { deployStatements } from "./deployRights";
import { previewStatements } from "./previewRights";
import { lookUpAfterChecks } from "../checks";
import type { Network } from "../network/network";
import type { Registry } from "../registry/registry";
import type { Service } from "../service/service";
import type { Task } from "../service/task";

export interface DeliveryArgs {
    readonly repository: GitHubRepository;
    /** The branch whose workflow may deploy. */
    readonly branch: string;
    /** Whether pull requests of the repository preview the stack. */
    readonly previews: boolean;
    /** Whether a task is run before each release. */
    readonly runsTask: boolean;
    /** An AWS account has one provider for GitHub: this stack's own, or one that is there already. */
    readonly oidcProvider: OidcProvider;
    /** The Route 53 zone that the program looks up, where the app has a domain. */
    readonly hostedZoneArn?: pulumi.Output<string>;
    readonly network: Network;
    readonly registry: Registry;
    readonly task: Task;
    readonly service: Service;
}

/** Both names are GitHub's and AWS's, and part of the trust: see "Configuring OpenID Connect in Amazon Web Services" in GitHub's docs. */
const issuer = "token.actions.githubusercontent.com";
const audience = "sts.amazonaws.com";

/** The AWS half of the pipeline: whom AWS lets in from GitHub, and what they may do. No key is stored anywhere. */
export class Delivery extends pulumi.ComponentResource {
    /** What deploy.yml becomes, on a push to the branch, in the environment where there is one. */
    public readonly deployRoleArn: pulumi.Output<string>;
    /** What preview.yml becomes, on a pull request; undefined: a pull request gets nothing from this stack. */
    public readonly previewRoleArn?: pulumi.Output<string>;

    constructor(name: string, args: DeliveryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:delivery:Delivery", name, {}, opts);

        const { environment } = args.repository;
        const provider =
            args.oidcProvider === "create"
                ? new aws.iam.OpenIdConnectProvider(
                      `${name}-github`,
                      { url: `https://${issuer}`, clientIdLists: [audience] },
                      { parent: this },
                  )
                : lookUpAfterChecks(() =>
                      aws.iam.getOpenIdConnectProvider({ url: `https://${issuer}` }, { parent: this }),
                  );

        const role = (
            purpose: string,
            description: string,
            { context, ...claims }: { readonly context: string; readonly workflow: string; readonly ref?: string },
            statements: readonly Statement[],
        ) => {
            const created = newRole(
                `${name}-${purpose}`,
                {
                    description,
                    trust: {
                        principal: { Federated: provider.arn },
                        action: "sts:AssumeRoleWithWebIdentity",
                        condition: {
                            StringEquals: {
                                [`${issuer}:aud`]: audience,
                                [`${issuer}:sub`]: subjects(args.repository, context),
                            },
                            // Where AWS knows of these claims: in its commercial regions, since January 2026.
                            StringEqualsIfExists: Object.fromEntries(
                                Object.entries(claims).map(([claim, value]) => [`${issuer}:${claim}`, value]),
                            ),
                        },
                    },
                },
                { parent: this },
            );
            new aws.iam.RolePolicy(
                `${name}-${purpose}`,
                { role: created.name, policy: policyDocument(statements) },
                { parent: this },
            );
            return created;
        };

        const deployRole = role(
            "deploy",
            "GitHub Actions: pushes images and rolls them out",
            {
                workflow: "deploy",
                ...(environment
                    ? // GitHub leaves the branch out of the subject then. The environment lets this one in only, and one that has lost
                      // its rules AWS does not.
                      { context: `environment:${environment.environmentName}`, ref: `refs/heads/${args.branch}` }
                    : { context: `ref:refs/heads/${args.branch}` }),
            },
            deployStatements({
                repositoryArn: args.registry.repositoryArn,
                familyArn: args.task.familyArn,
                serviceArn: args.service.serviceArn,
                subnetIds: args.service.subnetIds,
                logGroupArn: args.task.logGroupArn,
                taskRoleArns: [args.task.executionRoleArn, args.task.taskRoleArn],
                runsTask: args.runsTask,
            }),
        );
        const previewRole = args.previews
            ? role(
                  "preview",
                  "GitHub Actions: previews pull requests, changes nothing",
                  { workflow: "preview", context: "pull_request" },
                  previewStatements({
                      oidcProviderArn: args.oidcProvider === "existing" ? provider.arn : undefined,
                      vpc: args.network.isLookedUp,
                      hostedZoneArn: args.hostedZoneArn,
                  }),
              )
            : undefined;

        this.deployRoleArn = deployRole.arn;
        this.previewRoleArn = previewRole?.arn;
        this.registerOutputs({ deployRoleArn: this.deployRoleArn, previewRoleArn: this.previewRoleArn });
    }
}

/**
 * The `sub` of the repository's tokens, to the letter: by name, and in the immutable form with the ids of owner and repository,
 * which GitHub issues for repositories created, renamed or transferred since July 2026 and for those that opted in.
 */
export function subjects(
    {
        owner,
        ownerId,
        repositoryName,
        repositoryId,
    }: Pick<GitHubRepository, "owner" | "ownerId" | "repositoryName" | "repositoryId">,
    context: string,
): pulumi.Output<string>[] {
    return [
        pulumi.interpolate`repo:${owner}/${repositoryName}:${context}`,
        pulumi.interpolate`repo:${owner}@${ownerId}/${repositoryName}@${repositoryId}:${context}`,
    ];
}
