import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { arn, Issuer, region, taskTrust, type TestAws } from "./awsFixture";
import { pull, server, ServiceFixture } from "./serviceFixture";

describe("the emulated AWS, rolling out a service", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let aws: TestAws;
    let fixture: ServiceFixture;
    let targetGroupArn: string;

    const revision = (script: string) => fixture.revision(script);
    const release = (taskDefinition: string) => fixture.release(taskDefinition);
    const described = () => fixture.described();
    const steady = () => fixture.steady();
    const ask = (path?: string) => fixture.ask(path);
    const whileAsking = (work: () => Promise<unknown>) => fixture.whileAsking(work);
    const execution = (statements: readonly object[]) => fixture.execution(statements);

    /** Checks what the history says of a deployment that was rolled back to another. */
    async function rolledBack(id: string, previous: string): Promise<void> {
        const { ecs } = aws.as();
        const { serviceDeployments: all } = await ecs.listServiceDeployments({ cluster: "app", service: "app" });
        const brief = all!.find((each) => each.targetServiceRevisionArn!.endsWith(id.split("/")[1]!))!;
        const { serviceDeployments } = await ecs.describeServiceDeployments({
            serviceDeploymentArns: [brief.serviceDeploymentArn!],
        });
        const { status, statusReason, rollback, sourceServiceRevisions, finishedAt } = serviceDeployments![0]!;
        const revision = arn("ecs", `service-revision/app/app/${previous.split("/")[1]}`);
        const reason = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
        assert.deepEqual([status, statusReason, rollback!.reason], ["ROLLBACK_SUCCESSFUL", reason, reason]);
        const sources = sourceServiceRevisions!.map((source) => source.arn);
        assert.deepEqual([rollback!.serviceRevisionArn, sources], [revision, [revision]]);
        assert.ok(finishedAt! >= rollback!.startedAt!);
    }

    before(async () => {
        tokens = await Issuer.start();
        fixture = await ServiceFixture.start(tokens);
        aws = fixture.aws;
        const { ecs } = aws.as();
        targetGroupArn = await fixture.targetGroup("app");
        const service = {
            cluster: "app",
            serviceName: "app",
            taskDefinition: await revision(server("one")),
            desiredCount: 2,
            launchType: "FARGATE" as const,
            networkConfiguration: { awsvpcConfiguration: { subnets: fixture.subnets } },
            loadBalancers: [{ targetGroupArn, containerName: "app", containerPort: 80 }],
            healthCheckGracePeriodSeconds: 10,
            deploymentConfiguration: {
                minimumHealthyPercent: 100,
                deploymentCircuitBreaker: { enable: true, rollback: true },
            },
        };
        await assert.rejects(ecs.createService(service), /does not have an associated load balancer/);
        await fixture.listener(80, targetGroupArn);
        const created = await ecs.createService(service);
        assert.equal(created.service!.deployments![0]!.rolloutState, "IN_PROGRESS");
        await steady();
    });
    after(async () => {
        await fixture?.stop();
        tokens?.stop();
    });

    it("serves it from as many labelled containers as desired, with the memory that is declared", async () => {
        assert.match(fixture.address, new RegExp(`^app-[0-9a-z]+\\.alb\\.localhost:${aws.port}$`));
        assert.deepEqual(await ask(), { status: 200, body: "one" });
        const containers = await aws.containers();
        assert.deepEqual(
            containers.map(({ state }) => state),
            ["running", "running"],
        );
        const inspected = aws.dockerClient(["inspect", "-f", "{{.HostConfig.Memory}}", containers[0]!.id]);
        assert.equal(inspected.output.trim(), String(512 * 1024 * 1024));
    });

    it("answers for one that breaks a connection, and counts that and the request, and not among the app's answers", async () => {
        const Value = fixture.balancerArn.split(":loadbalancer/")[1];
        const sum = async (MetricName: string) => {
            const { Datapoints = [] } = await aws.as().cloudwatch.getMetricStatistics({
                ...{ Namespace: "AWS/ApplicationELB", MetricName, Dimensions: [{ Name: "LoadBalancer", Value }] },
                ...{ StartTime: new Date(Date.now() - 600_000), EndTime: new Date(Date.now() + 60_000) },
                ...{ Period: 60, Statistics: ["Sum"] },
            });
            return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
        };
        const names = ["HTTPCode_ELB_502_Count", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count", "RequestCount"];
        const sums = () => Promise.all([...names, "HTTPCode_Target_5XX_Count"].map(sum));
        /** Asks, until that is counted, and with it what was asked before. */
        const asked = async () => {
            const before = await sum(names[0]!);
            assert.equal((await ask("/broken")).status, 502);
            for (let left = 100; (await sum(names[0]!)) === before && left > 0; left--) await sleep(100);
        };
        await asked();
        const before = await sums();
        await asked();
        assert.deepEqual(
            (await sums()).map((after, index) => after - before[index]!),
            [1, 1, 0, 1, 0],
        );
    });

    it("spreads them over the zones of the subnets", async () => {
        const { ecs } = aws.as();
        const { taskArns } = await ecs.listTasks({ cluster: "app" });
        const { tasks } = await ecs.describeTasks({ cluster: "app", tasks: taskArns! });
        assert.deepEqual(tasks!.map(({ availabilityZone }) => availabilityZone).sort(), [`${region}a`, `${region}c`]);
    });

    it("sends nothing to one in a zone that the load balancer has left", async () => {
        const { ec2, ecs, elb } = aws.as();
        const { subnets, vpcId: VpcId, balancerArn: LoadBalancerArn } = fixture;
        const scaled = async (desiredCount: number) => {
            await ecs.updateService({ cluster: "app", service: "app", desiredCount });
            await steady();
        };
        const asked = async (...ids: string[]) => {
            await elb.setSubnets({ LoadBalancerArn, Subnets: ids });
            return (await ask()).status;
        };
        await scaled(1);
        const { taskArns } = await ecs.listTasks({ cluster: "app" });
        const { tasks } = await ecs.describeTasks({ cluster: "app", tasks: taskArns! });
        const empty = subnets[tasks![0]!.availabilityZone === `${region}a` ? 1 : 0]!;
        const third = { VpcId, CidrBlock: "10.0.9.0/24", AvailabilityZone: `${region}d` };
        const { Subnet } = await ec2.createSubnet(third);
        assert.deepEqual([await asked(empty, Subnet!.SubnetId!), await asked(...subnets)], [503, 200]);
        await scaled(2);
    });

    it("loses no request while a new version replaces the old one", async () => {
        const next = await revision(server("two"));
        const slow = ask("/slow"); // in flight on an old task until after the new ones are healthy
        const seen = await whileAsking(async () => {
            await release(next);
            await steady();
        });
        assert.deepEqual(Object.keys(seen).sort(), ["200 one", "200 two"], JSON.stringify(seen));
        assert.deepEqual(await slow, { status: 200, body: "one" });
        assert.equal((await ask()).body, "two");
    });

    for (const [title, script] of [
        ["a version that exits", "process.exit(1)"],
        ["a version that never becomes healthy", server("sick", 500)],
        ["a version that does not listen", "setTimeout(() => undefined, 1e9)"],
    ] as const) {
        it(`rolls back ${title}, which nobody ever sees`, async () => {
            const bad = await revision(script);
            const seen = await whileAsking(async () => {
                const { id } = await release(bad);
                const { deployments, taskDefinition, events } = await steady();
                assert.ok(!deployments!.some((deployment) => deployment.id === id));
                assert.notEqual(taskDefinition, bad);
                assert.match(events!.map(({ message }) => message).join("\n"), /circuit breaker/);
                await rolledBack(id!, deployments![0]!.id!);
            });
            assert.deepEqual(Object.keys(seen), ["200 two"], JSON.stringify(seen));
        });
    }

    it("keeps in the service's history what is not listed any more", async () => {
        const { serviceDeployments } = await aws.as().ecs.listServiceDeployments({ cluster: "app", service: "app" });
        const states = serviceDeployments!.map(({ status }) => status);
        assert.deepEqual(states, [...Array<string>(3).fill("ROLLBACK_SUCCESSFUL"), "SUCCESSFUL", "SUCCESSFUL"]);
    });

    it("does not start a task whose execution role may not pull, log or be assumed", async () => {
        const { ecs } = aws.as();
        const reasonWith = async (prepare: () => Promise<unknown>): Promise<string> => {
            const taskDefinition = await revision(server("x"));
            await prepare();
            const { tasks } = await ecs.runTask({ cluster: "app", taskDefinition, launchType: "FARGATE" });
            for (let left = 50; left > 0; left--) {
                const found = await ecs.describeTasks({ cluster: "app", tasks: [tasks![0]!.taskArn!] });
                if (found.tasks![0]!.lastStatus === "STOPPED") return found.tasks![0]!.stoppedReason!;
                await sleep(100);
            }
            return "it runs";
        };
        const without = (action: string) => () =>
            execution(
                pull
                    .map((each) => ({ ...each, Action: [each.Action].flat().filter((name) => name !== action) }))
                    .filter(({ Action }) => Action.length > 0),
            );
        assert.match(await reasonWith(without("ecr:BatchGetImage")), /^CannotPullContainerError.*ecr:BatchGetImage/);
        assert.match(await reasonWith(without("ecr:GetDownloadUrlForLayer")), /^CannotPullContainerError/);
        assert.match(
            await reasonWith(without("ecr:GetAuthorizationToken")),
            /^ResourceInitializationError.*registry auth/,
        );
        assert.match(await reasonWith(without("logs:CreateLogStream")), /^ResourceInitializationError.*logger/);
        await execution(pull);
        const trust = (Service: string) => ({ ...taskTrust, Effect: "Allow", Principal: { Service } });
        const PolicyDocument = (service: string) =>
            JSON.stringify({ Version: "2012-10-17", Statement: [trust(service)] });
        const trusting = (service: string) => () =>
            aws.as().iam.updateAssumeRolePolicy({ RoleName: "execution", PolicyDocument: PolicyDocument(service) });
        assert.match(await reasonWith(trusting("ec2.amazonaws.com")), /unable to assume the role/);
        await trusting("ecs-tasks.amazonaws.com")();
    });

    it("takes an unhealthy target out of service and says why", async () => {
        const { ecs, elb } = aws.as();
        const states = async () => {
            const { TargetHealthDescriptions: found } = await elb.describeTargetHealth({
                TargetGroupArn: targetGroupArn,
            });
            return found!.map(({ TargetHealth }) => TargetHealth!.State);
        };
        assert.deepEqual(await states(), ["healthy", "healthy"]);
        const nowhere = { TargetGroupArn: targetGroupArn, Targets: [{ Id: "127.0.0.1", Port: 9 }] };
        await elb.registerTargets(nowhere);
        const state = async () =>
            (await elb.describeTargetHealth(nowhere)).TargetHealthDescriptions![0]!.TargetHealth!.State;
        for (let left = 200; (await state()) !== "unhealthy" && left > 0; left--) await sleep(100);
        assert.equal(await state(), "unhealthy");
        for (let i = 0; i < 10; i++) assert.equal((await ask()).status, 200);
        await elb.deregisterTargets(nowhere);
        assert.deepEqual(await states(), ["healthy", "healthy"]);
        await ecs.updateService({ cluster: "app", service: "app", desiredCount: 0 });
        assert.equal((await ask()).status, 503);
        await ecs.updateService({ cluster: "app", service: "app", desiredCount: 1 });
        await steady();
    });

    it("leaves no container behind: not of tasks that ended, nor when it was killed", async () => {
        const { desiredCount } = await described();
        assert.equal((await aws.containers()).length, desiredCount);
        await aws.end("SIGKILL");
        assert.equal((await aws.containers()).length, desiredCount);
        await aws.run(); // at once, on the same port
        assert.deepEqual(await aws.containers(), []);
        assert.equal((await ask()).status, 404);
        assert.deepEqual((await aws.as().ecs.listClusters({})).clusterArns, []);
    });
});
