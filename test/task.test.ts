import assert from "node:assert/strict";
import { policyOf } from "./iam";
import { record, type Recording } from "./record";
import { alternative, standard } from "./scenarios";
import { refusal } from "./settings";

const roleType = "aws:iam/role:Role";

describe("task", () => {
    let run: Recording;
    let other: Recording;
    before(async () => {
        run = await standard();
        other = await alternative();
    });

    const definition = (recording: Recording) => recording.one("aws:ecs/taskDefinition:TaskDefinition");
    const containers = (recording: Recording) =>
        JSON.parse(String(definition(recording).inputs.containerDefinitions)) as Record<string, unknown>[];

    it("is one Fargate task of an explicit family and size", () => {
        const size = (recording: Recording) => {
            const { family, cpu, memory, networkMode, requiresCompatibilities } = definition(recording).inputs;
            return { family, cpu, memory, networkMode, requiresCompatibilities };
        };
        const fargate = { networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"] };
        assert.deepEqual(size(run), { family: "fargate-cicd-dev", cpu: "256", memory: "512", ...fargate });
        assert.deepEqual(size(other), { family: "fargate-cicd-live", cpu: "1024", memory: "4096", ...fargate });
    });

    it("runs one container, by the digest of the image that was built, and logs to its own group", () => {
        const { digest } = run.one("docker-build:index:Image").outputs;
        assert.deepEqual(containers(run), [
            {
                name: "app",
                image: `123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/fargate-cicd-dev@${String(digest)}`,
                essential: true,
                readonlyRootFilesystem: true,
                mountPoints: [{ sourceVolume: "tmp", containerPath: "/tmp", readOnly: false }],
                stopTimeout: 30,
                environment: [],
                secrets: [],
                portMappings: [{ containerPort: 8080, hostPort: 8080, protocol: "tcp" }],
                logConfiguration: {
                    logDriver: "awslogs",
                    options: {
                        "awslogs-group": "/ecs/fargate-cicd-dev",
                        "awslogs-region": "ap-northeast-1",
                        "awslogs-stream-prefix": "app",
                    },
                },
            },
        ]);
        assert.match(String(digest), /^sha256:[0-9a-f]{64}$/);
    });

    it("listens on the configured port, may take its time to stop, and logs in the configured region", () => {
        const [container] = containers(other);
        assert.deepEqual(container!.portMappings, [{ containerPort: 3000, hostPort: 3000, protocol: "tcp" }]);
        assert.equal(container!.stopTimeout, 90);
        const { options } = container!.logConfiguration as { options: Record<string, string> };
        assert.equal(options["awslogs-region"], "eu-west-1");
    });

    it("runs what it is told, as whom it is told, and writes to /tmp alone", () => {
        const [container] = containers(other);
        const { command, user, readonlyRootFilesystem, mountPoints } = container!;
        assert.deepEqual([command, user, readonlyRootFilesystem], [["node", "server.js"], "1000", true]);
        assert.deepEqual(mountPoints, [{ sourceVolume: "tmp", containerPath: "/tmp", readOnly: false }]);
        // "Task definition differences for Fargate" in the ECS Developer Guide: no host path of a volume.
        assert.equal(container!.linuxParameters, undefined);
        assert.deepEqual(definition(other).inputs.volumes, [{ name: "tmp" }]);
    });

    it("writes everywhere where that is asked for, without a volume", async () => {
        const run = await record({ values: { readOnlyRoot: "false" } });
        const { readonlyRootFilesystem, mountPoints } = containers(run)[0]!;
        assert.deepEqual(
            [readonlyRootFilesystem, mountPoints, definition(run).inputs.volumes],
            Array(3).fill(undefined),
        );
    });

    it("has no read-only root with a shell, whose agent could not start", () => {
        const message = refusal({ enableExec: "true" });
        assert.match(
            message,
            /^ {2}- readOnlyRoot: expected false with enableExec, .+\n {4}fix: pulumi config set readOnlyRoot false$/m,
        );
    });

    it("keeps logs for the configured days, never for ever", () => {
        const logs = (recording: Recording) => {
            const { name, retentionInDays } = recording.one("aws:cloudwatch/logGroup:LogGroup", "main").inputs;
            return { name, retentionInDays };
        };
        assert.deepEqual(logs(run), { name: "/ecs/fargate-cicd-dev", retentionInDays: 30 });
        assert.deepEqual(logs(other), { name: "/ecs/fargate-cicd-live", retentionInDays: 7 });
    });

    it("has two roles: one to start it, and one of its own", () => {
        const { executionRoleArn, taskRoleArn } = definition(run).inputs;
        assert.equal(executionRoleArn, run.one(roleType, "main-execution").outputs.arn);
        assert.equal(taskRoleArn, run.one(roleType, "main-task").outputs.arn);
        assert.notEqual(executionRoleArn, taskRoleArn);
    });

    it("gives the app's own role no permission at all, and no role a managed one", () => {
        const taskRole = String(run.one(roleType, "main-task").outputs.name);
        const policies = run.registrations.filter(({ type }) => /^aws:iam\/.*(policy|attachment)/i.test(type));
        assert.deepEqual(
            policies.map(({ type, inputs }) => [type, inputs.role]),
            [
                ["aws:iam/rolePolicy:RolePolicy", run.one(roleType, "main-shift").outputs.name],
                ["aws:iam/rolePolicy:RolePolicy", run.one(roleType, "main-shift").outputs.name],
                ["aws:iam/rolePolicy:RolePolicy", run.one(roleType, "main-execution").outputs.name],
                ["aws:iam/rolePolicy:RolePolicy", run.one(roleType, "main-deploy").outputs.name],
                ["aws:iam/rolePolicy:RolePolicy", run.one(roleType, "main-preview").outputs.name],
            ],
        );
        assert.ok(policies.every(({ inputs }) => inputs.role !== taskRole));
        for (const { name, inputs } of run.of(roleType)) {
            const { inlinePolicies, managedPolicyArns, permissionsBoundary } = inputs;
            assert.deepEqual(
                [inlinePolicies, managedPolicyArns, permissionsBoundary],
                [undefined, undefined, undefined],
                name,
            );
        }
    });

    it("is started with a role that pulls from its repository and GuardDuty's, writes to its log group, and does nothing else", () => {
        const { Statement } = policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-execution"));
        assert.deepEqual(
            Statement.map(({ Sid: _, ...statement }) => statement),
            [
                { Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: ["*"] },
                {
                    Effect: "Allow",
                    Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                    Resource: ["arn:aws:ecr:ap-northeast-1:123456789012:repository/fargate-cicd-dev"],
                },
                {
                    Effect: "Allow",
                    Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                    Resource: ["arn:aws:ecr:ap-northeast-1:*:repository/aws-guardduty-agent-fargate"],
                },
                {
                    Effect: "Allow",
                    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                    Resource: ["arn:aws:logs:ap-northeast-1:123456789012:log-group:/ecs/fargate-cicd-dev:log-stream:*"],
                },
            ],
        );
    });

    it("keeps replaced revisions, which may be running or be rolled back to, until the family goes", () => {
        assert.equal(definition(run).inputs.skipDestroy, true);
        const { inputs } = run.one("pulumi-nodejs:dynamic/ecs:TaskDefinitionFamily");
        assert.deepEqual([inputs.family, inputs.region], ["fargate-cicd-dev", "ap-northeast-1"]);
    });
});
