import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A variable of a container and the address of its value, as a task definition has them. */
export interface ReferenceInUse {
    readonly name: string;
    readonly valueFrom: string;
}

/** What a service refers to, and the tags that its stack has given it. */
export interface InUse {
    readonly references: readonly ReferenceInUse[];
    readonly tags: Readonly<Record<string, string>>;
}

/**
 * What the tasks of a service, and those that ECS starts in place of them, find their secrets by: of the release that runs, and
 * during a rollout of the one before it, too. None where there is no such service yet.
 *
 * @param name the service's and its cluster's
 */
export async function referencesInUse(name: string, options: pulumi.InvokeOptions): Promise<InUse> {
    try {
        const { deployments, tags } = await aws.ecs.getService({ clusterArn: name, serviceName: name }, options);
        const revisions = [...new Set(deployments.map(({ taskDefinition }) => taskDefinition))];
        const definitions = await Promise.all(
            revisions.map((taskDefinition) => aws.ecs.getTaskDefinition({ taskDefinition }, options)),
        );
        const containers = definitions.flatMap(
            ({ containerDefinitions }) => JSON.parse(containerDefinitions) as unknown,
        );
        return {
            references: (containers as { secrets?: ReferenceInUse[] }[]).flatMap(({ secrets = [] }) => secrets),
            tags,
        };
    } catch (error) {
        const { message } = error as Error;
        // ECS lets a role read all task definitions of an account or none, and so the role of pull requests reads none. Its preview
        // shows at once what `pulumi up` does once a release has done without it.
        const mayNotKnow = pulumi.runtime.isDryRun() && message.includes("AccessDenied");
        if (mayNotKnow || message.includes("no matching ECS Service found")) {
            return { references: [], tags: {} };
        }
        throw error;
    }
}
