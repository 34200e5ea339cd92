import { strict as assert } from "node:assert";
import { aws } from "../providers/aws/provider";
import { layOut } from "../../tools/awsxLayout";
import { inputs as vpcInputs } from "../providers/awsx/vpc";
import { Plugin } from "../providers/plugin";
import { misfits, Properties, unknown } from "../providers/standIn";
import { alternative, production, standard, withDomain, withoutNat } from "../../test/scenarios";

const seed = Buffer.alloc(32, 7);
const repository = "aws:ecr/repository:Repository";
const listener = "aws:lb/listener:Listener";
const service = "aws:ecs/service:Service";
const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const securityGroup = "aws:ec2/securityGroup:SecurityGroup";

describe("the aws stand-in", () => {
    let endpoint: string | undefined;
    let plugin: Plugin;
    const reasons = (type: string, inputs: Properties) =>
        plugin.check(type, "main", {}, inputs, seed).failures.map(({ reason }) => reason.replace(/;.*/, ""));

    before(() => {
        endpoint = process.env.AWS_ENDPOINT_URL;
        process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:1"; // nothing here may ask it
        plugin = new Plugin(aws);
        plugin.configure({ region: "eu-west-1" });
    });
    after(() => {
        if (endpoint === undefined) delete process.env.AWS_ENDPOINT_URL;
        else process.env.AWS_ENDPOINT_URL = endpoint;
    });

    it("refuses a resource type that it does not know, by its name", () => {
        assert.throws(
            () => plugin.check("aws:s3/bucket:Bucket", "b", {}, {}, seed),
            /unknown resource type aws:s3\/bucket:Bucket/,
        );
    });

    it("refuses a look-up that it does not know, by its name", async () => {
        await assert.rejects(
            plugin.invoke("aws:s3/getBucket:getBucket", {}),
            /unknown function aws:s3\/getBucket:getBucket/,
        );
    });

    it("refuses an argument of a look-up that it would ignore", async () => {
        const zones = plugin.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", { excludeNames: ["a"] });
        await assert.rejects(zones, /unknown property "excludeNames"/);
    });

    it("refuses a property that it does not know, and accepts the same without it", () => {
        assert.deepEqual(reasons(repository, { name: "shop", kmsKey: "k" }), ['unknown property "kmsKey"']);
        assert.deepEqual(reasons(repository, { name: "shop" }), []);
    });

    it("refuses an unknown property inside another, and says where", () => {
        const inputs = {
            cluster: "c",
            taskDefinition: "t",
            loadBalancers: [{ containerName: "app" }, { elbName: "old" }],
        };
        const { failures } = plugin.check(service, "main", {}, inputs, seed);
        assert.deepEqual(
            failures.map(({ property }) => property),
            ["loadBalancers[1].elbName"],
        );
    });

    it("refuses what it does not know of an alarm's arithmetic, at any depth", () => {
        const metric = { namespace: "AWS/ECS", metricName: "CPUUtilization", period: 60, stat: "Average" };
        const inputs = {
            comparisonOperator: "GreaterThanThreshold",
            evaluationPeriods: 1,
            metricQueries: [
                { id: "cpu", metric: { ...metric, unit: "Percent" } },
                { id: "all", accountId: "1" },
            ],
        };
        assert.deepEqual(
            plugin.check(alarm, "main", {}, inputs, seed).failures.map(({ property }) => property),
            ["metricQueries[0].metric.unit", "metricQueries[1].accountId"],
        );
    });

    it("refuses a missing property, nested or not", () => {
        const inputs = { loadBalancerArn: "arn", port: 80, defaultActions: [{ targetGroupArn: "arn" }] };
        assert.deepEqual(reasons(listener, inputs), [
            'missing property "protocol"',
            'missing property "type" (in defaultActions[0])',
        ]);
    });

    it("takes a value that is not known yet for present", () => {
        const inputs = { loadBalancerArn: unknown, port: 80, protocol: "HTTP", defaultActions: unknown };
        assert.deepEqual(reasons(listener, inputs), []);
    });

    it("refuses a setting of the provider that it would ignore", () => {
        assert.throws(() => new Plugin(aws).configure({ region: "eu-west-1", profile: "prod" }), /aws:profile/);
    });

    it("talks to an emulator only: without an endpoint there is no provider", () => {
        delete process.env.AWS_ENDPOINT_URL;
        try {
            assert.throws(() => new Plugin(aws).configure({ region: "eu-west-1" }), /AWS_ENDPOINT_URL/);
        } finally {
            process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:1";
        }
    });

    it("generates a name once and keeps it; a name that AWS would refuse for its length is refused before", () => {
        const first = plugin.check(securityGroup, "main", {}, { vpcId: "vpc-1" }, seed).inputs;
        assert.match(first.name, /^main-[0-9a-f]{7}$/);
        const later = plugin.check(securityGroup, "main", first, { vpcId: "vpc-1" }, Buffer.alloc(32, 9)).inputs;
        assert.equal(later.name, first.name);
        const long = plugin.check("aws:lb/loadBalancer:LoadBalancer", "a".repeat(30), {}, { subnets: [] }, seed);
        assert.match(long.failures[0]!.reason, /longer than 32 characters/);
    });

    it("replaces what AWS cannot change and updates the rest", () => {
        const old = { vpcId: "vpc-1", name: "a", description: "before", tags: { Stack: "dev" } };
        const renamed = plugin.diff(securityGroup, old, { ...old, description: "after" });
        assert.deepEqual(renamed.replaces, ["description"]);
        const retagged = plugin.diff(securityGroup, old, { ...old, tags: { Stack: "prod", Team: "x" } });
        assert.deepEqual(retagged, {
            differences: [
                { path: "tags.Stack", kind: "update", property: "tags", replaces: false },
                { path: "tags.Team", kind: "add", property: "tags", replaces: false },
            ],
            replaces: [],
            deleteBeforeReplace: false,
        });
    });

    it("changes an alarm, a dashboard and a cluster in place, and makes another of a subscription", () => {
        const replaces = (type: string, key: string) =>
            plugin.diff(type, { [key]: "before" }, { [key]: "after" }).replaces.length > 0;
        assert.equal(replaces(alarm, "threshold"), false);
        assert.equal(replaces(alarm, "name"), true);
        assert.equal(replaces("aws:cloudwatch/dashboard:Dashboard", "dashboardBody"), false);
        assert.equal(replaces("aws:ecs/cluster:Cluster", "settings"), false);
        assert.equal(replaces("aws:lb/loadBalancer:LoadBalancer", "enableDeletionProtection"), false);
        assert.equal(replaces("aws:sns/topicSubscription:TopicSubscription", "endpoint"), true);
    });

    it("deletes the old one first where both would have one name, and not where the name is generated", () => {
        const given = { vpcId: "vpc-1", name: "given" };
        assert.equal(plugin.diff(securityGroup, given, { ...given, vpcId: "vpc-2" }).deleteBeforeReplace, true);
        const generated = plugin.check(securityGroup, "main", {}, { vpcId: "vpc-1" }, seed).inputs;
        assert.equal(
            plugin.diff(securityGroup, generated, { ...generated, vpcId: "vpc-2" }).deleteBeforeReplace,
            false,
        );
    });

    it("sees no change in JSON that is spelt differently, nor in the order of a set", () => {
        const containers = (text: string) => ({ family: "f", containerDefinitions: text });
        const spelt = [containers('[{"name":"app","cpu":1}]'), containers('[ {"cpu": 1, "name": "app"} ]')] as const;
        assert.deepEqual(plugin.diff("aws:ecs/taskDefinition:TaskDefinition", ...spelt).differences, []);
        const balancer = (...subnets: string[]) => ({ name: "b", subnets });
        const ordered = [balancer("a", "b"), balancer("b", "a")] as const;
        assert.deepEqual(plugin.diff("aws:lb/loadBalancer:LoadBalancer", ...ordered).differences, []);
    });

    it("takes a value that is not known yet for a change", () => {
        const old = { cluster: "c", taskDefinition: "f:1", name: "s", networkConfiguration: { subnets: ["a"] } };
        const now = { ...old, taskDefinition: unknown, networkConfiguration: { subnets: unknown } };
        assert.deepEqual(
            plugin.diff(service, old, now).differences.map(({ path }) => path),
            ["taskDefinition", "networkConfiguration.subnets"],
        );
    });

    it("accepts every resource that the program declares, and so does that of awsx", async function () {
        this.timeout(30_000); // the first run loads the SDKs
        for (const scenario of [standard, alternative, withoutNat, withDomain, production]) {
            const run = await scenario();
            const ofAws = run.registrations.filter(({ type }) => type.startsWith("aws:"));
            assert.ok(ofAws.length > 20);
            for (const { type, name, inputs } of ofAws) {
                assert.deepEqual(plugin.check(type, name, {}, inputs, seed).failures, [], `${type} ${name}`);
            }
            assert.deepEqual(misfits(run.one("awsx:ec2:Vpc").inputs, [], vpcInputs), []);
        }
    });
});

describe("the subnets of the awsx stand-in", () => {
    it("are those of awsx for two zones", () => {
        assert.deepEqual(
            layOut("10.0.0.0/16", 2).map(({ type, zone, cidr }) => `${type} ${zone} ${cidr}`),
            ["Public 0 10.0.64.0/19", "Private 0 10.0.0.0/18", "Public 1 10.0.192.0/19", "Private 1 10.0.128.0/18"],
        );
    });

    it("leave a fourth part of the VPC unused for three zones", () => {
        const planned = layOut("192.168.0.0/22", 3).filter(({ type }) => type === "Private");
        assert.deepEqual(
            planned.map(({ cidr }) => cidr),
            ["192.168.0.0/25", "192.168.1.0/25", "192.168.2.0/25"],
        );
    });

    it("are refused where a zone would get less than a /26", () => {
        assert.throws(() => layOut("10.0.0.0/26", 2), /10\.0\.0\.0\/26 has a \/27 for each of 2 availability zones/);
    });
});
