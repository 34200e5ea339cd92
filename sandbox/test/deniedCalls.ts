import type { RegisterTaskDefinitionRequest } from "@aws-sdk/client-ecs";
import type { Clients } from "../checkouts/awsClients";

/** What the stack made, by the names and ARNs that the calls take. */
export interface Names {
    readonly cluster: string;
    readonly service: string;
    readonly family: string;
    readonly repository: string;
    readonly deployRole: string;
    readonly previewRole: string;
    readonly taskRole: string;
    readonly executionRole: string;
    readonly vpc: string;
    readonly securityGroup: string;
    readonly loadBalancer: string;
    readonly listener: string;
    readonly logGroup: string;
}

/** A call, and the permission that AWS must say is missing. */
type Denied = readonly [action: string, call: (as: Clients, names: Names) => Promise<unknown>];

const roleName = (arn: string) => arn.split("/")[1]!;
const container = [{ name: "app", image: "other", memory: 64 }];
const fargate: Pick<RegisterTaskDefinitionRequest, "networkMode" | "requiresCompatibilities" | "cpu" | "memory"> = {
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    cpu: "256",
    memory: "512",
};
const everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';

/** Writes that neither role may make. */
const writes: Denied[] = [
    ["ecs:DeleteService", ({ ecs }, { cluster, service }) => ecs.deleteService({ cluster, service, force: true })],
    [
        "ecs:CreateService",
        ({ ecs }, { cluster, family }) => ecs.createService({ cluster, serviceName: "new", taskDefinition: family }),
    ],
    ["ecs:RunTask", ({ ecs }, { cluster, family }) => ecs.runTask({ cluster, taskDefinition: family })],
    ["ecs:StopTask", ({ ecs }, { cluster }) => ecs.stopTask({ cluster, task: "0123456789abcdef0123456789abcdef" })],
    ["ecs:DeleteCluster", ({ ecs }, { cluster }) => ecs.deleteCluster({ cluster })],
    ["ecs:CreateCluster", ({ ecs }) => ecs.createCluster({ clusterName: "new" })],
    [
        "ecs:DeregisterTaskDefinition",
        ({ ecs }, { family }) => ecs.deregisterTaskDefinition({ taskDefinition: `${family}:1` }),
    ],
    ["ecs:UpdateService", ({ ecs }, { cluster }) => ecs.updateService({ cluster, service: "other", desiredCount: 0 })],
    ["ecs:UpdateService", ({ ecs }, { service }) => ecs.updateService({ cluster: "other", service, desiredCount: 0 })],
    [
        "ecs:RegisterTaskDefinition",
        ({ ecs }) => ecs.registerTaskDefinition({ family: "other", containerDefinitions: container }),
    ],
    [
        "ecr:DeleteRepository",
        ({ ecr }, { repository }) => ecr.deleteRepository({ repositoryName: repository, force: true }),
    ],
    ["ecr:CreateRepository", ({ ecr }) => ecr.createRepository({ repositoryName: "new" })],
    [
        "ecr:BatchDeleteImage",
        ({ ecr }, { repository }) =>
            ecr.batchDeleteImage({ repositoryName: repository, imageIds: [{ imageTag: "a" }] }),
    ],
    [
        "ecr:SetRepositoryPolicy",
        ({ ecr }, { repository }) => ecr.setRepositoryPolicy({ repositoryName: repository, policyText: everything }),
    ],
    [
        "ecr:PutImageTagMutability",
        ({ ecr }, { repository }) =>
            ecr.putImageTagMutability({ repositoryName: repository, imageTagMutability: "MUTABLE" }),
    ],
    [
        "ecr:PutLifecyclePolicy",
        ({ ecr }, { repository }) => ecr.putLifecyclePolicy({ repositoryName: repository, lifecyclePolicyText: "{}" }),
    ],
    ["ecr:InitiateLayerUpload", ({ ecr }) => ecr.initiateLayerUpload({ repositoryName: "other" })],
    ["iam:CreateUser", ({ iam }) => iam.createUser({ UserName: "eve" })],
    ["iam:CreateAccessKey", ({ iam }) => iam.createAccessKey({ UserName: "eve" })],
    ["iam:CreateRole", ({ iam }) => iam.createRole({ RoleName: "eve", AssumeRolePolicyDocument: everything })],
    [
        "iam:PutRolePolicy",
        ({ iam }, { deployRole }) =>
            iam.putRolePolicy({ RoleName: roleName(deployRole), PolicyName: "all", PolicyDocument: everything }),
    ],
    [
        "iam:AttachRolePolicy",
        ({ iam }, { previewRole }) =>
            iam.attachRolePolicy({
                RoleName: roleName(previewRole),
                PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
            }),
    ],
    [
        "iam:UpdateAssumeRolePolicy",
        ({ iam }, { deployRole }) =>
            iam.updateAssumeRolePolicy({ RoleName: roleName(deployRole), PolicyDocument: everything }),
    ],
    [
        "ec2:AuthorizeSecurityGroupIngress",
        ({ ec2 }, { securityGroup }) =>
            ec2.authorizeSecurityGroupIngress({ GroupId: securityGroup, IpProtocol: "-1", CidrIp: "0.0.0.0/0" }),
    ],
    ["ec2:DeleteVpc", ({ ec2 }, { vpc }) => ec2.deleteVpc({ VpcId: vpc })],
    ["ec2:RunInstances", ({ ec2 }) => ec2.runInstances({ ImageId: "ami-0", MinCount: 1, MaxCount: 1 })],
    [
        "elasticloadbalancing:DeleteLoadBalancer",
        ({ elb }, { loadBalancer }) => elb.deleteLoadBalancer({ LoadBalancerArn: loadBalancer }),
    ],
    [
        "elasticloadbalancing:ModifyListener",
        ({ elb }, { listener }) => elb.modifyListener({ ListenerArn: listener, DefaultActions: [] }),
    ],
    ["logs:DeleteLogGroup", ({ logs }, { logGroup }) => logs.deleteLogGroup({ logGroupName: logGroup })],
    [
        "logs:PutRetentionPolicy",
        ({ logs }, { logGroup }) => logs.putRetentionPolicy({ logGroupName: logGroup, retentionInDays: 1 }),
    ],
    ["s3:CreateBucket", ({ s3 }) => s3.createBucket({ Bucket: "eve" })],
    ["s3:PutObject", ({ s3 }) => s3.putObject({ Bucket: "others", Key: "a", Body: "a" })],
    ["secretsmanager:CreateSecret", ({ secrets }) => secrets.createSecret({ Name: "eve", SecretString: "a" })],
    [
        "application-autoscaling:RegisterScalableTarget",
        ({ scaling }, { cluster, service }) =>
            scaling.registerScalableTarget({
                ServiceNamespace: "ecs",
                ResourceId: `service/${cluster}/${service}`,
                ScalableDimension: "ecs:service:DesiredCount",
                MinCapacity: 1,
                MaxCapacity: 99,
            }),
    ],
];

/** Reads that neither role may make. */
const reads: Denied[] = [
    ["ecs:ListTaskDefinitions", ({ ecs }) => ecs.listTaskDefinitions({})],
    ["ecr:BatchGetImage", ({ ecr }) => ecr.batchGetImage({ repositoryName: "other", imageIds: [{ imageTag: "a" }] })],
    [
        "ecr:GetDownloadUrlForLayer",
        ({ ecr }) => ecr.getDownloadUrlForLayer({ repositoryName: "other", layerDigest: `sha256:${"0".repeat(64)}` }),
    ],
    ["secretsmanager:GetSecretValue", ({ secrets }) => secrets.getSecretValue({ SecretId: "any" })],
    ["s3:ListAllMyBuckets", ({ s3 }) => s3.listBuckets({})],
    ["s3:GetObject", ({ s3 }) => s3.getObject({ Bucket: "others", Key: "a" })],
    ["s3:ListBucket", ({ s3 }) => s3.listObjectsV2({ Bucket: "others" })],
    ["iam:GetRole", ({ iam }, { deployRole }) => iam.getRole({ RoleName: roleName(deployRole) })],
    ["ec2:DescribeVpcs", ({ ec2 }) => ec2.describeVpcs({})],
    ["sts:AssumeRole", ({ sts }, { taskRole }) => sts.assumeRole({ RoleArn: taskRole, RoleSessionName: "eve" })],
    [
        "sts:AssumeRole",
        ({ sts }, { executionRole }) => sts.assumeRole({ RoleArn: executionRole, RoleSessionName: "eve" }),
    ],
];

export const deniedToDeploy: readonly Denied[] = [
    ...writes,
    ...reads,
    ["ecs:DescribeServices", ({ ecs }, { cluster }) => ecs.describeServices({ cluster, services: ["other"] })],
    [
        "ecs:TagResource",
        ({ ecs }, { family }) =>
            ecs.tagResource({
                resourceArn: `arn:aws:ecs:ap-northeast-1:123456789012:task-definition/${family}:1`,
                tags: [{ key: "a", value: "b" }],
            }),
    ],
    [
        "iam:PassRole",
        ({ ecs }, { family, deployRole }) =>
            ecs.registerTaskDefinition({
                ...fargate,
                family,
                taskRoleArn: deployRole,
                containerDefinitions: container,
            }),
    ],
    [
        "iam:PassRole",
        ({ ecs }, { family, taskRole }) =>
            ecs.registerTaskDefinition({
                ...fargate,
                family,
                taskRoleArn: taskRole,
                executionRoleArn: taskRole.replace(/role\/.*/, "role/other"),
                containerDefinitions: container,
            }),
    ],
    ["ec2:DescribeAvailabilityZones", ({ ec2 }) => ec2.describeAvailabilityZones({})],
];

export const deniedToPreview: readonly Denied[] = [
    ...writes,
    ...reads,
    ["ecs:DescribeServices", ({ ecs }, { cluster, service }) => ecs.describeServices({ cluster, services: [service] })],
    ["ecs:UpdateService", ({ ecs }, { cluster, service }) => ecs.updateService({ cluster, service, desiredCount: 0 })],
    [
        "ecs:RegisterTaskDefinition",
        ({ ecs }, { family }) => ecs.registerTaskDefinition({ ...fargate, family, containerDefinitions: container }),
    ],
    ["ecs:DescribeTaskDefinition", ({ ecs }, { family }) => ecs.describeTaskDefinition({ taskDefinition: family })],
    [
        "ecr:BatchGetImage",
        ({ ecr }, { repository }) => ecr.batchGetImage({ repositoryName: repository, imageIds: [{ imageTag: "a" }] }),
    ],
    [
        "ecr:PutImage",
        ({ ecr }, { repository }) => ecr.putImage({ repositoryName: repository, imageManifest: "{}", imageTag: "a" }),
    ],
    ["ecr:InitiateLayerUpload", ({ ecr }, { repository }) => ecr.initiateLayerUpload({ repositoryName: repository })],
];
