/** What happens to an app that is slow, broken or reconfigured while it runs. The steps build on each other, in this order. */
import { ECS } from "@aws-sdk/client-ecs";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { containersOf, CopiedCheckout, fetchPage, testPorts } from "./copiedCheckout";

describe("an app in the sandbox", () => {
    const checkout = new CopiedCheckout();
    const options = {
        endpoint: `http://127.0.0.1:${testPorts.SANDBOX_AWS_PORT}`,
        region: "ap-northeast-1",
        credentials: { accessKeyId: "123456789012", secretAccessKey: "any" },
    };
    const secrets = new SecretsManager(options);
    const ecs = new ECS(options);
    const succeed = async (script: string) => {
        const run = await checkout.run(script);
        assert.equal(run.code, 0, run.output);
        return run;
    };
    const fail = async (script: string, reason: RegExp) => {
        const run = await checkout.run(script);
        assert.equal(run.code, 1, run.output);
        assert.match(run.output, reason);
    };
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
                const request = http.get({ host, port: 80, agent }, (response) =>
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
        const { Config } = (JSON.parse(docker("inspect", id)) as { Config: { Cmd: string[] } }[])[0]!;
        assert.ok(
            Number(/KeepAliveTimeout (\d+)/.exec(Config.Cmd.join(" "))![1]) > 60,
            "the load balancer's idle timeout",
        );
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

    it("says nothing of shells any more once none can be opened, not after a refresh either", async () => {
        checkout.configure("fargate-cicd:enableExec", true);
        await succeed("sandbox:up");
        assert.equal((await served()).enableExecuteCommand, true);
        checkout.configure("fargate-cicd:enableExec", undefined);
        await succeed("sandbox:up");
        assert.equal((await served()).enableExecuteCommand, false);
        await succeed("sandbox:up -- --refresh --expect-no-changes");
    });

    it("that is slower than it may be is taken back, and the next up is not green, until it is tried again with more time", async () => {
        checkout.configure("fargate-cicd:releasedBy", "pulumi");
        await succeed("sandbox:up");
        const before = await page();
        checkout.configure("fargate-cicd:startSeconds", 0);
        // The emulator's seconds are shorter, the app's are not: this takes the 15 s after which one is stopped, by half.
        checkout.edit("app/Dockerfile", (text) => `${text}CMD ["sh", "-c", "sleep 8; exec httpd-foreground"]\n`);
        checkout.edit("app/public/index.html", (html) => html.replace("</h1>", ", slowly</h1>"));
        await fail("sandbox:up", /circuit breaker|rolled back|ROLLBACK/i);
        assert.equal(await page(), before);

        await fail(
            "sandbox:up",
            /ECS has taken the last release of fargate-cicd-dev back: fargate-cicd-dev:\d+ runs in/,
        );
        checkout.configure("fargate-cicd:startSeconds", undefined);
        await succeed("sandbox:up -- --refresh");
        assert.match(await page(), /, slowly</);
        await succeed("sandbox:up -- --expect-no-changes");
    });
});
