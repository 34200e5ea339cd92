import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { rolloutMinutes } from "../infra/config";
import { table, type Setting } from "../infra/config/table";
import { warningOf } from "../infra/service/rollout";
import { record, type Recording } from "./record";
import { alternative, standard } from "./scenarios";
import { load, projectFolder, type Values } from "./settings";

const serviceType = "aws:ecs/service:Service";

describe("service", () => {
    let run: Recording;
    let other: Recording;
    before(async () => {
        run = await standard();
        other = await alternative();
    });

    const service = (recording: Recording) => recording.one(serviceType).inputs;
    const arnOf = (type: string) => run.one(type).outputs.arn;

    it("runs this task in this cluster behind this target group", () => {
        const { name, cluster, taskDefinition, loadBalancers } = service(run);
        assert.equal(name, "fargate-cicd-dev");
        assert.equal(run.one("aws:ecs/cluster:Cluster").inputs.name, "fargate-cicd-dev");
        assert.equal(cluster, arnOf("aws:ecs/cluster:Cluster"));
        assert.equal(taskDefinition, arnOf("aws:ecs/taskDefinition:TaskDefinition"));
        const { targetGroupArn, containerName, containerPort } = (loadBalancers as Record<string, unknown>[])[0]!;
        const { arn } = run.one("aws:lb/targetGroup:TargetGroup", "main").outputs;
        assert.deepEqual([targetGroupArn, containerName, containerPort], [arn, "app", 8080]);
        assert.equal((service(other).loadBalancers as { containerPort: number }[])[0]!.containerPort, 3000);
    });

    it("goes live as is configured, in ECS's own words, and says so for rolling as well", async () => {
        const strategy = async (values: Values) => service(await record({ values })).deploymentConfiguration;
        const paces = { bakeMinutes: "3", rolloutPercent: "12.5", rolloutStepMinutes: "2" };
        assert.deepEqual(await strategy({}), { strategy: "ROLLING" });
        assert.deepEqual(await strategy({ ...paces, rollout: "rolling" }), { strategy: "ROLLING" });
        assert.deepEqual(await strategy({ ...paces, rollout: "blue-green" }), {
            strategy: "BLUE_GREEN",
            bakeTimeInMinutes: "3",
        });
        assert.deepEqual(await strategy({ ...paces, rollout: "canary" }), {
            strategy: "CANARY",
            bakeTimeInMinutes: "3",
            canaryConfiguration: { canaryPercent: 12.5, canaryBakeTimeInMinutes: "2" },
        });
        assert.deepEqual(await strategy({ ...paces, rollout: "linear" }), {
            strategy: "LINEAR",
            bakeTimeInMinutes: "3",
            linearConfiguration: { stepPercent: 12.5, stepBakeTimeInMinutes: "2" },
        });
    });

    it("takes as long by default as the page on releases says", () => {
        const page = fs.readFileSync(path.join(projectFolder, "docs/releases/README.md"), "utf8");
        const [, all, faster] =
            /`linear` takes (\d+) minutes with its defaults.+?`rolloutPercent: 20` makes that (\d+)/s.exec(page)!;
        const minutes = (values: Values) => String(rolloutMinutes(load({ rollout: "linear", ...values })));
        assert.deepEqual([minutes({}), minutes({ rolloutPercent: "20" })], [all, faster]);
    });

    it("warns of a rollout that the run which releases cannot see to its end", () => {
        const paces = { bakeMinutes: 5, rolloutPercent: 10, rolloutStepMinutes: 5, drainSeconds: 0 };
        const linear = { rollout: "linear", ...paces } as const;
        const pipeline = { releasedBy: "pipeline" } as const;
        assert.match(
            warningOf({ ...linear, ...pipeline })!,
            /^a release takes 50 minutes .* has 55 for all that it does/,
        );
        assert.equal(warningOf({ ...linear, ...pipeline, rolloutPercent: 20 }), undefined);
        assert.equal(warningOf({ ...linear, ...pipeline, rollout: "canary" }), undefined);
        assert.equal(warningOf({ ...linear, releasedBy: "pulumi" }), undefined);
        const longLived = { ...linear, ...pipeline, rollout: "rolling", drainSeconds: 3600 } as const;
        assert.match(warningOf(longLived)!, /^a release takes 60 minutes by its steps, bakeMinutes and drainSeconds/);
    });

    // Without advancedConfiguration ECS would register the tasks of a rolling release in the first group, which may not serve.
    it("has both target groups, their rule and ECS's role with every strategy, so that a change of it is in place", async () => {
        for (const rollout of ["rolling", "blue-green", "canary", "linear"]) {
            const recording = await record({ values: { rollout } });
            const [{ advancedConfiguration }] = service(recording).loadBalancers as [Record<string, unknown>];
            assert.deepEqual(advancedConfiguration, {
                alternateTargetGroupArn: recording.one("aws:lb/targetGroup:TargetGroup", "main-alternate").outputs.arn,
                productionListenerRule: recording.one("aws:lb/listenerRule:ListenerRule", "main-production-http")
                    .outputs.arn,
                roleArn: recording.one("aws:iam/role:Role", "main-shift").outputs.arn,
            });
        }
    });

    it("waits for a gradual release as long as that may take on purpose", async () => {
        const minutes = async (values: Values) => (await record({ values })).one(serviceType).customTimeouts?.update;
        const paces = { bakeMinutes: "7", rolloutPercent: "30", rolloutStepMinutes: "2" };
        assert.equal(await minutes({ ...paces, rollout: "rolling" }), "25m");
        assert.equal(await minutes({ ...paces, rollout: "blue-green" }), "32m");
        assert.equal(await minutes({ ...paces, rollout: "canary" }), "34m");
        assert.equal(await minutes({ ...paces, rollout: "linear" }), "38m"); // 30, 60 and 90 per cent
    });

    // TestAccECSService_BlueGreenDeployment_circuitBreakerRollback of the provider (service_test.go) has AWS do so with BLUE_GREEN.
    it("takes back a release that does not become healthy, whatever the strategy", async () => {
        const gradual = await record({ values: { rollout: "canary" } });
        assert.deepEqual(service(gradual).deploymentCircuitBreaker, { enable: true, rollback: true });
        assert.deepEqual(service(run).deploymentCircuitBreaker, { enable: true, rollback: true });
    });

    it("never has fewer tasks during a release than before it, and room to start the new ones", () => {
        const { deploymentMinimumHealthyPercent: least, deploymentMaximumPercent: most } = service(run);
        assert.equal(least, 100);
        assert.ok(Number(most) >= 200, "a single task could not be replaced");
    });

    it("gives an app all the time to start that is configured, and then the load balancer the time to notice", () => {
        const grace = (recording: Recording) => {
            const { healthCheck } = recording.one("aws:lb/targetGroup:TargetGroup", "main").inputs;
            const { interval, healthyThreshold } = healthCheck as Record<string, number>;
            // A check may be due an interval after the app is up, and further ones follow until it counts as healthy.
            return Number(service(recording).healthCheckGracePeriodSeconds) - interval! * (healthyThreshold! + 1);
        };
        assert.deepEqual([grace(run), grace(other)], [60, 90]);
    });

    it("lives through a stall of 20 s: fewer checks in a row fail for it than make a task unhealthy", () => {
        const { healthCheck, deregistrationDelay } = other.one("aws:lb/targetGroup:TargetGroup", "main").inputs;
        const { interval, timeout, unhealthyThreshold } = healthCheck as Record<string, number>;
        // Every check fails that begins in the stall, more than its timeout before the end, or before it and is not answered yet.
        const failing = Math.ceil(20 / interval!);
        assert.ok(timeout! < interval! && failing < unhealthyThreshold!);
        assert.ok(unhealthyThreshold! >= 2 && unhealthyThreshold! <= 10, "Elastic Load Balancing takes 2 to 10");
        assert.equal(deregistrationDelay, 120);
    });

    it("waits until it is steady, for as long as a release that fails slowly may take", () => {
        assert.equal(service(run).waitForSteadyState, true);
        assert.deepEqual(run.one(serviceType).customTimeouts, { create: "25m", update: "25m", delete: "25m" });
        assert.deepEqual(other.one(serviceType).customTimeouts, { create: "28m", update: "28m", delete: "28m" });
    });

    it("spreads its tasks over the zones again after one has failed", () => {
        assert.equal(service(run).availabilityZoneRebalancing, "ENABLED");
    });

    it("leaves the running revision to the pipeline, and the number of tasks to autoscaling", () => {
        assert.deepEqual(run.one(serviceType).ignoreChanges.toSorted(), ["desiredCount", "taskDefinition"]);
    });

    it("releases with pulumi up where that is configured, and leaves the number of tasks to autoscaling there too", () => {
        assert.deepEqual(other.one(serviceType).ignoreChanges, ["desiredCount"]);
    });

    it("opens another port before it uses it, and closes the former one when nothing uses that any more", () => {
        // The provider changes a rule's ports in place (ModifySecurityGroupRules): it replaces a rule with its kind of peer only.
        for (const [kind, name] of [
            ["Egress", "main-alb-to-tasks"],
            ["Ingress", "main-tasks-from-alb"],
        ]) {
            const rule = run.one(`aws:vpc/securityGroup${kind}Rule:SecurityGroup${kind}Rule`, name);
            assert.deepEqual(rule.replaceOnChanges, ["fromPort", "toPort"]);
            assert.equal(rule.deleteBeforeReplace, false);
            assert.ok(run.one(serviceType).dependsOn.includes(rule), name);
        }
    });

    it("asks for its capacity when a new account has had the time to make the role that ECS works with", () => {
        // See retryClusterCapacityProvidersPut in the provider, which does not wait for that role, and retryClusterCreate, which does.
        const { dependsOn } = run.one("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders");
        assert.deepEqual(
            dependsOn.map(({ type }) => type),
            ["aws:lb/listener:Listener"],
        );
    });

    it("is created after all it needs and destroyed before it: ways out, listener, ports, capacity, permissions, family", () => {
        const needs = run.one(serviceType).dependsOn.map(({ type, name }) => `${type} ${name}`);
        assert.deepEqual(needs.sort(), [
            "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders main",
            "aws:iam/rolePolicy:RolePolicy main-execution",
            "aws:iam/rolePolicy:RolePolicy main-shift",
            "aws:iam/rolePolicy:RolePolicy main-shift-tasks",
            "aws:lb/listener:Listener main-http",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule main-alb-to-tasks",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule main-tasks-https",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule main-tasks-from-alb",
            "awsx:ec2:Vpc main-vpc",
            "pulumi-nodejs:dynamic/ecs:TaskDefinitionFamily main",
        ]);
    });

    it("runs on demand by default", () => {
        assert.deepEqual(service(run).capacityProviderStrategies, [
            { capacityProvider: "FARGATE", base: 0, weight: 1 },
        ]);
        assert.equal(service(run).launchType, undefined, "AWS refuses a launch type beside a strategy");
    });

    it("keeps one task on demand under Spot, so that a reclaim never takes the last one", () => {
        assert.deepEqual(service(other).capacityProviderStrategies, [
            { capacityProvider: "FARGATE", base: 1, weight: 0 },
            { capacityProvider: "FARGATE_SPOT", base: 0, weight: 1 },
        ]);
    });

    it("has the capacity that it can be configured to use in its cluster", () => {
        const { clusterName, capacityProviders } = run.one(
            "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
        ).inputs;
        assert.deepEqual([clusterName, capacityProviders], ["fargate-cicd-dev", ["FARGATE", "FARGATE_SPOT"]]);
    });

    it("changes its capacity in place, which the provider refuses otherwise", () => {
        assert.equal(service(run).forceNewDeployment, true);
    });

    // terraform-provider-aws 6.34, service.go, resourceServiceUpdate: ForceNewDeployment goes into each update but one of tags alone.
    it("has new tasks for exactly the settings of which the table says so", async () => {
        const vpc = {
            vpcId: "vpc-0a1b2c3d",
            publicSubnetIds: "subnet-0000000a,subnet-0000000c",
            privateSubnetIds: "subnet-1000000a,subnet-1000000c",
        };
        /** What such settings need beside them, and the settings. */
        const renewing: readonly (readonly [Values, Values])[] = [
            [
                {},
                {
                    availabilityZones: "3",
                    natGateways: "none",
                    startSeconds: "90",
                    capacity: "spot",
                    rollout: "canary",
                },
            ],
            [
                { rollout: "linear" },
                { bakeMinutes: "3", rolloutPercent: "20", rolloutStepMinutes: "2", rolloutTestPort: "9000" },
            ],
            [{ readOnlyRoot: "false" }, { enableExec: "true" }],
            [vpc, { privateSubnetIds: "subnet-1000000a,subnet-1000000c,subnet-1000000d" }],
        ];
        const others = {
            ...{ githubBranch: "live", githubEnvironment: "dev", createGithubRepository: "true", releasedBy: "pulumi" },
            ...{ healthCheckPath: "/health", drainSeconds: "120", stopSeconds: "90", architecture: "arm64" },
            ...{ dualStack: "true", egress: "5432", command: '["serve"]', user: "1000", cpu: "512", memory: "1024" },
            ...{ minTasks: "1", maxTasks: "3", deletionProtection: "true", imageScan: "block" },
            ...{ environment: '{"LOG_LEVEL":"debug"}', secrets: '{"KEY":"value"}' },
            ...{ logRetentionDays: "7", containerInsights: "enhanced", alarmEmail: "on-call@example.com" },
            ...{ accessLogs: "true", flowLogs: "true" },
        };
        const serviceOf = async (values: Values) => ({
            ...service(await record({ values })),
            taskDefinition: "the next release's",
            desiredCount: "autoscaling's",
        });
        for (const [beside, values] of renewing) {
            const before = await serviceOf(beside);
            for (const [key, value] of Object.entries(values)) {
                assert.notDeepEqual(await serviceOf({ ...beside, [key]: value }), before, key);
            }
        }
        const before = await serviceOf({});
        assert.deepEqual(await serviceOf(others), before);
        const domain = { domainName: "shop.example.com", hostedZone: "example.com" };
        assert.notDeepEqual(await serviceOf(domain), before);
        assert.deepEqual(await serviceOf({ ...domain, domainName: "store.example.com" }), await serviceOf(domain));
        const shown = ["domainName", ...renewing.flatMap(([, values]) => Object.keys(values))];
        const said = Object.entries<Setting>(table).filter(([, { takesEffect }]) => takesEffect.includes("new tasks"));
        assert.deepEqual(shown.sort(), said.map(([key]) => key).sort());
    });

    it("tags the tasks that it starts", () => {
        const { propagateTags, enableEcsManagedTags } = service(run);
        assert.deepEqual([propagateTags, enableEcsManagedTags], ["SERVICE", true]);
    });

    it("starts with the fewest tasks and scales between the configured bounds", () => {
        const bounds = (recording: Recording) => {
            const { minCapacity, maxCapacity, resourceId } = recording.one("aws:appautoscaling/target:Target").inputs;
            return [service(recording).desiredCount, minCapacity, maxCapacity, resourceId];
        };
        assert.deepEqual(bounds(run), [2, 2, 4, "service/fargate-cicd-dev/fargate-cicd-dev"]);
        assert.deepEqual(bounds(other), [3, 3, 9, "service/fargate-cicd-live/fargate-cicd-live"]);
    });

    it("changes its scaling in one order: a target that is being changed refuses other changes", () => {
        const policies = run.of("aws:appautoscaling/policy:Policy");
        assert.deepEqual(
            policies.map(({ dependsOn }) => dependsOn.map(({ name }) => name)),
            [[], ["main-cpu"]],
        );
    });

    it("follows CPU and requests per target, out quickly and in slowly", () => {
        const target = run.one("aws:appautoscaling/target:Target").inputs;
        const metrics = run.of("aws:appautoscaling/policy:Policy").map(({ inputs }) => {
            const { policyType, serviceNamespace, scalableDimension, resourceId } = inputs;
            assert.deepEqual(
                { policyType, serviceNamespace, scalableDimension, resourceId },
                {
                    policyType: "TargetTrackingScaling",
                    serviceNamespace: "ecs",
                    scalableDimension: "ecs:service:DesiredCount",
                    resourceId: target.resourceId,
                },
            );
            const { scaleOutCooldown, scaleInCooldown, ...measure } =
                inputs.targetTrackingScalingPolicyConfiguration as Record<string, number>;
            assert.ok(scaleOutCooldown! < scaleInCooldown!);
            return measure;
        });
        const groups = run.of("aws:lb/targetGroup:TargetGroup").map(({ outputs }) => outputs.arnSuffix);
        const balancer = run.one("aws:lb/loadBalancer:LoadBalancer").outputs.arnSuffix;
        const each = (id: string, metricName: string, stat: string) =>
            groups.map((group, index) => ({
                id: `${id}${index}`,
                metricStat: {
                    metric: {
                        namespace: "AWS/ApplicationELB",
                        metricName,
                        dimensions: [
                            { name: "LoadBalancer", value: balancer },
                            { name: "TargetGroup", value: group },
                        ],
                    },
                    stat,
                },
                returnData: false,
            }));
        assert.equal(groups.length, 2);
        assert.deepEqual(metrics, [
            {
                predefinedMetricSpecification: { predefinedMetricType: "ECSServiceAverageCPUUtilization" },
                targetValue: 60,
            },
            {
                // No FILL: an alarm of a scaling policy looks at three minutes in a row, of which the newest may not have been told yet.
                customizedMetricSpecification: {
                    metrics: [
                        ...each("requests", "RequestCountPerTarget", "Sum"),
                        ...each("hosts", "HealthyHostCount", "Maximum"),
                        { id: "none", expression: "0 * MAX([hosts0, hosts1])", returnData: false },
                        {
                            id: "most",
                            expression: "MAX([requests0, requests1, none])",
                            label: "requests per task",
                            returnData: true,
                        },
                    ],
                },
                targetValue: 1000,
            },
        ]);
    });

    it("serves as many requests with each task as is configured", async () => {
        const busy = await record({ values: { requestsPerTask: "6000" } });
        const { targetTrackingScalingPolicyConfiguration: policy } = busy.one(
            "aws:appautoscaling/policy:Policy",
            "main-requests",
        ).inputs;
        assert.equal((policy as { targetValue: number }).targetValue, 6000);
    });
});
