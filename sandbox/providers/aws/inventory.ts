import { Configuration } from "../standIn";
import { unlessGone } from "./clients";
import { clients, offer } from "./provider";

export interface Found {
    /** The Pulumi type, such as `aws:ec2/vpc:Vpc`. */
    readonly type: string;
    /** The id that Pulumi's state has for it. */
    readonly id: string;
}

/**
 * Everything of the types this program uses that exists in the account, without what AWS itself owns. It is in an order in which
 * it can be removed: what uses something comes before it.
 */
export async function inventory(configuration: Configuration): Promise<Found[]> {
    const { resources } = offer(clients(configuration));
    const found = await Promise.all(
        Object.entries(resources).map(async ([type, resource]) =>
            ((await resource.list?.()) ?? []).map((id) => ({ type, id })),
        ),
    );
    return found.flat();
}

/**
 * Removes what a killed run has created without recording it. Already gone is success.
 *
 * @throws Error for a type that `inventory` does not report
 */
export async function remove(configuration: Configuration, { type, id }: Found): Promise<void> {
    const { resources } = offer(clients(configuration));
    const resource = resources[type];
    if (!resource?.list) throw new Error(`${type} is nothing that the inventory reports`);
    if (resource.sweep) return resource.sweep(id);
    // Where only the state would say how, what is left over goes with all that is in it.
    const state = { ...(await unlessGone(resource.read(id, { arn: id }))), arn: id, forceDelete: true };
    await resource.delete(id, state);
}
