import { loadSettings } from "./infra/config";
import { Delivery } from "./infra/delivery";
import { PipelineSettings } from "./infra/github/pipelineSettings";
import { GitHubRepository } from "./infra/github/repository";
import { Monitoring } from "./infra/monitoring/monitoring";
import { LoadBalancer } from "./infra/network/loadBalancer";
import { Network } from "./infra/network/network";
import { Registry } from "./infra/registry";
import { Secrets } from "./infra/service/secrets";
import { Service } from "./infra/service/service";
import { Task } from "./infra/service/task";
import { tagEverything } from "./infra/tags";

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
const monitoring = new Monitoring("main", { prefix: name, region, loadBalancer, email: settings.alarmEmail });
const service = new Service("main", {
    serviceName: name,
    network,
    loadBalancer,
    task,
    port: app.port,
    rollbackAlarm: monitoring.appErrors,
    logRetentionDays,
    ...settings.service,
});
monitoring.watch(service, settings.service);

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
    delivery,
    region,
    architecture: settings.service.architecture,
    pulumiApp: github.pulumiApp,
    loadBalancer,
    registry,
    task,
    service,
});

export const url = loadBalancer.url; // what a person opens
export const clusterName = service.clusterName;
export const serviceName = service.serviceName;
export const taskDefinitionFamily = task.family;
export const repositoryUrl = registry.repositoryUrl;
export const deployRoleArn = delivery.deployRoleArn; // what deploy.yml becomes
export const previewRoleArn = delivery.previewRoleArn ?? ""; // what preview.yml becomes, where it previews this stack
export const vpcId = network.vpcId;
