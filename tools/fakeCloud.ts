import type * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";

/** What AWS, GitHub and the image builder would answer: ids and ARNs in their real form, one for each type and name. */

type Properties = Readonly<Record<string, unknown>>;
/** @param made the inputs of what the program has made of a type; undefined where there is none */
export type Lookup = (
    inputs: Properties,
    region: string,
    made: (type: string) => Properties | undefined,
) => Record<string, unknown>;

export const account = "123456789012";
export const issuer = "token.actions.githubusercontent.com";

/** Registers a resource: its id, and the outputs that are not inputs. */
export function create(
    region: string,
    { type, name, inputs }: pulumi.runtime.MockResourceArgs,
): pulumi.runtime.MockResourceResult {
    const given = inputs as Properties;
    const suffix = hex(`${type} ${name}`);
    const physicalName = typeof given.name === "string" ? given.name : `${name}-${suffix.slice(0, 7)}`;
    const arn = (service: string, resource: string, where = region) =>
        `arn:${partitionOf(region)}:${service}:${where}:${account}:${resource}`;
    const made = (id: string, outputs: Properties = {}) => ({
        id,
        state: { ...given, name: physicalName, ...outputs },
    });

    switch (type) {
        case "awsx:ec2:Vpc": {
            const zones = (given.availabilityZoneNames as readonly string[]).map((_, index) => index + 1);
            return made("", {
                vpcId: `vpc-${name}`,
                publicSubnetIds: zones.map((zone) => `subnet-public-${zone}`),
                privateSubnetIds: zones.map((zone) => `subnet-private-${zone}`),
                routeTables: zones.flatMap((zone) => [{ id: `rtb-public-${zone}` }, { id: `rtb-private-${zone}` }]),
                internetGateway: { id: `igw-${name}` },
            });
        }
        case "aws:ec2/managedPrefixList:ManagedPrefixList":
            return made(`pl-${name}`);
        case "aws:ec2/securityGroup:SecurityGroup":
            return made(`sg-${name}`);
        case "aws:lb/loadBalancer:LoadBalancer": {
            const path = `app/${physicalName}/${suffix}`;
            const id = arn("elasticloadbalancing", `loadbalancer/${path}`);
            return made(id, {
                arn: id,
                arnSuffix: path,
                dnsName: `${physicalName}-1234567890.${region}.elb.amazonaws.com`,
                zoneId: elbZoneId,
            });
        }
        case "aws:lb/targetGroup:TargetGroup": {
            const path = `targetgroup/${physicalName}/${suffix}`;
            return made(arn("elasticloadbalancing", path), { arn: arn("elasticloadbalancing", path), arnSuffix: path });
        }
        case "aws:lb/listener:Listener": {
            const id = arn("elasticloadbalancing", `listener/app/${name}/${suffix}/${suffix}`);
            return made(id, { arn: id });
        }
        case "aws:lb/listenerRule:ListenerRule": {
            const [, listener = name] = String(given.listenerArn).split(":listener/");
            const id = arn("elasticloadbalancing", `listener-rule/${listener}/${suffix}`);
            return made(id, { arn: id });
        }
        case "aws:ecr/repository:Repository":
            return made(physicalName, {
                arn: arn("ecr", `repository/${physicalName}`),
                registryId: account,
                repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${physicalName}`,
            });
        case "docker-build:index:Image":
            return made(`image-${suffix}`, { digest: `sha256:${hex(JSON.stringify(given)).padEnd(64, "0")}` });
        case "aws:ecs/cluster:Cluster":
            return made(arn("ecs", `cluster/${physicalName}`), { arn: arn("ecs", `cluster/${physicalName}`) });
        case "aws:ecs/service:Service": {
            const id = arn("ecs", `service/${String(given.cluster).split("/").at(-1)}/${physicalName}`);
            return made(id, { arn: id });
        }
        case "aws:ecs/taskDefinition:TaskDefinition": {
            const family = arn("ecs", `task-definition/${String(given.family)}`);
            return made(String(given.family), { arn: `${family}:1`, arnWithoutRevision: family, revision: 1 });
        }
        case "aws:cloudwatch/metricAlarm:MetricAlarm":
            return made(physicalName, { arn: arn("cloudwatch", `alarm:${physicalName}`) });
        case "aws:cloudwatch/eventRule:EventRule":
            return made(physicalName, { arn: arn("events", `rule/${physicalName}`) });
        case "aws:scheduler/scheduleGroup:ScheduleGroup":
            return made(physicalName, { arn: arn("scheduler", `schedule-group/${physicalName}`) });
        case "aws:sqs/queue:Queue":
            return made(`https://sqs.${region}.amazonaws.com/${account}/${physicalName}`, {
                arn: arn("sqs", physicalName),
            });
        case "aws:s3/bucketPolicy:BucketPolicy":
            return made(`${name}-${suffix}`, { bucket: `${String(given.bucket)}-once-it-lets-in` });
        case "aws:s3/bucket:Bucket":
            return made(physicalName, { arn: `arn:${partitionOf(region)}:s3:::${physicalName}`, bucket: physicalName });
        case "aws:sns/topic:Topic":
            return made(arn("sns", physicalName), { arn: arn("sns", physicalName) });
        case "aws:cloudwatch/logGroup:LogGroup":
            return made(physicalName, { arn: arn("logs", `log-group:${physicalName}`) });
        case "aws:iam/role:Role":
            return made(physicalName, { arn: arn("iam", `role/${physicalName}`, "") });
        case "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
            return made(arn("iam", `oidc-provider/${issuer}`, ""), { arn: arn("iam", `oidc-provider/${issuer}`, "") });
        case "aws:acm/certificate:Certificate": {
            const id = arn("acm", `certificate/${suffix}`);
            const challenge = {
                domainName: given.domainName,
                resourceRecordName: `_${suffix}.${String(given.domainName)}.`,
                resourceRecordType: "CNAME",
                resourceRecordValue: `_${suffix}.acm-validations.aws.`,
            };
            return made(id, { arn: id, status: "PENDING_VALIDATION", domainValidationOptions: [challenge] });
        }
        case "aws:acm/certificateValidation:CertificateValidation":
            // On AWS the same ARN, known later: marked, so that it can be told from the one that is known before.
            return made(`${name}-${suffix}`, { certificateArn: `${String(given.certificateArn)}-issued` });
        case "aws:route53/record:Record":
            // The name of a record is an input, and no physical name that is made up.
            return { id: `${String(given.zoneId)}_${suffix}`, state: { ...given, fqdn: given.name } };
        case "aws:secretsmanager/secret:Secret":
            return made(secretArn(name, region), { arn: secretArn(name, region) });
        case "aws:secretsmanager/secretVersion:SecretVersion":
            return made(`${String(given.secretId)}|${suffix}`, { arn: given.secretId, versionId: suffix });
        case "pulumi-nodejs:dynamic/ecs:ReadableSecrets": {
            const { configured, inUse } = given as Record<string, string[]>;
            return made("secrets", { arns: [...new Set([...configured!, ...inUse!])].sort() });
        }
        case "github:index/repository:Repository":
            return made(physicalName, { repoId: 80000002 });
        default:
            return made(`${name}-${suffix}`);
    }
}

function partitionOf(region: string): string {
    return region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

export const oidcProviderArn = `arn:aws:iam::${account}:oidc-provider/${issuer}`;

/** Where load balancers' own names are, in whatever region. */
export const elbZoneId = "Z14GRHDCWA56QT";

export const zoneId = "Z0123456789ABCDEFGHIJ";

/** Secrets Manager adds six characters to the name that it is given. */
export const secretArn = (name: string, region = "ap-northeast-1"): string =>
    `arn:${partitionOf(region)}:secretsmanager:${region}:${account}:secret:${name}-1234567-aBcDeF`;

/** Look-ups by token. GitHub spells the names in capitals, however the configuration does: a token's subject follows GitHub. */
export const lookups: Readonly<Record<string, Lookup>> = {
    // Asked for by name it is before the program makes it, by its cluster's ARN after that.
    "aws:ecs/getService:getService": ({ clusterArn, serviceName }, _region, made) => {
        const cluster = String(clusterArn);
        if (!cluster.startsWith("arn:")) {
            return failure("no matching ECS Service found");
        }
        const taskDefinition = `${cluster.replace(":cluster/", ":task-definition/")}:1`;
        const { networkConfiguration, capacityProviderStrategies, loadBalancers } = made("aws:ecs/service:Service")!;
        const [{ containerPort, advancedConfiguration }] = loadBalancers as [Record<string, unknown>];
        return {
            ...{ serviceName, desiredCount: 2, runningCount: 2, capacityProviderStrategies },
            networkConfigurations: [networkConfiguration],
            loadBalancers: [{ containerPort, advancedConfigurations: [advancedConfiguration] }],
            deployments: [{ status: "PRIMARY", taskDefinition }],
        };
    },
    "aws:index/getCallerIdentity:getCallerIdentity": () => ({ accountId: account }),
    // Of every region the same three. Which one is asked about is the provider's, and not in what it is asked.
    "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({ names: ["zone-c", "zone-a", "zone-d"] }),
    // An existing VPC: subnets whose ids begin with a zero are public, and each is in the zone that its id ends with.
    "aws:ec2/getVpcs:getVpcs": ({ filters }) => ({ ids: valuesOf(filters) }),
    "aws:ec2/getSubnets:getSubnets": ({ filters }) => ({ ids: valuesOf(filters) }),
    "aws:ec2/getRouteTables:getRouteTables": ({ filters }) => ({
        ids: valuesOf(filters).map((subnet) => subnet.replace("subnet-", "rtb-")),
    }),
    "aws:ec2/getVpc:getVpc": ({ id }) => ({
        id,
        mainRouteTableId: "rtb-main",
        dhcpOptionsId: "dopt-0a1b2c3d",
        ipv6CidrBlock: "2600:1f14:abc:de00::/56",
        cidrBlockAssociations: [
            { cidrBlock: "10.20.0.0/16", state: "associated" },
            { cidrBlock: "100.64.0.0/16", state: "associated" },
            { cidrBlock: "10.21.0.0/16", state: "disassociated" },
        ],
    }),
    "aws:ec2/getVpcDhcpOptions:getVpcDhcpOptions": () => ({ domainNameServers: ["AmazonProvidedDNS"] }),
    "aws:ec2/getSubnet:getSubnet": ({ id }) => ({
        id,
        vpcId: "vpc-0a1b2c3d",
        availabilityZone: `zone-${String(id).at(-1)}`,
        cidrBlock: "10.20.1.0/24",
        availableIpAddressCount: 251,
        ipv6CidrBlock: "2600:1f14:abc:de01::/64",
    }),
    "aws:ec2/getRouteTable:getRouteTable": ({ routeTableId }) => {
        const subnetId = String(routeTableId).replace("rtb-", "subnet-");
        const route = (target: object) => ({ gatewayId: "", natGatewayId: "", ...target });
        const out = subnetId.startsWith("subnet-0") ? { gatewayId: "igw-1" } : { natGatewayId: "nat-1" };
        return {
            routeTableId,
            associations: [{ subnetId, main: false }],
            routes: [
                route({ cidrBlock: "0.0.0.0/0", ipv6CidrBlock: "", ...out }),
                route({ cidrBlock: "", ipv6CidrBlock: "::/0", ...out }),
            ],
        };
    },
    "aws:index/getPartition:getPartition": (_, region) => ({ partition: partitionOf(region) }),
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": () => ({ userName: "AWS", password: registryPassword }),
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": (_, region) => ({
        arn: `arn:${partitionOf(region)}:iam::${account}:oidc-provider/${issuer}`,
    }),
    "aws:route53/getZone:getZone": ({ name }, region) => ({
        zoneId,
        name,
        arn: `arn:${partitionOf(region)}:route53:::hostedzone/${zoneId}`,
    }),
    "github:index/getUser:getUser": ({ username }) => ({
        login: capital(username),
        id: username === "acme" ? "90000001" : "90000007",
    }),
    "github:index/getRestApi:getRestApi": ({ endpoint }) => {
        const [, owner] = /^users\/(.+)$/.exec(String(endpoint)) ?? [];
        return owner === undefined
            ? { code: 404, body: '{"message":"Not Found"}' }
            : { code: 200, body: JSON.stringify({ login: capital(owner), id: 90000001 }) };
    },
    "github:index/getTeam:getTeam": () => ({ id: "70000001" }),
    "github:index/getActionsVariables:getActionsVariables": () => ({ variables: [] }),
    "github:index/getActionsSecrets:getActionsSecrets": () => ({ secrets: [] }),
    "github:index/getActionsEnvironmentVariables:getActionsEnvironmentVariables": () => ({ variables: [] }),
    "github:index/getActionsEnvironmentSecrets:getActionsEnvironmentSecrets": () => ({ secrets: [] }),
    "github:index/getRepository:getRepository": ({ fullName }) => ({
        name: capital(String(fullName).split("/")[1]),
        fullName,
        repoId: 80000001,
    }),
};

const valuesOf = (filters: unknown) => (filters as readonly { readonly values: readonly string[] }[])[0]!.values;

/** What a look-up throws that the provider refuses: gRPC's errors have the message in `details`, too. */
export function failure(details: string): never {
    throw Object.assign(new Error(details), { details });
}

export const registryPassword = "registry-password-0b5c";

const capital = (text: unknown) => String(text).replace(/^./, (letter) => letter.toUpperCase());

const hex = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
