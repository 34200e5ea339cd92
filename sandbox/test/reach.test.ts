/** What the app may reach and do, and how it runs, on the real engine. The steps build on each other, in this order. */
import { IAM } from "@aws-sdk/client-iam";
import assert from "node:assert/strict";
import { execFile as execFileWithCallback, execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { promisify } from "node:util";
import { rootOptions } from "../checkouts/awsClients";
import { changedTypes, containersOf, CopiedCheckout, fetchPage } from "../checkouts/copiedCheckout";
import { connection, Postgres, putClient } from "./postgres";

const execFile = promisify(execFileWithCallback);
const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const othersPolicy = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";

describe("an app that reaches and does what it is configured to", () => {
    const checkout = new CopiedCheckout();
    const iam = new IAM(rootOptions);
    const succeed = (script: string) => checkout.succeed(script);
    const configure = (settings: object) => checkout.configureAll(settings);
    const inspect = async () => {
        const { id } = (await containersOf(checkout))[0]!;
        return (JSON.parse(execFileSync("docker", ["inspect", id], { encoding: "utf8" })) as any[])[0];
    };
    let database: Postgres;
    let client: string[];
    /** What the app's container hears of the database. */
    const asked = async () => {
        const { id } = (await containersOf(checkout))[0]!;
        const query = [...client, connection(database.host), "-Atc", "SELECT 6 * 7"];
        const { stdout, stderr } = spawnSync("docker", ["exec", id, ...query], { encoding: "utf8" });
        return (stdout + stderr).trim();
    };
    const refused = () =>
        new RegExp(`^psql: error: connection to server at "${database.host}", port 5432 failed: Connection refused`);
    const output = (name: string) => checkout.state().deployment.resources[0].outputs[name] as string;
    const attached = async () => {
        const { AttachedPolicies } = await iam.listAttachedRolePolicies({
            RoleName: output("taskRoleArn").split("/")[1]!,
        });
        return AttachedPolicies!.map(({ PolicyArn }) => PolicyArn!).sort();
    };

    before(async () => {
        client = await putClient(checkout.path("app", "client"), "/client");
        checkout.edit("app/Dockerfile", (text) => `${text}COPY client /client\n`);
        await succeed("sandbox:up");
        database = await Postgres.start(Object.keys((await inspect()).NetworkSettings.Networks)[0]!);
    });
    after(async () => {
        try {
            database?.stop();
        } finally {
            await checkout.remove();
        }
    });

    it("is refused by the database where nothing is opened, and answered as soon as it is, without a new task", async () => {
        assert.match(await asked(), refused());
        const { Id } = await inspect();
        configure({ egress: "5432, 587@0.0.0.0/0" });
        const { output: said } = await succeed("sandbox:up");
        assert.deepEqual(changedTypes(said), ["aws:vpc:SecurityGroupEgressRule"]);
        assert.equal(await asked(), "42");
        configure({ egress: undefined });
        await succeed("sandbox:up");
        assert.match(await asked(), refused());
        assert.equal((await inspect()).Id, Id);
    });

    it("has the rights that are configured, and keeps those that somebody else has attached", async () => {
        const allow = (Action: string, Resource: string) => {
            const document = { Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource } };
            fs.writeFileSync(checkout.path("policy.json"), JSON.stringify(document));
        };
        allow("s3:PutObject", "arn:aws:s3:::acme-uploads/*");
        configure({ taskPolicyArns: readOnly, taskPolicyFile: "policy.json" });
        await succeed("sandbox:up");
        await iam.attachRolePolicy({ RoleName: output("taskRoleArn").split("/")[1]!, PolicyArn: othersPolicy });
        assert.deepEqual(await attached(), [readOnly, othersPolicy].sort());
        await succeed("sandbox:up -- --refresh --expect-no-changes");

        allow("*", "*");
        await checkout.fail("sandbox:up", /taskPolicyAllowsAll: expected a reason.+ by policy\.json /);
        configure({ taskPolicyAllowsAll: "it manages the accounts of this organization" });
        assert.deepEqual(changedTypes((await succeed("sandbox:up")).output), ["aws:iam:RolePolicy"]);
        configure({ taskPolicyAllowsAll: "it manages the accounts of the whole company" });
        assert.deepEqual(changedTypes((await succeed("sandbox:preview")).output), []);

        configure({ taskPolicyArns: undefined, taskPolicyFile: undefined, taskPolicyAllowsAll: undefined });
        await succeed("sandbox:up");
        assert.deepEqual(await attached(), [othersPolicy]);
    });

    const write = async (file: string) =>
        execFileSync("docker", ["exec", (await inspect()).Id, "sh", "-c", `: > ${file}`], { stdio: "pipe" });
    const page = "/usr/local/apache2/htdocs/written";

    it("runs without root's rights, and can write to /tmp alone", async () => {
        const { Config, HostConfig } = await inspect();
        assert.deepEqual([Config.User, HostConfig.ReadonlyRootfs], ["www-data", true]);
        await write("/tmp/written");
        await assert.rejects(write(page), /Read-only file system/);
    });

    for (const [what, without, reason] of [
        ["writes elsewhere", '"PidFile /tmp/httpd.pid" ', /Read-only file system.* could not create .*httpd\.pid/],
        [
            "does not say that /tmp is a volume",
            "VOLUME /tmp\n",
            /Permission denied.* could not create \/tmp\/httpd\.pid/,
        ],
    ] as const) {
        it(`does not go live where it ${what}, and its log says why`, async () => {
            configure({ releasedBy: "pulumi" });
            let dockerfile = "";
            checkout.edit("app/Dockerfile", (text) => (dockerfile = text).replace(without, ""));
            const { code, output: said } = await checkout.run("sandbox:up");
            assert.equal(code, 1, said);
            assert.match(said, /the circuit breaker threshold was exceeded/);
            assert.match((await succeed("sandbox:logs -- --filter AH00099")).output, reason);
            checkout.edit("app/Dockerfile", () => dockerfile);
            await succeed("sandbox:up");
        });
    }

    it("is killed where it does not end when it is told to, after stopSeconds and no sooner", async () => {
        const deaf = "trap '' TERM WINCH; httpd-foreground & while :; do sleep 1; done";
        configure({ command: JSON.stringify(["sh", "-c", deaf]), stopSeconds: 40, releasedBy: "pulumi" });
        await succeed("sandbox:up");
        const { Id } = await inspect();
        const ended = execFile("docker", ["wait", Id]);
        configure({ command: undefined, stopSeconds: undefined });
        await succeed("sandbox:up");
        assert.equal((await ended).stdout.trim(), String(128 + 9));
        const window = ["--since", "5m", "--until", "0s"];
        const filters = ["--filter", `container=${Id}`, "--filter", "event=kill"];
        const format = "{{.Actor.Attributes.signal}} {{.TimeNano}}";
        const events = execFileSync("docker", ["events", ...window, ...filters, "--format", format], {
            encoding: "utf8",
        });
        const [asked, killed] = events
            .trim()
            .split("\n")
            .map((line) => line.split(" ").map(Number));
        assert.equal(killed![0], 9, events);
        const seconds = (killed![1]! - asked![1]!) / 1e9;
        assert.ok(seconds >= 8 && seconds < 30, `${seconds} s, where a fifth of 40 s is to pass here`);
    });

    it("runs as it is told, and writes where it likes where that is said", async () => {
        const command = ["httpd-foreground", "-c", "ServerTokens Prod"];
        configure({ command: JSON.stringify(command), user: "0:0", readOnlyRoot: false, releasedBy: "pulumi" });
        await succeed("sandbox:up");
        const { Config, HostConfig } = await inspect();
        assert.deepEqual([Config.Cmd, Config.User, HostConfig.ReadonlyRootfs], [command, "0:0", false]);
        assert.match((await fetchPage(output("url"))).body, /github actions CICD test/);
        await write(page);
        await succeed("sandbox:up -- --expect-no-changes");
    });
});
