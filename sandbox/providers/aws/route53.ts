import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { sameSet, sameValue } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";
import { until } from "../until";
import { Clients, defined, unlessGone } from "./clients";

const oneMinute = 60_000;

export function route53(clients: Clients): Record<string, ResourceStandIn> {
    return { "aws:route53/record:Record": record(clients) };
}

/** Route 53 and ACM write names with the dot at the end, programs without it. */
export const bare = (name: string): string => name.replace(/\.$/, "").toLowerCase();

const idOf = (zoneId: string, name: string, type: string) => `${zoneId}_${bare(name)}_${type}`;

function parts(id: string) {
    const [, zoneId, name, type] = /^([^_]+)_(.+)_([A-Z]+)$/.exec(id) ?? [];
    return { zoneId: zoneId!, name: name!, type: type! };
}

function record({ route53 }: Clients): ResourceStandIn {
    const change = async (zoneId: string, action: "CREATE" | "UPSERT" | "DELETE", set: ResourceRecordSet) => {
        const { ChangeInfo } = await route53.changeResourceRecordSets({
            HostedZoneId: zoneId,
            ChangeBatch: { Changes: [{ Action: action, ResourceRecordSet: set }] },
        });
        const answered = async () => {
            const { ChangeInfo: now } = await route53.getChange({ Id: ChangeInfo!.Id });
            return now?.Status === "INSYNC" ? now : undefined;
        };
        await until(`record ${set.Name} being known to all name servers`, answered, oneMinute, 50);
    };
    const setOf = (inputs: Properties): ResourceRecordSet =>
        defined({
            Name: inputs.name,
            Type: inputs.type,
            TTL: inputs.ttl,
            ResourceRecords: inputs.records?.map((Value: string) => ({ Value })),
            AliasTarget: inputs.aliases?.map(({ name, zoneId, evaluateTargetHealth }: Properties) => ({
                DNSName: name,
                HostedZoneId: zoneId,
                EvaluateTargetHealth: evaluateTargetHealth,
            }))[0],
        });
    const find = async (zoneId: string, name: string, type: string) => {
        const request = { HostedZoneId: zoneId, StartRecordName: name, StartRecordType: type as "A", MaxItems: 1 };
        const [found] = (await unlessGone(route53.listResourceRecordSets(request)))?.ResourceRecordSets ?? [];
        return found && bare(found.Name!) === bare(name) && found.Type === type ? found : undefined;
    };
    const sameNames = (a: string[], b: string[]) => sameSet(a.map(bare), b.map(bare));
    return {
        required: ["zoneId", "name", "type"],
        optional: ["ttl", "records", ...["name", "zoneId", "evaluateTargetHealth"].map((key) => `aliases.${key}`)],
        replaceOn: ["zoneId", "name", "type"],
        sameMeaning: {
            name: (a, b) => bare(a) === bare(b),
            records: sameNames,
            aliases: (a: Properties[], b: Properties[]) => {
                const spelt = (list: Properties[]) => list.map((alias) => ({ ...alias, name: bare(alias.name) }));
                return sameValue(spelt(a), spelt(b));
            },
        },
        create: async (inputs) => {
            await change(inputs.zoneId, "CREATE", setOf(inputs));
            const outputs = { fqdn: bare(inputs.name) };
            return { id: idOf(inputs.zoneId, inputs.name, inputs.type), outputs };
        },
        read: async (id) => {
            const { zoneId, name, type } = parts(id);
            const found = await find(zoneId, name, type);
            return (
                found &&
                defined({
                    zoneId,
                    name,
                    type,
                    fqdn: name,
                    ttl: found.TTL,
                    records: found.ResourceRecords?.map(({ Value }) => Value),
                    aliases: found.AliasTarget && [
                        {
                            name: bare(found.AliasTarget.DNSName!),
                            zoneId: found.AliasTarget.HostedZoneId,
                            evaluateTargetHealth: found.AliasTarget.EvaluateTargetHealth,
                        },
                    ],
                })
            );
        },
        update: async (_id, _state, inputs) => {
            await change(inputs.zoneId, "UPSERT", setOf(inputs));
            return {};
        },
        delete: async (id) => {
            // Only a record that is given in full is deleted, so it is asked for first.
            const { zoneId, name, type } = parts(id);
            const found = await find(zoneId, name, type);
            if (found) await change(zoneId, "DELETE", found);
        },
        list: async () => {
            const { HostedZones = [] } = await route53.listHostedZones({});
            const records = await Promise.all(
                HostedZones.map(async ({ Id, Name }) => {
                    const zoneId = Id!.replace("/hostedzone/", "");
                    const { ResourceRecordSets = [] } = await route53.listResourceRecordSets({ HostedZoneId: zoneId });
                    // Every zone has these two, from its creation on.
                    const own = ({ Name: name, Type }: ResourceRecordSet) =>
                        name === Name && (Type === "NS" || Type === "SOA");
                    return ResourceRecordSets.filter((set) => !own(set)).map((set) =>
                        idOf(zoneId, set.Name!, set.Type!),
                    );
                }),
            );
            return records.flat();
        },
    };
}
