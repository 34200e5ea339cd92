import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from "@aws-sdk/client-ecs";
import type { Clients } from "./awsClients";

/** What a stack made, by the names and ARNs that the calls take. */
export interface StackNames {
    readonly cluster: string;
    readonly service: string;
    readonly family: string;
    readonly repository: string;
    readonly taskRole: string;
    readonly executionRole: string;
}

interface StackCall<Stack extends string> {
    /** The permission that AWS must say is missing where the stack is another one. */
    readonly action: string;
    /** @param own whose role makes the call; @param target whose things it is about */
    readonly call: (as: Clients, own: Stack, target: Stack) => Promise<unknown>;
}

const registrable = ({ family, cpu, memory, networkMode, requiresCompatibilities, ...rest }: TaskDefinition) =>
    ({
        ...{ family, cpu, memory, networkMode, requiresCompatibilities },
        containerDefinitions: rest.containerDefinitions,
        taskRoleArn: rest.taskRoleArn,
        executionRoleArn: rest.executionRoleArn,
        runtimePlatform: rest.runtimePlatform,
    }) as RegisterTaskDefinitionCommandInput;

/**
 * What a deploy role does with its own stack, that is allowed there, so that a refusal elsewhere is about whose it is.
 * @param reader whoever may look up what is registered now
 */
export async function stackCalls<Stack extends string>(
    reader: Clients,
    names: Readonly<Record<Stack, StackNames>>,
): Promise<readonly StackCall<Stack>[]> {
    const definitions = new Map<Stack, RegisterTaskDefinitionCommandInput>();
    for (const stack of Object.keys(names) as Stack[]) {
        const { taskDefinition } = await reader.ecs.describeTaskDefinition({ taskDefinition: names[stack].family });
        definitions.set(stack, registrable(taskDefinition!));
    }
    const withRole = (key: "taskRoleArn" | "executionRoleArn", name: "taskRole" | "executionRole") =>
        ({
            action: "iam:PassRole",
            call: ({ ecs }, own, target) =>
                ecs.registerTaskDefinition({ ...definitions.get(own)!, [key]: names[target][name] }),
        }) satisfies StackCall<Stack>;
    const imageIds = [{ imageTag: "none" }];
    return [
        {
            action: "ecr:InitiateLayerUpload",
            call: ({ ecr }, _own, target) => ecr.initiateLayerUpload({ repositoryName: names[target].repository }),
        },
        {
            action: "ecr:BatchGetImage",
            call: ({ ecr }, _own, target) => ecr.batchGetImage({ repositoryName: names[target].repository, imageIds }),
        },
        {
            action: "ecs:RegisterTaskDefinition",
            call: ({ ecs }, own, target) =>
                ecs.registerTaskDefinition({ ...definitions.get(own)!, family: names[target].family }),
        },
        {
            action: "ecs:DescribeServices",
            call: ({ ecs }, _own, target) =>
                ecs.describeServices({ cluster: names[target].cluster, services: [names[target].service] }),
        },
        {
            action: "ecs:UpdateService",
            call: ({ ecs }, _own, target) =>
                ecs.updateService({ cluster: names[target].cluster, service: names[target].service }),
        },
        withRole("taskRoleArn", "taskRole"),
        withRole("executionRoleArn", "executionRole"),
    ];
}
