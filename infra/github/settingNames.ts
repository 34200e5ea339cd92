/** Secrets and variables by whom they are for; the workflows read all of them. */
export interface SettingNames {
    readonly secrets: readonly string[];
    readonly variables: readonly string[];
}

/** What deploy.yml reads: the environment's, where there is one, so that each stack of a repository has its own. */
export const deployNames = {
    secrets: ["AWS_IAM_ROLE_TO_ASSUME"],
    variables: [
        "APP_URL",
        "AWS_REGION",
        "CONTAINER_NAME",
        "ECR_REPOSITORY",
        "ECS_CLUSTER",
        "ECS_SERVICE",
        "ECS_TASK_DEFINITION",
        "IMAGE_SBOM",
        "IMAGE_SCAN",
        "LOAD_BALANCER",
        "RELEASE_COMMAND",
    ],
} as const satisfies SettingNames;

/** What preview.yml reads: the repository's, as a pull request enters no environment. */
export const previewNames = {
    secrets: ["AWS_IAM_PREVIEW_ROLE_TO_ASSUME"],
    variables: ["AWS_REGION", "PULUMI_GITHUB_APP", "PULUMI_ORGANIZATION", "PULUMI_STACK", "PULUMI_TOKEN"],
} as const satisfies SettingNames;

/** The repository's, too: GitHub chooses a job's runner before the job enters its environment. */
export const runnerName = (environment?: string): string =>
    environment === undefined ? "RUNNER" : `RUNNER_${environment.toUpperCase().replaceAll("-", "_")}`;
