/** A shell in a running task, in a session that ECS opens. */
import type { ECS, Task } from "@aws-sdk/client-ecs";
import { RunError } from "@pulumi/pulumi/errors";
import type { Stack } from "./stack";
import { describedTasks, idOf } from "./tasks";

/**
 * Runs a command in the container of a task.
 * @param task the id of a task that runs, or the beginning of it; the newest where it is empty
 * @returns the exit code of this end of the session
 * @throws RunError if there is no such task, or none that ECS opens a shell in
 */
export async function openShell(
    ecs: Pick<ECS, "config" | "listTasks" | "describeTasks" | "describeTaskDefinition" | "executeCommand">,
    { clusterName: cluster, serviceName, region, connect }: Stack,
    task: string,
    command: string,
): Promise<number> {
    const found = await describedTasks(ecs, cluster, serviceName, "RUNNING");
    const running = found.filter((each) => each.lastStatus === "RUNNING" && idOf(each).startsWith(task));
    const [newest] = running.sort((one, other) => startOf(other) - startOf(one));
    if (!newest) {
        throw new RunError(`No task${task && ` ${task}`} of ${serviceName} runs: npm run status says why.`);
    }
    if (!newest.enableExecuteCommand) {
        throw new RunError(
            `Task ${idOf(newest)} takes no shell, as its stack has no enableExec: pulumi config set enableExec true, and ` +
                "pulumi config set readOnlyRoot false, as its agent writes into the container; then pulumi up, and a release.",
        );
    }
    connect.check();
    const { taskDefinition } = await ecs.describeTaskDefinition({ taskDefinition: newest.taskDefinitionArn });
    const [app] = taskDefinition?.containerDefinitions ?? [];
    // By its name: AWS adds containers of its own to a task, such as GuardDuty's agent.
    const container = newest.containers?.find(({ name }) => name === app?.name);
    const request = { cluster, command, task: newest.taskArn, container: container?.name, interactive: true };
    const { session } = await ecs.executeCommand(request).catch((error: Error) => {
        // Such as the agent's, which runs seconds after the task, and not on a root file system that is read-only.
        throw new RunError(`ECS opens no shell in task ${idOf(newest)}: ${error.message}`);
    });
    console.error(`${serviceName} in ${region}, task ${idOf(newest)}: ${command}`);
    return connect.run({
        ...{ region, credentials: await ecs.config.credentials(), session: session!, command, cluster },
        task: idOf(newest),
        runtimeId: container?.runtimeId ?? "",
    });
}

const startOf = ({ startedAt }: Task): number => startedAt?.getTime() ?? 0;
