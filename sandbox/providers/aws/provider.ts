import { Configuration, Offer, ProviderStandIn } from "../standIn";
import { acm } from "./acm";
import { appAutoScaling } from "./appAutoScaling";
import { Clients } from "./clients";
import { cloudWatch } from "./cloudWatch";
import { cloudWatchLogs } from "./cloudWatchLogs";
import { ecr } from "./ecr";
import { ecsCluster } from "./ecsCluster";
import { ecsService } from "./ecsService";
import { ecsTaskDefinition } from "./ecsTaskDefinition";
import { elasticLoadBalancing } from "./elasticLoadBalancing";
import { functions } from "./functions";
import { iam } from "./iam";
import { natAndEndpoints } from "./natAndEndpoints";
import { route53 } from "./route53";
import { routeTables } from "./routeTables";
import { secretsManager } from "./secretsManager";
import { securityGroups } from "./securityGroups";
import { sns } from "./sns";
import { vpc } from "./vpc";

/** Options that the SDK sends with every provider, and that an emulator has no use for. */
const withoutEffect = ["version", "skipCredentialsValidation", "skipRegionValidation"];

/**
 * The official provider's types, as far as this program uses them, against the API that AWS_ENDPOINT_URL names, with the
 * credentials of the standard environment variables.
 */
export const aws: ProviderStandIn = {
    name: "aws",
    version: "7.48.0",
    configure: (configuration) => offer(clients(configuration)),
};

/** @throws Error for an option that the stand-in would ignore, without a region, and without the address of an emulator. */
export function clients(configuration: Configuration): Clients {
    const unknown = Object.keys(configuration).filter((key) => key !== "region" && !withoutEffect.includes(key));
    if (unknown.length > 0)
        throw new Error(`the aws stand-in of the sandbox does not know the setting aws:${unknown.join(", aws:")}`);
    const region = configuration.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
    if (!region) throw new Error("no AWS region: set one with `pulumi config set aws:region REGION`, or AWS_REGION");
    // What is written for an emulator must never reach an account that someone pays for.
    if (!process.env.AWS_ENDPOINT_URL)
        throw new Error("the aws stand-in talks to an emulator only: set AWS_ENDPOINT_URL to its address");
    return new Clients(region);
}

/** In the order in which they can be deleted: what uses something comes before it. */
export function offer(clients: Clients): Offer {
    return {
        resources: {
            ...appAutoScaling(clients),
            ...ecsService(clients),
            ...cloudWatch(clients),
            ...sns(clients),
            ...ecsTaskDefinition(clients),
            ...ecsCluster(clients),
            ...route53(clients),
            ...elasticLoadBalancing(clients),
            ...acm(clients),
            ...secretsManager(clients),
            ...ecr(clients),
            ...cloudWatchLogs(clients),
            ...iam(clients),
            ...natAndEndpoints(clients),
            ...securityGroups(clients),
            ...routeTables(clients),
            ...vpc(clients),
        },
        functions: functions(clients),
    };
}
