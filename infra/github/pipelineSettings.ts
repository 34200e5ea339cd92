import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture, ImageScan } from "../config";
import type { Delivery } from "../delivery/delivery";
import type { LoadBalancer } from "../network/loadBalancer";
import type { Registry } from "../registry/registry";
import type { Service } from "../service/service";
import type { Task } from "../service/task";
import type { GitHubRepository } from "./repository";
import { runnerName, type deployNames, type previewNames, type SettingNames } from "./settingNames";

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
    /** For whom Pulumi Cloud gives a preview its token: `organization`, `team:NAME` or `user:LOGIN`. */
    readonly previewToken: string;
    /** Undefined: nothing is run before a release. */
    readonly releaseCommand?: readonly string[];
    readonly imageScan: ImageScan;
    /** Whether an image is pushed with the list of what is in it. */
    readonly imageSbom: boolean;
    /** Nobody but the VPC reaches the load balancer, and so no runner of GitHub's. */
    readonly internal: boolean;
    readonly loadBalancer: LoadBalancer;
    readonly registry: Registry;
    readonly task: Task;
    readonly service: Service;
}

/** What a workflow reads. */
interface WorkflowSettings<Names extends SettingNames = SettingNames> {
    readonly secrets: Readonly<Record<Names["secrets"][number], pulumi.Input<string>>>;
    readonly variables: Readonly<Record<Names["variables"][number], pulumi.Input<string>>>;
}

const deploySettings = ({
    delivery,
    releaseCommand = [],
    imageScan,
    imageSbom,
    internal,
    loadBalancer,
    region,
    task,
    registry,
    service,
}: PipelineSettingsArgs): WorkflowSettings<typeof deployNames> => ({
    secrets: { AWS_IAM_ROLE_TO_ASSUME: delivery.deployRoleArn },
    variables: {
        APP_URL: loadBalancer.url,
        AWS_REGION: region,
        CONTAINER_NAME: task.containerName,
        ECR_REPOSITORY: registry.repositoryName,
        ECS_CLUSTER: service.clusterName,
        ECS_SERVICE: service.serviceName,
        ECS_TASK_DEFINITION: task.family,
        IMAGE_SBOM: String(imageSbom),
        IMAGE_SCAN: imageScan,
        LOAD_BALANCER: internal ? "internal" : "internet-facing",
        RELEASE_COMMAND: JSON.stringify(releaseCommand), // GitHub keeps no empty variable
    },
});

/** Undefined: preview.yml previews another stack. */
const previewSettings = ({
    delivery,
    region,
    pulumiApp,
    previewToken,
}: PipelineSettingsArgs): WorkflowSettings<typeof previewNames> | undefined =>
    delivery.previewRoleArn && {
        secrets: { AWS_IAM_PREVIEW_ROLE_TO_ASSUME: delivery.previewRoleArn },
        variables: {
            AWS_REGION: region,
            PULUMI_GITHUB_APP: String(pulumiApp),
            PULUMI_ORGANIZATION: pulumi.getOrganization(),
            PULUMI_STACK: pulumi.getStack(),
            PULUMI_TOKEN: previewToken,
        },
    };

/** What the workflows read: the roles in secrets, the names of everything else in variables. */
export class PipelineSettings extends pulumi.ComponentResource {
    constructor(name: string, args: PipelineSettingsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:github:PipelineSettings", name, {}, opts);
        const { repositoryName: repository, environment } = args.repository;
        const child = args.repository.settingOptions(this);
        const deploy = deploySettings(args);
        const preview = previewSettings(args);
        const logicalName = (setting: string) => `${name}-${setting.toLowerCase().replaceAll("_", "-")}`;

        const written: pulumi.Resource[] = [];
        if (environment) {
            const place = { repository, environment: environment.created };
            const inside = { ...child, deletedWith: environment.resource };
            written.push(
                ...write(deploy, inside, {
                    variable: (variableName, value, options) =>
                        new github.ActionsEnvironmentVariable(
                            logicalName(variableName),
                            { ...place, variableName, value },
                            options,
                        ),
                    secret: (secretName, value, options) =>
                        new github.ActionsEnvironmentSecret(
                            logicalName(secretName),
                            { ...place, secretName, value },
                            options,
                        ),
                }),
            );
        }

        const shared = environment ? undefined : deploy;
        const { PULUMI_STACK, ...previewed } = preview?.variables ?? {};
        const inRepository = {
            variable: (variableName, value, options) =>
                new github.ActionsVariable(logicalName(variableName), { repository, variableName, value }, options),
            secret: (secretName, value, options) =>
                new github.ActionsSecret(logicalName(secretName), { repository, secretName, value }, options),
        } satisfies Writes;
        const variables = { ...shared?.variables, ...previewed };
        const secrets = { ...shared?.secrets, ...preview?.secrets };
        written.push(...write({ variables, secrets }, child, inRepository));

        // Those that a job is skipped without: what it reads comes before them, and goes after.
        const runner = { [runnerName(environment?.environmentName)]: runners[args.architecture] };
        const gates = { ...runner, ...(PULUMI_STACK !== undefined && { PULUMI_STACK }) };
        const last = { ...child, dependsOn: [...child.dependsOn, ...written] };
        write({ variables: gates, secrets: {} }, last, inRepository);
        this.registerOutputs({});
    }
}

type Write = (name: string, value: pulumi.Input<string>, options: pulumi.CustomResourceOptions) => pulumi.Resource;

interface Writes {
    readonly variable: Write;
    readonly secret: Write;
}

/** GitHub refuses a variable that is there already and overwrites a secret: the secrets come last. */
function write(
    { variables, secrets }: WorkflowSettings,
    options: Omit<pulumi.CustomResourceOptions, "dependsOn"> & { readonly dependsOn: pulumi.Resource[] },
    how: Writes,
): pulumi.Resource[] {
    const written = Object.entries(variables).map(([name, value]) => how.variable(name, value, options));
    const after = { ...options, dependsOn: [...options.dependsOn, ...written] };
    return [
        ...written,
        ...Object.entries(secrets).map(([name, value]) => how.secret(name, pulumi.secret(value), after)),
    ];
}
