/** The credentials of a team member who has the rights of `docs/deployer/` and no others: what `--as-deployer` runs with. */
import { IAM } from "@aws-sdk/client-iam";
import { Route53 } from "@aws-sdk/client-route-53";
import { STS } from "@aws-sdk/client-sts";
import { awsAccount, ownPath, rootClient } from "./aws/emulator";
import { policies } from "./rights/documents";
import type { Settings } from "../infra/config";

const RoleName = "deployer";

/**
 * Makes the role anew from the documents in the checkout, and assumes it.
 * @returns the environment variables of its session
 */
export async function deployerCredentials(settings: Settings): Promise<Record<string, string>> {
    const { name, region, tags } = settings;
    const iam = new IAM(rootClient(region));
    const trust = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${awsAccount}:root` }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    await iam.createRole({ RoleName, Path: ownPath, AssumeRolePolicyDocument }).catch((error: Error) => {
        if (error.name !== "EntityAlreadyExistsException") throw error;
    });
    const account = { PARTITION: "aws", REGION: region, ACCOUNT: awsAccount };
    const values = {
        ...account,
        PROJECT: tags.Project ?? "",
        NAME: name,
        ZONE: await zoneOf(settings),
        KEY: keyOf(settings),
    };
    for (const { title, document } of policies(values)) {
        // Attached to a role of a team these are managed policies; here the next run is to find them replaced.
        await iam.putRolePolicy({ RoleName, PolicyName: title, PolicyDocument: document });
    }
    const { Credentials: session } = await new STS(rootClient(region)).assumeRole({
        RoleArn: `arn:aws:iam::${awsAccount}:role${ownPath}${RoleName}`,
        RoleSessionName: "pulumi",
    });
    return {
        AWS_ACCESS_KEY_ID: session?.AccessKeyId ?? "",
        AWS_SECRET_ACCESS_KEY: session?.SecretAccessKey ?? "",
        AWS_SESSION_TOKEN: session?.SessionToken ?? "",
    };
}

/** The id of the key that is configured. */
const keyOf = ({ kmsKeyArn }: Settings): string => kmsKeyArn?.split("/").at(-1) ?? "none";

/** The id of the zone of the app's domain, which is there before the stack is; without a domain, of the one that it had. */
async function zoneOf({ region, domain }: Settings): Promise<string> {
    const { HostedZones = [] } = await new Route53(rootClient(region)).listHostedZones({});
    const zone = HostedZones.find(({ Name }) => Name === `${domain?.hostedZone}.`) ?? HostedZones[0];
    return zone?.Id?.replace("/hostedzone/", "") ?? "none";
}
