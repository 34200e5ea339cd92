import { FunctionStandIn, misfits, secret } from "../standIn";
import { Clients } from "./clients";
import { bare } from "./route53";
import { fromTags } from "./tags";

export function functions(clients: Clients): Record<string, FunctionStandIn> {
    const { ec2, ecr, iam, region, route53, sts } = clients;
    return {
        "aws:index/getAvailabilityZones:getAvailabilityZones": taking([], ["state"], async ({ state }) => {
            const answer = await ec2.describeAvailabilityZones(
                state ? { Filters: [{ Name: "state", Values: [state] }] } : {},
            );
            const zones = (answer.AvailabilityZones ?? []).sort((a, b) => a.ZoneName!.localeCompare(b.ZoneName!));
            return {
                id: region,
                region,
                state,
                names: zones.map((zone) => zone.ZoneName),
                zoneIds: zones.map((zone) => zone.ZoneId),
            };
        }),
        "aws:index/getCallerIdentity:getCallerIdentity": taking([], [], async () => {
            const { Account, Arn, UserId } = await sts.getCallerIdentity({});
            return { id: Account, accountId: Account, arn: Arn, userId: UserId };
        }),
        "aws:index/getRegion:getRegion": taking([], [], async () => ({ id: region, region, name: region })),
        "aws:index/getPartition:getPartition": taking([], [], async () => ({
            id: "aws",
            partition: "aws",
            dnsSuffix: "amazonaws.com",
            reverseDnsPrefix: "com.amazonaws",
        })),
        "aws:ecr/getAuthorizationToken:getAuthorizationToken": taking([], ["registryId"], async ({ registryId }) => {
            const answer = await ecr.getAuthorizationToken(registryId ? { registryIds: [registryId] } : {});
            const { authorizationToken = "", expiresAt, proxyEndpoint } = answer.authorizationData?.[0] ?? {};
            const [userName, ...password] = Buffer.from(authorizationToken, "base64").toString().split(":");
            return {
                id: region,
                region,
                registryId,
                authorizationToken: secret(authorizationToken),
                userName,
                password: secret(password.join(":")),
                proxyEndpoint,
                expiresAt: expiresAt?.toISOString(),
            };
        }),
        "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": taking(["url"], [], async ({ url }) => {
            const host = url.replace(/^https:\/\//, "");
            const { OpenIDConnectProviderList = [] } = await iam.listOpenIDConnectProviders({});
            const arn = OpenIDConnectProviderList.find(({ Arn }) => Arn?.endsWith(`:oidc-provider/${host}`))?.Arn;
            if (!arn) throw new Error(`this account has no OpenID Connect provider for ${url}`);
            const found = await iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn: arn });
            return {
                id: arn,
                arn,
                url: found.Url,
                clientIdLists: found.ClientIDList ?? [],
                thumbprintLists: found.ThumbprintList ?? [],
            };
        }),
        "aws:route53/getZone:getZone": taking(["name"], [], async ({ name }) => {
            const { HostedZones = [] } = await route53.listHostedZones({});
            const zones = HostedZones.filter((zone) => bare(zone.Name!) === bare(name) && !zone.Config?.PrivateZone);
            if (zones.length !== 1) {
                throw new Error(
                    zones.length === 0
                        ? `this account has no public Route 53 hosted zone ${name}`
                        : `this account has ${zones.length} public Route 53 hosted zones ${name}`,
                );
            }
            const id = zones[0]!.Id!.replace("/hostedzone/", "");
            const { HostedZone, DelegationSet } = await route53.getHostedZone({ Id: id });
            const tagged = await route53.listTagsForResource({ ResourceType: "hostedzone", ResourceId: id });
            return {
                id,
                zoneId: id,
                arn: `arn:aws:route53:::hostedzone/${id}`,
                name: bare(HostedZone!.Name!),
                privateZone: false,
                nameServers: DelegationSet?.NameServers ?? [],
                primaryNameServer: DelegationSet?.NameServers?.[0],
                tags: fromTags(tagged.ResourceTagSet?.Tags),
            };
        }),
    };
}

function taking(required: readonly string[], optional: readonly string[], work: FunctionStandIn): FunctionStandIn {
    return async (args) => {
        const wrong = misfits(args, required, optional);
        if (wrong.length > 0) throw new Error(wrong.map(({ reason }) => reason).join("; "));
        return work(args);
    };
}
