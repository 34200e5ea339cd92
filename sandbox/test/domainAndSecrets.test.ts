/**
 * A domain, variables and secrets on the real engine. The steps build on each other, in this order. What the emulator cannot show:
 * TLS itself, that a domain is delegated to its zone, and how long AWS takes to issue a certificate.
 */
import { ACM } from "@aws-sdk/client-acm";
import { ECS } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { Route53 } from "@aws-sdk/client-route-53";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rootOptions } from "../checkouts/awsClients";
import {
    brief,
    changedTypes,
    containersOf,
    CopiedCheckout,
    fetchPage,
    testPorts,
    undisturbed,
} from "../checkouts/copiedCheckout";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const port = testPorts.SANDBOX_AWS_PORT;
const value = "correct-horse-5e1f";
const laterValue = "battery-staple-77c0";

describe("a stack with a domain, variables and secrets, TLS itself left out", function () {
    const checkout = new CopiedCheckout(brief);
    const resources = (): any[] => checkout.state().deployment.resources;
    const only = (type: string): any => {
        const found = resources().filter((resource) => resource.type === type);
        assert.equal(found.length, 1, `${found.length} resources of type ${type}`);
        return found[0];
    };
    const succeed = (script: string) => checkout.succeed(script);
    /** The variables of the one container, once those of a release before it are gone. */
    const environment = async () => {
        for (let attempt = 0; ; attempt++) {
            const [container, ...others] = await containersOf(checkout);
            if (container && others.length === 0) {
                return container.environment.filter((each) => /^(LOG_LEVEL|DB_PASSWORD|API_KEY)=/.test(each)).sort();
            }
            assert.ok(attempt < 50, `${others.length + 1} containers run`);
            await sleep(200);
        }
    };
    /** Every file below .sandbox that has the text in it. */
    const filesWith = (text: string) =>
        fs
            .readdirSync(checkout.path(".sandbox"), { recursive: true, encoding: "utf8" })
            .map((file) => checkout.path(".sandbox", file))
            .filter((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile())
            .filter((file) => fs.readFileSync(file).includes(text))
            .map((file) => path.relative(checkout.folder, file));

    /** What the zone says of names in it, besides of itself. */
    const records = async () => {
        const route53 = new Route53(rootOptions);
        const { HostedZones } = await route53.listHostedZonesByName({ DNSName: "example.com" });
        const HostedZoneId = HostedZones![0]!.Id;
        const all = (await route53.listResourceRecordSets({ HostedZoneId })).ResourceRecordSets!;
        return { HostedZoneId, sets: all.filter(({ Name }) => Name !== "example.com.") };
    };
    /** A certificate that the team had for the domain before: ACM asks all of an account for the same record. */
    async function leaveProof(): Promise<void> {
        const acm = new ACM(rootOptions);
        const request = { DomainName: "shop.example.com", ValidationMethod: "DNS" } as const;
        const { CertificateArn } = await acm.requestCertificate(request);
        const { Certificate } = await acm.describeCertificate({ CertificateArn });
        const { Name, Type, Value } = Certificate!.DomainValidationOptions![0]!.ResourceRecord!;
        const set = { Name, Type, TTL: 300, ResourceRecords: [{ Value }] };
        await new Route53(rootOptions).changeResourceRecordSets({
            HostedZoneId: (await records()).HostedZoneId,
            ChangeBatch: { Changes: [{ Action: "CREATE", ResourceRecordSet: set }] },
        });
        await acm.deleteCertificate({ CertificateArn });
    }

    /** The name leads elsewhere, to what the app ran on before: nothing is made until it may be taken over. */
    async function refusedUntilTakenOver(): Promise<void> {
        const ResourceRecords = [{ Value: "192.0.2.1" }];
        const ResourceRecordSet = { Name: "shop.example.com", Type: "A", TTL: 300, ResourceRecords } as const;
        await new Route53(rootOptions).changeResourceRecordSets({
            HostedZoneId: (await records()).HostedZoneId,
            ChangeBatch: { Changes: [{ Action: "CREATE", ResourceRecordSet }] },
        });
        await checkout.fail(
            "sandbox:up",
            / the name shop\.example\.com leads elsewhere, by its record A: .*domainOverwrite true/,
        );
        const made = resources().map(({ type }) => type as string);
        assert.deepEqual(
            made.filter((type) => !/^pulumi:(pulumi:Stack|providers:)/.test(type)),
            [],
        );
        checkout.configure("fargate-cicd:domainOverwrite", true);
    }

    before("npm run sandbox:up", async () => {
        checkout.configure("fargate-cicd:domainName", "shop.example.com");
        checkout.configure("fargate-cicd:hostedZone", "example.com");
        checkout.configure("fargate-cicd:releasedBy", "pulumi");
        checkout.configure("fargate-cicd:dualStack", true);
        await succeed("sandbox:preview"); // makes the zone
        await leaveProof();
        await refusedUntilTakenOver();
        checkout.configure("fargate-cicd:environment", { LOG_LEVEL: "debug" });
        checkout.configure("fargate-cicd:secrets", { DB_PASSWORD: value, API_KEY: { secure: "v1:foreign:cipher" } });
        const { output } = await succeed("sandbox:up");
        const opened = `http://shop.example.com.localhost:${port}`;
        assert.ok(output.includes(`Open      ${opened}   in place of https://shop.example.com: TLS is`), output);
        assert.match(output, /^API_KEY is encrypted for the stack's own backend: here its value is "sandbox"\.$/m);
        assert.ok(!output.includes(value));
    });

    after(() => checkout.remove());

    it("serves the app at the domain, over the HTTPS listener that its DNS record leads to, without TLS here", async () => {
        const page = await fetchPage(`http://shop.example.com.localhost:${port}/`);
        assert.equal(page.status, 200);
        assert.match(page.body, /github actions CICD test/);
    });

    it("sends those who come over HTTP on to HTTPS, for good", async () => {
        const { dnsName } = only("aws:lb/loadBalancer:LoadBalancer").outputs;
        const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
            const request = { host: "127.0.0.1", port, path: "/a?b=c", headers: { Host: dnsName } };
            http.get(request, (response) => resolve(response.resume())).on("error", reject);
        });
        assert.equal(answer.statusCode, 301);
        assert.equal(answer.headers.location, `https://${dnsName.split(":")[0]}:443/a?b=c`);
    });

    it("has a certificate that was issued on the proof in the zone, and TLS 1.2 and 1.3 only", async () => {
        const { id } = only("aws:acm/certificate:Certificate");
        const { Certificate } = await new ACM(rootOptions).describeCertificate({ CertificateArn: id });
        assert.deepEqual([Certificate?.DomainName, Certificate?.Status], ["shop.example.com", "ISSUED"]);
        const LoadBalancerArn = only("aws:lb/loadBalancer:LoadBalancer").id;
        const { Listeners } = await new ElasticLoadBalancingV2(rootOptions).describeListeners({ LoadBalancerArn });
        const https = Listeners?.find(({ Port }) => Port === 443);
        assert.deepEqual(https?.Certificates, [{ CertificateArn: id }]);
        assert.equal(https?.SslPolicy, "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09");
    });

    it("has taken the proof over that was in the zone, and leads there over IPv4 and IPv6", async () => {
        const { dnsName } = only("aws:lb/loadBalancer:LoadBalancer").outputs;
        const { sets } = await records();
        assert.deepEqual(sets.map(({ Type, TTL, AliasTarget }) => [Type, TTL ?? AliasTarget!.DNSName]).sort(), [
            ["A", `${dnsName}.`],
            ["AAAA", `${dnsName}.`],
            ["CNAME", 60],
        ]);
    });

    it("has https in its output and in the pipeline's variable", async () => {
        assert.equal(only("pulumi:pulumi:Stack").outputs.url, "https://shop.example.com");
        const variables = resources().filter(({ type }) => type === "github:index/actionsVariable:ActionsVariable");
        const url = variables.find(({ inputs }) => inputs.variableName === "APP_URL");
        assert.equal(url?.inputs.value, "https://shop.example.com");
    });

    it("gives the container its variables and secrets", async () => {
        assert.deepEqual(await environment(), ["API_KEY=sandbox", `DB_PASSWORD=${value}`, "LOG_LEVEL=debug"]);
    });

    it("has the secret's address in the task definition, and its value in no file of the sandbox", async () => {
        const { arn } = only("aws:ecs/taskDefinition:TaskDefinition").outputs;
        const { taskDefinition } = await new ECS(rootOptions).describeTaskDefinition({ taskDefinition: arn });
        assert.ok(!JSON.stringify(taskDefinition).includes(value));
        const secrets = taskDefinition!.containerDefinitions![0]!.secrets!;
        const reference = /^arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:main-DB_PASSWORD-\w{7}-\w{6}:::/;
        assert.match(secrets.find(({ name }) => name === "DB_PASSWORD")!.valueFrom!, reference);
        assert.deepEqual(filesWith(value), []);
        assert.ok(JSON.stringify(resources()).includes("ciphertext"));
    });

    it("changes nothing in a second up, nor in the preview of a pull request", async () => {
        await succeed("sandbox:up -- --expect-no-changes");
        await succeed("sandbox:preview -- --as-pull-request --expect-no-changes");
    });

    it("ships a new value of a secret as a new revision, and changes nothing else", async () => {
        checkout.configure("fargate-cicd:secrets", {
            DB_PASSWORD: laterValue,
            API_KEY: { secure: "v1:foreign:cipher" },
        });
        const { output } = await succeed("sandbox:up");
        assert.ok(!output.includes(laterValue));
        assert.deepEqual(changedTypes(output), [
            "aws:ecs:Service",
            "aws:ecs:TaskDefinition",
            "aws:secretsmanager:SecretVersion",
        ]);
        assert.equal(only("aws:ecs/taskDefinition:TaskDefinition").outputs.revision, 2);
        assert.deepEqual(await environment(), ["API_KEY=sandbox", `DB_PASSWORD=${laterValue}`, "LOG_LEVEL=debug"]);
        assert.deepEqual([...filesWith(value), ...filesWith(laterValue)], []);
    });

    it("releases with deploy.yml, secrets and variables included, and asks the domain's stand-in for the version", async () => {
        const { output } = await succeed("sandbox:release");
        assert.ok(output.includes(`http://shop.example.com.localhost:${port} serves `), output);
        assert.ok(!output.includes(laterValue));
        assert.deepEqual(await environment(), ["API_KEY=sandbox", `DB_PASSWORD=${laterValue}`, "LOG_LEVEL=debug"]);
    });

    it("names an encrypted value that it can neither read nor stand in for, and changes nothing", async () => {
        const before = checkout.state();
        checkout.configure("fargate-cicd:alarmEmail", { secure: "v1:foreign:cipher" });
        const run = await checkout.run("sandbox:up");
        assert.equal(run.code, 1);
        assert.match(
            run.output,
            /fargate-cicd:alarmEmail in Pulumi\.dev\.yaml is encrypted for the stack's own backend/,
        );
        assert.doesNotMatch(run.output, /\n +at /, "a stack trace");
        assert.deepEqual(checkout.state(), before);
        checkout.configure("fargate-cicd:alarmEmail", undefined);
    });

    it("goes back to HTTP, and to no secrets, where they are taken out of the configuration", async () => {
        for (const key of ["domainName", "hostedZone", "environment", "secrets"]) {
            checkout.configure(`fargate-cicd:${key}`, undefined);
        }
        await succeed("sandbox:up");
        assert.match(only("pulumi:pulumi:Stack").outputs.url, /^http:\/\/main-/);
        assert.equal((await fetchPage(only("pulumi:pulumi:Stack").outputs.url)).status, 200);
        assert.deepEqual(await environment(), []);
        assert.deepEqual((await new ACM(rootOptions).listCertificates({})).CertificateSummaryList, []);
    });

    it("comes back with all of it on an emulator that was killed meanwhile", async () => {
        checkout.configure("fargate-cicd:domainName", "shop.example.com");
        checkout.configure("fargate-cicd:hostedZone", "example.com");
        checkout.configure("fargate-cicd:secrets", { DB_PASSWORD: value });
        process.kill(checkout.servicePid("aws"), "SIGKILL");
        await succeed("sandbox:up");
        assert.deepEqual(await environment(), [`DB_PASSWORD=${value}`]);
    });

    /** What the rule that visitors, or testers, meet is on, and whether the first target group and the second have any weight. */
    const ruleOf = async (kind: "production" | "test") => {
        const [rule] = resources().filter(({ urn }) => new RegExp(`:ListenerRule::main-${kind}-https?$`).test(urn));
        const elb = new ElasticLoadBalancingV2(rootOptions);
        const { Listeners } = await elb.describeListeners({ ListenerArns: [rule.outputs.listenerArn] });
        const { Rules } = await elb.describeRules({ RuleArns: [rule.outputs.arn] });
        const groups = Rules![0]!.Actions![0]!.ForwardConfig!.TargetGroups!;
        const [service] = resources().filter(({ type }) => type === "aws:ecs/service:Service");
        const { targetGroupArn, advancedConfiguration } = service.inputs.loadBalancers[0];
        const weights = [targetGroupArn, advancedConfiguration.alternateTargetGroupArn].map(
            (arn) => groups.find(({ TargetGroupArn }) => TargetGroupArn === arn)!.Weight! > 0,
        );
        return { protocol: `${Listeners![0]!.Protocol}:${Listeners![0]!.Port}`, serves: weights };
    };
    const domain = `http://shop.example.com.localhost:${port}/`;

    it("shifts a release's requests behind the HTTPS listener as well, at once, and fails none", async () => {
        checkout.configureAll({
            releasedBy: "pipeline",
            rollout: "blue-green",
            bakeMinutes: 1,
            rolloutTestPort: 9000,
        });
        await succeed("sandbox:up");
        const before = await ruleOf("production");
        await undisturbed(domain, succeed("sandbox:release"));
        const after = await ruleOf("production");
        assert.equal(after.protocol, "HTTPS:443");
        assert.deepEqual(after.serves, before.serves.toReversed());
    });

    it("has a listener for another protocol, in the way that is told, lead to the group that serves", async () => {
        checkout.configureAll({ domainName: undefined, hostedZone: undefined });
        const refused = await checkout.run("sandbox:up");
        assert.equal(refused.code, 1);
        assert.match(refused.output, /run "pulumi config set rollout rolling", then "pulumi up" with domainName/);
        const served = (await ruleOf("production")).serves;

        checkout.configureAll({ rollout: "rolling", bakeMinutes: undefined });
        const { dnsName } = only("aws:lb/loadBalancer:LoadBalancer").outputs;
        await undisturbed(`http://${dnsName}`, succeed("sandbox:up"), [200, 301]);
        assert.deepEqual(await ruleOf("production"), { protocol: "HTTP:80", serves: served });
        assert.deepEqual(await ruleOf("test"), { protocol: "HTTP:9000", serves: served });
        const { url } = only("pulumi:pulumi:Stack").outputs;
        assert.equal((await fetchPage(url)).status, 200);

        checkout.configureAll({ domainName: "shop.example.com", hostedZone: "example.com" });
        await undisturbed(url, succeed("sandbox:up"), [200, 301]);
        assert.deepEqual(await ruleOf("production"), { protocol: "HTTPS:443", serves: served });
        assert.deepEqual(await ruleOf("test"), { protocol: "HTTPS:9000", serves: served });
        assert.equal((await fetchPage(domain)).status, 200);
    });

    it("is destroyed without a trace", async () => {
        const { output } = await succeed("sandbox:destroy");
        assert.match(output, /Left over: nothing/);
        assert.deepEqual(await containersOf(checkout), []);
        assert.deepEqual(checkout.processes(), []);
    });
});
