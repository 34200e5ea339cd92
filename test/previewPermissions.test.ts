import assert from "node:assert/strict";
import { account, oidcProviderArn } from "../tools/fakeCloud";
import { assertVerdicts, policyOf, type Call, type Context, type Policy } from "./iam";
import type { Recording } from "./record";
import { alternative, dualStack, inExistingVpc, standard } from "./scenarios";

const region = "ap-northeast-1";
const ecs = (path: string) => `arn:aws:ecs:${region}:${account}:${path}`;
const repository = (name: string) => `arn:aws:ecr:${region}:${account}:repository/${name}`;
const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;

const mine = "fargate-cicd-dev";
const service = ecs(`service/${mine}/${mine}`);
const revision = ecs(`task-definition/${mine}:7`);
const registering: Context = { "ecs:CreateAction": "RegisterTaskDefinition" };
const toTasks: Context = { "iam:PassedToService": "ecs-tasks.amazonaws.com" };

describe("permissions of the preview role", () => {
    let run: Recording;
    let preview: Policy;
    let executionRole: string;
    let taskRole: string;
    let deployRole: string;
    before(async () => {
        run = await standard();
        preview = policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-preview"));
        [executionRole, taskRole, deployRole] = ["execution", "task", "deploy"].map((name) =>
            String(run.one("aws:iam/role:Role", `main-${name}`).outputs.arn),
        ) as [string, string, string];
    });

    const provider = oidcProviderArn;
    const bucket = "arn:aws:s3:::state";
    const secret = `arn:aws:secretsmanager:${region}:${account}:secret:any-abcdef`;

    it("allow the look-ups of the program", async () => {
        await assertVerdicts(preview, "allowed", [
            ["ec2:DescribeAvailabilityZones", "*"],
            ["ecr:GetAuthorizationToken", "*"],
        ]);
    });

    it("allow to look GitHub's provider up where the account has it already, and only then", async () => {
        const existing = policyOf((await alternative()).one("aws:iam/rolePolicy:RolePolicy", "main-preview"));
        const lookUp: Call[] = [
            ["iam:ListOpenIDConnectProviders", "*"],
            ["iam:GetOpenIDConnectProvider", provider],
        ];
        await assertVerdicts(existing, "allowed", lookUp);
        await assertVerdicts(preview, "denied", lookUp);
        await assertVerdicts(existing, "denied", [
            ["iam:GetOpenIDConnectProvider", `arn:aws:iam::${account}:oidc-provider/gitlab.com`],
            ["iam:DeleteOpenIDConnectProvider", provider],
            ["iam:UpdateOpenIDConnectProviderThumbprint", provider],
            ["iam:AddClientIDToOpenIDConnectProvider", provider],
        ]);
    });

    it("allow to look a VPC up where it is there already, or has IPv6 ranges, and only then", async () => {
        const lookUp: Call[] = ["Vpcs", "VpcAttribute", "DhcpOptions", "Subnets", "RouteTables"].map((what) => [
            `ec2:Describe${what}`,
            "*",
        ]);
        for (const scenario of [await inExistingVpc(), await dualStack()]) {
            await assertVerdicts(
                policyOf(scenario.one("aws:iam/rolePolicy:RolePolicy", "main-preview")),
                "allowed",
                lookUp,
            );
            const ofEc2 = policyOf(scenario.one("aws:iam/rolePolicy:RolePolicy", "main-preview"))
                .Statement.flatMap(({ Action }) => Action)
                .filter((action) => action.startsWith("ec2:"));
            assert.deepEqual(
                ofEc2.sort(),
                ["ec2:DescribeAvailabilityZones", ...lookUp.map(([action]) => action)].sort(),
                "not one more: what instances are started with is read by ec2:Describe… as well",
            );
        }
        await assertVerdicts(preview, "denied", lookUp);
    });

    it("deny to release: no image, no revision, no rollout", async () => {
        await assertVerdicts(preview, "denied", [
            ["ecr:InitiateLayerUpload", repository(mine)],
            ["ecr:UploadLayerPart", repository(mine)],
            ["ecr:CompleteLayerUpload", repository(mine)],
            ["ecr:PutImage", repository(mine)],
            ["ecr:BatchDeleteImage", repository(mine)],
            ["ecs:RegisterTaskDefinition", revision],
            ["ecs:DeregisterTaskDefinition", "*"],
            ["ecs:UpdateService", service],
            ["ecs:RunTask", revision],
            ["ecs:StopTask", ecs(`task/${mine}/0123456789abcdef`)],
            ["ecs:ExecuteCommand", ecs(`task/${mine}/0123456789abcdef`)],
            ["iam:PassRole", taskRole, toTasks],
            ["iam:PassRole", executionRole, toTasks],
        ]);
    });

    it("deny to create, change, tag or delete what the stack consists of", async () => {
        await assertVerdicts(preview, "denied", [
            ["ec2:CreateVpc", `arn:aws:ec2:${region}:${account}:vpc/*`],
            ["ec2:AuthorizeSecurityGroupIngress", `arn:aws:ec2:${region}:${account}:security-group/sg-main-tasks`],
            ["ec2:CreateTags", `arn:aws:ec2:${region}:${account}:vpc/vpc-main-vpc`],
            [
                "elasticloadbalancing:ModifyListener",
                `arn:aws:elasticloadbalancing:${region}:${account}:listener/app/main/1/2`,
            ],
            [
                "application-autoscaling:RegisterScalableTarget",
                `arn:aws:application-autoscaling:${region}:${account}:scalable-target/1`,
            ],
            ["ecr:CreateRepository", repository("new")],
            ["ecr:SetRepositoryPolicy", repository(mine)],
            ["ecs:CreateService", service],
            ["ecs:DeleteService", service],
            ["ecs:DeleteCluster", ecs(`cluster/${mine}`)],
            ["ecs:TagResource", revision, registering],
            ["logs:DeleteLogGroup", `arn:aws:logs:${region}:${account}:log-group:/ecs/${mine}`],
            ["logs:PutRetentionPolicy", `arn:aws:logs:${region}:${account}:log-group:/ecs/${mine}`],
        ]);
    });

    it("deny to gain permissions", async () => {
        await assertVerdicts(preview, "denied", [
            ["iam:CreateRole", role("new")],
            ["iam:PutRolePolicy", deployRole],
            ["iam:AttachRolePolicy", taskRole],
            ["iam:UpdateAssumeRolePolicy", deployRole],
            ["iam:DeleteRolePolicy", deployRole],
            ["iam:CreateOpenIDConnectProvider", provider],
            ["iam:CreateAccessKey", `arn:aws:iam::${account}:user/someone`],
            ["sts:AssumeRole", deployRole],
            ["sts:AssumeRole", role("admin")],
        ]);
    });

    it("deny to read what no preview reads: images, logs, secrets, files", async () => {
        await assertVerdicts(preview, "denied", [
            ["ecr:BatchGetImage", repository(mine)],
            ["ecr:GetDownloadUrlForLayer", repository(mine)],
            ["logs:GetLogEvents", `arn:aws:logs:${region}:${account}:log-group:/ecs/${mine}:log-stream:any`],
            ["secretsmanager:GetSecretValue", secret],
            ["secretsmanager:PutSecretValue", secret],
            ["ssm:GetParameter", `arn:aws:ssm:${region}:${account}:parameter/any`],
            ["s3:GetObject", `${bucket}/key`],
            ["s3:PutObject", `${bucket}/key`],
            ["iam:GetRole", deployRole],
        ]);
    });

    it("are not one more than the look-ups of the program, as it makes them in the recorded run", async () => {
        const actions = (policy: Policy) => policy.Statement.flatMap(({ Action }) => Action).sort();
        const zonesAndLogin = ["ec2:DescribeAvailabilityZones", "ecr:GetAuthorizationToken"];
        assert.deepEqual(actions(preview), zonesAndLogin);
        const existing = policyOf((await alternative()).one("aws:iam/rolePolicy:RolePolicy", "main-preview"));
        assert.deepEqual(actions(existing), [
            ...zonesAndLogin,
            "iam:GetOpenIDConnectProvider",
            "iam:ListOpenIDConnectProviders",
        ]);

        // What AWS answers without being asked (a partition), or to everybody (who one is), needs no permission.
        // What runs is not for it to know: a role reads all task definitions of an account or none, and the preview does without.
        const free = ["getPartition:getPartition", "getCallerIdentity:getCallerIdentity", "ecs/getService:getService"];
        const asked = (recording: Recording) =>
            [...new Set(recording.lookups.map(({ token }) => token))]
                .filter((token) => token.startsWith("aws:") && !free.some((look) => token.endsWith(look)))
                .sort();
        assert.deepEqual(asked(run), [
            "aws:ecr/getAuthorizationToken:getAuthorizationToken",
            "aws:index/getAvailabilityZones:getAvailabilityZones",
        ]);
        assert.deepEqual(asked(await alternative()), [
            "aws:ecr/getAuthorizationToken:getAuthorizationToken",
            "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider",
            "aws:index/getAvailabilityZones:getAvailabilityZones",
        ]);
    });
});
