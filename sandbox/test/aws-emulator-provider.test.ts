/** What the AWS provider (hashicorp/terraform-provider-aws 6.34, in Go) asks and reads otherwise than other clients do. */
import { ACM } from "@aws-sdk/client-acm";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { EC2, type DescribeAvailabilityZonesCommandInput } from "@aws-sdk/client-ec2";
import { Route53 } from "@aws-sdk/client-route-53";
import { SNS } from "@aws-sdk/client-sns";
import { AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { awsAccount } from "../aws/emulator";
import { arn, Issuer, region, TestAws, tokenTrust, type Credentials } from "./awsFixture";

const root: Credentials = { accessKeyId: awsAccount, secretAccessKey: "any" };
const alarm = (AlarmName: string) => ({
    AlarmName,
    Namespace: "Shop",
    MetricName: "Errors",
    Statistic: "Sum" as const,
    Period: 60,
    EvaluationPeriods: 2,
    Threshold: 0.5,
    ComparisonOperator: "GreaterThanThreshold" as const,
});

describe("the emulated AWS, as the AWS provider calls it", function () {
    this.timeout(60_000);
    let tokens: Issuer;
    let aws: TestAws;
    const options = (credentials = root) => ({ endpoint: aws.endpoint, region, credentials, maxAttempts: 1 });
    /** The SDK for Go speaks rpc-v2-cbor to CloudWatch; that for JavaScript does when it is told to. */
    const cbor = (credentials?: Credentials) =>
        new CloudWatch({ ...options(credentials), protocol: AwsSmithyRpcV2CborProtocol });

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        const ClientIDList = ["sts.amazonaws.com"];
        await aws.as().iam.createOpenIDConnectProvider({
            Url: "https://token.actions.githubusercontent.com",
            ClientIDList,
        });
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    it("gives a call that is made again, since its answer was lost, the same answer, and makes nothing twice", async () => {
        const ec2 = new EC2({ ...options(), maxAttempts: 2 });
        const { requestHandler } = ec2.config;
        const handle = requestHandler.handle.bind(requestHandler);
        let answers = 0;
        requestHandler.handle = async (...args: Parameters<typeof handle>) => {
            const answer = await handle(...args);
            if (++answers === 1) {
                throw Object.assign(new Error("the connection broke off"), { code: "ECONNRESET" });
            }
            return answer;
        };
        const { Vpc } = await ec2.createVpc({ CidrBlock: "10.77.0.0/16" });
        assert.equal(answers, 2);
        const { Vpcs = [] } = await ec2.describeVpcs({});
        const made = Vpcs.filter(({ CidrBlock }) => CidrBlock === "10.77.0.0/16").map(({ VpcId }) => VpcId);
        assert.deepEqual(made, [Vpc?.VpcId]);
    });

    it("finds a route table by a filter for its id, and keeps the tags that a prefix list is made with", async () => {
        const ec2 = new EC2(options());
        const VpcId = (await ec2.createVpc({ CidrBlock: "10.78.0.0/16" })).Vpc!.VpcId!;
        const RouteTableId = (await ec2.createRouteTable({ VpcId })).RouteTable!.RouteTableId!;
        const Filters = [{ Name: "route-table-id", Values: [RouteTableId] }];
        const { RouteTables } = await ec2.describeRouteTables({ Filters });
        assert.deepEqual(
            RouteTables!.map((table) => table.RouteTableId),
            [RouteTableId],
        );
        const Tags = [{ Key: "Project", Value: "shop" }];
        const list = { PrefixListName: "shop", AddressFamily: "IPv4", MaxEntries: 1 };
        const TagSpecifications = [{ ResourceType: "prefix-list", Tags } as const];
        const { PrefixList } = await ec2.createManagedPrefixList({ ...list, TagSpecifications });
        const PrefixListIds = [PrefixList!.PrefixListId!];
        const { PrefixLists } = await ec2.describeManagedPrefixLists({ PrefixListIds });
        assert.deepEqual(PrefixLists![0]!.Tags, Tags);
    });

    describe("CloudWatch in CBOR", () => {
        it("keeps alarms and dashboards, with numbers and times of their types", async () => {
            const cloudWatch = cbor();
            const began = Date.now();
            await cloudWatch.putMetricAlarm({ ...alarm("errors"), Tags: [{ Key: "Project", Value: "shop" }] });
            const { MetricAlarms } = await cloudWatch.describeAlarms({ AlarmNames: ["errors"] });
            const [found] = MetricAlarms!;
            assert.deepEqual([found!.Threshold, found!.Period, found!.EvaluationPeriods], [0.5, 60, 2]);
            assert.ok(Math.abs(found!.AlarmConfigurationUpdatedTimestamp!.getTime() - began) < 10_000);
            assert.ok(found!.StateUpdatedTimestamp instanceof Date);
            const { Tags } = await cloudWatch.listTagsForResource({ ResourceARN: found!.AlarmArn });
            assert.deepEqual(Tags, [{ Key: "Project", Value: "shop" }]);
            await cloudWatch.putMetricAlarm({ ...alarm("errors"), Threshold: 1 }); // an update, as AWS takes it
            const { MetricAlarms: changed } = await cloudWatch.describeAlarms({ AlarmNames: ["errors"] });
            assert.deepEqual([changed!.length, changed![0]!.Threshold], [1, 1]);
            await cloudWatch.putDashboard({ DashboardName: "golden", DashboardBody: '{"widgets":[]}' });
            assert.equal((await cloudWatch.getDashboard({ DashboardName: "golden" })).DashboardBody, '{"widgets":[]}');
            const { DashboardEntries } = await cloudWatch.listDashboards({});
            assert.ok(Math.abs(DashboardEntries![0]!.LastModified!.getTime() - began) < 10_000);
            await cloudWatch.deleteDashboards({ DashboardNames: ["golden"] });
            await cloudWatch.deleteAlarms({ AlarmNames: ["errors"] });
            assert.deepEqual((await cloudWatch.describeAlarms({ AlarmNames: ["errors"] })).MetricAlarms, []);
        });

        it("names an error in a header by the code that the provider looks for", async () => {
            // findDashboardByName (internal/service/cloudwatch/dashboard.go) takes "ResourceNotFound" for "not there".
            const cloudWatch = cbor();
            const headers: (string | undefined)[] = [];
            cloudWatch.middlewareStack.add(
                (next) => async (args) => {
                    const result = await next(args);
                    headers.push((result.response as any).headers["x-amzn-query-error"]);
                    return result;
                },
                { step: "deserialize", priority: "low", name: "header", override: true },
            );
            await assert.rejects(cloudWatch.getDashboard({ DashboardName: "none" }), {
                name: "ResourceNotFound",
                message: "Dashboard none does not exist",
            });
            const wrong = { ...alarm("wrong"), MetricName: undefined, Namespace: undefined };
            await assert.rejects(cloudWatch.putMetricAlarm(wrong), /Exactly one of MetricName and Metrics/);
            assert.deepEqual(headers, ["ResourceNotFound;Sender", "ValidationError;Sender"]);
        });

        it("is authorised on the alarms and dashboards that a call names", async () => {
            const dashboard = (name: string) => `arn:aws:cloudwatch::${awsAccount}:dashboard/${name}`;
            await aws.role("watch", tokenTrust, [
                {
                    Action: ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
                    Resource: arn("cloudwatch", "alarm:shop-*"),
                },
                { Action: "cloudwatch:PutDashboard", Resource: dashboard("shop") },
            ]);
            const clients = await aws.assume("watch", await tokens.token());
            const cloudWatch = cbor(await clients.ecs.config.credentials());
            await cloudWatch.putMetricAlarm(alarm("shop-errors"));
            await cloudWatch.putDashboard({ DashboardName: "shop", DashboardBody: "{}" });
            const Tags = [{ Key: "Project", Value: "shop" }];
            for (const [action, resource, call] of [
                ["PutMetricAlarm", arn("cloudwatch", "alarm:other"), cloudWatch.putMetricAlarm(alarm("other"))],
                [
                    "TagResource",
                    arn("cloudwatch", "alarm:shop-a"),
                    cloudWatch.putMetricAlarm({ ...alarm("shop-a"), Tags }),
                ],
                [
                    "DeleteAlarms",
                    arn("cloudwatch", "alarm:other"),
                    cloudWatch.deleteAlarms({ AlarmNames: ["shop-errors", "other"] }),
                ],
                ["DescribeAlarms", arn("cloudwatch", "alarm:*"), cloudWatch.describeAlarms({})],
                [
                    "PutDashboard",
                    dashboard("other"),
                    cloudWatch.putDashboard({ DashboardName: "other", DashboardBody: "{}" }),
                ],
                ["ListDashboards", "*", cloudWatch.listDashboards({})],
            ] as const) {
                const reason = `not authorized to perform: cloudwatch:${action} on resource: ${resource} because`;
                await assert.rejects(call, (error: Error) => {
                    assert.match(error.name, /^AccessDenied/);
                    assert.ok(error.message.includes(reason), error.message);
                    return true;
                });
            }
            await cloudWatch.deleteAlarms({ AlarmNames: ["shop-errors"] });
        });
    });

    it("finds load balancers and proofs of certificates from Route 53, which is signed for us-east-1", async () => {
        const dns = new Route53({ ...options(), region: "us-east-1" });
        const { ec2, elb } = aws.as();
        const { Vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
        const Subnets: string[] = [];
        for (const [index, zone] of ["a", "c"].entries()) {
            const AvailabilityZone = `${region}${zone}`;
            const request = { VpcId: Vpc!.VpcId, CidrBlock: `10.0.${index}.0/24`, AvailabilityZone };
            Subnets.push((await ec2.createSubnet(request)).Subnet!.SubnetId!);
        }
        const { LoadBalancers } = await elb.createLoadBalancer({ Name: "shop", Subnets });
        const { HostedZone } = await dns.createHostedZone({ Name: "example.com", CallerReference: "one" });
        const change = (ResourceRecordSet: object) =>
            dns.changeResourceRecordSets({
                HostedZoneId: HostedZone!.Id,
                ChangeBatch: { Changes: [{ Action: "CREATE", ResourceRecordSet: ResourceRecordSet as any }] },
            });
        const [{ DNSName, CanonicalHostedZoneId: HostedZoneId }] = LoadBalancers as [any];
        const alias = (Name: string, target: string) =>
            change({
                Name,
                Type: "A",
                AliasTarget: { DNSName: target, HostedZoneId, EvaluateTargetHealth: true },
            });
        await alias("shop.example.com", DNSName);
        await assert.rejects(alias("other.example.com", `x${DNSName}`), {
            name: "InvalidChangeBatch",
            message: /does not lie within the target zone/,
        });
        const acm = new ACM(options());
        const { CertificateArn } = await acm.requestCertificate({
            DomainName: "shop.example.com",
            ValidationMethod: "DNS",
        });
        const certificate = async () => (await acm.describeCertificate({ CertificateArn })).Certificate!;
        const { Name, Type, Value } = (await certificate()).DomainValidationOptions![0]!.ResourceRecord!;
        assert.equal((await certificate()).Status, "PENDING_VALIDATION");
        await change({ Name, Type, TTL: 60, ResourceRecords: [{ Value }] });
        assert.equal((await certificate()).Status, "ISSUED");
    });

    it("lists the deployments of a service by the time of the call that made them, and describes them", async () => {
        // findPrimaryDeploymentARN and findDeploymentStatus in internal/service/ecs/service.go
        const { ecs } = aws.as();
        await ecs.createCluster({ clusterName: "shop" });
        await ecs.registerTaskDefinition({ family: "shop", containerDefinitions: [{ name: "app", image: "none" }] });
        const of = { cluster: "shop", service: "shop" };
        await ecs.createService({ cluster: "shop", serviceName: "shop", taskDefinition: "shop", desiredCount: 0 });
        const after = new Date();
        await sleep(5); // within the same second
        const { service } = await ecs.updateService({ ...of, forceNewDeployment: true });
        const primary = service!.deployments!.find(({ status }) => status === "PRIMARY")!;
        assert.ok(
            primary.createdAt! > after,
            `${primary.createdAt!.toISOString()} is not after ${after.toISOString()}`,
        );
        const list = async (request: object) =>
            (await ecs.listServiceDeployments({ ...of, ...request })).serviceDeployments!;
        const all = await list({});
        assert.equal(all.length, 2);
        const [found, ...others] = await list({ createdAt: { after } });
        assert.deepEqual(others, []);
        assert.deepEqual(await list({ createdAt: { before: after } }), all.slice(1));
        const number = primary.id!.split("/")[1]!;
        const revision = arn("ecs", `service-revision/shop/shop/${number}`);
        assert.deepEqual([found!.targetServiceRevisionArn, found!.status], [revision, "SUCCESSFUL"]);
        assert.deepEqual(await list({ status: ["SUCCESSFUL"] }), all);
        assert.deepEqual(await list({ status: ["IN_PROGRESS", "STOPPED"] }), []);
        const unknown = arn("ecs", "service-deployment/shop/shop/none");
        const serviceDeploymentArns = [found!.serviceDeploymentArn!, unknown];
        const { serviceDeployments, failures } = await ecs.describeServiceDeployments({ serviceDeploymentArns });
        assert.deepEqual(failures, [{ arn: unknown, reason: "MISSING" }]);
        const { targetServiceRevision, finishedAt, startedAt, createdAt, rollback } = serviceDeployments![0]!;
        assert.equal(targetServiceRevision!.arn, revision);
        assert.deepEqual([startedAt, rollback], [createdAt, undefined]);
        assert.ok(finishedAt! >= createdAt!); // without tasks it is done at once
        await assert.rejects(ecs.listServiceDeployments({ ...of, service: "none" }), {
            name: "ServiceNotFoundException",
        });
        await assert.rejects(ecs.listServiceDeployments({ ...of, cluster: "none" }), {
            name: "ClusterNotFoundException",
        });

        const own = [arn("ecs", "service/shop/shop"), arn("ecs", "service-deployment/shop/shop/*")];
        const Action = ["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"];
        const denied = async (Resource: string[]) => {
            await aws.role("history", tokenTrust, [{ Action, Resource }]);
            const role = await aws.assume("history", await tokens.token());
            const calls = [
                role.ecs.listServiceDeployments(of),
                role.ecs.describeServiceDeployments({ serviceDeploymentArns: [found!.serviceDeploymentArn!] }),
            ];
            return Promise.all(
                calls.map((call) =>
                    call.then(
                        () => "",
                        (error: Error) => /on resource: (\S+)/.exec(error.message)![1],
                    ),
                ),
            );
        };
        assert.deepEqual(await denied(own), ["", ""]);
        assert.deepEqual(await denied(own.slice(0, 1)), ["", found!.serviceDeploymentArn]);
        assert.deepEqual(await denied(own.slice(1)), [own[0], own[0]]);
    });

    it("starts a deployment for what the reference of UpdateService says triggers one, and for nothing else", async () => {
        const { ec2, ecs } = aws.as();
        await ecs.createCluster({ clusterName: "moved" });
        await ecs.registerTaskDefinition({ family: "moved", containerDefinitions: [{ name: "app", image: "none" }] });
        const { Vpc } = await ec2.createVpc({ CidrBlock: "10.0.0.0/16" });
        const { Subnet } = await ec2.createSubnet({ VpcId: Vpc!.VpcId, CidrBlock: "10.0.0.0/24" });
        const inside = (assignPublicIp: "ENABLED" | "DISABLED") => ({
            networkConfiguration: { awsvpcConfiguration: { subnets: [Subnet!.SubnetId!], assignPublicIp } },
        });
        const service = { cluster: "moved", serviceName: "moved", taskDefinition: "moved", desiredCount: 0 };
        await ecs.createService({ ...service, ...inside("DISABLED") });
        const after = async (request: object) => {
            await ecs.updateService({ cluster: "moved", service: "moved", ...request });
            const { serviceDeployments } = await ecs.listServiceDeployments({ cluster: "moved", service: "moved" });
            return serviceDeployments!.length;
        };
        assert.equal(await after({ ...inside("DISABLED"), healthCheckGracePeriodSeconds: 5, desiredCount: 0 }), 1);
        assert.equal(await after(inside("ENABLED")), 2);
        assert.equal(await after({ platformVersion: "1.4.0" }), 3);
    });

    it("tells of a Local Zone once the account has opted into it, and filters zones as it is asked to", async () => {
        // DescribeAvailabilityZones in the EC2 API reference, and "Opt in to a Local Zone" in the Local Zones User Guide
        const ec2 = new EC2(options());
        const names = async (request: DescribeAvailabilityZonesCommandInput = {}) =>
            (await ec2.describeAvailabilityZones(request)).AvailabilityZones!.map(({ ZoneName }) => ZoneName!).sort();
        const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
        const everybodys = ["a", "b", "c", "d"].map((letter) => region + letter);
        const [GroupName, local] = [`${region}-tpe-1`, `${region}-tpe-1a`];
        assert.deepEqual(await names(), everybodys);
        assert.deepEqual(await names({ AllAvailabilityZones: true }), [local, ...everybodys]);

        await ec2.modifyAvailabilityZoneGroup({ GroupName, OptInStatus: "opted-in" });
        assert.deepEqual(await names(), [local, ...everybodys]);
        assert.deepEqual(await names(filter("opt-in-status", "opt-in-not-required")), everybodys);
        assert.deepEqual(await names(filter("zone-type", "local-zone")), [local]);
        assert.deepEqual(await names(filter("state", "impaired", "unavailable")), []);
        assert.deepEqual(await names({ ZoneNames: [everybodys[1]!] }), [everybodys[1]]);
        await assert.rejects(names(filter("opt-in", "x")), { name: "InvalidParameterValue" });

        await ec2.modifyAvailabilityZoneGroup({ GroupName, OptInStatus: "not-opted-in" });
        assert.deepEqual(await names(), everybodys);
    });

    it("says of a subscription that waits what the provider takes for deleted", async () => {
        // resourceTopicSubscriptionDelete in internal/service/sns/topic_subscription.go
        const sns = new SNS(options());
        const { TopicArn } = await sns.createTopic({ Name: "on-call" });
        const request = { TopicArn, Protocol: "email", Endpoint: "a@example.com", ReturnSubscriptionArn: true };
        const { SubscriptionArn } = await sns.subscribe(request);
        await assert.rejects(sns.unsubscribe({ SubscriptionArn }), {
            name: "InvalidParameterException",
            message: /Cannot unsubscribe a subscription that is pending confirmation$/,
        });
    });
});
