import assert from "node:assert/strict";
import { assertVerdicts, policyOf } from "./iam";
import type { Recording } from "./record";
import { production, standard } from "./scenarios";

describe("deletion protection", () => {
    let run: Recording;
    let prod: Recording;
    before(async () => {
        [run, prod] = [await standard(), await production()];
    });

    const input = (recording: Recording, type: string, key: string) => recording.one(type).inputs[key];

    it("keeps what cannot be made again from a destroy: address, images, logs, the repository", () => {
        assert.deepEqual(
            prod.registrations.filter(({ protect }) => protect).map(({ type, name }) => `${type} ${name}`),
            [
                "github:index/repository:Repository main",
                "aws:lb/loadBalancer:LoadBalancer main",
                "aws:ecr/repository:Repository main",
                "aws:cloudwatch/logGroup:LogGroup main",
                "aws:cloudwatch/logGroup:LogGroup main-shell",
            ],
        );
    });

    it("has AWS refuse as well, or keep for 30 days, where it can", () => {
        assert.equal(input(prod, "aws:lb/loadBalancer:LoadBalancer", "enableDeletionProtection"), true);
        assert.equal(input(prod, "aws:ecr/repository:Repository", "forceDelete"), false);
        assert.equal(input(prod, "aws:secretsmanager/secret:Secret", "recoveryWindowInDays"), 30);
    });

    // deleteRole of iam/role.go detaches what the program did not attach only with it; IAM refuses to delete a role that has policies.
    it("is nowhere in the roles: a policy that somebody has attached by hand does not keep one", () => {
        for (const { name, inputs } of [...run.of("aws:iam/role:Role"), ...prod.of("aws:iam/role:Role")]) {
            assert.equal(inputs.forceDetachPolicies, true, name);
        }
    });

    it("is off by default: destroy leaves nothing", () => {
        assert.equal(input(run, "aws:lb/loadBalancer:LoadBalancer", "enableDeletionProtection"), false);
        assert.equal(input(run, "aws:ecr/repository:Repository", "forceDelete"), true);
    });
});

describe("a shell in a running task", () => {
    let run: Recording;
    let prod: Recording;
    before(async () => {
        [run, prod] = [await standard(), await production()];
    });

    const container = (recording: Recording) =>
        (
            JSON.parse(
                String(recording.one("aws:ecs/taskDefinition:TaskDefinition").inputs.containerDefinitions),
            ) as Record<string, unknown>[]
        )[0]!;

    it("can be opened only where it is asked for", () => {
        for (const [recording, on] of [
            [run, false],
            [prod, true],
        ] as const) {
            assert.equal(recording.one("aws:ecs/service:Service").inputs.enableExecuteCommand, on);
            assert.deepEqual(container(recording).linuxParameters, on ? { initProcessEnabled: true } : undefined);
            assert.equal(
                recording.of("aws:iam/rolePolicy:RolePolicy").some(({ name }) => name === "main-exec"),
                on,
            );
        }
    });

    it("takes the app's own role rights to talk to the Session Manager and to log the shell, and no other", async () => {
        const policy = prod.one("aws:iam/rolePolicy:RolePolicy", "main-exec");
        assert.equal(policy.inputs.role, prod.one("aws:iam/role:Role", "main-task").outputs.name);
        await assertVerdicts(policyOf(policy), "allowed", [
            ["ssmmessages:CreateControlChannel", "*"],
            ["ssmmessages:CreateDataChannel", "*"],
            ["ssmmessages:OpenControlChannel", "*"],
            ["ssmmessages:OpenDataChannel", "*"],
        ]);
        const group = String(prod.one("aws:cloudwatch/logGroup:LogGroup", "main-shell").outputs.arn);
        assert.deepEqual(
            policyOf(policy).Statement.map(({ Action, Resource }) => [Action.length, Resource]),
            [
                [4, ["*"]],
                [1, ["*"]], // logs:DescribeLogGroups
                [3, [`${group}:*`]],
            ],
        );
    });

    it("is there when the service starts its first task", () => {
        const needs = prod.one("aws:ecs/service:Service").dependsOn.map(({ name }) => name);
        assert.ok(needs.includes("main-exec"), needs.join(", "));
    });

    // terraform-provider-aws 6.34, cluster.go: an update without a configuration sends none, so that the former one stays, and each refresh shows it.
    it("writes down what is typed and shown in a log group of its own, and says so where none can be opened, too", () => {
        const logging = (recording: Recording) => recording.one("aws:ecs/cluster:Cluster").inputs.configuration;
        assert.deepEqual(logging(run), { executeCommandConfiguration: { logging: "NONE" } });
        assert.deepEqual(logging(prod), {
            executeCommandConfiguration: {
                logging: "OVERRIDE",
                logConfiguration: {
                    cloudWatchLogGroupName: "/ecs/fargate-cicd-prod/shell",
                    cloudWatchEncryptionEnabled: false,
                },
            },
        });
    });
});
