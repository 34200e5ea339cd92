import assert from "node:assert/strict";
import { load, refusal } from "./settings";

const problem = (key: string, expected: string, got: string, fix: string) =>
    `Pulumi.dev.yaml has 1 invalid setting:\n  - ${key}: expected ${expected}, got "${got}"\n    fix: pulumi config set ${key} ${fix}`;

describe("configuration: a domain", () => {
    const hostedZone = "example.com";

    it("is a name and the zone that has it, or neither", () => {
        assert.equal(load().domain, undefined);
        for (const domainName of [
            "example.com",
            "shop.example.com",
            "a.b-c.example.com",
            "xn--bcher-kva.example.com",
        ]) {
            assert.deepEqual(load({ domainName, hostedZone }).domain, { name: domainName, hostedZone });
        }
    });

    it("is refused without its zone, and a zone without a domain", () => {
        assert.equal(
            refusal({ domainName: "shop.example.com" }),
            problem("hostedZone", "the Route 53 zone of domainName: HTTPS needs both", "", "example.com"),
        );
        assert.equal(
            refusal({ hostedZone }),
            problem("domainName", "a name in hostedZone: HTTPS needs both", "", "app.example.com"),
        );
    });

    it("is refused outside of its zone, names that only end alike included", () => {
        for (const domainName of ["shop.example.org", "notexample.com", "example.com.evil.org", "com.example"]) {
            assert.equal(
                refusal({ domainName, hostedZone }),
                problem("domainName", 'a name in the zone "example.com"', domainName, "app.example.com"),
            );
        }
    });

    it("is one name: no wildcard, no URL, no capitals, no dot at the end", () => {
        const expected = 'a domain name such as "shop.example.com", no wildcard';
        const bad = [
            "*.example.com",
            "https://shop.example.com",
            "shop.example.com/",
            "shop.example.com.",
            "Shop.example.com",
            "shop_1.example.com",
            "-shop.example.com",
            "shop..example.com",
            "localhost",
            "10.0.0.1",
            " shop.example.com",
            `${"a".repeat(64)}.example.com`,
            `${"a.".repeat(126)}com`,
        ];
        for (const domainName of bad) {
            assert.equal(
                refusal({ domainName, hostedZone }),
                problem("domainName", expected, domainName, "shop.example.com"),
            );
        }
        assert.equal(
            refusal({ domainName: "shop.example.com", hostedZone: "*.com" }),
            problem("hostedZone", expected, "*.com", "shop.example.com"),
        );
    });

    it("is no longer than ACM takes the name of a certificate", () => {
        // "the length of the domain name (technically, the Common Name) that you provide cannot exceed 64 octets": RequestCertificate,
        // DomainName, in the ACM API Reference. A zone may be longer.
        const named = (length: number) => `${"a".repeat(length - hostedZone.length - 1)}.${hostedZone}`;
        const expected = "a domain name of at most 64 characters, as ACM certifies no longer one";
        assert.equal(
            refusal({ domainName: named(65), hostedZone }),
            problem("domainName", expected, named(65), "shop.example.com"),
        );
        assert.equal(load({ domainName: named(64), hostedZone }).domain?.name, named(64));
        const deep = `${"a".repeat(60)}.${"b".repeat(60)}.example.com`;
        assert.match(refusal({ hostedZone: deep }), /^ {2}- domainName: expected a name in hostedZone/m);
    });

    it("is fixed by the command in the message", () => {
        assert.doesNotThrow(() => load({ domainName: "shop.example.com", hostedZone: "example.com" }));
        assert.doesNotThrow(() => load({ domainName: "app.example.com", hostedZone }));
    });
});
