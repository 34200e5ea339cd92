import { sameJson } from "../differences";
import { ResourceStandIn } from "../standIn";
import { Clients } from "./clients";
import { retagEcs, toEcsTags } from "./ecsCluster";
import { fromTags, taggable } from "./tags";

export function ecsTaskDefinition(clients: Clients): Record<string, ResourceStandIn> {
    return { "aws:ecs/taskDefinition:TaskDefinition": taggable(taskDefinition(clients), retagEcs(clients)) };
}

/** One revision of a family. It cannot be changed: every change registers another. */
function taskDefinition({ ecs }: Clients): ResourceStandIn {
    const identity = (arn: string) => ({
        arn,
        arnWithoutRevision: arn.replace(/:\d+$/, ""),
        revision: Number(arn.split(":").at(-1)),
    });
    const describe = async (arn: string) =>
        ecs.describeTaskDefinition({ taskDefinition: arn, include: ["TAGS"] }).catch((error) => {
            // The one that ECS never heard of, or has deleted, has no error of its own.
            if (error.name === "ClientException" && /unable to describe/i.test(error.message)) return undefined;
            throw error;
        });
    /** Those that are deregistered stay in the account until they are deleted. */
    const revisions = async (status: "ACTIVE" | "INACTIVE", familyPrefix?: string): Promise<string[]> => {
        const { taskDefinitionArns = [] } = await ecs.listTaskDefinitions({ status, familyPrefix });
        return taskDefinitionArns;
    };
    const definition = ["cpu", "memory", "networkMode", "requiresCompatibilities", "executionRoleArn", "taskRoleArn"];
    return {
        required: ["family", "containerDefinitions"],
        optional: [
            ...definition,
            "runtimePlatform.operatingSystemFamily",
            "runtimePlatform.cpuArchitecture",
            "skipDestroy",
        ],
        replaceOn: ["family", "containerDefinitions", ...definition, "runtimePlatform"],
        sameMeaning: { containerDefinitions: sameJson },
        create: async (inputs) => {
            const { family, containerDefinitions, skipDestroy: _, tags, ...rest } = inputs;
            const registered = await ecs.registerTaskDefinition({
                family,
                containerDefinitions: JSON.parse(containerDefinitions),
                ...rest,
                tags: toEcsTags(tags),
            });
            return { id: family, outputs: identity(registered.taskDefinition!.taskDefinitionArn!) };
        },
        read: async (_id, state) => {
            const answer = await describe(state.arn);
            if (answer?.taskDefinition?.status !== "ACTIVE") return undefined;
            return { ...identity(answer.taskDefinition.taskDefinitionArn!), tags: fromTags(answer.tags) };
        },
        update: async () => ({}), // only skipDestroy and tags get here
        delete: async (_id, state) => {
            if (state.skipDestroy || (await describe(state.arn))?.taskDefinition?.status !== "ACTIVE") return;
            await ecs.deregisterTaskDefinition({ taskDefinition: state.arn });
        },
        list: async () => {
            const arns = (await Promise.all([revisions("ACTIVE"), revisions("INACTIVE")])).flat();
            return [...new Set(arns.map((arn) => arn.replace(/^.*\/|:\d+$/g, "")))];
        },
        sweep: async (family) => {
            for (const arn of await revisions("ACTIVE", family))
                await ecs.deregisterTaskDefinition({ taskDefinition: arn });
            const inactive = await revisions("INACTIVE", family);
            for (let start = 0; start < inactive.length; start += 10) {
                await ecs.deleteTaskDefinitions({ taskDefinitions: inactive.slice(start, start + 10) });
            }
        },
    };
}
