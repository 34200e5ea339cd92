import { isIPv4 } from "node:net";
import * as v from "valibot";
import { listOf, text, type Kind } from "./kinds";

/**
 * RFC 1918 is not asked for: a VPC may use any range but those that EC2 refuses (this network, loopback, link-local, multicast and
 * above). The network address must be exact, as EC2 would change it silently. Of a /23 each zone has a /25, and the load balancer
 * the /27 in it that ELB wants at least: awsx gives half of a zone to its private subnet and half of the rest to its public one.
 */
export const cidr = text(
    v.pipe(
        v.string(),
        v.regex(/^[\d.]+\/(1[6-9]|2[0-3])$/),
        v.check((given) => isIPv4(given.slice(0, -3))),
        v.check((given) => !/^(0|127|22[4-9]|2[3-5]\d|169\.254)\./.test(given)),
        v.check((given) => network(given, prefixLength(given)) === given),
    ),
    {
        expected: "an IPv4 network from /16 to /23 with no host bits set",
        values: "an IPv4 network from /16 to /23",
    },
);

/** `cidr` widened to `prefix`, without host bits. */
export function network(cidr: string, prefix: number): string {
    const address = cidr
        .split(/[./]/)
        .slice(0, 4)
        .reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const start = address - (address % 2 ** (32 - prefix));
    return `${[24, 16, 8, 0].map((shift) => (start >>> shift) & 255).join(".")}/${prefix}`;
}

export const prefixLength = (network: string): number => Number(network.split("/")[1]);

/** What a zone's share of the VPC is longer than the VPC's own prefix: room for three zones, and as much as a fourth that is not used. */
export const zoneBits = 2;

/** "Resource IDs" in the EC2 User Guide: those from before 2018 have eight digits. */
const id = (kind: "vpc" | "subnet", expected: string) =>
    v.message(v.pipe(v.string(), v.trim(), v.regex(new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`))), expected);

/** A VPC that is there already. */
export const vpcId: Kind<string> = {
    type: "text",
    schema: id("vpc", 'the id of a VPC such as "vpc-0a1b2c3d4e5f67890"'),
    values: "the id of a VPC",
    example: "vpc-0a1b2c3d4e5f67890",
};

/** "AwsVpcConfiguration" in the ECS API Reference. */
const mostSubnets = 16;

/** Subnets of it, each once: none where it is empty. */
export const subnetIds: Kind<readonly string[]> = {
    type: "text",
    schema: v.pipe(
        listOf(id("subnet", 'the id of a subnet such as "subnet-0a1b2c3d4e5f67890"')),
        v.transform((ids) => [...new Set(ids)]),
        v.maxLength(mostSubnets, `at most ${mostSubnets} subnets, as a service takes no more`),
    ),
    values: `up to ${mostSubnets} ids of subnets, with commas between them`,
    example: "subnet-0a1b2c3d4e5f67890,subnet-0f9e8d7c6b5a43210",
};

/** A port over TCP that tasks may reach, and where. */
export interface Destination {
    readonly port: number;
    /** An IPv4 network; undefined: the VPC's own. */
    readonly network?: string;
}

/**
 * Security groups take 60 rules to begin with ("Amazon VPC quotas"): one is the way out over HTTPS, and two by a list are those to up to four
 * DNS servers of an existing VPC, which count for each of its entries.
 */
const mostDestinations = 51;

const isNetwork = (given: string): boolean => {
    const [address = "", prefix = ""] = given.split("/");
    return isIPv4(address) && /^([12]?\d|3[0-2])$/.test(prefix) && network(given, Number(prefix)) === given;
};

const destination = v.message(
    v.pipe(
        v.string(),
        v.trim(),
        v.regex(/^[1-9]\d{0,4}(@[\d./]+)?$/),
        v.transform((given): Destination => {
            const [port, network] = given.split("@");
            return { port: Number(port), network };
        }),
        v.check(({ port, network }) => port <= 65_535 && (network === undefined || isNetwork(network))),
    ),
    'a port within the VPC such as 5432, or at an IPv4 network without host bits such as "5432@10.20.0.0/16" or "587@0.0.0.0/0"',
);

/** `5432, 587@0.0.0.0/0`: nothing where it is empty. */
export const egress: Kind<readonly Destination[]> = {
    type: "text",
    schema: v.pipe(
        listOf(destination),
        v.maxLength(mostDestinations, `at most ${mostDestinations} ports, as a security group has room for no more`),
    ),
    values: "ports with commas between them, each alone (within the VPC) or at an IPv4 network: `5432`, `5432@10.20.0.0/16`, `587@0.0.0.0/0`",
    example: "5432",
};

/** An ELB health check path: absolute, at most 1024 characters. */
export const path = text(v.pipe(v.string(), v.regex(/^\/[\w\-.~!$&'()*+,;=:@%/?]{0,1023}$/)), {
    expected: 'an absolute path such as "/health"',
    values: "an absolute path",
});

/** A DNS name to the letter: lower case, no wildcard (the app has one address), no dot at the end, two labels or more. */
const dnsName = v.message(
    v.pipe(
        v.string(),
        v.maxLength(253),
        v.regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/),
    ),
    'a domain name such as "shop.example.com", no wildcard',
);

/** The name of a Route 53 zone. */
export const zoneName: Kind<string> = {
    type: "text",
    schema: dnsName,
    values: "a domain name",
    example: "shop.example.com",
};

/** The longest name that a certificate can be asked for in: RequestCertificate, DomainName, in the ACM API Reference, by RFC 5280. */
export const longestDomain = 64;

/** The name that the certificate is for. */
export const domainName: Kind<string> = {
    ...zoneName,
    schema: v.pipe(
        dnsName,
        v.maxLength(
            longestDomain,
            `a domain name of at most ${longestDomain} characters, as ACM certifies no longer one`,
        ),
    ),
    values: `a domain name of at most ${longestDomain} characters, no wildcard`,
};

/** The name without its first label, or itself where only two are left. */
export const parent = (name: string): string => (name.split(".").length > 2 ? name.slice(name.indexOf(".") + 1) : name);
