import * as pulumi from "@pulumi/pulumi";
import { RequestAlarms, TaskAlarms } from "./infra/alarms";
import { loadSettings } from "./infra/config";
import { Dashboard } from "./infra/dashboard";
import { Delivery } from "./infra/delivery";
import { GitHubRepository, PipelineSettings, runners } from "./infra/github";
import { LoadBalancer } from "./infra/loadBalancer";
import { Network } from "./infra/network";
import { Notifications } from "./infra/notifications";
import { Registry } from "./infra/registry";
import { Secrets } from "./infra/secrets";
import { Service } from "./infra/service";
import { tagEverything } from "./infra/tags";
import { Task } from "./infra/task";

const settings = loadSettings();
const { name, region, tags, app, github, deletionProtection, logRetentionDays } = settings;
tagEverything(tags);

// AWS, in the order in which a request meets it: network, load balancer, service, task, image.
const network = new Network("main", { ...settings.network, region, tags });
const loadBalancer = new LoadBalancer("main", {
    network,
    healthCheckPath: app.healthCheckPath,
    domain: settings.domain,
    deletionProtection,
});
const registry = new Registry("main", {
    repositoryName: name,
    context: "app",
    architecture: settings.service.architecture,
    deletionProtection,
});
const secrets = new Secrets("main", { values: app.secrets, existing: app.secretArns, deletionProtection });
const task = new Task("main", {
    family: name,
    registry,
    secrets,
    environment: app.environment,
    port: app.port,
    region,
    logRetentionDays,
    deletionProtection,
    ...settings.service,
});
const notifications = new Notifications("main", { email: settings.alarmEmail });
const requestAlarms = new RequestAlarms("main", { prefix: name, loadBalancer, notifications });
const service = new Service("main", {
    serviceName: name,
    network,
    loadBalancer,
    task,
    port: app.port,
    rollbackAlarm: requestAlarms.appErrors,
    logRetentionDays,
    ...settings.service,
});
const taskAlarms = new TaskAlarms("main", {
    prefix: name,
    loadBalancer,
    notifications,
    service,
    ...settings.service,
});
new Dashboard("main", {
    dashboardName: name,
    region,
    loadBalancer,
    service,
    alarms: [...requestAlarms.arns, ...taskAlarms.arns],
});

// GitHub: whom AWS lets in from there, and what the workflow finds there.
const repository = new GitHubRepository("main", {
    owner: github.owner,
    name: github.repository,
    create: github.create,
    branch: github.branch,
    environment: github.environment,
    deletionProtection,
});
const delivery = new Delivery("main", {
    repository,
    branch: github.branch,
    previews: github.previews,
    oidcProvider: github.oidcProvider,
    hostedZoneId: loadBalancer.hostedZoneId,
    registry,
    task,
    service,
});
new PipelineSettings("main", {
    repository,
    runner: runners[settings.service.architecture],
    deploy: {
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
    },
    preview: delivery.previewRoleArn && {
        secrets: { AWS_IAM_PREVIEW_ROLE_TO_ASSUME: delivery.previewRoleArn },
        variables: {
            AWS_REGION: region,
            PULUMI_GITHUB_APP: String(github.pulumiApp),
            PULUMI_ORGANIZATION: pulumi.getOrganization(),
            PULUMI_STACK: pulumi.getStack(),
        },
    },
});

export const url = loadBalancer.url; // what a person opens
export const clusterName = service.clusterName;
export const serviceName = service.serviceName;
export const taskDefinitionFamily = task.family;
export const repositoryUrl = registry.repositoryUrl;
export const deployRoleArn = delivery.deployRoleArn; // what deploy.yml becomes
export const previewRoleArn = delivery.previewRoleArn ?? ""; // what preview.yml becomes, where it previews this stack
export const vpcId = network.vpcId;
