/** What deploy.yml's scripts ask of AWS, held against what AWS documents. */
import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { arn, Issuer, issuer, nodeImage, region, taskTrust, TestAws, tokenTrust } from "./awsFixture";

describe("the emulated AWS, in a release", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let aws: TestAws;
    const cluster = "app";
    const permissions = [
        { Action: "ecr:GetAuthorizationToken", Resource: "*" },
        { Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource: arn("ecr", "repository/app") },
        { Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: arn("logs", "log-group:/app:*") },
    ];
    const runsForever = 'setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(0));';

    async function revision(script: string, image = "node", cpu = 256): Promise<string> {
        const options = { "awslogs-group": "/app", "awslogs-region": region, "awslogs-stream-prefix": "app" };
        const { taskDefinition } = await aws.as().ecs.registerTaskDefinition({
            family: "app",
            requiresCompatibilities: ["FARGATE"],
            networkMode: "awsvpc",
            cpu: String(cpu),
            memory: String(2 * cpu),
            executionRoleArn: await aws.role("execution", taskTrust, permissions),
            containerDefinitions: [
                {
                    name: "app",
                    image: `${aws.registry}/app:${image}`,
                    command: [process.execPath, "-e", script],
                    logConfiguration: { logDriver: "awslogs", options },
                },
            ],
        });
        return taskDefinition!.taskDefinitionArn!;
    }

    const latest = async () => {
        const { ecs } = aws.as();
        const { serviceDeployments } = await ecs.listServiceDeployments({ cluster, service: "app" });
        const [{ serviceDeploymentArn }] = serviceDeployments as [{ serviceDeploymentArn: string }];
        const full = await ecs.describeServiceDeployments({ serviceDeploymentArns: [serviceDeploymentArn] });
        return full.serviceDeployments![0]!;
    };
    async function until(status: string) {
        for (let left = 200; left > 0; left--) {
            const deployment = await latest();
            if (deployment.status === status) return deployment;
            await sleep(100);
        }
        throw new Error(`not ${status}: ${JSON.stringify(await latest())}`);
    }

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const { ecr, ecs, ec2, logs } = aws.as();
        await ecr.createRepository({ repositoryName: "app", imageScanningConfiguration: { scanOnPush: true } });
        await ecr.createRepository({ repositoryName: "unscanned" });
        await aws.login({ ecr });
        const image = `${aws.registry}/app:node`;
        assert.ok(aws.dockerClient(["import", "-", image], nodeImage()).ok);
        assert.ok(aws.dockerClient(["push", image]).ok);
        await logs.createLogGroup({ logGroupName: "/app" });
        await ecs.createCluster({ clusterName: cluster });
        const { Subnets } = await ec2.describeSubnets({});
        const awsvpcConfiguration = { subnets: [Subnets![0]!.SubnetId!] };
        await ecs.createService({
            cluster,
            serviceName: "app",
            taskDefinition: await revision(runsForever),
            desiredCount: 1,
            launchType: "FARGATE",
            networkConfiguration: { awsvpcConfiguration },
        });
        await until("SUCCESSFUL");
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    // "Stopping Amazon ECS service deployments" in the ECS Developer Guide, and StopServiceDeployment's errors in the API reference.
    it("takes back a deployment that is under way when it is told to, and refuses to stop one that is over", async () => {
        const { ecs } = aws.as();
        const { services } = await ecs.describeServices({ cluster, services: ["app"] });
        const before = services![0]!.taskDefinition;
        const taskDefinition = await revision(runsForever, "none"); // which is tried again and again
        await ecs.updateService({ cluster, service: "app", taskDefinition });
        const { serviceDeploymentArn, targetServiceRevision } = await until("IN_PROGRESS");
        const described = await ecs.describeServiceRevisions({
            serviceRevisionArns: [targetServiceRevision!.arn!, "none"],
        });
        assert.deepEqual(
            described.serviceRevisions!.map((each) => each.taskDefinition),
            [taskDefinition],
        );
        assert.deepEqual(described.failures, [{ arn: "none", reason: "MISSING" }]);

        assert.deepEqual(
            (await ecs.stopServiceDeployment({ serviceDeploymentArn, stopType: "ROLLBACK" })).serviceDeploymentArn,
            serviceDeploymentArn,
        );
        const { statusReason, rollback } = await until("ROLLBACK_SUCCESSFUL");
        assert.equal(statusReason, "Service deployment rolled back because a rollback was requested.");
        const back = await ecs.describeServiceRevisions({ serviceRevisionArns: [rollback!.serviceRevisionArn!] });
        assert.equal(back.serviceRevisions![0]!.taskDefinition, before);
        const now = await ecs.describeServices({ cluster, services: ["app"] });
        assert.equal(now.services![0]!.taskDefinition, before);
        await assert.rejects(ecs.stopServiceDeployment({ serviceDeploymentArn }), { name: "ConflictException" });
        await assert.rejects(ecs.stopServiceDeployment({ serviceDeploymentArn: `${serviceDeploymentArn}x` }), {
            name: "ServiceDeploymentNotFoundException",
        });
    });

    // "Fargate On-Demand vCPU resource count": six for an account in a region, where nobody has asked for more.
    it("has no room beyond the account's quota: a release is taken back, a task that is run by itself fails, and ECS says why", async () => {
        const { ecs } = aws.as();
        const { services } = await ecs.describeServices({ cluster, services: ["app"] });
        const { networkConfiguration, taskDefinition: before } = services![0]!;
        const run = { cluster, launchType: "FARGATE", networkConfiguration } as const;
        const large = await revision(runsForever, "node", 4096);
        const { tasks } = await ecs.runTask({ ...run, taskDefinition: large });
        assert.equal(tasks!.length, 1);

        const limit = "You've reached the limit on the number of vCPUs you can run concurrently";
        const second = await ecs.runTask({ ...run, taskDefinition: large });
        assert.deepEqual([second.tasks, second.failures], [[], [{ reason: limit }]]);

        const deploymentCircuitBreaker = { enable: true, rollback: true };
        const deploymentConfiguration = { deploymentCircuitBreaker };
        await ecs.updateService({ cluster, service: "app", taskDefinition: large, deploymentConfiguration });
        await until("ROLLBACK_SUCCESSFUL");
        const now = (await ecs.describeServices({ cluster, services: ["app"] })).services![0]!;
        assert.deepEqual([now.taskDefinition, now.runningCount], [before, 1]);
        const said = now.events!.map(({ message }) => message!);
        assert.ok(
            said.some((each) => each.startsWith(`(service app) was unable to place a task. Reason: ${limit}.`)),
            said.join("\n"),
        );

        const others = await revision(runsForever, "node", 2048);
        await ecs.updateService({ cluster, service: "app", taskDefinition: others });
        await until("IN_PROGRESS");
        await ecs.stopTask({ cluster, task: tasks![0]!.taskArn! });
        await until("SUCCESSFUL"); // as soon as there is room
    });

    it("asks for the right to stop on the service and on the deployment", async () => {
        const { serviceDeploymentArn } = await latest();
        const [deployment, service] = [serviceDeploymentArn!, arn("ecs", "service/app/app")];
        await aws.as().iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
        for (const [allowed, missing] of [
            [service, deployment],
            [deployment, service],
        ] as const) {
            await aws.role("stopper", tokenTrust, [{ Action: "ecs:StopServiceDeployment", Resource: allowed }]);
            const { ecs } = await aws.assume("stopper", await tokens.token());
            await assert.rejects(ecs.stopServiceDeployment({ serviceDeploymentArn: deployment }), (error: Error) => {
                assert.equal(error.name, "AccessDeniedException");
                return error.message.includes(`StopServiceDeployment on resource: ${missing} `);
            });
        }
    });

    it("runs a task with another command to its end, with its log, its exit code, and whom it was started by", async () => {
        const { ecs, logs } = aws.as();
        const taskDefinition = await revision(runsForever);
        const { services } = await ecs.describeServices({ cluster, services: ["app"] });
        const command = [process.execPath, "-e", 'console.log("migrated"); process.exit(4)'];
        const { tasks } = await ecs.runTask({
            cluster,
            taskDefinition,
            launchType: "FARGATE",
            networkConfiguration: services![0]!.networkConfiguration,
            startedBy: "release/1",
            overrides: { containerOverrides: [{ name: "app", command }] },
        });
        const { taskArn } = tasks![0]!;
        const ended = async () => (await ecs.describeTasks({ cluster, tasks: [taskArn!] })).tasks![0]!;
        for (let left = 200; left > 0 && (await ended()).lastStatus !== "STOPPED"; left--) await sleep(100);
        const { containers, startedBy, stoppedReason } = await ended();
        assert.deepEqual([containers![0]!.exitCode, startedBy], [4, "release/1"]);
        assert.match(stoppedReason!, /^Essential container/);
        const logStreamName = `app/app/${taskArn!.split("/").at(-1)}`;
        const { events } = await logs.getLogEvents({ logGroupName: "/app", logStreamName, startFromHead: true });
        assert.deepEqual(
            events!.map(({ message }) => message),
            ["migrated"],
        );
        const found = async (logStreamNamePrefix: string) => {
            const answer = await logs.filterLogEvents({ logGroupName: "/app", logStreamNamePrefix });
            return answer.events!.map(({ message }) => message);
        };
        assert.deepEqual([await found(logStreamName.slice(0, -4)), await found("app/app/none")], [["migrated"], []]);
        const reading = {
            Action: "logs:GetLogEvents",
            Resource: arn("logs", `log-group:/app:log-stream:${logStreamName}`),
        };
        await aws.role("reader", tokenTrust, [reading]);
        const reader = await aws.assume("reader", await tokens.token());
        await reader.logs.getLogEvents({ logGroupName: "/app", logStreamName });
        await assert.rejects(reader.logs.getLogEvents({ logGroupName: "/app", logStreamName: "other" }), {
            name: "AccessDeniedException",
        });
        const { taskArns } = await ecs.listTasks({ cluster, family: "app", desiredStatus: "STOPPED" });
        assert.ok(taskArns!.includes(taskArn!));
    });

    it("tells what a scan has found as the image's label says, and refuses where nothing was scanned, an index among that", async () => {
        const { ecr } = aws.as();
        const findings = async (repositoryName: string, imageTag: string) =>
            ecr.describeImageScanFindings({ repositoryName, imageId: { imageTag } });
        const none = await findings("app", "node");
        assert.deepEqual([none.imageScanStatus!.status, none.imageScanFindings!.findings], ["COMPLETE", []]);
        const label = 'LABEL fargate-cicd.sandbox.findings="CVE-2026-0001=CRITICAL CVE-2026-0002=LOW"';
        const from = `FROM ${aws.registry}/app:node\n${label}\n`;
        for (const repository of ["app", "unscanned"]) {
            const built = aws.dockerClient(
                ["build", "--quiet", "--tag", `${aws.registry}/${repository}:found`, "-"],
                from,
            );
            assert.ok(built.ok, built.output);
            assert.ok(aws.dockerClient(["push", `${aws.registry}/${repository}:found`]).ok);
        }
        const { imageScanFindings, imageId } = await findings("app", "found");
        assert.deepEqual(imageScanFindings!.findingSeverityCounts, { CRITICAL: 1, LOW: 1 });
        assert.deepEqual(
            imageScanFindings!.findings!.map(({ name, severity }) => [name, severity]),
            [
                ["CVE-2026-0001", "CRITICAL"],
                ["CVE-2026-0002", "LOW"],
            ],
        );
        const { imageDigest } = imageId!;
        const mediaType = "application/vnd.oci.image.index.v1+json";
        const index = { schemaVersion: 2, mediaType, manifests: [{ digest: imageDigest, size: 1 }] };
        await ecr.putImage({ repositoryName: "app", imageTag: "index", imageManifest: JSON.stringify(index) });
        await assert.rejects(findings("app", "index"), { name: "ScanNotFoundException" });
        const within = await ecr.describeImageScanFindings({ repositoryName: "app", imageId: { imageDigest } });
        assert.deepEqual(within.imageScanFindings!.findingSeverityCounts, { CRITICAL: 1, LOW: 1 });
        await assert.rejects(findings("unscanned", "found"), { name: "ScanNotFoundException" });
        await assert.rejects(findings("app", "missing"), { name: "ImageNotFoundException" });
        await assert.rejects(findings("other", "node"), { name: "RepositoryNotFoundException" });
    });
});
