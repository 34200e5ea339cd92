import type { Deployment, Service } from "@aws-sdk/client-ecs";
import { strict as assert } from "node:assert";
import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { lookupLocalhost } from "../aws/emulator";
import { arn, nodeImage, region, taskTrust, type Issuer, TestAws } from "./awsFixture";

/** A server that answers with its page, or with a failure at the path of the health check, and breaks the connection of `/broken`. */
export const server = (page: string, healthStatus = 200, answerAfter = 0, status = 200): string => `
    const server = require("http").createServer((request, response) => {
        if (request.url === "/broken") return request.socket.destroy();
        response.statusCode = request.url === "/health" ? ${healthStatus} : ${status};
        setTimeout(() => response.end("${page}"), request.url === "/slow" ? 1500 : ${answerAfter});
    }).listen(80);
    process.on("SIGTERM", () => process.exit(0));`;

/** What a task needs to pull its image and to write its log. */
export const pull = [
    { Action: "ecr:GetAuthorizationToken", Resource: "*" },
    { Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource: arn("ecr", "repository/app") },
    { Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: arn("logs", "log-group:/app:*") },
];

/** An emulator with a network, a load balancer, a registry with one image, and a cluster: all that a service `app` needs. */
export class ServiceFixture {
    private constructor(
        readonly aws: TestAws,
        readonly subnets: string[],
        readonly vpcId: string,
        readonly balancerArn: string,
        readonly address: string,
    ) {}

    static async start(tokens: Issuer): Promise<ServiceFixture> {
        const aws = await TestAws.start(tokens.jwksUrl);
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
        const zones = balancer.AvailabilityZones!.map(({ ZoneName }) => ZoneName);
        assert.deepEqual([balancer.VpcId, zones], [Vpc!.VpcId, [`${region}a`, `${region}c`]]);
        await ecs.createCluster({ clusterName: "app" });
        return new ServiceFixture(aws, subnets, Vpc!.VpcId!, balancer.LoadBalancerArn!, balancer.DNSName!);
    }

    async stop(): Promise<void> {
        await this.aws.stop();
        this.aws.dockerClient(["image", "rm", "--force", `${this.aws.registry}/app:node`]);
    }

    execution(statements: readonly object[]): Promise<string> {
        return this.aws.role("execution", taskTrust, statements);
    }

    async targetGroup(Name: string): Promise<string> {
        const groups = await this.aws.as().elb.createTargetGroup({
            Name,
            Protocol: "HTTP",
            Port: 80,
            VpcId: this.vpcId,
            TargetType: "ip",
            HealthCheckPath: "/health",
            HealthCheckIntervalSeconds: 5,
            HealthCheckTimeoutSeconds: 2,
            UnhealthyThresholdCount: 2,
            HealthyThresholdCount: 2,
        });
        return groups.TargetGroups![0]!.TargetGroupArn!;
    }

    /** Listens on a port, and forwards to a target group. */
    async listener(Port: number, TargetGroupArn: string): Promise<string> {
        const { Listeners } = await this.aws.as().elb.createListener({
            LoadBalancerArn: this.balancerArn,
            Protocol: "HTTP",
            Port,
            DefaultActions: [{ Type: "forward", TargetGroupArn }],
        });
        return Listeners![0]!.ListenerArn!;
    }

    /** Registers a revision whose container runs this script. */
    async revision(script: string): Promise<string> {
        const options = { "awslogs-group": "/app", "awslogs-region": region, "awslogs-stream-prefix": "app" };
        const { taskDefinition } = await this.aws.as().ecs.registerTaskDefinition({
            family: "app",
            requiresCompatibilities: ["FARGATE"],
            networkMode: "awsvpc",
            cpu: "256",
            memory: "512",
            executionRoleArn: await this.execution(pull),
            containerDefinitions: [
                {
                    name: "app",
                    image: `${this.aws.registry}/app:node`,
                    command: [process.execPath, "-e", script],
                    portMappings: [{ containerPort: 80 }],
                    logConfiguration: { logDriver: "awslogs", options },
                },
            ],
        });
        return taskDefinition!.taskDefinitionArn!;
    }

    async described(): Promise<Service> {
        return (await this.aws.as().ecs.describeServices({ cluster: "app", services: ["app"] })).services![0]!;
    }

    async steady(): Promise<Service> {
        for (let left = 300; left > 0; left--) {
            const service = await this.described();
            const done = service.deployments!.length === 1 && service.deployments![0]!.rolloutState === "COMPLETED";
            if (done && service.runningCount === service.desiredCount) return service;
            if (service.deployments!.every(({ rolloutState }) => rolloutState === "FAILED")) break;
            await sleep(200);
        }
        const { ecs } = this.aws.as();
        const { taskArns } = await ecs.listTasks({ cluster: "app", desiredStatus: "STOPPED" });
        const stopped =
            taskArns!.length > 0 ? (await ecs.describeTasks({ cluster: "app", tasks: taskArns! })).tasks! : [];
        const reasons = stopped.map(({ stoppedReason }) => stoppedReason).join("\n");
        throw new Error(`not steady: ${JSON.stringify((await this.described()).deployments)}\n${reasons}`);
    }

    async release(taskDefinition: string): Promise<Deployment> {
        const { service } = await this.aws.as().ecs.updateService({ cluster: "app", service: "app", taskDefinition });
        return service!.deployments!.find(({ status }) => status === "PRIMARY")!;
    }

    /** Asks the load balancer's listener on port 80, or on another port. */
    ask(path = "/", port?: number): Promise<{ status: number; body: string }> {
        return new Promise((resolve, reject) => {
            const options = { lookup: lookupLocalhost, agent: false };
            const host = port === undefined ? this.address : `${port}.${this.address}`;
            const request = http.get(`http://${host}${path}`, options, (response) => {
                let body = "";
                response.on("data", (chunk) => (body += chunk)).on("error", reject);
                response.on("end", () => resolve({ status: response.statusCode!, body }));
            });
            request.on("error", reject);
        });
    }

    /** Asks about forty times a second while `work` runs, which is told how often each answer came so far; returns that. */
    async whileAsking(work: (seen: Record<string, number>) => Promise<unknown>): Promise<Record<string, number>> {
        const seen: Record<string, number> = {};
        let working = true;
        const asking = [1, 2, 3].map(async () => {
            while (working) {
                const answer = await this.ask().then(
                    ({ status, body }) => `${status} ${body}`,
                    (error: Error) => `failed: ${error.message}`,
                );
                seen[answer] = (seen[answer] ?? 0) + 1;
                await sleep(70);
            }
        });
        await work(seen).finally(() => (working = false));
        await Promise.all(asking);
        return seen;
    }
}
