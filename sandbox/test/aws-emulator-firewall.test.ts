import { strict as assert } from "node:assert";
import * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { arn, Issuer, nodeImage, region, taskTrust, TestAws } from "./awsFixture";

/** Asks the database once a tenth of a second, and logs what it hears. It is where the default route leads to, in hexadecimal. */
const asking = (port: number) => `
    const routes = require("fs").readFileSync("/proc/net/route", "utf8").split("\\n").map((line) => line.split("\\t"));
    const [, , gateway] = routes.find(([, destination]) => destination === "00000000");
    const host = gateway.match(/../g).reverse().map((byte) => parseInt(byte, 16)).join(".");
    const ask = () => {
        const socket = require("net").connect(${port}, host);
        const end = (said) => { console.log(said); socket.destroy(); setTimeout(ask, 100); };
        socket.once("data", (data) => end("answer " + data)).once("error", ({ code }) => end(code));
    };
    ask();`;

describe("the emulated AWS, letting tasks out", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let aws: TestAws;
    let cluster: string;
    let group: string;
    let subnet: string;
    let database: net.Server;
    const port = () => (database.address() as net.AddressInfo).port;

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const { ec2, ecs, ecr, logs } = aws.as();
        // Where a task's network ends in this machine, as a database in the VPC is reached from it.
        database = net.createServer((socket) => socket.on("error", () => undefined).end("42"));
        await new Promise<void>((resolve) => database.listen(0, "0.0.0.0", resolve));

        await ecr.createRepository({ repositoryName: "app" });
        await aws.login(aws.as());
        const image = `${aws.registry}/app:node`;
        assert.ok(aws.dockerClient(["import", "-", image], nodeImage()).ok);
        const pushed = aws.dockerClient(["push", image]);
        assert.ok(pushed.ok, pushed.output);
        const { Vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
        subnet = (await ec2.createSubnet({ VpcId: Vpc!.VpcId!, CidrBlock: "10.0.0.0/24" })).Subnet!.SubnetId!;
        group = (await ec2.createSecurityGroup({ GroupName: "tasks", Description: "tasks", VpcId: Vpc!.VpcId! }))
            .GroupId!;
        // As the provider does with every group that it makes, ports included (terraform-provider-aws 6.34, vpc_security_group.go).
        const everything = { IpProtocol: "-1", FromPort: 0, ToPort: 0, IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
        await ec2.revokeSecurityGroupEgress({ GroupId: group, IpPermissions: [everything] });
        cluster = (await ecs.createCluster({ clusterName: "app" })).cluster!.clusterArn!;
        await logs.createLogGroup({ logGroupName: "/app" });
        const options = { "awslogs-group": "/app", "awslogs-region": region, "awslogs-stream-prefix": "app" };
        await ecs.registerTaskDefinition({
            family: "app",
            requiresCompatibilities: ["FARGATE"],
            networkMode: "awsvpc",
            cpu: "256",
            memory: "512",
            executionRoleArn: await aws.role("execution", taskTrust, [
                { Action: "ecr:GetAuthorizationToken", Resource: "*" },
                { Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource: arn("ecr", "repository/app") },
                { Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: arn("logs", "log-group:/app:*") },
            ]),
            containerDefinitions: [
                {
                    name: "app",
                    image,
                    command: [process.execPath, "-e", asking(port())],
                    logConfiguration: { logDriver: "awslogs", options },
                },
            ],
        });
        const awsvpcConfiguration = { subnets: [subnet], securityGroups: [group] };
        await ecs.runTask({
            cluster,
            taskDefinition: "app",
            launchType: "FARGATE",
            networkConfiguration: { awsvpcConfiguration },
        });
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
        database?.close();
    });

    const rule = (CidrIp: string) => ({
        GroupId: group,
        IpPermissions: [{ IpProtocol: "tcp", FromPort: port(), ToPort: port(), IpRanges: [{ CidrIp }] }],
    });
    /** Waits until what the task hears from now on is this. */
    async function hears(expected: string): Promise<void> {
        await sleep(1000); // what it asked before, and what the log's forwarder has still to bring
        const startTime = Date.now();
        let heard: string[] = [];
        for (let left = 300; left > 0 && heard.at(-1) !== expected; left--) {
            await sleep(200);
            const { events } = await aws.as().logs.filterLogEvents({ logGroupName: "/app", startTime });
            heard = events!.map(({ message }) => message!.trim());
        }
        assert.equal(heard.at(-1) ?? "nothing", expected);
    }

    it("refuses a connection that no rule of its group opens", async () => {
        await hears("ECONNREFUSED");
    });

    it("opens what is within the VPC at once, for a task that runs", async () => {
        await aws.as().ec2.authorizeSecurityGroupEgress(rule("10.0.0.0/16"));
        await hears("answer 42");
    });

    it("closes it again, and what is open elsewhere is not open here", async () => {
        await aws.as().ec2.revokeSecurityGroupEgress(rule("10.0.0.0/16"));
        await hears("ECONNREFUSED");
        await aws.as().ec2.authorizeSecurityGroupEgress(rule("203.0.113.0/24"));
        await hears("ECONNREFUSED");
        await aws.as().ec2.authorizeSecurityGroupEgress(rule("0.0.0.0/0"));
        await hears("answer 42");
    });

    it("opens what a prefix list has", async () => {
        const { ec2 } = aws.as();
        await ec2.revokeSecurityGroupEgress(rule("0.0.0.0/0"));
        await hears("ECONNREFUSED");
        const Entries = [{ Cidr: "203.0.113.0/24" }, { Cidr: "10.0.0.0/16" }];
        const list = { PrefixListName: "vpc", AddressFamily: "IPv4", MaxEntries: 2, Entries };
        const { PrefixList } = await ec2.createManagedPrefixList(list);
        const PrefixListIds = [{ PrefixListId: PrefixList!.PrefixListId }];
        const IpPermissions = [{ IpProtocol: "tcp", FromPort: port(), ToPort: port(), PrefixListIds }];
        await ec2.authorizeSecurityGroupEgress({ GroupId: group, IpPermissions });
        await hears("answer 42");
    });
});
