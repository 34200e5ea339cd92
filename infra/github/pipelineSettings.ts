import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../config";
import type { Delivery } from "../delivery";
import type { LoadBalancer } from "../network/loadBalancer";
import type { Registry } from "../registry";
import type { Service } from "../service/service";
import type { Task } from "../service/task";
import type { GitHubRepository } from "./repository";

/** GitHub's hosted runners by the architecture that they build for, without emulation. */
const runners: Readonly<Record<Architecture, string>> = { x86_64: "ubuntu-24.04", arm64: "ubuntu-24.04-arm" };

export interface PipelineSettingsArgs {
    readonly repository: GitHubRepository;
    readonly delivery: Delivery;
    readonly region: string;
    /** What images are built for. */
    readonly architecture: Architecture;
    /** The Pulumi GitHub App comments on pull requests. */
    readonly pulumiApp: boolean;
    readonly loadBalancer: LoadBalancer;
    readonly registry: Registry;
    readonly task: Task;
    readonly service: Service;
}

/** What a workflow reads. */
interface Settings {
    /** By the secret's name. */
    readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
    /** By the variable's name. */
    readonly variables: Readonly<Record<string, pulumi.Input<string>>>;
}

/** What deploy.yml reads: the environment's, where there is one, so that each stack of a repository has its own. */
const deploySettings = ({
    delivery,
    loadBalancer,
    region,
    task,
    registry,
    service,
}: PipelineSettingsArgs): Settings => ({
    secrets: { AWS_IAM_ROLE_TO_ASSUME: delivery.deployRoleArn },
    variables: {
        APP_URL: loadBalancer.url,
        AWS_REGION: region,
        CONTAINER_NAME: task.containerName,
        ECR_REPOSITORY: registry.repositoryName,
        ECS_CLUSTER: service.clusterName,
        ECS_SERVICE: service.serviceName,
        ECS_TASK_DEFINITION: task.family,
    },
});

/** What preview.yml reads: the repository's, as a pull request enters no environment. Undefined: it previews another stack. */
const previewSettings = ({ delivery, region, pulumiApp }: PipelineSettingsArgs): Settings | undefined =>
    delivery.previewRoleArn && {
        secrets: { AWS_IAM_PREVIEW_ROLE_TO_ASSUME: delivery.previewRoleArn },
        variables: {
            AWS_REGION: region,
            PULUMI_GITHUB_APP: String(pulumiApp),
            PULUMI_ORGANIZATION: pulumi.getOrganization(),
            PULUMI_STACK: pulumi.getStack(),
        },
    };

/** What the workflows read: the roles in secrets, the names of everything else in variables. */
export class PipelineSettings extends pulumi.ComponentResource {
    constructor(name: string, args: PipelineSettingsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:github:PipelineSettings", name, {}, opts);
        const { repositoryName: repository, environment, provider } = args.repository;
        const child = { parent: this, provider };
        const deploy = deploySettings(args);
        const preview = previewSettings(args);
        const logicalName = (setting: string) => `${name}-${setting.toLowerCase().replaceAll("_", "-")}`;

        if (environment) {
            const place = { repository, environment: environment.created };
            for (const [secretName, value] of Object.entries(deploy.secrets)) {
                const sealed = { ...place, secretName, value: pulumi.secret(value) };
                new github.ActionsEnvironmentSecret(logicalName(secretName), sealed, child);
            }
            for (const [variableName, value] of Object.entries(deploy.variables)) {
                const variable = { ...place, variableName, value };
                new github.ActionsEnvironmentVariable(logicalName(variableName), variable, child);
            }
        }

        const shared = environment ? undefined : deploy;
        // GitHub chooses a job's runner before the job enters its environment.
        const runner = environment ? `RUNNER_${environment.variableSuffix}` : "RUNNER";
        for (const [secretName, value] of Object.entries({ ...shared?.secrets, ...preview?.secrets })) {
            const sealed = { repository, secretName, value: pulumi.secret(value) };
            new github.ActionsSecret(logicalName(secretName), sealed, child);
        }
        const variables = { ...shared?.variables, ...preview?.variables, [runner]: runners[args.architecture] };
        for (const [variableName, value] of Object.entries(variables)) {
            new github.ActionsVariable(logicalName(variableName), { repository, variableName, value }, child);
        }
        this.registerOutputs({});
    }
}
