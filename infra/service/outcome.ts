import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

type Found = Pick<
    aws.ecs.GetServiceResult,
    | "serviceName"
    | "desiredCount"
    | "runningCount"
    | "networkConfigurations"
    | "capacityProviderStrategies"
    | "loadBalancers"
> & {
    readonly deployments: readonly { readonly status: string; readonly taskDefinition: string }[];
};

/** What `pulumi up` has asked for, of what ECS takes back with a rollout that fails: "ServiceRevision" in its API reference. */
export interface Wanted {
    readonly subnets: readonly string[];
    readonly assignPublicIp: boolean;
    readonly capacity: readonly { readonly capacityProvider: string; readonly base: number; readonly weight: number }[];
    /** On which the tasks take requests. */
    readonly containerPort: number;
    /** ARNs of the listeners' rules that lead visitors, and those who test, to the tasks. */
    readonly rules: readonly (string | undefined)[];
    /** The revision that is to run, where `pulumi up` releases. */
    readonly released?: string;
}

/**
 * Fails where the service does not run as it was last told to. The provider fails in the `pulumi up` whose rollout ECS takes back, and
 * writes into the state what it had asked for all the same: the next one would have nothing to change, end well, and delete what the
 * tasks live on that ECS has gone back to, such as their subnets. An update that fails deletes nothing.
 *
 * @param mayRest whether there are hours with no task
 * @returns the service's name, once it is known to run
 */
export function verifyRunning(
    service: aws.ecs.Service,
    wanted: pulumi.Output<Wanted>,
    mayRest: boolean,
    options: pulumi.InvokeOptions,
): pulumi.Output<string> {
    if (pulumi.runtime.isDryRun()) {
        return service.name; // what is about to be mended may be broken
    }
    const found = aws.ecs.getServiceOutput({ clusterArn: service.cluster, serviceName: service.name }, options);
    return pulumi.all([found, wanted]).apply(([now, asked]) => {
        const problem = problemOf(now, asked);
        if (problem) {
            throw new pulumi.RunError(problem);
        }
        const warning = warningOf(now, mayRest);
        if (warning) {
            void pulumi.log.warn(warning, service);
        }
        return now.serviceName;
    });
}

/** What of a service is not as it should stay. The bounds that an hour without tasks has set outlast it, and no plan shows them: see `scale`. */
export function warningOf(
    { serviceName, desiredCount }: Pick<Found, "serviceName" | "desiredCount">,
    mayRest: boolean,
): string | undefined {
    return desiredCount === 0 && !mayRest
        ? `${serviceName} is to run no task at the moment, and no hour of scaleSchedule says so any more: ` +
              "`pulumi up --refresh` sees that, and sets minTasks again, upon which tasks start within a minute."
        : undefined;
}

/** What is wrong with a service after an update, and what to do about it. */
export function problemOf(found: Found, wanted: Wanted): string | undefined {
    const { serviceName, deployments } = found;
    const { released } = wanted;
    const current = deployments.find(({ status }) => status === "PRIMARY")?.taskDefinition;
    if (current !== undefined && released !== undefined && current !== released) {
        return numberOf(current) > numberOf(released)
            ? `${serviceName} runs ${nameOf(current)}, which something else has released since the last \`pulumi up\`, such as deploy.yml.\n` +
                  `An edit in app/ and \`pulumi up\` releases that; \`pulumi up --refresh\` goes back to ${nameOf(released)}. Where a push is ` +
                  "to release, set releasedBy to pipeline."
            : `ECS has taken the last release of ${serviceName} back: ${nameOf(current)} runs in place of ${nameOf(released)}.\n` +
                  "The app's logs tell why. `pulumi up --refresh` tries the same once more.";
    }
    const [network, balancer] = [found.networkConfigurations[0]!, found.loadBalancers[0]!];
    const [listeners] = balancer.advancedConfigurations;
    const is = placementOf({
        ...network,
        capacity: found.capacityProviderStrategies,
        containerPort: balancer.containerPort,
        rules: [listeners?.productionListenerRule, listeners?.testListenerRule],
    });
    const asked = placementOf(wanted);
    if (is !== asked) {
        return (
            `ECS has taken the last change of ${serviceName} back, or something else has changed it, or this update has left it out: its tasks have ${is} in place of ${asked}.\n` +
            "The events of the service and the app's logs tell why. `pulumi up --refresh` tries the same once more."
        );
    }
    if (found.desiredCount > 0 && found.runningCount === 0) {
        return (
            `No task of ${serviceName} runs: the app's logs and the events of the service tell why.\n` +
            "A release of an app that is mended starts it; so does, as it is, " +
            `\`aws ecs update-service --cluster ${serviceName} --service ${serviceName} --force-new-deployment\`.`
        );
    }
    return undefined;
}

/** Where tasks run, in words; in whichever order AWS tells it. */
function placementOf({ subnets, assignPublicIp, capacity, containerPort, rules }: Wanted): string {
    const providers = capacity.map((each) => `${each.capacityProvider} (base ${each.base}, weight ${each.weight})`);
    const addresses = assignPublicIp ? "public addresses" : "no public addresses";
    return (
        `${subnets.toSorted().join(", ")}, ${addresses}, ${providers.toSorted().join(", ")}, port ${containerPort} and ` +
        `${rules
            .filter(Boolean)
            .map((arn) => arn!.split(":").at(-1)!)
            .join(" with ")}`
    );
}

/** `family:7` */
const nameOf = (definitionArn: string): string => definitionArn.split("/").at(-1)!;
const numberOf = (definitionArn: string): number => Number(definitionArn.split(":").at(-1));
