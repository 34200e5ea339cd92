import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

interface Inputs {
    readonly family: string;
    readonly region: string;
    readonly profile?: string;
}

/**
 * Serialised into the state and run from there, on destroy too: it may use nothing from outside its own functions.
 */
const provider: pulumi.dynamic.ResourceProvider<Inputs, Inputs> = {
    create: async (inputs) => ({ id: inputs.family, outs: inputs }),

    diff: async (_id, olds, news) => ({
        changes: olds.family !== news.family || olds.region !== news.region || olds.profile !== news.profile,
        // Another family or region leaves the old one to be deleted; a profile is only how to get there.
        replaces: (["family", "region"] as const).filter((key) => olds[key] !== news[key]),
    }),

    update: async (_id, _olds, news) => ({ outs: news }),

    delete: async (family, { region, profile }) => {
        const ecs = await import("@aws-sdk/client-ecs");
        // ECS lets an account deregister about one revision a second: wait for it as long as that takes.
        const client = new ecs.ECSClient({ region, profile, retryMode: "adaptive", maxAttempts: 20 });
        const revisions = async (status: "ACTIVE" | "INACTIVE"): Promise<string[]> => {
            const arns: string[] = [];
            for await (const page of ecs.paginateListTaskDefinitions({ client }, { familyPrefix: family, status })) {
                arns.push(...(page.taskDefinitionArns ?? []));
            }
            return arns;
        };
        for (const taskDefinition of await revisions("ACTIVE")) {
            await client.send(new ecs.DeregisterTaskDefinitionCommand({ taskDefinition }));
        }
        const inactive = await revisions("INACTIVE");
        for (let start = 0; start < inactive.length; start += 10) {
            const batch = inactive.slice(start, start + 10); // DeleteTaskDefinitions takes ten at a time
            const { failures = [] } = await client.send(
                new ecs.DeleteTaskDefinitionsCommand({ taskDefinitions: batch }),
            );
            if (failures.length > 0) {
                const list = failures.map(({ arn, reason }) => `${arn}: ${reason}`).join("; ");
                throw new Error(
                    `could not delete revisions of task family ${family} (${list}): run pulumi destroy again`,
                );
            }
        }
    },
};

/**
 * All revisions of a task definition's family, whoever registered them. AWS has no such thing to create, so nothing happens until
 * destroy: then the revisions of the pipeline go as well, which otherwise stay in the account for good.
 */
export class TaskDefinitionFamily extends pulumi.dynamic.Resource {
    declare public readonly family: pulumi.Output<string>;

    constructor(name: string, args: { family: string; region: string }, opts?: pulumi.CustomResourceOptions) {
        const inputs: Inputs = { ...args, profile: aws.config.profile };
        super(provider, name, inputs, opts, "ecs", "TaskDefinitionFamily");
    }
}
