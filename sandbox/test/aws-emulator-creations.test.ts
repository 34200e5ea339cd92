/** What a creation includes, each on the resource and with the keys of AWS's service authorization reference. */
import { Route53 } from "@aws-sdk/client-route-53";
import assert from "node:assert/strict";
import { awsAccount } from "../aws/emulator";
import { Issuer, issuer, region, TestAws, tokenTrust } from "./awsFixture";

const ours = { Key: "Project", Value: "shop" };
const tag = [ours];
const on = (service: string, resource: string, where = region) =>
    `arn:aws:${service}:${where}:${awsAccount}:${resource}`;
const marked = (key: string) => ({ Condition: { StringEquals: { [`aws:${key}/Project`]: "shop" } } });

type As = Awaited<ReturnType<TestAws["assume"]>>;

/** A creation with tags, the action that it needs beside its own, and where. */
const tagged: readonly (readonly [
    own: string,
    tagging: string,
    resource: string,
    call: (as: As) => Promise<unknown>,
])[] = [
    [
        "ecr:CreateRepository",
        "ecr:TagResource",
        on("ecr", "repository/shop"),
        ({ ecr }) => ecr.createRepository({ repositoryName: "shop", tags: tag }),
    ],
    [
        "ecs:CreateCluster",
        "ecs:TagResource",
        on("ecs", "cluster/shop"),
        ({ ecs }) => ecs.createCluster({ clusterName: "shop", tags: [{ key: "Project", value: "shop" }] }),
    ],
    [
        "logs:CreateLogGroup",
        "logs:TagResource",
        on("logs", "log-group:/ecs/shop"),
        ({ logs }) => logs.createLogGroup({ logGroupName: "/ecs/shop", tags: { Project: "shop" } }),
    ],
    [
        "iam:CreateRole",
        "iam:TagRole",
        on("iam", "role/shop", ""),
        ({ iam }) => iam.createRole({ RoleName: "shop", AssumeRolePolicyDocument: '{"Statement":[]}', Tags: tag }),
    ],
    [
        "ec2:CreateVpc",
        "ec2:CreateTags",
        on("ec2", "vpc/*"),
        ({ ec2 }) =>
            ec2.createVpc({ CidrBlock: "10.0.0.0/16", TagSpecifications: [{ ResourceType: "vpc", Tags: tag }] }),
    ],
];

describe("what a creation on the emulated AWS needs", () => {
    let tokens: Issuer;
    let aws: TestAws;

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        await aws.as().iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    async function as(...statements: object[]): Promise<As> {
        await aws.role("maker", tokenTrust, statements);
        return aws.assume("maker", await tokens.token());
    }
    const outcome = async (call: Promise<unknown>): Promise<string> =>
        call.then(
            () => "allowed",
            (error: Error) =>
                /not authorized to perform: (\S+) on resource: (\S+)/.exec(error.message)?.slice(1).join(" ") ??
                error.message,
        );

    for (const [own, tagging, resource, call] of tagged) {
        it(`${own}: ${tagging} as well, where there are tags`, async () => {
            const without = await as({ Action: own, Resource: resource });
            assert.equal(await outcome(call(without)), `${tagging} ${resource}`);
            const both = await as({ Action: [own, tagging], Resource: resource });
            assert.equal(await outcome(call(both)), "allowed");
        });
    }

    it("a subnet: the right to make one, and to do so in this VPC, which may depend on its tag", async () => {
        const { ec2 } = aws.as();
        const specification = (ResourceType: "vpc" | "subnet") => [{ ResourceType, Tags: tag }];
        const make = async (tags: boolean) =>
            (
                await ec2.createVpc({
                    CidrBlock: "10.1.0.0/16",
                    ...(tags && { TagSpecifications: specification("vpc") }),
                })
            ).Vpc!.VpcId!;
        const [own, foreign] = [await make(true), await make(false)];
        const maker = await as(
            {
                Action: ["ec2:CreateSubnet", "ec2:CreateTags"],
                Resource: on("ec2", "subnet/*"),
                ...marked("RequestTag"),
            },
            { Action: "ec2:CreateSubnet", Resource: on("ec2", "vpc/*"), ...marked("ResourceTag") },
        );
        const subnet = (VpcId: string) =>
            outcome(
                maker.ec2.createSubnet({ VpcId, CidrBlock: "10.1.0.0/24", TagSpecifications: specification("subnet") }),
            );
        assert.equal(await subnet(foreign), `ec2:CreateSubnet ${on("ec2", `vpc/${foreign}`)}`);
        assert.equal(await subnet(own), "allowed");
        const untagged = maker.ec2.createSubnet({ VpcId: own, CidrBlock: "10.1.1.0/24" });
        assert.equal(await outcome(untagged), `ec2:CreateSubnet ${on("ec2", "subnet/*")}`);
    });

    it("a record: the right to its name, as Route 53 normalises it, and to its type", async () => {
        const dns = async ({ iam }: As) => {
            const credentials = await iam.config.credentials();
            return new Route53({ endpoint: aws.endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
        };
        const root = await dns(aws.as());
        const { HostedZone } = await root.createHostedZone({ Name: "example.com", CallerReference: "one" });
        const zone = `arn:aws:route53:::${HostedZone!.Id!.replace(/^\//, "")}`;
        const key = (name: string) => `route53:ChangeResourceRecordSets${name}`;
        const maker = await dns(
            await as({
                Action: "route53:ChangeResourceRecordSets",
                Resource: zone,
                Condition: {
                    "ForAllValues:StringLike": {
                        [key("NormalizedRecordNames")]: ["shop.example.com", "_*.shop.example.com"],
                    },
                    "ForAllValues:StringEquals": { [key("RecordTypes")]: ["A", "CNAME"] },
                },
            }),
        );
        const change = (...records: [Name: string, Type: "A" | "CNAME" | "TXT", Value: string][]) =>
            outcome(
                maker.changeResourceRecordSets({
                    HostedZoneId: HostedZone!.Id!,
                    ChangeBatch: {
                        Changes: records.map(([Name, Type, Value]) => ({
                            Action: "CREATE",
                            ResourceRecordSet: { Name, Type, TTL: 60, ResourceRecords: [{ Value }] },
                        })),
                    },
                }),
            );
        const denied = `route53:ChangeResourceRecordSets ${zone}`;
        assert.equal(await change(["Shop.Example.com.", "A", "10.0.0.1"]), "allowed");
        assert.equal(await change(["_proof.shop.example.com", "CNAME", "proof.example.net"]), "allowed");
        assert.equal(await change(["www.example.com", "A", "10.0.0.1"]), denied);
        assert.equal(await change(["*.example.com", "A", "10.0.0.1"]), denied);
        assert.equal(await change(["shop.example.com", "TXT", '"text"']), denied);
        assert.equal(
            await change(["_other.shop.example.com", "A", "10.0.0.1"], ["www.example.com", "A", "10.0.0.1"]),
            denied,
        );
    });

    it("a tag: the right by what the role has, where the request says nothing of it", async () => {
        const RoleName = "main-tagged";
        await aws.as().iam.createRole({ RoleName, AssumeRolePolicyDocument: '{"Statement":[]}', Tags: tag });
        const change = (as: As) => outcome(as.iam.tagRole({ RoleName, Tags: [{ Key: "Stack", Value: "staging" }] }));
        const role = on("iam", `role/${RoleName}`, "");
        const requested = await as({ Action: "iam:TagRole", Resource: role, ...marked("RequestTag") });
        assert.equal(await change(requested), `iam:TagRole ${role}`);
        assert.equal(
            await change(await as({ Action: "iam:TagRole", Resource: role, ...marked("ResourceTag") })),
            "allowed",
        );
    });
});
