/** What happens to an app that is slow, broken or reconfigured while it runs. The steps build on each other, in this order. */
import { EC2 } from "@aws-sdk/client-ec2";
import { ECS, type DeploymentConfiguration } from "@aws-sdk/client-ecs";
import { IAM } from "@aws-sdk/client-iam";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { rootOptions } from "../checkouts/awsClients";
import { containersOf, CopiedCheckout, fetchPage } from "../checkouts/copiedCheckout";

describe("an app in the sandbox", () => {
    const checkout = new CopiedCheckout();
    const secrets = new SecretsManager(rootOptions);
    const ecs = new ECS(rootOptions);
    const ec2 = new EC2(rootOptions);
    const iam = new IAM(rootOptions);
    const succeed = (script: string) => checkout.succeed(script);
    const fail = (script: string, reason: RegExp) => checkout.fail(script, reason);
    const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" }).trim();
    /** The only task's container, other than one that there was. */
    const container = async (former?: string) => {
        for (let attempt = 0; ; attempt++) {
            const [one, ...others] = await containersOf(checkout);
            if (one && others.length === 0 && one.id !== former) {
                return one;
            }
            assert.ok(attempt < 100, `${others.length} other containers run`);
            await sleep(200);
        }
    };
    const values = async () => (await secrets.listSecrets({})).SecretList!.map(({ Name }) => Name!);
    const url = () => checkout.state().deployment.resources[0].outputs.url as string;
    const page = async () => (await fetchPage(url())).body;
    const served = async () => {
        const name = { cluster: "fargate-cicd-dev", services: ["fargate-cicd-dev"] };
        return (await ecs.describeServices(name)).services![0]!;
    };

    before("npm run sandbox:up", async () => {
        checkout.configure("fargate-cicd:secrets", { DB_PASSWORD: "correct-horse" });
        await succeed("sandbox:up");
    });
    after(() => checkout.remove());

    it("keeps a connection that is idle for longer than Apache would by itself, and so for longer than the load balancer", async () => {
        const { id } = await container();
        const host = docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", id);
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const ask = () =>
            new Promise<boolean>((resolve, reject) => {
                const request = http.get({ host, port: 8080, agent }, (response) =>
                    response.resume().on("end", () => resolve(request.reusedSocket)),
                );
                request.on("error", reject);
            });
        try {
            assert.equal(await ask(), false);
            await sleep(7000); // Apache's own limit is 5 s
            assert.equal(await ask(), true);
        } finally {
            agent.destroy();
        }
        const configuration = docker("exec", id, "cat", "conf/httpd.conf");
        assert.ok(Number(/^KeepAliveTimeout (\d+)$/m.exec(configuration)![1]) > 60, "the load balancer's idle timeout");
    });

    it("lives through a stall of ten seconds", async () => {
        const { id } = await container();
        docker("pause", id);
        await sleep(10_000); // enough for two checks in a row to fail, here as on AWS
        docker("unpause", id);
        await sleep(2000);
        assert.equal((await container()).id, id);
        assert.match(await page(), /github actions CICD test/);
    });

    it("can be started anew with a secret that the configuration has no more, until a release without it is live", async () => {
        checkout.configure("fargate-cicd:secrets", undefined);
        await succeed("sandbox:up");
        const { id } = await container();
        docker("kill", id);
        assert.ok((await container(id)).environment.includes("DB_PASSWORD=correct-horse"));
        await succeed("sandbox:up -- --expect-no-changes");
        await succeed("sandbox:preview -- --as-pull-request");

        await succeed("sandbox:release");
        assert.ok(!(await container(id)).environment.some((variable) => variable.startsWith("DB_PASSWORD=")));
        assert.equal((await values()).length, 1);
        await succeed("sandbox:up");
        assert.deepEqual(await values(), []);
        await succeed("sandbox:up -- --expect-no-changes");
    });

    it("has no secret that a release names and the configuration never had, whoever may release", async () => {
        const { taskDefinition, clusterArn: cluster, serviceArn: service, deploymentConfiguration } = await served();
        const foreign = (await secrets.createSecret({ Name: "prod", SecretString: "battery-staple" })).ARN!;
        const { family, containerDefinitions, ...definition } = (await ecs.describeTaskDefinition({ taskDefinition }))
            .taskDefinition!;
        const [app] = containerDefinitions!;
        const { cpu, memory, networkMode, requiresCompatibilities, executionRoleArn, volumes } = definition;
        const { taskDefinition: hostile } = await ecs.registerTaskDefinition({
            ...{ family, cpu, memory, networkMode, requiresCompatibilities, executionRoleArn, volumes },
            containerDefinitions: [{ ...app, secrets: [{ name: "PROD", valueFrom: foreign }] }],
        });
        const patient = { ...deploymentConfiguration, deploymentCircuitBreaker: { enable: false, rollback: false } };
        const release = (revision: string, configuration: DeploymentConfiguration) =>
            ecs.updateService({ cluster, service, taskDefinition: revision, deploymentConfiguration: configuration });
        await release(hostile!.taskDefinitionArn!, patient);
        await succeed("sandbox:up");
        const { deployments } = await served();
        assert.ok(
            deployments!.some((each) => each.taskDefinition === hostile!.taskDefinitionArn),
            "it is in use no more",
        );
        const granted = decodeURIComponent(JSON.stringify(await iam.getAccountAuthorizationDetails({})));
        assert.ok(
            granted.includes("repository/aws-guardduty-agent-fargate"),
            "the execution role's policy is not among them",
        );
        assert.ok(!granted.includes(foreign), granted);
        await release(taskDefinition!, deploymentConfiguration!);
        await secrets.deleteSecret({ SecretId: foreign, ForceDeleteWithoutRecovery: true });
        await succeed("sandbox:up -- --refresh");
    });

    it("says nothing of shells any more once none can be opened, not after a refresh either", async () => {
        checkout.configure("fargate-cicd:enableExec", true);
        checkout.configure("fargate-cicd:readOnlyRoot", false);
        await succeed("sandbox:up");
        assert.equal((await served()).enableExecuteCommand, true);
        checkout.configure("fargate-cicd:enableExec", undefined);
        checkout.configure("fargate-cicd:readOnlyRoot", undefined);
        await succeed("sandbox:up");
        assert.equal((await served()).enableExecuteCommand, false);
        await succeed("sandbox:up -- --refresh --expect-no-changes");
    });

    it("that ECS has gone back from is no success of an up that changes nothing, until it is tried again", async () => {
        checkout.configure("fargate-cicd:releasedBy", "pulumi");
        await succeed("sandbox:up");
        const { taskDefinition: former, clusterArn: cluster, serviceArn: service } = await served();
        checkout.edit("app/public/index.html", (html) => html.replace("</h1>", ", anew</h1>"));
        await succeed("sandbox:up");
        assert.match(await page(), /, anew</);
        const { id } = await container();
        await ecs.updateService({ cluster, service: service!, taskDefinition: former! });
        await container(id);

        await fail(
            "sandbox:up",
            /ECS has taken the last release of fargate-cicd-dev back: fargate-cicd-dev:\d+ runs in/,
        );
        await succeed("sandbox:up -- --refresh");
        assert.match(await page(), /, anew</);
    });

    it("that is slower than it may be is taken back, again and again, and is released with more time", async () => {
        const before = await page();
        checkout.configure("fargate-cicd:startSeconds", 0);
        // The emulator's seconds are shorter, the app's are not: this takes longer than the 3 s that 15 are here, and 6 checks.
        checkout.edit("app/Dockerfile", (text) => `${text}CMD ["sh", "-c", "sleep 12; exec httpd-foreground"]\n`);
        checkout.edit("app/public/index.html", (html) => html.replace("</h1>", ", slowly</h1>"));
        await fail("sandbox:up", /Service deployment rolled back because the circuit breaker threshold was exceeded/);
        assert.equal(await page(), before);
        await fail("sandbox:up", /ECS has taken the last release of fargate-cicd-dev back/);
        await fail(
            "sandbox:up -- --refresh",
            /Service deployment rolled back because the circuit breaker threshold was exceeded/,
        );

        // More time alone is no reason for the engine to release again: it has written the revision down as released.
        checkout.configure("fargate-cicd:startSeconds", undefined);
        await fail("sandbox:up", /ECS has taken the last release of fargate-cicd-dev back/);
        await succeed("sandbox:up -- --refresh");
        assert.match(await page(), /, slowly</);
        await succeed("sandbox:up -- --expect-no-changes");
    });

    it("stays where it is, with what it lives on, where ECS takes the move back, until it is tried again", async () => {
        const ways = async () => (await ec2.describeNatGateways({})).NatGateways!.map(({ State }) => State);
        const before = await page();
        checkout.configure("fargate-cicd:natGateways", "none");
        let isOver = false;
        const moving = checkout.run("sandbox:up").finally(() => (isOver = true));
        const service = { cluster: "fargate-cicd-dev", service: "fargate-cicd-dev" };
        for (let serviceDeploymentArn: string | undefined; serviceDeploymentArn === undefined; await sleep(200)) {
            if (isOver) assert.fail(`no deployment was seen:\n${(await moving).output}`);
            const { serviceDeployments } = await ecs.listServiceDeployments({ ...service, status: ["IN_PROGRESS"] });
            serviceDeploymentArn = serviceDeployments![0]?.serviceDeploymentArn;
            if (serviceDeploymentArn !== undefined) {
                await ecs.stopServiceDeployment({ serviceDeploymentArn });
            }
        }
        const { code, output } = await moving;
        assert.equal(code, 1, output);

        await fail("sandbox:up", /ECS has taken the last change of fargate-cicd-dev back, .*`pulumi up --refresh`/s);
        assert.deepEqual(await ways(), ["available"]);
        assert.equal(await page(), before);

        await succeed("sandbox:up -- --refresh");
        assert.deepEqual(
            (await ways()).filter((state) => state !== "deleted"),
            [],
        );
        assert.equal(await page(), before);
        await succeed("sandbox:up -- --expect-no-changes");
    });

    it("answers on its port where ECS takes another one back, until that is taken back in the settings as well", async () => {
        const before = await page();
        checkout.configure("fargate-cicd:containerPort", 3000); // on which it does not listen
        await fail("sandbox:up", /Service deployment rolled back because the circuit breaker threshold was exceeded/);
        checkout.configure("fargate-cicd:releasedBy", "pipeline");
        await fail("sandbox:up", /ECS has taken the last change of fargate-cicd-dev back, .* port 8080 .* port 3000 /s);
        assert.equal(await page(), before);

        checkout.configure("fargate-cicd:containerPort", undefined);
        await succeed("sandbox:up");
        assert.equal(await page(), before);
        await succeed("sandbox:up -- --expect-no-changes");
    });
});
