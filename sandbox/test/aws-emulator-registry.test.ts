import { strict as assert } from "node:assert";
import { deploy, Issuer, issuer, TestAws, tokenTrust } from "./awsFixture";

describe("the emulated AWS's", function () {
    this.timeout(120_000);
    let tokens: Issuer;
    let aws: TestAws;
    let pipeline: Awaited<ReturnType<TestAws["assume"]>>;

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const { iam, ecs, ecr } = aws.as();
        await iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
        await aws.role("deploy", tokenTrust, deploy);
        for (const repositoryName of ["shop", "private"]) {
            await ecr.createRepository({ repositoryName, imageTagMutability: "IMMUTABLE" });
        }
        await ecs.createCluster({ clusterName: "shop" });
        const containerDefinitions = [{ name: "app", image: "example" }];
        await ecs.registerTaskDefinition({ family: "shop", containerDefinitions });
        await ecs.createService({ cluster: "shop", serviceName: "shop", taskDefinition: "shop", desiredCount: 0 });
        pipeline = await aws.assume("deploy", await tokens.token());
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    describe("registry", () => {
        const image = (repository: string, tag: string) => `${aws.registry}/${repository}:${tag}`;
        const push = (name: string, content: string) => {
            const tar = Buffer.alloc(2048);
            tar.write("file");
            tar.write("0000644\0", 100);
            tar.write("0000000\0", 108);
            tar.write("0000000\0", 116);
            tar.write(content.length.toString(8).padStart(11, "0") + "\0", 124);
            tar.write("00000000000\0", 136);
            tar.write("        0", 148);
            const sum = tar.subarray(0, 512).reduce((a, b) => a + b, 0);
            tar.write(sum.toString(8).padStart(6, "0") + "\0 ", 148);
            tar.write(content, 512);
            assert.ok(aws.dockerClient(["import", "-", name], tar).ok);
            const pushed = aws.dockerClient(["push", name]);
            aws.dockerClient(["image", "rm", name]);
            return pushed;
        };

        it("wants a login, and says how", async () => {
            const answer = await fetch(`${aws.endpoint}/v2/`);
            assert.equal(answer.status, 401);
            assert.match(answer.headers.get("www-authenticate")!, /^Basic realm=/);
            for (const password of ["ministack-auth-token", "guessed"]) {
                const authorization = `Basic ${Buffer.from(`AWS:${password}`).toString("base64")}`;
                assert.equal((await fetch(`${aws.endpoint}/v2/`, { headers: { authorization } })).status, 401);
            }
        });
        it("takes a push of a role that may, once for a tag", async () => {
            await aws.login(pipeline);
            assert.ok(push(image("shop", "v1"), "one").ok);
            assert.match(push(image("shop", "v1"), "two").output, /tag is immutable/);
            assert.ok(aws.dockerClient(["pull", image("shop", "v1")]).ok);
            aws.dockerClient(["image", "rm", image("shop", "v1")]);
        });
        it("refuses a push elsewhere, and one that lacks any of its permissions", async () => {
            assert.match(push(image("private", "v1"), "one").output, /denied.*not authorized/);
            const pushes = ["InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage"];
            for (const [index, missing] of [...pushes, "BatchCheckLayerAvailability"].entries()) {
                const without = deploy.map(({ Action, ...rest }) => ({
                    ...rest,
                    Action: [Action].flat().filter((action) => action !== `ecr:${missing}`),
                }));
                await aws.role("deploy", tokenTrust, without);
                const { ok, output } = push(image("shop", `without-${index}`), missing);
                // The answer to a HEAD request has no body that could name the action.
                assert.ok(
                    !ok && (output.includes(`ecr:${missing}`) || output.includes("403")),
                    `${missing}: ${output}`,
                );
            }
            await aws.role("deploy", tokenTrust, deploy);
        });
        it("names this machine", async () => {
            const { repositories } = await aws.as().ecr.describeRepositories({ repositoryNames: ["shop"] });
            assert.equal(repositories![0]!.repositoryUri, `${aws.registry}/shop`);
        });
        it("finds no image that is not there", async () => {
            const missing = { repositoryName: "shop", imageIds: [{ imageTag: "none" }] };
            await assert.rejects(aws.as().ecr.describeImages(missing), { name: "ImageNotFoundException" });
        });
    });

    describe("auto scaling", () => {
        const target = {
            ServiceNamespace: "ecs" as const,
            ResourceId: "service/shop/shop",
            ScalableDimension: "ecs:service:DesiredCount" as const,
        };
        const tracking = {
            TargetValue: 60,
            PredefinedMetricSpecification: { PredefinedMetricType: "ECSServiceAverageCPUUtilization" as const },
        };
        const policy = {
            ...target,
            PolicyName: "cpu",
            PolicyType: "TargetTrackingScaling" as const,
            TargetTrackingScalingPolicyConfiguration: tracking,
        };

        it("knows services that exist, and policies of their targets", async () => {
            const { scaling } = aws.as();
            const gone = { ...target, ResourceId: "service/shop/none", MinCapacity: 0, MaxCapacity: 1 };
            await assert.rejects(scaling.registerScalableTarget(gone), { name: "ValidationException" });
            await assert.rejects(scaling.putScalingPolicy(policy), { name: "ObjectNotFoundException" });
            await assert.rejects(scaling.describeScalingActivities({ ServiceNamespace: "ecs" }), /does not know/);
            const Tags = { Project: "shop" };
            const { ScalableTargetARN } = await scaling.registerScalableTarget({
                ...target,
                MinCapacity: 0,
                MaxCapacity: 2,
                Tags,
            });
            await scaling.putScalingPolicy(policy);
            const { ScalingPolicies } = await scaling.describeScalingPolicies({ ServiceNamespace: "ecs" });
            assert.deepEqual(
                ScalingPolicies!.map((found) => found.TargetTrackingScalingPolicyConfiguration),
                [tracking],
            );
            assert.deepEqual((await scaling.listTagsForResource({ ResourceARN: ScalableTargetARN })).Tags, Tags);
            await scaling.deregisterScalableTarget(target);
            assert.deepEqual((await scaling.describeScalingPolicies({ ServiceNamespace: "ecs" })).ScalingPolicies, []);
        });
        it("is emptied by a reset, as everything is", async () => {
            const { scaling, ecs } = aws.as();
            await scaling.registerScalableTarget({ ...target, MinCapacity: 0, MaxCapacity: 2 });
            await fetch(`${aws.endpoint}/_ministack/reset`, { method: "POST" });
            assert.deepEqual((await scaling.describeScalableTargets({ ServiceNamespace: "ecs" })).ScalableTargets, []);
            assert.deepEqual((await ecs.listClusters({})).clusterArns, []);
        });
    });
});
