/** What `npm run sandbox:releases`, `sandbox:status`, `sandbox:logs` and `sandbox:shell` do: the same as without `sandbox:`, here. */
import type { Flags } from "../../tools/command";
import { inTerminal, type Connect } from "../../tools/operations/sessionPlugin";
import { operations } from "../../tools/operations/operations";
import { partsOf } from "../../tools/operations/stack";
import { isAwsHealthy, rootClient } from "../aws/emulator";
import { dockerHost } from "../machine/docker";
import { UserError } from "../progress";
import type { Project } from "../stack/project";
import { outputsOf } from "../stack/states";

/** Nobody is at the other end of the emulator's sessions. The container is here. */
const throughDocker: Connect = {
    check: () => undefined,
    run: ({ runtimeId, command }) =>
        inTerminal("docker", [
            ...["--host", dockerHost(), "exec", "--interactive", ...(process.stdin.isTTY ? ["--tty"] : [])],
            ...[runtimeId, "sh", "-c", command],
        ]),
};

export async function operate(
    name: keyof typeof operations,
    project: Project,
    flags: Readonly<Record<string, string | boolean | undefined>>,
): Promise<void> {
    const outputs = outputsOf(project.stack);
    if (!outputs.serviceName || !(await isAwsHealthy())) {
        throw new UserError("There is no sandbox with a service: run npm run sandbox:up first.");
    }
    const operation = operations[name];
    const given = { ...operation.defaults, ...flags } as Flags;
    operation.check(given);
    const { region } = project.settings();
    const client = () => rootClient(region);
    try {
        await operation.run({ ...partsOf(outputs), region, client, connect: throughDocker }, given);
    } catch (error) {
        const { name: kind, message } = error as Error;
        throw "$metadata" in (error as Error)
            ? new UserError(`${kind}: ${message} What was deleted, npm run sandbox:up -- --refresh makes anew.`)
            : error;
    }
}
