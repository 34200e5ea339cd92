import { generateKeyPair } from "jose";
import { strict as assert } from "node:assert";
import * as net from "node:net";
import * as os from "node:os";
import { awsAccount } from "../aws/emulator";
import { arn, deploy, Issuer, issuer, roleArn, taskTrust, TestAws, tokenTrust } from "./awsFixture";

const definition = (changed: object = {}) => ({
    family: "shop",
    requiresCompatibilities: ["FARGATE" as const],
    networkMode: "awsvpc" as const,
    cpu: "256",
    memory: "512",
    executionRoleArn: roleArn("shop-execution"),
    taskRoleArn: roleArn("shop-task"),
    containerDefinitions: [{ name: "app", image: "example" }],
    ...changed,
});

describe("the emulated AWS", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let aws: TestAws;
    let pipeline: Awaited<ReturnType<TestAws["assume"]>>;

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const { iam, ecs } = aws.as();
        await iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
        for (const name of ["shop-execution", "shop-task", "other"]) await aws.role(name, taskTrust, []);
        await aws.role("deploy", tokenTrust, deploy);
        await aws.role("nothing", tokenTrust, [{ Action: "sts:GetCallerIdentity", Resource: "*" }]);
        await ecs.createCluster({ clusterName: "shop" });
        await ecs.registerTaskDefinition(definition());
        const service = { cluster: "shop", taskDefinition: "shop", desiredCount: 0, launchType: "FARGATE" as const };
        for (const serviceName of ["shop", "other"]) await ecs.createService({ ...service, serviceName });
        pipeline = await aws.assume("deploy", await tokens.token());
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    it("listens on loopback only", async () => {
        const outside = Object.values(os.networkInterfaces()).flatMap((all) => all ?? []);
        for (const { address } of outside.filter(({ internal, family }) => !internal && family === "IPv4")) {
            const socket = net.connect(aws.port, address);
            const result = await new Promise((resolve) => {
                socket.once("connect", () => resolve("connected")).once("error", (e: any) => resolve(e.code));
            });
            socket.destroy();
            assert.equal(result, "ECONNREFUSED", address);
        }
    });

    describe("tokens", () => {
        const refused = async (token: Promise<string>, role = "deploy") =>
            aws.assume(role, await token).then(
                () => "accepted",
                (error: Error) => error.name,
            );

        it("become the role", async () => {
            const { Arn } = await pipeline.sts.getCallerIdentity({});
            assert.equal(Arn, `arn:aws:sts::${awsAccount}:assumed-role/deploy/test`);
        });
        it("of another subject are denied", async () => {
            for (const sub of ["refs/heads/other", "refs/heads/main2", "refs/tags/main"]) {
                const other = `repo:octo-org/hello-fargate:ref:${sub}`;
                assert.equal(await refused(tokens.token({ sub: other })), "AccessDenied", sub);
            }
        });
        it("are held against the claims of GitHub's that a trust policy may name, and against no other", async () => {
            const where = async (claim: string) => {
                const Condition = {
                    ...tokenTrust.Condition,
                    StringEqualsIfExists: { [`token.actions.githubusercontent.com:${claim}`]: "right" },
                };
                await aws.role(claim, { ...tokenTrust, Condition }, []);
                const outcome = (value: string) => refused(tokens.token({ [claim]: value }), claim);
                return [await outcome("right"), await outcome("wrong")];
            };
            assert.deepEqual(await where("ref"), ["accepted", "AccessDenied"]);
            assert.deepEqual(await where("run_id"), ["accepted", "accepted"]);
        });
        it("for an audience that the provider does not list are invalid", async () =>
            assert.match(await refused(tokens.token({ aud: "https://github.com/octo-org" })), /^InvalidIdentityToken/));
        it("of an issuer that the account does not know are invalid", async () =>
            assert.match(await refused(tokens.token({ iss: "https://gitlab.com" })), /^InvalidIdentityToken/));
        it("signed by somebody else are invalid, also under the id of a real key", async () => {
            const { privateKey } = await generateKeyPair("RS256");
            assert.match(await refused(tokens.token({}, privateKey)), /^InvalidIdentityToken/);
            assert.match(await refused(tokens.token({}, privateKey, "two")), /^InvalidIdentityToken/);
        });
        it("without a signature are invalid", async () => {
            const [, payload] = (await tokens.token()).split(".");
            const header = Buffer.from('{"alg":"none"}').toString("base64url");
            assert.match(await refused(Promise.resolve(`${header}.${payload}.`)), /^InvalidIdentityToken/);
        });
        it("are good from nbf to exp", async () => {
            const now = Math.floor(Date.now() / 1000);
            assert.match(await refused(tokens.token({ exp: now - 1 })), /^ExpiredToken/);
            assert.match(await refused(tokens.token({ nbf: now + 600 })), /^InvalidIdentityToken/);
        });
        it("are worth nothing once the provider is gone", async () => {
            const { iam } = aws.as();
            const OpenIDConnectProviderArn = tokenTrust.Principal.Federated;
            await iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn });
            assert.match(await refused(tokens.token()), /^InvalidIdentityToken/);
            await iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
            assert.equal(await refused(tokens.token()), "accepted");
        });
    });

    describe("the least permissions of a deployment", () => {
        const tags = [{ key: "Project", value: "shop" }];

        it("suffice", async () => {
            await pipeline.ecs.describeTaskDefinition({ taskDefinition: "shop" });
            const { taskDefinition } = await pipeline.ecs.registerTaskDefinition(definition({ tags }));
            const { taskDefinitionArn } = taskDefinition!;
            await pipeline.ecs.updateService({ cluster: "shop", service: "shop", taskDefinition: taskDefinitionArn });
            const { services } = await pipeline.ecs.describeServices({ cluster: "shop", services: ["shop"] });
            assert.equal(services![0]!.taskDefinition, taskDefinitionArn);
            assert.ok((await aws.login(pipeline)).ok);
        });

        const denied: [string, string, (as: typeof pipeline) => Promise<unknown>][] = [
            ["ecs:RegisterTaskDefinition", arn("ecs", "task-definition/other"), ({ ecs }) => ecs.registerTaskDefinition(definition({ family: "other" }))],
            ["iam:PassRole", roleArn("other"), ({ ecs }) => ecs.registerTaskDefinition(definition({ taskRoleArn: roleArn("other") }))],
            ["iam:PassRole", roleArn("other"), ({ ecs }) => ecs.registerTaskDefinition(definition({ executionRoleArn: roleArn("other") }))],
            ["ecs:UpdateService", arn("ecs", "service/shop/other"), ({ ecs }) => ecs.updateService({ cluster: "shop", service: "other", desiredCount: 1 })],
            ["ecs:UpdateService", arn("ecs", "service/else/shop"), ({ ecs }) => ecs.updateService({ cluster: "else", service: "shop" })],
            ["ecs:DescribeServices", arn("ecs", "service/shop/other"), ({ ecs }) => ecs.describeServices({ cluster: "shop", services: ["shop", "other"] })],
            ["ecs:DeleteService", arn("ecs", "service/shop/shop"), ({ ecs }) => ecs.deleteService({ cluster: "shop", service: "shop" })],
            ["ecs:CreateService", arn("ecs", "service/shop/new"), ({ ecs }) => ecs.createService({ cluster: "shop", serviceName: "new" })],
            ["ecs:TagResource", arn("ecs", "task-definition/shop:1"), ({ ecs }) => ecs.tagResource({ resourceArn: arn("ecs", "task-definition/shop:1"), tags })],
            ["ecs:RunTask", arn("ecs", "task-definition/shop:1"), ({ ecs }) => ecs.runTask({ cluster: "shop", taskDefinition: "shop:1" })],
            ["ecs:StopTask", arn("ecs", "task/shop/1234"), ({ ecs }) => ecs.stopTask({ cluster: "shop", task: "1234" })],
            ["ecs:DeregisterTaskDefinition", "*", ({ ecs }) => ecs.deregisterTaskDefinition({ taskDefinition: "shop:1" })],
            ["ecs:DeleteTaskDefinitions", arn("ecs", "task-definition/shop:1"), ({ ecs }) => ecs.deleteTaskDefinitions({ taskDefinitions: ["shop:1"] })],
            ["ecs:ListTaskDefinitions", "*", ({ ecs }) => ecs.listTaskDefinitions({})],
            ["ecs:DeleteCluster", arn("ecs", "cluster/shop"), ({ ecs }) => ecs.deleteCluster({ cluster: "shop" })],
            ["ecr:DescribeRepositories", arn("ecr", "repository/*"), ({ ecr }) => ecr.describeRepositories({})],
            ["ecr:DeleteRepository", arn("ecr", "repository/shop"), ({ ecr }) => ecr.deleteRepository({ repositoryName: "shop" })],
            ["ecr:BatchGetImage", arn("ecr", "repository/private"), ({ ecr }) => ecr.batchGetImage({ repositoryName: "private", imageIds: [{ imageTag: "a" }] })],
            ["iam:CreateUser", `arn:aws:iam::${awsAccount}:user/eve`, ({ iam }) => iam.createUser({ UserName: "eve" })],
            ["iam:PutRolePolicy", roleArn("deploy"), ({ iam }) => iam.putRolePolicy({ RoleName: "deploy", PolicyName: "a", PolicyDocument: "{}" })],
            ["iam:DeleteOpenIDConnectProvider", tokenTrust.Principal.Federated, ({ iam }) => iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: tokenTrust.Principal.Federated })],
            ["ec2:DescribeVpcs", "*", ({ ec2 }) => ec2.describeVpcs({})],
            ["ec2:CreateVpc", arn("ec2", "vpc/*"), ({ ec2 }) => ec2.createVpc({ CidrBlock: "10.0.0.0/16" })],
            ["elasticloadbalancing:DescribeLoadBalancers", "*", ({ elb }) => elb.describeLoadBalancers({})],
            ["elasticloadbalancing:CreateTargetGroup", arn("elasticloadbalancing", "targetgroup/a/*"), ({ elb }) => elb.createTargetGroup({ Name: "a" })],
            ["logs:CreateLogGroup", arn("logs", "log-group:a"), ({ logs }) => logs.createLogGroup({ logGroupName: "a" })],
            ["sts:AssumeRole", roleArn("shop-task"), ({ sts }) => sts.assumeRole({ RoleArn: roleArn("shop-task"), RoleSessionName: "a" })],
            ["application-autoscaling:RegisterScalableTarget", arn("application-autoscaling", "scalable-target/*"), ({ scaling }) => scaling.registerScalableTarget({ ServiceNamespace: "ecs", ResourceId: "service/shop/shop", ScalableDimension: "ecs:service:DesiredCount", MinCapacity: 1, MaxCapacity: 9 })],
        ]; // prettier-ignore
        for (const [index, [action, resource, call]] of denied.entries()) {
            it(`do not include ${action} on ${resource.split(":").slice(5).join(":") || resource} (${index + 1})`, async () => {
                const reason = `not authorized to perform: ${action} on resource: ${resource} because`;
                await assert.rejects(call(pipeline), (error: Error) => {
                    assert.match(error.name, /^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/);
                    assert.ok(error.message.includes(reason), error.message);
                    return true;
                });
            });
        }

        it("keep the service in its own subnets, and need none where none are named", async () => {
            const within = async (...subnets: string[]) => {
                const networkConfiguration = { awsvpcConfiguration: { subnets } };
                return pipeline.ecs.updateService({ cluster: "shop", service: "shop", networkConfiguration });
            };
            await within("subnet-0a", "subnet-0c");
            for (const subnets of [["subnet-0b"], ["subnet-0a", "subnet-0b"]]) {
                await assert.rejects(within(...subnets), /not authorized to perform: ecs:UpdateService/);
            }
            await pipeline.ecs.updateService({ cluster: "shop", service: "shop", forceNewDeployment: true });
        });
        it("do not pass a role to another service", async () => {
            const statement = { Action: ["ecs:CreateService"], Resource: "*" };
            await aws.role("deploy", tokenTrust, [...deploy, statement]);
            const service = { cluster: "shop", serviceName: "new", taskDefinition: "shop", desiredCount: 0 };
            const request = pipeline.ecs.createService({ ...service, role: roleArn("shop-task") });
            await assert.rejects(request, /iam:PassRole/);
            await aws.role("deploy", tokenTrust, deploy);
        });
        it("cannot be widened by naming another action in the address", async () => {
            const { ecs } = pipeline;
            ecs.middlewareStack.add(
                (next) => (args: any) => {
                    args.request.query = { Action: "DescribeTaskDefinition" };
                    return next(args);
                },
                { step: "build", name: "another action", override: true },
            );
            await assert.rejects(ecs.deleteService({ cluster: "shop", service: "shop" }), /ecs:DeleteService/);
            ecs.middlewareStack.remove("another action");
        });
        it("are nothing without a role, a signature, or the session's token", async () => {
            const [nothing, list] = [await aws.assume("nothing", await tokens.token()), { cluster: "shop" }];
            await assert.rejects(nothing.ecs.listServices(list), /AccessDenied/);
            const { accessKeyId, secretAccessKey, sessionToken } = await pipeline.ecs.config.credentials();
            for (const bad of [
                { accessKeyId: "test", secretAccessKey: "test" },
                { accessKeyId: "999999999999", secretAccessKey: "test" },
                { accessKeyId, secretAccessKey: "guessed", sessionToken },
                { accessKeyId, secretAccessKey },
            ]) {
                await assert.rejects(
                    aws.as(bad).ecs.describeTaskDefinition({ taskDefinition: "shop" }),
                    JSON.stringify(bad),
                );
            }
        });
    });
});
