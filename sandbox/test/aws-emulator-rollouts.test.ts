import type { Deployment, Service } from "@aws-sdk/client-ecs";
import { strict as assert } from "node:assert";
import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { lookupLocalhost } from "../aws/emulator";
import { arn, Issuer, nodeImage, region, taskTrust, TestAws } from "./awsFixture";

/** A server that answers with its page, or with a failure at the path of the health check. */
const server = (page: string, healthStatus = 200, answerAfter = 0) => `
    const server = require("http").createServer((request, response) => {
        response.statusCode = request.url === "/health" ? ${healthStatus} : 200;
        setTimeout(() => response.end("${page}"), request.url === "/slow" ? 1500 : ${answerAfter});
    }).listen(80);
    process.on("SIGTERM", () => process.exit(0));`;

describe("the emulated AWS, rolling out a service", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let aws: TestAws;
    let address: string;
    let targetGroupArn: string;

    const execution = (statements: readonly object[]) => aws.role("execution", taskTrust, statements);
    const pull = [
        { Action: "ecr:GetAuthorizationToken", Resource: "*" },
        { Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource: arn("ecr", "repository/app") },
        { Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: arn("logs", "log-group:/app:*") },
    ];

    /** Registers a revision whose container runs this script. */
    async function revision(script: string): Promise<string> {
        const options = { "awslogs-group": "/app", "awslogs-region": region, "awslogs-stream-prefix": "app" };
        const { taskDefinition } = await aws.as().ecs.registerTaskDefinition({
            family: "app",
            requiresCompatibilities: ["FARGATE"],
            networkMode: "awsvpc",
            cpu: "256",
            memory: "512",
            executionRoleArn: await execution(pull),
            containerDefinitions: [
                {
                    name: "app",
                    image: `${aws.registry}/app:node`,
                    command: [process.execPath, "-e", script],
                    portMappings: [{ containerPort: 80 }],
                    logConfiguration: { logDriver: "awslogs", options },
                },
            ],
        });
        return taskDefinition!.taskDefinitionArn!;
    }

    const described = async (): Promise<Service> =>
        (await aws.as().ecs.describeServices({ cluster: "app", services: ["app"] })).services![0]!;
    async function steady(): Promise<Service> {
        for (let left = 300; left > 0; left--) {
            const service = await described();
            const done = service.deployments!.length === 1 && service.deployments![0]!.rolloutState === "COMPLETED";
            if (done && service.runningCount === service.desiredCount) return service;
            if (service.deployments!.every(({ rolloutState }) => rolloutState === "FAILED")) break;
            await sleep(200);
        }
        const { ecs } = aws.as();
        const { taskArns } = await ecs.listTasks({ cluster: "app", desiredStatus: "STOPPED" });
        const stopped =
            taskArns!.length > 0 ? (await ecs.describeTasks({ cluster: "app", tasks: taskArns! })).tasks! : [];
        const reasons = stopped.map(({ stoppedReason }) => stoppedReason).join("\n");
        throw new Error(`not steady: ${JSON.stringify((await described()).deployments)}\n${reasons}`);
    }
    async function release(taskDefinition: string): Promise<Deployment> {
        const { service } = await aws.as().ecs.updateService({ cluster: "app", service: "app", taskDefinition });
        return service!.deployments!.find(({ status }) => status === "PRIMARY")!;
    }

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
        assert.deepEqual([rollback!.serviceRevisionArn, sourceServiceRevisions], [revision, [{ arn: revision }]]);
        assert.ok(finishedAt! >= rollback!.startedAt!);
    }

    function ask(path = "/"): Promise<{ status: number; body: string }> {
        return new Promise((resolve, reject) => {
            const options = { lookup: lookupLocalhost, agent: false };
            const request = http.get(`http://${address}${path}`, options, (response) => {
                let body = "";
                response.on("data", (chunk) => (body += chunk)).on("error", reject);
                response.on("end", () => resolve({ status: response.statusCode!, body }));
            });
            request.on("error", reject);
        });
    }
    /** Asks without pause while `work` runs; returns how often each answer came. */
    async function whileAsking(work: () => Promise<unknown>): Promise<Record<string, number>> {
        const seen: Record<string, number> = {};
        let working = true;
        const asking = [1, 2, 3].map(async () => {
            while (working) {
                const answer = await ask().then(
                    ({ status, body }) => `${status} ${body}`,
                    (error: Error) => `failed: ${error.message}`,
                );
                seen[answer] = (seen[answer] ?? 0) + 1;
            }
        });
        await work().finally(() => (working = false));
        await Promise.all(asking);
        return seen;
    }

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const { ec2, ecr, ecs, elb, logs } = aws.as();
        await ecr.createRepository({ repositoryName: "app" });
        await aws.login(aws.as());
        const imported = aws.dockerClient(["import", "-", `${aws.registry}/app:node`], nodeImage());
        assert.ok(imported.ok, imported.output);
        const pushed = aws.dockerClient(["push", `${aws.registry}/app:node`]);
        assert.ok(pushed.ok, pushed.output);
        await logs.createLogGroup({ logGroupName: "/app" });
        const { Vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
        const subnets: string[] = [];
        for (const [index, zone] of ["a", "c"].entries()) {
            const AvailabilityZone = `${region}${zone}`;
            const request = { VpcId: Vpc!.VpcId, CidrBlock: `10.0.${index}.0/24`, AvailabilityZone };
            subnets.push((await ec2.createSubnet(request)).Subnet!.SubnetId!);
        }
        const balancers = await elb.createLoadBalancer({ Name: "app", Subnets: subnets, Type: "application" });
        const balancer = balancers.LoadBalancers![0]!;
        address = balancer.DNSName!;
        const zones = balancer.AvailabilityZones!.map(({ ZoneName }) => ZoneName);
        assert.deepEqual([balancer.VpcId, zones], [Vpc!.VpcId, [`${region}a`, `${region}c`]]);
        const groups = await elb.createTargetGroup({
            Name: "app",
            Protocol: "HTTP",
            Port: 80,
            VpcId: Vpc!.VpcId,
            TargetType: "ip",
            HealthCheckPath: "/health",
            HealthCheckIntervalSeconds: 5,
            HealthCheckTimeoutSeconds: 2,
            UnhealthyThresholdCount: 2,
            HealthyThresholdCount: 2,
        });
        targetGroupArn = groups.TargetGroups![0]!.TargetGroupArn!;
        await ecs.createCluster({ clusterName: "app" });
        const service = {
            cluster: "app",
            serviceName: "app",
            taskDefinition: await revision(server("one")),
            desiredCount: 2,
            launchType: "FARGATE" as const,
            networkConfiguration: { awsvpcConfiguration: { subnets } },
            loadBalancers: [{ targetGroupArn, containerName: "app", containerPort: 80 }],
            healthCheckGracePeriodSeconds: 10,
            deploymentConfiguration: {
                minimumHealthyPercent: 100,
                deploymentCircuitBreaker: { enable: true, rollback: true },
            },
        };
        await assert.rejects(ecs.createService(service), /does not have an associated load balancer/);
        await elb.createListener({
            LoadBalancerArn: balancer.LoadBalancerArn,
            Protocol: "HTTP",
            Port: 80,
            DefaultActions: [{ Type: "forward", TargetGroupArn: targetGroupArn }],
        });
        const created = await ecs.createService(service);
        assert.equal(created.service!.deployments![0]!.rolloutState, "IN_PROGRESS");
        await steady();
    });
    after(async () => {
        await aws?.stop();
        aws?.dockerClient(["image", "rm", "--force", `${aws.registry}/app:node`]);
        tokens?.stop();
    });

    it("serves it from as many labelled containers as desired, with the memory that is declared", async () => {
        assert.match(address, new RegExp(`^app-[0-9a-z]+\\.alb\\.localhost:${aws.port}$`));
        assert.deepEqual(await ask(), { status: 200, body: "one" });
        const containers = await aws.containers();
        assert.deepEqual(
            containers.map(({ state }) => state),
            ["running", "running"],
        );
        const inspected = aws.dockerClient(["inspect", "-f", "{{.HostConfig.Memory}}", containers[0]!.id]);
        assert.equal(inspected.output.trim(), String(512 * 1024 * 1024));
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
        await sleep(2_500);
        const health = await elb.describeTargetHealth(nowhere);
        assert.equal(health.TargetHealthDescriptions![0]!.TargetHealth!.State, "unhealthy");
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
