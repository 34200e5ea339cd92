import assert from "node:assert/strict";
import { elbZoneId, zoneId } from "../tools/fakeCloud";
import { assertVerdicts, policyOf, type Call } from "./iam";
import type { Recording } from "./record";
import { standard, withDomain } from "./scenarios";

const listenerType = "aws:lb/listener:Listener";
const recordType = "aws:route53/record:Record";

/** Without the tags, which every resource has. */
const own = ({ tags: _, ...inputs }: Readonly<Record<string, unknown>>) => inputs;

describe("a domain", () => {
    let run: Recording;
    let plain: Recording;
    before(async () => {
        run = await withDomain();
        plain = await standard();
    });

    it("has a certificate of its own, validated by DNS, without a wildcard", () => {
        const { inputs } = run.one("aws:acm/certificate:Certificate");
        assert.deepEqual(own(inputs), { domainName: "shop.example.com", validationMethod: "DNS" });
    });

    it("is proven by the record that AWS asks for, and served only once the certificate is issued", () => {
        const certificate = run.one("aws:acm/certificate:Certificate");
        const [challenge] = certificate.outputs.domainValidationOptions as Record<string, string>[];
        const record = run.one(recordType, "main-validation");
        assert.deepEqual(record.inputs, {
            zoneId,
            name: challenge!.resourceRecordName,
            type: "CNAME",
            records: [challenge!.resourceRecordValue],
            ttl: 60,
            allowOverwrite: true, // else resourceRecordCreate of route53/record.go asks for CREATE: InvalidChangeBatch
        });
        const issued = run.one("aws:acm/certificateValidation:CertificateValidation");
        assert.deepEqual(issued.inputs, {
            certificateArn: certificate.outputs.arn,
            validationRecordFqdns: [record.outputs.fqdn],
        });
        assert.equal(run.one(listenerType, "main-https").inputs.certificateArn, issued.outputs.certificateArn);
    });

    it("is served over TLS 1.2 and 1.3 only", () => {
        assert.deepEqual(own(run.one(listenerType, "main-https").inputs), {
            loadBalancerArn: run.one("aws:lb/loadBalancer:LoadBalancer").outputs.arn,
            port: 443,
            protocol: "HTTPS",
            sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
            certificateArn: run.one("aws:acm/certificateValidation:CertificateValidation").outputs.certificateArn,
            defaultActions: [
                { type: "forward", targetGroupArn: run.one("aws:lb/targetGroup:TargetGroup", "main").outputs.arn },
            ],
        });
    });

    it("redirects HTTP permanently, and nothing but that, once HTTPS is there", () => {
        const http = run.one(listenerType, "main-http");
        assert.deepEqual(own(http.inputs), {
            loadBalancerArn: run.one("aws:lb/loadBalancer:LoadBalancer").outputs.arn,
            port: 80,
            protocol: "HTTP",
            defaultActions: [
                { type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } },
            ],
        });
        assert.deepEqual(http.dependsOn, [run.one(listenerType, "main-https")]);
        assert.ok(run.one("aws:ecs/service:Service").dependsOn.includes(run.one(listenerType, "main-https")));
    });

    it("leads to the load balancer by an IPv4 alias", () => {
        const { dnsName } = run.one("aws:lb/loadBalancer:LoadBalancer").outputs;
        assert.deepEqual(run.one(recordType, "main").inputs, {
            zoneId,
            name: "shop.example.com",
            type: "A",
            aliases: [{ name: dnsName, zoneId: elbZoneId, evaluateTargetHealth: false }],
            allowOverwrite: false, // asked for CREATE, Route 53 refuses what the check of runningStack/ did not see
        });
        // Before, those who come by it, from what the name has led to until then, would meet another name's certificate, or nobody.
        assert.deepEqual(run.one(recordType, "main").dependsOn, [
            run.one(listenerType, "main-https"),
            run.one("aws:ecs/service:Service"),
        ]);
        assert.deepEqual(
            run.lookups.filter(({ token }) => token.includes("route53")).map(({ inputs }) => inputs),
            [{ name: "example.com" }],
        );
    });

    it("opens ports 80 and 443 of the load balancer to the world, and no other way in", () => {
        const open = run
            .of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
            .filter(({ inputs }) => inputs.cidrIpv4 !== undefined || inputs.cidrIpv6 !== undefined)
            .map(({ inputs }) => [inputs.securityGroupId, inputs.cidrIpv4, inputs.fromPort, inputs.toPort]);
        assert.deepEqual(open, [
            ["sg-main-alb", "0.0.0.0/0", 80, 80],
            ["sg-main-alb", "0.0.0.0/0", 443, 443],
        ]);
    });

    it("is the output and the variable that the workflow asks", () => {
        assert.equal(run.outputs.url, "https://shop.example.com");
        const variable = run.one("github:index/actionsVariable:ActionsVariable", "main-app-url");
        assert.equal(variable.inputs.value, "https://shop.example.com");
    });

    it("leaves everything as it is where there is none", () => {
        const types = [
            "aws:acm/certificate:Certificate",
            "aws:acm/certificateValidation:CertificateValidation",
            recordType,
        ];
        assert.deepEqual(
            types.flatMap((type) => plain.of(type)),
            [],
        );
        assert.ok(plain.lookups.every(({ token }) => !token.includes("route53")));
        assert.deepEqual(own(plain.one(listenerType).inputs).defaultActions, [
            { type: "forward", targetGroupArn: plain.one("aws:lb/targetGroup:TargetGroup", "main").outputs.arn },
        ]);
    });

    it("lets the preview role find its zone, read that one, and change nothing", async () => {
        const preview = policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-preview"));
        const zone = (id: string) => `arn:aws:route53:::hostedzone/${id}`;
        const lookUp: Call[] = [
            ["route53:ListHostedZones", "*"],
            ["route53:GetHostedZone", zone(zoneId)],
            ["route53:ListTagsForResource", zone(zoneId)],
        ];
        await assertVerdicts(preview, "allowed", lookUp);
        await assertVerdicts(policyOf(plain.one("aws:iam/rolePolicy:RolePolicy", "main-preview")), "denied", lookUp);
        await assertVerdicts(preview, "denied", [
            ["route53:GetHostedZone", zone("Z9999999999OTHER")],
            ["route53:ListResourceRecordSets", zone(zoneId)],
            ["route53:ChangeResourceRecordSets", zone(zoneId)],
            ["route53:DeleteHostedZone", zone(zoneId)],
            ["acm:DeleteCertificate", String(run.one("aws:acm/certificate:Certificate").outputs.arn)],
        ]);
    });
});
