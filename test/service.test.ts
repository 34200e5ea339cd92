import assert from "node:assert/strict";
import type { Recording } from "./record";
import { alternative, standard } from "./scenarios";

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
        assert.deepEqual(loadBalancers, [
            { targetGroupArn: arnOf("aws:lb/targetGroup:TargetGroup"), containerName: "app", containerPort: 80 },
        ]);
        assert.equal((service(other).loadBalancers as { containerPort: number }[])[0]!.containerPort, 8080);
    });

    it("takes back a release that does not become healthy", () => {
        assert.deepEqual(service(run).deploymentCircuitBreaker, { enable: true, rollback: true });
    });

    it("never has fewer tasks during a release than before it, and room to start the new ones", () => {
        const { deploymentMinimumHealthyPercent: least, deploymentMaximumPercent: most } = service(run);
        assert.equal(least, 100);
        assert.ok(Number(most) >= 200, "a single task could not be replaced");
    });

    it("gives a starting app a grace period, and waits until it is steady", () => {
        const { healthCheckGracePeriodSeconds, waitForSteadyState } = service(run);
        assert.equal(healthCheckGracePeriodSeconds, 60);
        assert.equal(waitForSteadyState, true);
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

    it("changes its capacity in place, without a new service", () => {
        assert.equal(service(run).forceNewDeployment, true);
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

    it("follows CPU and requests per target, out quickly and in slowly", () => {
        const target = run.one("aws:appautoscaling/target:Target").inputs;
        const label = `${String(run.one("aws:lb/loadBalancer:LoadBalancer").outputs.arnSuffix)}/${String(run.one("aws:lb/targetGroup:TargetGroup").outputs.arnSuffix)}`;
        assert.match(label, /^app\/[^/]+\/[0-9a-f]{16}\/targetgroup\/[^/]+\/[0-9a-f]{16}$/);

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
            const { predefinedMetricSpecification, scaleOutCooldown, scaleInCooldown, targetValue } =
                inputs.targetTrackingScalingPolicyConfiguration as Record<string, number>;
            assert.ok(scaleOutCooldown! < scaleInCooldown!);
            return { metric: predefinedMetricSpecification, targetValue };
        });
        assert.deepEqual(metrics, [
            { metric: { predefinedMetricType: "ECSServiceAverageCPUUtilization" }, targetValue: 60 },
            { metric: { predefinedMetricType: "ALBRequestCountPerTarget", resourceLabel: label }, targetValue: 1000 },
        ]);
    });
});
