/** What the program finds in an account and does not make: the DNS zone of the team's domain. */
import { Route53 } from "@aws-sdk/client-route-53";
import { rootClient } from "./emulator";

/** Creates the public zone unless the emulated account has it. Nobody delegates to it; it ends with the emulator. */
export async function ensureHostedZone(region: string, name: string): Promise<void> {
    const route53 = new Route53(rootClient(region));
    // Asked for again with the same reference, it is the same zone.
    await route53.createHostedZone({ Name: name, CallerReference: `sandbox ${name}` });
}
