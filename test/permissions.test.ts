import assert from "node:assert/strict";
import { account } from "../tools/fakeCloud";
import { assertVerdicts, policyOf, type Context, type Policy } from "./iam";
import type { Recording } from "./record";
import { alternative, standard } from "./scenarios";

const region = "ap-northeast-1";
const ecs = (path: string) => `arn:aws:ecs:${region}:${account}:${path}`;
const repository = (name: string) => `arn:aws:ecr:${region}:${account}:repository/${name}`;
const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;

const mine = "fargate-cicd-dev";
const service = ecs(`service/${mine}/${mine}`);
const revision = ecs(`task-definition/${mine}:7`);
const inCluster: Context = { "ecs:cluster": ecs(`cluster/${mine}`) };
const logs = (name: string) => `arn:aws:logs:${region}:${account}:log-group:/ecs/${name}`;
const registering: Context = { "ecs:CreateAction": "RegisterTaskDefinition" };
const toTasks: Context = { "iam:PassedToService": "ecs-tasks.amazonaws.com" };

describe("permissions", () => {
    let run: Recording;
    let deploy: Policy;
    let execution: Policy;
    let executionRole: string;
    let taskRole: string;
    let deployRole: string;
    before(async () => {
        run = await standard();
        deploy = policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-deploy"));
        execution = policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-execution"));
        [executionRole, taskRole, deployRole] = ["execution", "task", "deploy"].map((name) =>
            String(run.one("aws:iam/role:Role", `main-${name}`).outputs.arn),
        ) as [string, string, string];
    });

    describe("of the deploy role", () => {
        // A refusal that AWS has given names the family without a revision: aws/aws-cdk#25768. The simulator knows no such ARN.
        it("register and tag a new revision, and the family that has none yet", () => {
            for (const sid of ["RegisterRevision", "TagNewRevision"]) {
                const { Resource } = deploy.Statement.find(({ Sid }) => Sid === sid)!;
                assert.deepEqual(Resource, [ecs(`task-definition/${mine}`), ecs(`task-definition/${mine}:*`)], sid);
            }
        });

        it("allow what deploy.yml does", async () => {
            await assertVerdicts(deploy, "allowed", [
                ["ecr:GetAuthorizationToken", "*"],
                ["ecr:BatchCheckLayerAvailability", repository(mine)],
                ["ecr:BatchGetImage", repository(mine)],
                ["ecr:InitiateLayerUpload", repository(mine)],
                ["ecr:UploadLayerPart", repository(mine)],
                ["ecr:CompleteLayerUpload", repository(mine)],
                ["ecr:PutImage", repository(mine)],
                ["ecr:DescribeImageScanFindings", repository(mine)],
                ["cloudwatch:DescribeAlarms", `arn:aws:cloudwatch:${region}:${account}:alarm:any`],
                ["inspector2:ListCoverage", "*"],
                ["inspector2:ListFindings", "*"],
                ["ecs:DescribeTaskDefinition", "*"],
                ["ecs:RegisterTaskDefinition", revision],
                ["ecs:TagResource", revision, registering],
                ["ecs:DescribeServices", service],
                ["ecs:UpdateService", service],
                // Each of these asks for the service and for what is named: "Actions, resources, and condition keys for Amazon
                // Elastic Container Service" in the Service Authorization Reference.
                ["ecs:ListServiceDeployments", service],
                ["ecs:DescribeServiceDeployments", service],
                ["ecs:DescribeServiceDeployments", ecs(`service-deployment/${mine}/${mine}/any`)],
                ["ecs:DescribeServiceRevisions", service],
                ["ecs:DescribeServiceRevisions", ecs(`service-revision/${mine}/${mine}/1`)],
                ["ecs:StopServiceDeployment", service],
                ["ecs:StopServiceDeployment", ecs(`service-deployment/${mine}/${mine}/any`)],
                ["ecs:ListTasks", "*", inCluster],
                ["ecs:DescribeTasks", ecs(`task/${mine}/0123456789abcdef`)],
                ["logs:GetLogEvents", `${logs(mine)}:log-stream:app/app/0123`],
                ["iam:PassRole", executionRole, toTasks],
                ["iam:PassRole", taskRole, toTasks],
            ]);
        });

        it("deny everything to do with another service, cluster or family", async () => {
            await assertVerdicts(deploy, "denied", [
                ["ecs:UpdateService", ecs(`service/${mine}/other`)],
                ["ecs:UpdateService", ecs(`service/${mine}/${mine}-2`)],
                ["ecs:UpdateService", ecs(`service/other/${mine}`)],
                ["ecs:UpdateService", `arn:aws:ecs:eu-west-1:${account}:service/${mine}/${mine}`],
                ["ecs:DescribeServices", ecs(`service/other/${mine}`)],
                ["ecs:StopServiceDeployment", ecs(`service-deployment/${mine}/other/any`)],
                ["ecs:StopServiceDeployment", ecs(`service-deployment/other/${mine}/any`)],
                ["ecs:DescribeServiceDeployments", ecs(`service-deployment/${mine}/${mine}-2/any`)],
                ["ecs:ListServiceDeployments", ecs(`service/${mine}/other`)],
                ["ecs:ListTasks", "*"],
                ["ecs:ListTasks", "*", { "ecs:cluster": ecs("cluster/other") }],
                ["ecs:DescribeTasks", ecs("task/other/0123456789abcdef")],
                ["logs:GetLogEvents", `${logs("other")}:log-stream:any`],
                ["logs:GetLogEvents", `${logs(`${mine}-2`)}:log-stream:any`],
                ["ecs:RegisterTaskDefinition", ecs("task-definition/other:1")],
                ["ecs:RegisterTaskDefinition", ecs(`task-definition/${mine}-2:1`)],
                ["ecs:TagResource", ecs("task-definition/other:1"), registering],
                ["ecs:DescribeClusters", ecs(`cluster/${mine}`)],
                ["ecr:GetDownloadUrlForLayer", repository(mine)],
            ]);
        });

        it("keep the service in its own subnets, those of another network left out, and need none where none are named", async () => {
            const { networkConfiguration } = run.one("aws:ecs/service:Service").inputs;
            const { subnets } = networkConfiguration as { readonly subnets: string[] };
            const others = ["subnet-0a1b2c3d4e5f67890"];
            await assertVerdicts(deploy, "allowed", [
                ["ecs:UpdateService", service, { "ecs:subnet": subnets }],
                ["ecs:UpdateService", service, { "ecs:subnet": subnets.slice(1) }],
            ]);
            await assertVerdicts(deploy, "denied", [
                ["ecs:UpdateService", service, { "ecs:subnet": others }],
                ["ecs:UpdateService", service, { "ecs:subnet": [...subnets, ...others] }],
            ]);
        });

        it("deny to tag anything but the revision that is being registered", async () => {
            await assertVerdicts(deploy, "denied", [
                ["ecs:TagResource", revision],
                ["ecs:TagResource", revision, { "ecs:CreateAction": "CreateService" }],
                ["ecs:TagResource", service, registering],
                ["ecs:TagResource", ecs(`cluster/${mine}`), { "ecs:CreateAction": "CreateCluster" }],
                ["ecs:UntagResource", revision],
            ]);
        });

        it("deny to delete, stop, run or enter anything, its own service included", async () => {
            await assertVerdicts(deploy, "denied", [
                ["ecs:DeleteService", service],
                ["ecs:CreateService", service],
                ["ecs:DeleteCluster", ecs(`cluster/${mine}`)],
                ["ecs:DeregisterTaskDefinition", "*"],
                ["ecs:DeleteTaskDefinitions", revision],
                ["ecs:RunTask", revision],
                ["ecs:RunTask", revision, inCluster],
                ["ecs:StopTask", ecs(`task/${mine}/0123456789abcdef`)],
                ["ecs:ExecuteCommand", ecs(`task/${mine}/0123456789abcdef`)],
                ["ecs:ListTaskDefinitions", "*"],
                [
                    "application-autoscaling:DeregisterScalableTarget",
                    `arn:aws:application-autoscaling:${region}:${account}:scalable-target/1`,
                ],
            ]);
        });

        it("let a task of the family run in the own cluster where there is a command for it, and nothing else", async () => {
            const other = await alternative();
            const [live, its] = [
                "fargate-cicd-live",
                (path: string) => `arn:aws:ecs:eu-west-1:${account}:${path}`,
            ] as const;
            const running = policyOf(other.one("aws:iam/rolePolicy:RolePolicy", "main-deploy"));
            const within: Context = { "ecs:cluster": its(`cluster/${live}`) };
            await assertVerdicts(running, "allowed", [["ecs:RunTask", its(`task-definition/${live}:7`), within]]);
            await assertVerdicts(running, "denied", [
                ["ecs:RunTask", its(`task-definition/${live}:7`)],
                ["ecs:RunTask", its(`task-definition/${live}:7`), { "ecs:cluster": its("cluster/other") }],
                ["ecs:RunTask", its("task-definition/other:7"), within],
                ["ecs:StopTask", its(`task/${live}/0123456789abcdef`), within],
            ]);
        });

        it("deny to touch another repository, or to delete or open its own", async () => {
            await assertVerdicts(deploy, "denied", [
                ["ecr:PutImage", repository("other")],
                ["ecr:PutImage", repository(`${mine}-2`)],
                ["ecr:BatchGetImage", repository("other")],
                ["ecr:DescribeImageScanFindings", repository("other")],
                ["ecr:InitiateLayerUpload", repository("other")],
                ["ecr:BatchDeleteImage", repository(mine)],
                ["ecr:DeleteRepository", repository(mine)],
                ["ecr:SetRepositoryPolicy", repository(mine)],
                ["ecr:PutImageTagMutability", repository(mine)],
                ["ecr:PutLifecyclePolicy", repository(mine)],
                ["ecr:CreateRepository", repository("new")],
            ]);
        });

        it("deny to pass any other role, or these to any other service", async () => {
            await assertVerdicts(deploy, "denied", [
                ["iam:PassRole", deployRole, toTasks],
                ["iam:PassRole", role("admin"), toTasks],
                ["iam:PassRole", `${taskRole}-2`, toTasks],
                ["iam:PassRole", taskRole, { "iam:PassedToService": "ec2.amazonaws.com" }],
                ["iam:PassRole", executionRole, { "iam:PassedToService": "lambda.amazonaws.com" }],
                ["iam:PassRole", executionRole, { "iam:PassedToService": "ecs.amazonaws.com" }],
                ["iam:PassRole", taskRole],
            ]);
        });

        it("deny to gain permissions, read secrets, or change the network", async () => {
            await assertVerdicts(deploy, "denied", [
                ["iam:CreateRole", role("new")],
                ["iam:PutRolePolicy", deployRole],
                ["iam:AttachRolePolicy", taskRole],
                ["iam:UpdateAssumeRolePolicy", deployRole],
                ["iam:CreateAccessKey", `arn:aws:iam::${account}:user/someone`],
                ["sts:AssumeRole", executionRole],
                ["sts:AssumeRole", role("admin")],
                ["secretsmanager:GetSecretValue", `arn:aws:secretsmanager:${region}:${account}:secret:any-abcdef`],
                ["ssm:GetParameter", `arn:aws:ssm:${region}:${account}:parameter/any`],
                ["s3:GetObject", "arn:aws:s3:::any/key"],
                ["ec2:AuthorizeSecurityGroupIngress", `arn:aws:ec2:${region}:${account}:security-group/sg-main-tasks`],
                [
                    "elasticloadbalancing:DeleteLoadBalancer",
                    `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/app/main/1`,
                ],
                ["cloudformation:CreateStack", `arn:aws:cloudformation:${region}:${account}:stack/any/1`],
            ]);
        });
    });

    describe("of the execution role", () => {
        const logs = (group: string) => `arn:aws:logs:${region}:${account}:log-group:${group}:log-stream:app/app/0123`;

        it("allow to pull the image and write the log", async () => {
            await assertVerdicts(execution, "allowed", [
                ["ecr:GetAuthorizationToken", "*"],
                ["ecr:BatchGetImage", repository(mine)],
                ["ecr:GetDownloadUrlForLayer", repository(mine)],
                ["logs:CreateLogStream", logs(`/ecs/${mine}`)],
                ["logs:PutLogEvents", logs(`/ecs/${mine}`)],
            ]);
        });

        it("deny other repositories and logs, and every change", async () => {
            await assertVerdicts(execution, "denied", [
                ["ecr:BatchGetImage", repository("other")],
                ["ecr:PutImage", repository(mine)],
                ["logs:PutLogEvents", logs("/ecs/other")],
                ["logs:PutLogEvents", logs(`/ecs/${mine}-2`)],
                ["logs:CreateLogGroup", `arn:aws:logs:${region}:${account}:log-group:/ecs/${mine}`],
                ["logs:GetLogEvents", logs(`/ecs/${mine}`)],
                ["ecs:UpdateService", service],
                ["ecs:RegisterTaskDefinition", revision],
                ["iam:PassRole", taskRole, toTasks],
                ["secretsmanager:GetSecretValue", `arn:aws:secretsmanager:${region}:${account}:secret:any-abcdef`],
            ]);
        });
    });

    it("reach the whole account only where an action has no narrower resource", () => {
        const wide = run.of("aws:iam/rolePolicy:RolePolicy").flatMap((resource) =>
            policyOf(resource)
                .Statement.filter(({ Resource = [] }) => [Resource].flat().includes("*"))
                .map(({ Action }) => `${resource.name} ${[Action].flat().join(" ")}`),
        );
        assert.deepEqual(wide, [
            "main-shift-tasks elasticloadbalancing:DescribeListeners elasticloadbalancing:DescribeRules elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth",
            "main-shift elasticloadbalancing:DescribeListeners elasticloadbalancing:DescribeRules elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth",
            "main-execution ecr:GetAuthorizationToken",
            "main-deploy ecr:GetAuthorizationToken",
            "main-deploy inspector2:ListCoverage inspector2:ListFindings",
            "main-deploy ecs:DescribeTaskDefinition",
            "main-deploy ecs:ListTasks",
            "main-preview ec2:DescribeAvailabilityZones",
            "main-preview ecr:GetAuthorizationToken",
        ]);
    });

    it("name every action in full, and only allow", () => {
        for (const resource of run.of("aws:iam/rolePolicy:RolePolicy")) {
            for (const { Effect, Action } of policyOf(resource).Statement) {
                assert.equal(Effect, "Allow");
                assert.doesNotMatch([Action].flat().join(), /\*/, resource.name);
            }
        }
    });

    it("of the deploy role are not one more than the pipeline needs", () => {
        assert.deepEqual(deploy.Statement.flatMap(({ Action }) => Action).sort(), [
            "cloudwatch:DescribeAlarms",
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:DescribeImageScanFindings",
            "ecr:GetAuthorizationToken",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
            "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:DescribeTasks",
            "ecs:ListServiceDeployments",
            "ecs:ListTasks",
            "ecs:RegisterTaskDefinition",
            "ecs:StopServiceDeployment",
            "ecs:TagResource",
            "ecs:UpdateService",
            "iam:PassRole",
            "inspector2:ListCoverage",
            "inspector2:ListFindings",
            "logs:GetLogEvents",
        ]);
    });
});
