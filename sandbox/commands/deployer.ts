/** The role of a team member who has the rights of `docs/deployer/` and no others, which the stack assumes with `--as-deployer`. */
import { IAM } from "@aws-sdk/client-iam";
import { Route53, type HostedZone } from "@aws-sdk/client-route-53";
import { awsAccount, ownPath, rootClient } from "../aws/emulator";
import { policies, type Values } from "../rights/documents";
import type { Settings } from "../../infra/config";

/** What the engine runs with: credentials that are good for nothing but the role, and the role, which is in the stack's configuration. */
export interface Deployer {
    readonly environment: Readonly<Record<string, string>>;
    readonly roleArn: string;
}

const [RoleName, UserName] = ["deployer", "developer"];

/**
 * Makes the role anew from the documents in the checkout, and a user who may do nothing but assume it: what would call AWS past the
 * aws provider's configuration would be refused.
 */
export async function makeDeployer(settings: Settings): Promise<Deployer> {
    const iam = new IAM(rootClient(settings.region));
    const roleArn = `arn:aws:iam::${awsAccount}:role${ownPath}${RoleName}`;
    const trust = { Principal: { AWS: `arn:aws:iam::${awsAccount}:root` }, Action: "sts:AssumeRole" };
    await iam.createRole({ RoleName, Path: ownPath, AssumeRolePolicyDocument: allowing(trust) }).catch(unlessItExists);
    for (const { title, document } of policies(await valuesOf(settings))) {
        // Attached to a role of a team these are managed policies; here the next run is to find them replaced.
        await iam.putRolePolicy({ RoleName, PolicyName: title, PolicyDocument: document });
    }

    await iam.createUser({ UserName, Path: ownPath }).catch(unlessItExists);
    const mayAssume = allowing({ Action: "sts:AssumeRole", Resource: roleArn });
    await iam.putUserPolicy({ UserName, PolicyName: "assume", PolicyDocument: mayAssume });
    const { AccessKeyMetadata: former = [] } = await iam.listAccessKeys({ UserName });
    for (const { AccessKeyId } of former) {
        await iam.deleteAccessKey({ UserName, AccessKeyId });
    }
    const { AccessKey: key } = await iam.createAccessKey({ UserName });
    return {
        environment: { AWS_ACCESS_KEY_ID: key!.AccessKeyId!, AWS_SECRET_ACCESS_KEY: key!.SecretAccessKey! },
        roleArn,
    };
}

const allowing = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

function unlessItExists(error: Error): void {
    if (error.name !== "EntityAlreadyExistsException") throw error;
}

/** What stands in the documents in place of their capitals. */
async function valuesOf(settings: Settings): Promise<Values> {
    const zone = await zoneOf(settings);
    return {
        PARTITION: "aws",
        REGION: settings.region,
        ACCOUNT: awsAccount,
        PROJECT: settings.tags.Project ?? "",
        NAME: settings.name,
        ZONE: zone?.Id?.replace("/hostedzone/", "") ?? "none",
        DOMAIN: zone ? `*${zone.Name!.replace(/\.$/, "")}` : "none", // with the domain that the stack had before
        KEY: keyOf(settings),
    };
}

/** The id of the key that is configured. */
const keyOf = ({ kmsKeyArn }: Settings): string => kmsKeyArn?.split("/").at(-1) ?? "none";

/** The zone of the app's domain, which is there before the stack is; without a domain, that of the one that it had. */
async function zoneOf({ region, domain }: Settings): Promise<HostedZone | undefined> {
    const { HostedZones = [] } = await new Route53(rootClient(region)).listHostedZones({});
    return HostedZones.find(({ Name }) => Name === `${domain?.hostedZone}.`) ?? HostedZones[0];
}
