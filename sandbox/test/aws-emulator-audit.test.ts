/** Where the emulated load balancer and VPC write down what passes them. */
import assert from "node:assert/strict";
import { awsAccount } from "../aws/emulator";
import { allows, type Clients } from "../checkouts/awsClients";
import { arn, Issuer, issuer, region, roleArn, TestAws, tokenTrust } from "./awsFixture";

const ours = [{ Key: "Project", Value: "shop" }];

describe("the emulated AWS, writing down what passes", () => {
    let tokens: Issuer;
    let aws: TestAws;
    let root: Clients;
    let vpc = "";

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        root = aws.as();
        const { iam, ec2 } = root;
        await iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
        vpc = (await ec2.createVpc({ CidrBlock: "10.0.0.0/16" })).Vpc!.VpcId!;
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    describe("a load balancer", () => {
        const Bucket = "logs";
        let LoadBalancerArn: string | undefined;
        const log = () =>
            root.elb
                .modifyLoadBalancerAttributes({
                    LoadBalancerArn,
                    Attributes: [
                        { Key: "access_logs.s3.enabled", Value: "true" },
                        { Key: "access_logs.s3.bucket", Value: Bucket },
                    ],
                })
                .then(
                    () => "logs",
                    (error: Error) => `${error.name}: ${error.message}`,
                );

        before(async () => {
            const subnet = async (zone: string, CidrBlock: string) =>
                (await root.ec2.createSubnet({ VpcId: vpc, CidrBlock, AvailabilityZone: `${region}${zone}` })).Subnet!
                    .SubnetId!;
            const Subnets = [await subnet("a", "10.0.0.0/24"), await subnet("c", "10.0.1.0/24")];
            const InternetGatewayId = (await root.ec2.createInternetGateway({})).InternetGateway!.InternetGatewayId;
            await root.ec2.attachInternetGateway({ VpcId: vpc, InternetGatewayId });
            ({ LoadBalancerArn } = (await root.elb.createLoadBalancer({ Name: "shop", Subnets })).LoadBalancers![0]!);
        });

        it("refuses a bucket that is not there, or does not let it in", async () => {
            const refused = `InvalidConfigurationRequestException: Access Denied for bucket: ${Bucket}. Please check S3bucket permission`;
            assert.equal(await log(), refused);
            await root.s3.createBucket({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } });
            assert.equal(await log(), refused);
            await root.s3.putBucketPolicy({ Bucket, Policy: policy("logs.amazonaws.com") });
            assert.equal(await log(), refused);
        });

        it("tries one that does with a file of its own, over TLS as AWS does", async () => {
            await root.s3.putBucketPolicy({ Bucket, Policy: policy("logdelivery.elasticloadbalancing.amazonaws.com") });
            assert.equal(await log(), "logs");
            const { Contents = [] } = await root.s3.listObjectsV2({ Bucket });
            const keys = Contents.map(({ Key }) => Key);
            assert.deepEqual(keys, [`AWSLogs/${awsAccount}/ELBAccessLogTestFile`]);
        });

        const policy = (Service: string) =>
            JSON.stringify({
                Version: "2012-10-17",
                Statement: [
                    {
                        Effect: "Allow",
                        Principal: { Service },
                        Action: "s3:PutObject",
                        Resource: `arn:aws:s3:::${Bucket}/AWSLogs/${awsAccount}/*`,
                    },
                    {
                        Effect: "Deny",
                        Principal: "*",
                        Action: "s3:*",
                        Resource: `arn:aws:s3:::${Bucket}/*`,
                        Condition: { Bool: { "aws:SecureTransport": "false" } },
                    },
                ],
            });
    });

    describe("a VPC", () => {
        const create = ({ ec2 }: Clients) =>
            ec2.createFlowLogs({
                ResourceIds: [vpc],
                ResourceType: "VPC",
                TrafficType: "ALL",
                LogDestination: arn("logs", "log-group:/vpc/shop"),
                DeliverLogsPermissionArn: roleArn("flow"),
                TagSpecifications: [{ ResourceType: "vpc-flow-log", Tags: ours }],
            });

        it("has flow logs that are described as they were made", async () => {
            const { FlowLogIds } = await create(root);
            const [made] = (await root.ec2.describeFlowLogs({ FlowLogIds })).FlowLogs!;
            const { LogGroupName, DeliverLogsPermissionArn, MaxAggregationInterval, Tags } = made!;
            assert.deepEqual(
                { LogGroupName, DeliverLogsPermissionArn, MaxAggregationInterval, Tags },
                {
                    LogGroupName: "/vpc/shop",
                    DeliverLogsPermissionArn: roleArn("flow"),
                    MaxAggregationInterval: 600,
                    Tags: ours,
                },
            );
        });

        it("takes the right to make them, on itself and on what is made, to tag them, and to pass their role", async () => {
            const rights = [
                { Action: "ec2:CreateFlowLogs", Resource: arn("ec2", "vpc-flow-log/*") },
                { Action: "ec2:CreateFlowLogs", Resource: arn("ec2", `vpc/${vpc}`) },
                { Action: "ec2:CreateTags", Resource: arn("ec2", "vpc-flow-log/*") },
                { Action: "iam:PassRole", Resource: roleArn("flow") },
            ];
            const outcome = async (statements: readonly object[]) => {
                await aws.role("team", tokenTrust, statements);
                return allows(async () => create(await aws.assume("team", await tokens.token())));
            };
            assert.equal(await outcome(rights), "allowed");
            for (const each of rights) {
                assert.equal(await outcome(rights.filter((other) => other !== each)), `denied ${each.Action}`);
            }
        });
    });
});
