/** Why AWS does not have a part of a stack: somebody has deleted it, or it is elsewhere. */
import { STS } from "@aws-sdk/client-sts";
import type { Stack } from "./stack";

/** The part that is not there, by the name of AWS's error. */
const parts: Readonly<Record<string, (stack: Stack) => string>> = {
    ClusterNotFoundException: ({ clusterName }) => `cluster ${clusterName}`,
    ServiceNotFoundException: ({ serviceName }) => `service ${serviceName}`,
    ResourceNotFoundException: ({ logGroupName }) => `log group ${logGroupName}`,
};

/**
 * What to do where AWS has no such part; empty for another error, and where nobody tells whose the credentials are. A refresh in another
 * account or region would take a whole stack that runs for gone: it is advised only where the stack is.
 * @param error its name
 */
export async function adviceOn(error: string, stack: Stack): Promise<string> {
    const part = parts[error]?.(stack);
    const caller = part && (await new STS(stack.client("sts")).getCallerIdentity().catch(() => undefined));
    if (!caller) {
        return "";
    }
    const [, , , region, account] = stack.alarmTopicArn.split(":");
    return caller.Account === account && stack.region === region
        ? `Somebody has deleted ${part} of account ${account} in ${region}: pulumi refresh, then pulumi up.`
        : `The stack is in account ${account}, region ${region}, and the credentials are those of ${caller.Arn} in account ` +
              `${caller.Account}, asking in ${stack.region}: use what the stack was made with (AWS_PROFILE or aws:profile, AWS_REGION or aws:region).`;
}
