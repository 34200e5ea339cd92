import type { Registration } from "../recorder";
import type { Prices } from "./priceList";

/** The hours of a month, as AWS's own calculator counts them. */
export const hours = 730;

export interface Line {
    readonly what: string;
    readonly quantity: number;
    /** Empty for what is counted by the piece. */
    readonly unit: string;
    /** US dollars for one unit. */
    readonly price: number;
}

export interface Context {
    readonly prices: Prices;
    /** How many tasks run, all month. */
    readonly tasks: number;
    /** The one resource of a type. */
    one(type: string): Registration;
}

/** What a resource costs by being there, and what it costs by being used, which nobody knows beforehand. */
export interface Charges {
    readonly lines?: readonly Line[];
    readonly byUse?: readonly string[];
}

export type Charge = (resource: Registration, context: Context) => Charges;

export const free: Charge = () => ({});

/** Every resource type that the program declares: what AWS asks for it. The report follows this order. */
export const charges: Readonly<Record<string, Charge>> = {
    "awsx:ec2:Vpc": network,
    // Only beside an existing VPC.
    "aws:ec2/managedPrefixList:ManagedPrefixList": (_, { prices }) => ({
        byUse: [
            ...traffic(prices),
            "What the existing VPC costs is not the stack's: its NAT gateways, and the traffic through them",
        ],
    }),
    "aws:lb/loadBalancer:LoadBalancer": loadBalancer,
    "aws:ecs/service:Service": service,
    "aws:secretsmanager/secret:Secret": (_, { prices }) => ({
        lines: [{ what: "Secrets", quantity: 1, unit: "", price: prices.secretMonth }],
        byUse: [`Reading secrets when a task starts: ${dollars(prices.secretReads10000)} for 10,000 times`],
    }),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ({ inputs }, { prices }) => {
        // An alarm with arithmetic is charged for each metric that goes into it, not for the result.
        const queries = inputs.metricQueries as readonly { readonly metric?: unknown }[] | undefined;
        const metrics = queries?.filter(({ metric }) => metric !== undefined).length ?? 1;
        return { lines: [{ what: "Alarms, by metric", quantity: metrics, unit: "", price: prices.alarmMetricMonth }] };
    },
    "aws:appautoscaling/policy:Policy": ({ inputs }, { prices }) => {
        // AWS makes an alarm to scale out by, and one to scale in by; each is charged for the metrics that go into it.
        const { customizedMetricSpecification: own } = inputs.targetTrackingScalingPolicyConfiguration as {
            readonly customizedMetricSpecification?: { readonly metrics: readonly { readonly metricStat?: unknown }[] };
        };
        const metrics = own?.metrics.filter(({ metricStat }) => metricStat !== undefined).length ?? 1;
        const price = prices.alarmMetricMonth;
        return {
            lines: [{ what: "Alarms that autoscaling makes, by metric", quantity: 2 * metrics, unit: "", price }],
        };
    },
    "aws:cloudwatch/dashboard:Dashboard": (_, { prices }) => ({
        lines: [{ what: "Dashboards", quantity: 1, unit: "", price: prices.dashboardMonth }],
    }),

    "aws:cloudwatch/logGroup:LogGroup": (_, { prices }) => ({
        byUse: [
            `Logs: ${dollars(prices.logsGb)} for a GB written, ${dollars(prices.logsGbMonth)} for a GB kept for a month`,
        ],
    }),
    "aws:ecs/cluster:Cluster": ({ inputs }, { prices }) => {
        const settings = (inputs.settings ?? []) as readonly { readonly name: string; readonly value: string }[];
        const insights = settings.find(({ name }) => name === "containerInsights")?.value ?? "disabled";
        const price = insights === "enhanced" ? prices.enhancedMetricMonth : prices.customMetricMonth;
        return insights === "disabled"
            ? {}
            : { byUse: [`Container Insights: ${dollars(price)} for each metric, and its logs`] };
    },
    "aws:ecr/repository:Repository": ({ inputs }, { prices }) => ({
        byUse: [
            `Images: ${dollars(prices.imageGbMonth)} for a GB kept for a month (of those that were live, of pulumi up and of all others at most 50 stay)`,
            // Where there is a key, images are encrypted with it.
            ...(inputs.encryptionConfigurations
                ? [
                      `The KMS key, which is not the stack's: ${dollars(prices.keyMonth)} a month, and ` +
                          `${dollars(prices.keyRequests10000)} for 10,000 requests`,
                  ]
                : []),
        ],
    }),
    "aws:s3/bucket:Bucket": (_, { prices }) => ({
        byUse: [`Access logs of the load balancer: ${dollars(prices.bucketGbMonth)} for a GB kept for a month`],
    }),
    "aws:wafv2/webAclAssociation:WebAclAssociation": () => ({
        byUse: ["The web ACL, which is not the stack's: for itself, for each rule, and for requests"],
    }),
    "aws:sns/topic:Topic": free,
    "aws:sns/topicSubscription:TopicSubscription": (_, { prices }) => ({
        byUse: [`Mails about alarms: ${dollars(prices.mails100000)} for 100,000`],
    }),
    "aws:scheduler/schedule:Schedule": () => ({
        byUse: ["Scheduled runs: their tasks by the second, a minute at least, at the prices of Fargate above"],
    }),
    "aws:route53/record:Record": ({ inputs }, { prices }) => ({
        // Queries for an alias of a load balancer are free, and those for the certificate's record are few.
        byUse: inputs.aliases ? [`The hosted zone, which is not the stack's: ${dollars(prices.hostedZoneMonth)}`] : [],
    }),

    "aws:acm/certificate:Certificate": free,
    "aws:acm/certificateValidation:CertificateValidation": free,
    "aws:appautoscaling/scheduledAction:ScheduledAction": free,
    "aws:appautoscaling/target:Target": free,
    "aws:cloudwatch/eventRule:EventRule": free, // for events of AWS's own services
    "aws:cloudwatch/eventTarget:EventTarget": free,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": free,
    "aws:ec2/route:Route": free,
    "aws:ec2/flowLog:FlowLog": free, // what it writes is charged in the log group
    "aws:ec2/securityGroup:SecurityGroup": free,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": free,
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": free,
    "aws:ecs/taskDefinition:TaskDefinition": free, // its size is charged where the service runs it
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": free,
    "aws:iam/role:Role": free,
    "aws:iam/rolePolicy:RolePolicy": free,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": free,
    "aws:lb/listener:Listener": free,
    "aws:lb/listenerRule:ListenerRule": free, // up to ten of a load balancer
    "aws:lb/targetGroup:TargetGroup": free,
    "aws:scheduler/scheduleGroup:ScheduleGroup": free,
    "aws:sqs/queue:Queue": free, // a million requests a month are, and this one has a message where something fails
    "aws:sqs/queuePolicy:QueuePolicy": free,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": free,
    "aws:s3/bucketPolicy:BucketPolicy": free,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": free,
    "aws:secretsmanager/secretVersion:SecretVersion": free,
    "aws:sns/topicPolicy:TopicPolicy": free,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": free,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": free,
    "docker-build:index:Image": free, // its size is charged in the ECR repository
    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret": free,
    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": free,
    "github:index/actionsSecret:ActionsSecret": free,
    "github:index/actionsVariable:ActionsVariable": free,
    "github:index/repository:Repository": free,
    "github:index/repositoryEnvironment:RepositoryEnvironment": free,
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": free,
    "pulumi-nodejs:dynamic/ecs:ReadableSecrets": free,
    "pulumi-nodejs:dynamic/ecs:TaskDefinitionFamily": free,
    "pulumi-nodejs:dynamic/guard:RunningStack": free,
    "pulumi-nodejs:dynamic/github:Claim": free,
    "pulumi-nodejs:dynamic/network:FittingVpc": free,
    "pulumi-nodejs:dynamic/network:KeptZones": free,
    "pulumi:providers:github": free,
};

const addresses = (whose: string, count: number, { prices }: Context): Line => ({
    what: `${named(count, "public IPv4 address", "es")} of ${whose}`,
    quantity: count * hours,
    unit: "h",
    price: prices.publicIpv4Hour,
});

const traffic = (prices: Prices) => [
    `Traffic to the internet: ${dollars(prices.toInternetGb)} for a GB`,
    `Traffic between zones: ${dollars(prices.betweenZonesGb)} for a GB in each direction`,
];

/** The gateways that awsx makes in the VPC; the VPC itself, its subnets and the S3 endpoint are free. */
function network({ inputs }: Registration, context: Context): Charges {
    const { prices } = context;
    const { strategy } = inputs.natGateways as { readonly strategy: keyof typeof gateways };
    const gateways = { None: 0, Single: 1, OnePerAz: (inputs.availabilityZoneNames as readonly string[]).length };
    const count = gateways[strategy];
    if (count === 0) {
        return { byUse: traffic(prices) };
    }
    return {
        lines: [
            {
                what: named(count, "NAT gateway"),
                quantity: count * hours,
                unit: "h",
                price: prices.natGatewayHour,
            },
            addresses("NAT", count, context),
        ],
        byUse: [
            ...traffic(prices),
            `Traffic through NAT, image layers not among it: ${dollars(prices.natGatewayGb)} for a GB`,
        ],
    };
}

function loadBalancer({ inputs }: Registration, context: Context): Charges {
    const { prices } = context;
    const zones = (inputs.subnets as readonly string[]).length;
    return {
        lines: [
            { what: "1 load balancer", quantity: hours, unit: "h", price: prices.loadBalancerHour },
            ...(inputs.internal ? [] : [addresses("the load balancer, one in each zone", zones, context)]),
        ],
        byUse: [
            `Requests: ${dollars(prices.lcuHour)} for an hour and LCU (25 new connections a second, 3,000 open ones, or 1 GB an hour)`,
        ],
    };
}

interface Strategy {
    readonly capacityProvider: "FARGATE" | "FARGATE_SPOT";
    readonly base: number;
    readonly weight: number;
}

/** The running tasks, by how ECS spreads them over its capacity providers. */
function service({ inputs }: Registration, context: Context): Charges {
    const { prices, tasks } = context;
    const { cpu, memory, runtimePlatform } = context.one("aws:ecs/taskDefinition:TaskDefinition").inputs as {
        readonly cpu: string;
        readonly memory: string;
        readonly runtimePlatform: { readonly cpuArchitecture: "X86_64" | "ARM64" };
    };
    const vcpus = Number(cpu) / 1024;
    const gigabytes = Number(memory) / 1024;
    const price = prices.fargate[runtimePlatform.cpuArchitecture];
    const architecture = runtimePlatform.cpuArchitecture.toLowerCase();
    const lines = spread(inputs.capacityProviderStrategies as readonly Strategy[], tasks).flatMap(
        ([provider, count]) => {
            const [kind, share] = provider === "FARGATE" ? ["on demand", 1] : ["Spot", prices.spotShareOfOnDemand];
            const each = (size: number, unit: string) =>
                `Fargate ${architecture} ${kind}, ${named(count, "task")} × ${size} ${unit}`;
            return [
                {
                    what: each(vcpus, "vCPU"),
                    quantity: count * vcpus * hours,
                    unit: "vCPU-h",
                    price: price.vcpuHour * share,
                },
                {
                    what: each(gigabytes, "GB"),
                    quantity: count * gigabytes * hours,
                    unit: "GB-h",
                    price: price.gbHour * share,
                },
            ];
        },
    );
    const { assignPublicIp } = inputs.networkConfiguration as { readonly assignPublicIp: boolean };
    return { lines: assignPublicIp ? [...lines, addresses("the tasks", tasks, context)] : lines };
}

/** First each provider's base, then the rest by weight. */
function spread(strategies: readonly Strategy[], tasks: number): (readonly [Strategy["capacityProvider"], number])[] {
    let rest = tasks;
    const bases = strategies.map(({ base }) => {
        const taken = Math.min(base, rest);
        rest -= taken;
        return taken;
    });
    const weights = strategies.reduce((sum, { weight }) => sum + weight, 0);
    return strategies
        .map(
            ({ capacityProvider, weight }, index) =>
                [capacityProvider, bases[index]! + (rest * weight) / weights] as const,
        )
        .filter(([, count]) => count > 0);
}

/** At least cents, and up to six digits after the point. */
export const dollars = (price: number): string =>
    price.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 });

/** A number with its noun. */
export const named = (count: number, noun: string, plural = "s"): string =>
    `${count} ${noun}${count === 1 ? "" : plural}`;
