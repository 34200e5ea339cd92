export interface PlannedSubnet {
    readonly type: "Public" | "Private";
    /** Counted from 0. */
    readonly zone: number;
    readonly cidr: string;
}

/**
 * The ranges of awsx's strategy "Auto": the VPC halved until every zone has a part, the first half of a part private, the next
 * quarter public, the rest unused. A zone's public subnet comes first.
 *
 * @param zonePrefix the prefix of a zone's part, with which there may be room for more zones; by default as large as possible
 * @throws Error when a zone would get less than a /26
 */
export function layOut(
    vpcCidr: string,
    zones: number,
    zonePrefix = Number(vpcCidr.split("/")[1]) + Math.ceil(Math.log2(zones)),
): PlannedSubnet[] {
    const [address] = vpcCidr.split("/");
    if (zonePrefix > 26) {
        throw new Error(
            `the VPC ${vpcCidr} has a /${zonePrefix} for each of ${zones} availability zones, its subnets need a /26 at least: ` +
                "choose a larger range or fewer zones",
        );
    }
    const base = address!.split(".").reduce((number, octet) => number * 256 + Number(octet), 0);
    const size = (bits: number) => 2 ** (32 - bits);
    const dotted = (number: number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
    // awsx uses no more than a /16 of a zone.
    const [privatePrefix, publicPrefix] = [Math.max(zonePrefix, 16) + 1, Math.max(zonePrefix, 16) + 2];
    return Array.from({ length: zones }, (_, zone) => base + zone * size(zonePrefix)).flatMap((start, zone) => [
        { type: "Public" as const, zone, cidr: `${dotted(start + size(privatePrefix))}/${publicPrefix}` },
        { type: "Private" as const, zone, cidr: `${dotted(start)}/${privatePrefix}` },
    ]);
}
