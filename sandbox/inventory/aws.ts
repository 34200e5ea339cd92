/** What there is on the emulated AWS, asked of the services themselves, so that what the engine does not know of is seen too. */
import { ACM } from "@aws-sdk/client-acm";
import { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { ECR } from "@aws-sdk/client-ecr";
import { ECS, type TaskDefinitionStatus } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { IAM } from "@aws-sdk/client-iam";
import { Route53, type ResourceRecordSet } from "@aws-sdk/client-route-53";
import { S3 } from "@aws-sdk/client-s3";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SNS } from "@aws-sdk/client-sns";
import { ownPath, rootClient } from "../aws/emulator";
import type { Kind } from "./kind";
import { networkKinds, securityGroupRules } from "./network";
import { scheduleKinds } from "./schedules";

/** Every type that stands for itself, in an order in which all can be removed: what uses another comes before it. */
export function kinds(region: string): readonly Kind[] {
    const config = rootClient(region);
    return [
        ...scheduleKinds(config),
        ...services(new ECS(config), new ApplicationAutoScaling(config)),
        ...entrance(new ElasticLoadBalancingV2(config), new ACM(config), new Route53(config)),
        ...networkKinds(config),
        ...rest(config),
    ];
}

/** The ids of all rules of security groups, which go with their groups. */
export const rules = (region: string): Promise<string[]> => securityGroupRules(rootClient(region));

function services(ecs: ECS, scaling: ApplicationAutoScaling): Kind[] {
    const ServiceNamespace = "ecs";
    const ScalableDimension = "ecs:service:DesiredCount";
    const revisions = async (status: TaskDefinitionStatus, familyPrefix?: string) =>
        (await ecs.listTaskDefinitions({ status, familyPrefix })).taskDefinitionArns ?? [];
    const families = async () => [...(await revisions("ACTIVE")), ...(await revisions("INACTIVE"))].map(familyOf);
    const clusters = async () => (await ecs.listClusters({})).clusterArns ?? [];
    return [
        {
            type: "aws:appautoscaling/target:Target",
            list: async () => {
                const { ScalableTargets = [] } = await scaling.describeScalableTargets({ ServiceNamespace });
                return ScalableTargets.map(({ ResourceId }) => ResourceId!);
            },
            remove: (ResourceId) =>
                scaling.deregisterScalableTarget({ ResourceId, ServiceNamespace, ScalableDimension }),
        },
        {
            type: "aws:ecs/service:Service",
            list: async () => {
                const answers = (await clusters()).map((cluster) => ecs.listServices({ cluster }));
                return (await Promise.all(answers)).flatMap(({ serviceArns = [] }) => serviceArns);
            },
            remove: (service) => ecs.deleteService({ service, cluster: service.split("/")[1], force: true }),
        },
        {
            type: "aws:ecs/taskDefinition:TaskDefinition",
            list: async () => [...new Set(await families())],
            remove: async (family) => {
                for (const taskDefinition of await revisions("ACTIVE", family)) {
                    await ecs.deregisterTaskDefinition({ taskDefinition });
                }
                const inactive = await revisions("INACTIVE", family);
                for (let start = 0; start < inactive.length; start += 10) {
                    await ecs.deleteTaskDefinitions({ taskDefinitions: inactive.slice(start, start + 10) });
                }
            },
        },
        {
            type: "aws:ecs/cluster:Cluster",
            list: async () => {
                const { clusters: found = [] } = await ecs.describeClusters({ clusters: await clusters() });
                return found.filter(({ status }) => status === "ACTIVE").map(({ clusterArn }) => clusterArn!);
            },
            remove: (cluster) => ecs.deleteCluster({ cluster }),
        },
    ];
}

const familyOf = (arn: string) => arn.replace(/^.*\/|:\d+$/g, "");

function entrance(elb: ElasticLoadBalancingV2, acm: ACM, route53: Route53): Kind[] {
    const balancers = async () => (await elb.describeLoadBalancers({})).LoadBalancers ?? [];
    const recordsOf = async (HostedZoneId: string, zone: string) => {
        const { ResourceRecordSets = [] } = await route53.listResourceRecordSets({ HostedZoneId });
        // Every zone has these two, from its creation on.
        const isZones = ({ Name, Type }: ResourceRecordSet) => Name === zone && (Type === "NS" || Type === "SOA");
        return ResourceRecordSets.filter((set) => !isZones(set));
    };
    const recordId = (zoneId: string, { Name, Type }: ResourceRecordSet) =>
        `${zoneId}_${Name!.replace(/\.$/, "")}_${Type!}`;
    const zones = async () =>
        ((await route53.listHostedZones({})).HostedZones ?? []).map(({ Id, Name }) => ({
            id: Id!.replace("/hostedzone/", ""),
            name: Name!,
        }));
    const listeners = async () => {
        const answers = (await balancers()).map(({ LoadBalancerArn }) => elb.describeListeners({ LoadBalancerArn }));
        return (await Promise.all(answers)).flatMap(({ Listeners = [] }) =>
            Listeners.map(({ ListenerArn }) => ListenerArn!),
        );
    };
    return [
        {
            type: "aws:route53/record:Record",
            list: async () => {
                const ids = (await zones()).map(async ({ id, name }) =>
                    (await recordsOf(id, name)).map((record) => recordId(id, record)),
                );
                return (await Promise.all(ids)).flat();
            },
            remove: async (id) => {
                const zone = (await zones()).find((each) => id.startsWith(`${each.id}_`));
                const records = zone ? await recordsOf(zone.id, zone.name) : [];
                // A record is deleted only where it is given in full.
                const Changes = records
                    .filter((record) => recordId(zone!.id, record) === id)
                    .map((ResourceRecordSet) => ({ Action: "DELETE" as const, ResourceRecordSet }));
                await route53.changeResourceRecordSets({ HostedZoneId: zone?.id, ChangeBatch: { Changes } });
            },
        },
        {
            type: "aws:lb/listenerRule:ListenerRule",
            list: async () => {
                const answers = (await listeners()).map((ListenerArn) => elb.describeRules({ ListenerArn }));
                const rules = (await Promise.all(answers)).flatMap(({ Rules = [] }) => Rules);
                return rules.filter(({ IsDefault }) => !IsDefault).map(({ RuleArn }) => RuleArn!);
            },
            remove: (RuleArn) => elb.deleteRule({ RuleArn }),
        },
        {
            type: "aws:lb/listener:Listener",
            list: listeners,
            remove: (ListenerArn) => elb.deleteListener({ ListenerArn }),
        },
        {
            type: "aws:lb/loadBalancer:LoadBalancer",
            list: async () => (await balancers()).map(({ LoadBalancerArn }) => LoadBalancerArn!),
            remove: (LoadBalancerArn) => elb.deleteLoadBalancer({ LoadBalancerArn }),
        },
        {
            type: "aws:lb/targetGroup:TargetGroup",
            list: async () =>
                ((await elb.describeTargetGroups({})).TargetGroups ?? []).map(({ TargetGroupArn }) => TargetGroupArn!),
            remove: (TargetGroupArn) => elb.deleteTargetGroup({ TargetGroupArn }),
        },
        {
            type: "aws:acm/certificate:Certificate",
            list: async () =>
                ((await acm.listCertificates({})).CertificateSummaryList ?? []).map(
                    ({ CertificateArn }) => CertificateArn!,
                ),
            remove: (CertificateArn) => acm.deleteCertificate({ CertificateArn }),
        },
    ];
}

function rest(config: ReturnType<typeof rootClient>): Kind[] {
    const [cloudWatch, logs, ecr] = [new CloudWatch(config), new CloudWatchLogs(config), new ECR(config)];
    const [iam, secrets, sns] = [new IAM(config), new SecretsManager(config), new SNS(config)];
    const events = new EventBridge(config);
    const s3 = new S3({ ...config, forcePathStyle: true });
    return [
        {
            type: "aws:cloudwatch/metricAlarm:MetricAlarm",
            list: async () =>
                ((await cloudWatch.describeAlarms({})).MetricAlarms ?? []).map(({ AlarmName }) => AlarmName!),
            remove: (name) => cloudWatch.deleteAlarms({ AlarmNames: [name] }),
        },
        {
            type: "aws:cloudwatch/dashboard:Dashboard",
            list: async () =>
                ((await cloudWatch.listDashboards({})).DashboardEntries ?? []).map(
                    ({ DashboardName }) => DashboardName!,
                ),
            remove: (name) => cloudWatch.deleteDashboards({ DashboardNames: [name] }),
        },
        {
            type: "aws:cloudwatch/logGroup:LogGroup",
            list: async () =>
                ((await logs.describeLogGroups({})).logGroups ?? []).map(({ logGroupName }) => logGroupName!),
            remove: (logGroupName) => logs.deleteLogGroup({ logGroupName }),
        },
        {
            type: "aws:ecr/repository:Repository",
            list: async () =>
                ((await ecr.describeRepositories({})).repositories ?? []).map(({ repositoryName }) => repositoryName!),
            remove: (repositoryName) => ecr.deleteRepository({ repositoryName, force: true }),
        },
        {
            type: "aws:iam/role:Role",
            list: async () =>
                ((await iam.listRoles({})).Roles ?? [])
                    .filter(({ Path }) => !Path?.startsWith("/aws-service-role/") && Path !== ownPath)
                    .map(({ RoleName }) => RoleName!),
            remove: async (RoleName) => {
                for (const PolicyName of (await iam.listRolePolicies({ RoleName })).PolicyNames ?? []) {
                    await iam.deleteRolePolicy({ RoleName, PolicyName });
                }
                const { AttachedPolicies = [] } = await iam.listAttachedRolePolicies({ RoleName });
                for (const { PolicyArn } of AttachedPolicies) {
                    await iam.detachRolePolicy({ RoleName, PolicyArn });
                }
                await iam.deleteRole({ RoleName });
            },
        },
        {
            type: "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            list: async () =>
                ((await iam.listOpenIDConnectProviders({})).OpenIDConnectProviderList ?? []).map(({ Arn }) => Arn!),
            remove: (OpenIDConnectProviderArn) => iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn }),
        },
        {
            type: "aws:secretsmanager/secret:Secret",
            list: async () => ((await secrets.listSecrets({})).SecretList ?? []).map(({ ARN }) => ARN!),
            remove: (SecretId) => secrets.deleteSecret({ SecretId, ForceDeleteWithoutRecovery: true }),
        },
        {
            type: "aws:cloudwatch/eventRule:EventRule",
            list: async () => ((await events.listRules({})).Rules ?? []).map(({ Name }) => Name!),
            remove: async (Rule) => {
                const { Targets = [] } = await events.listTargetsByRule({ Rule });
                if (Targets.length > 0) {
                    await events.removeTargets({ Rule, Ids: Targets.map(({ Id }) => Id!) });
                }
                await events.deleteRule({ Name: Rule });
            },
        },
        {
            type: "aws:s3/bucket:Bucket",
            list: async () => ((await s3.listBuckets({})).Buckets ?? []).map(({ Name }) => Name!),
            remove: async (Bucket) => {
                for (const { Key } of (await s3.listObjectsV2({ Bucket })).Contents ?? []) {
                    await s3.deleteObject({ Bucket, Key });
                }
                await s3.deleteBucket({ Bucket });
            },
        },
        {
            type: "aws:sns/topic:Topic",
            list: async () => ((await sns.listTopics({})).Topics ?? []).map(({ TopicArn }) => TopicArn!),
            remove: (TopicArn) => sns.deleteTopic({ TopicArn }),
        },
    ];
}
