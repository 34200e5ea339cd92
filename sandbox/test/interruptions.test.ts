/** Killed at any point, `up` and `destroy` run again and converge. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { containersOf, CopiedCheckout, fetchPage, testPorts } from "../checkouts/copiedCheckout";

describe("a killed sandbox", () => {
    const checkout = new CopiedCheckout();

    after(async () => {
        await checkout.remove();
    });

    /** Runs a command until it prints `when`, then kills: all of it, only the command, or only the AWS emulator. */
    async function killed(script: string, when: RegExp, whom: "everything" | "command" | "emulator"): Promise<void> {
        const { process: child, finished } = checkout.start(script);
        let printed = "";
        await new Promise<void>((resolve, reject) => {
            child.stdout!.on("data", (chunk) => when.test((printed += chunk)) && resolve());
            child.on("close", () => reject(new Error(`${script} ended without ${when}:\n${printed}`)));
        });
        if (whom === "emulator") {
            process.kill(checkout.servicePid("aws"), "SIGKILL");
        } else {
            // npm leads the process group; the command itself is node below it, and the engine below that.
            process.kill(whom === "everything" ? -child.pid! : child.pid!, "SIGKILL");
            if (whom === "command") {
                process.kill(commandPid(), "SIGKILL");
            }
        }
        const { code } = await finished;
        assert.notEqual(code, 0);
    }

    /** The pid of the running command, from the lock that it holds. */
    function commandPid(): number {
        return JSON.parse(fs.readFileSync(checkout.path(".sandbox/command.lock"), "utf8")).pid;
    }

    async function converges(): Promise<void> {
        await checkout.succeed("sandbox:up");
        const { outputs } = checkout.state().deployment.resources[0];
        assert.equal((await fetchPage(outputs.url)).status, 200);
        await checkout.succeed("sandbox:up -- --expect-no-changes");
    }

    async function vanishes(): Promise<void> {
        const run = await checkout.succeed("sandbox:destroy");
        assert.match(run.output, /Left over: nothing/);
        assert.deepEqual(await containersOf(checkout), []);
        assert.deepEqual(checkout.processes(), []);
    }

    it("converges when up was killed while the image was built, again and again", async () => {
        await killed("sandbox:up", /AWS emulator/, "everything");
        await killed("sandbox:up", /aws:ecr:Repository main creating/, "everything");
        await killed("sandbox:up", /docker-build:index:Image main-app creating/, "command");
        await converges();
    });

    it("is destroyed after destroy was killed, again and again", async () => {
        await killed("sandbox:destroy", /aws:ecs:Service main deleting/, "everything");
        await killed("sandbox:destroy", /aws:lb:LoadBalancer main deleting/, "command");
        await vanishes();
    });

    it("converges when up was killed while the VPC and while the service was made", async () => {
        await killed("sandbox:up", /aws:ec2:Vpc main-vpc creating/, "command");
        await killed("sandbox:up", /aws:ec2:NatGateway main-vpc-1 creating/, "everything");
        await killed("sandbox:up", /aws:ecs:Service main creating/, "everything");
        await converges();
    });

    it("makes anew what a killed engine did not come to record, inside of what it has recorded", async () => {
        const lost = /^aws:(ec2\/route|ec2\/routeTableAssociation|vpc\/securityGroup(In|E)gressRule):/;
        const state = JSON.parse(fs.readFileSync(checkout.stateFile(), "utf8"));
        const { resources }: { resources: any[] } = state.checkpoint.latest;
        const urns: string[] = resources.filter(({ type }) => lost.test(type)).map(({ urn }) => urn);
        assert.ok(urns.length > 8, urns.join("\n"));
        state.checkpoint.latest.resources = resources.filter(({ urn }) => !urns.includes(urn));
        const text = JSON.stringify(state, (_, value) =>
            Array.isArray(value) ? value.filter((each) => !urns.includes(each)) : value,
        );
        fs.writeFileSync(checkout.stateFile(), text);
        fs.writeFileSync(checkout.path(".sandbox/unclean.dev"), "");
        await converges();
    });

    it("converges when the AWS emulator was killed in the middle of up, and is destroyed without it", async () => {
        // By which the stack knows its settings, where the state does not tell.
        const variable = "/repos/octo-org/hello-fargate/actions/variables/ECS_SERVICE";
        const at = `http://127.0.0.1:${testPorts.SANDBOX_GITHUB_PORT}${variable}`;
        const { status } = await fetch(at, { method: "DELETE", headers: { authorization: "Bearer sandbox-token" } });
        assert.equal(status, 204);
        checkout.configure("fargate-cicd:memory", 1024);
        await killed("sandbox:up", /aws:ecs:TaskDefinition main creating replacement/, "emulator");
        await converges();
        process.kill(checkout.servicePid("aws"), "SIGKILL");
        await vanishes();
    });

    it("runs one command at a time, and names the one that runs", async () => {
        const first = checkout.start("sandbox:preview");
        await Promise.race([once(first.process.stdout!, "data"), first.finished]);
        const second = await checkout.run("sandbox:up");
        assert.equal(second.code, 1);
        assert.match(second.output, /sandbox:preview \(process \d+\) is running in this checkout/);
        assert.equal((await first.finished).code, 0);
        await vanishes();
    });

    it("ends when nobody reads what it says any more", async () => {
        const command = `cd ${checkout.folder} && npm run --silent sandbox:preview | head -n 1`;
        execFileSync("sh", ["-c", command], { env: { ...process.env, ...testPorts } });
        const commands = () => checkout.processes().filter((each) => each.includes("start.js"));
        for (let tries = 0; tries < 100 && commands().length > 0; tries++) {
            await sleep(200);
        }
        assert.deepEqual(commands(), []);
    });

    it("names the process that has a port it needs, and the variable that chooses another", async () => {
        const server = net.createServer().listen(Number(testPorts.SANDBOX_AWS_PORT), "127.0.0.1");
        await once(server, "listening");
        try {
            const run = await checkout.run("sandbox:up");
            assert.equal(run.code, 1);
            assert.match(
                run.output,
                new RegExp(
                    `needs port ${testPorts.SANDBOX_AWS_PORT}, but process ${process.pid} \\(.+\\) listens on it`,
                ),
            );
            assert.match(run.output, /set SANDBOX_AWS_PORT to a free port/);
        } finally {
            server.close();
        }
    });
});
