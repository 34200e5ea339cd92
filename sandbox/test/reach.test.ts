/** What the app may reach and do, and how it runs, on the real engine. The steps build on each other, in this order. */
import { IAM } from "@aws-sdk/client-iam";
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import { rootOptions } from "./awsClients";
import { changedTypes, containersOf, CopiedCheckout, fetchPage } from "./copiedCheckout";

const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const othersPolicy = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";

describe("an app that reaches and does what it is configured to", () => {
    const checkout = new CopiedCheckout();
    const iam = new IAM(rootOptions);
    const succeed = (script: string) => checkout.succeed(script);
    const configure = (settings: Record<string, string | boolean | undefined>) => {
        for (const [key, value] of Object.entries(settings)) checkout.configure(`fargate-cicd:${key}`, value);
    };
    const inspect = async () => {
        const { id } = (await containersOf(checkout))[0]!;
        return (JSON.parse(execFileSync("docker", ["inspect", id], { encoding: "utf8" })) as any[])[0];
    };
    let database: net.Server;
    /** What a client hears in the network of the app's container, of a server in the VPC. */
    const asked = async () => {
        const { State, NetworkSettings } = await inspect();
        const { port } = database.address() as net.AddressInfo;
        const script = `require("net").connect(${port}, "${NetworkSettings.Gateway}")
            .on("data", (data) => console.log(String(data))).on("error", ({ code }) => console.log(code));`;
        const args = ["--target", String(State.Pid), "--net", process.execPath, "-e", script];
        return new Promise<string>((resolve, reject) =>
            execFile("nsenter", args, (error, stdout) =>
                error ? reject(new Error(error.message)) : resolve(stdout.trim()),
            ),
        );
    };
    const output = (name: string) => checkout.state().deployment.resources[0].outputs[name] as string;
    const attached = async () => {
        const { AttachedPolicies } = await iam.listAttachedRolePolicies({
            RoleName: output("taskRoleArn").split("/")[1]!,
        });
        return AttachedPolicies!.map(({ PolicyArn }) => PolicyArn!).sort();
    };

    before(async () => {
        database = net.createServer((socket) => socket.end("42"));
        await new Promise<void>((resolve) => database.listen(0, "0.0.0.0", resolve));
        await succeed("sandbox:up");
    });
    after(async () => {
        database.close();
        await checkout.remove();
    });

    it("is refused where nothing is opened, and answered as soon as it is, without a new task", async () => {
        assert.equal(await asked(), "ECONNREFUSED");
        const { Id } = await inspect();
        configure({ egress: `${(database.address() as net.AddressInfo).port}, 587@0.0.0.0/0` });
        const { output: said } = await succeed("sandbox:up");
        assert.deepEqual(changedTypes(said), ["aws:vpc:SecurityGroupEgressRule"]);
        assert.equal(await asked(), "42");
        configure({ egress: undefined });
        await succeed("sandbox:up");
        assert.equal(await asked(), "ECONNREFUSED");
        assert.equal((await inspect()).Id, Id);
    });

    it("has the rights that are configured, and keeps those that somebody else has attached", async () => {
        const statement = { Effect: "Allow", Action: "s3:PutObject", Resource: "arn:aws:s3:::acme-uploads/*" };
        fs.writeFileSync(checkout.path("policy.json"), JSON.stringify({ Version: "2012-10-17", Statement: statement }));
        configure({ taskPolicyArns: readOnly, taskPolicyFile: "policy.json" });
        await succeed("sandbox:up");
        await iam.attachRolePolicy({ RoleName: output("taskRoleArn").split("/")[1]!, PolicyArn: othersPolicy });
        assert.deepEqual(await attached(), [readOnly, othersPolicy].sort());
        await succeed("sandbox:up -- --refresh --expect-no-changes");
        configure({ taskPolicyArns: undefined, taskPolicyFile: undefined });
        await succeed("sandbox:up");
        assert.deepEqual(await attached(), [othersPolicy]);
    });

    it("runs as it is told, and can write to /tmp alone", async () => {
        const command = ["httpd-foreground", "-c", "KeepAliveTimeout 75", "-c", "PidFile /tmp/httpd.pid"];
        configure({ command: JSON.stringify(command), user: "0:0", readOnlyRoot: true, releasedBy: "pulumi" });
        await succeed("sandbox:up");
        const { Id, Config, HostConfig } = await inspect();
        assert.deepEqual([Config.Cmd, Config.User, HostConfig.ReadonlyRootfs], [command, "0:0", true]);
        assert.match((await fetchPage(output("url"))).body, /github actions CICD test/);
        const write = (file: string) =>
            execFileSync("docker", ["exec", Id, "sh", "-c", `: > ${file}`], { stdio: "pipe" });
        write("/tmp/written");
        assert.throws(() => write("/usr/local/apache2/htdocs/written"), /Read-only file system/);
        await succeed("sandbox:up -- --expect-no-changes");
    });
});
