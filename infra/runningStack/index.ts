import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";
import { accepted, holdUntil } from "../checks";
import { deploymentConfiguration } from "../service/rollout";
import type { Facts } from "./facts";
import { Provider } from "./provider";
import type { TargetGroupIndex } from "./stackCaller";

const provider = new Provider();

/** Keeps in the state what a stack was made with, and is nothing in AWS. */
class RunningStack extends pulumi.dynamic.Resource {
    declare public readonly serving: pulumi.Output<TargetGroupIndex>;

    constructor(name: string, facts: Facts) {
        super(provider, name, facts, {}, "guard", "RunningStack");
    }
}

/**
 * Refuses what AWS would refuse half-way, or do at the price of the running service, in the preview and before anything is
 * touched: whatever the program declares from now on waits for the check.
 *
 * @returns which of the target groups comes first
 */
export function refuseImpossibleChanges(settings: Settings): { readonly serving: pulumi.Output<TargetGroupIndex> } {
    const { name, region, vpcCidr, containerPort, healthCheckPath, releasedBy, github } = settings;
    const guard = new RunningStack("main", {
        ...{ name, region, vpcCidr, containerPort, healthCheckPath, releasedBy },
        createGithubRepository: github.create,
        githubOidcProvider: github.oidcProvider,
        vpcId: settings.existingVpc?.vpcId ?? "",
        loadBalancer: settings.internal ? "internal" : "internet-facing",
        kmsKeyArn: settings.kmsKeyArn ?? "",
        deletionProtection: settings.deletionProtection,
        logs: (["accessLogs", "enableExec", "flowLogs"] as const).filter((key) => settings[key]).join(" "),
        rolloutTestPort: settings.rolloutTestPort ?? 0,
        https: settings.domain !== undefined,
        domainName: settings.domain?.name ?? "",
        hostedZone: settings.domain?.hostedZone ?? "",
        dualStack: settings.domain !== undefined && settings.dualStack,
        domainOverwrite: settings.domain !== undefined && settings.domainOverwrite,
        shifted: settings.rollout !== "rolling",
        serving: 0,
        service: JSON.stringify([
            ...[settings.capacity, settings.startSeconds, settings.enableExec, deploymentConfiguration(settings)],
            settings.existingVpc?.privateSubnetIds ?? [settings.availabilityZones, settings.natGateways === "none"],
        ]),
    });
    const checked = accepted(guard);
    holdUntil(checked);
    // Nor does a look-up start that the refusal would cut off: each would be reported as an error of its own. (A check that itself
    // waits for look-ups cannot do that: the engine asks about one after the other, and the one that waits would hold them up.)
    pulumi.runtime.registerInvokeTransform(async ({ args, opts }) => {
        await checked;
        return { args, opts };
    });
    return guard;
}
