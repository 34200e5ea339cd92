import { FunctionStandIn, misfits, secret } from "../standIn";
import { Clients } from "./clients";

export function functions(clients: Clients): Record<string, FunctionStandIn> {
    const { ec2, ecr, iam, region, sts } = clients;
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
    };
}

function taking(required: readonly string[], optional: readonly string[], work: FunctionStandIn): FunctionStandIn {
    return async (args) => {
        const wrong = misfits(args, required, optional);
        if (wrong.length > 0) throw new Error(wrong.map(({ reason }) => reason).join("; "));
        return work(args);
    };
}
