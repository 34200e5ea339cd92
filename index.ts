import { loadSettings } from "./infra/config";
import { Delivery } from "./infra/delivery/delivery";
import { PipelineSettings } from "./infra/github/pipelineSettings";
import { GitHubRepository } from "./infra/github/repository";
import { Monitoring } from "./infra/monitoring/monitoring";
import { findVpc } from "./infra/network/existingVpc";
import { LoadBalancer } from "./infra/network/loadBalancer";
import { Network } from "./infra/network/network";
import { Registry } from "./infra/registry/registry";
import { refuseImpossibleChanges } from "./infra/runningStack";
import { Schedules } from "./infra/schedules/schedules";
import { fewestTasks } from "./infra/service/scheduledScaling";
import { Secrets } from "./infra/service/secrets";
import { Service } from "./infra/service/service";
import { Task } from "./infra/service/task";
import { tagEverything } from "./infra/tags";

const settings = loadSettings();
const { name, tags, github, deletionProtection, containerPort: port, kmsKeyArn } = settings;
tagEverything(tags);
const { serving } = refuseImpossibleChanges(settings);

// First the checks: does an existing VPC fit, is the repository on GitHub, and are its settings free? Nothing is made until they pass.
const existing = findVpc(settings);
const repository = new GitHubRepository("main", {
    ...github,
    name: github.repository,
    serviceName: name,
    region: settings.region,
    deletionProtection,
});

// AWS: the way in, then the image, its secrets and the task, then the alarms and the service that use them.
const network = new Network("main", {
    ...settings,
    cidr: settings.vpcCidr,
    zones: settings.availabilityZones,
    existing,
});
const loadBalancer = new LoadBalancer("main", { ...settings, network, serving });
const registry = new Registry("main", { ...settings, repositoryName: name, context: "app" });
const secrets = new Secrets("main", {
    values: settings.secrets,
    existing: settings.secretArns,
    serviceName: name,
    kmsKeyArn,
    deletionProtection,
});
const task = new Task("main", { ...settings, family: name, registry, secrets, port });
const monitoring = new Monitoring("main", {
    ...settings,
    prefix: name,
    loadBalancer,
    fewestTasks: fewestTasks(settings),
    email: settings.alarmEmail,
});
const service = new Service("main", {
    ...settings,
    serviceName: name,
    network,
    loadBalancer,
    task,
    port,
    rollbackAlarms: monitoring.rollbackAlarmNames,
});
loadBalancer.leadHere(service.ready);
const schedules = new Schedules("main", { groupName: name, schedules: settings.schedules, task, service });
monitoring.watch(service, schedules, settings);

// GitHub: whom AWS lets in from there, and what the workflow finds there.
const delivery = new Delivery("main", {
    ...github,
    repository,
    runsTask: settings.releaseCommand !== undefined,
    hostedZoneArn: loadBalancer.hostedZoneArn,
    network,
    registry,
    task,
    service,
});
new PipelineSettings("main", {
    ...settings,
    repository,
    delivery,
    pulumiApp: github.pulumiApp,
    previewToken: github.previewToken,
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

// What other stacks of the app build on: docs/database.md.
export const vpcId = network.vpcId;
export const privateSubnetIds = network.privateSubnetIds;
export const publicSubnetIds = network.publicSubnetIds;
export const taskSecurityGroupId = service.securityGroupId;
export const taskRoleArn = task.taskRoleArn;
export const logGroupName = task.logGroupName;
export const alarmTopicArn = monitoring.topicArn;
