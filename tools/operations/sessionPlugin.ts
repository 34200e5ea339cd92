/** This end of a shell in a task: AWS's Session Manager plugin, in the terminal. */
import type { Session } from "@aws-sdk/client-ecs";
import { RunError } from "@pulumi/pulumi";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

export interface Opened {
    readonly region: string;
    /** What ECS has opened, and for what. */
    readonly session: Session;
    readonly command: string;
    readonly cluster: string;
    readonly task: string;
    /** The container's id for its runtime. */
    readonly runtimeId: string;
}

export interface Connect {
    /** @throws RunError with how to get what is missing on this machine */
    readonly check: () => void;
    /** Connects the terminal with the session until it ends. @returns the exit code */
    readonly run: (opened: Opened) => Promise<number>;
}

const plugin = "session-manager-plugin";

/** As `aws ecs execute-command` calls the plugin. */
export const throughPlugin: Connect = {
    check: () => {
        if (spawnSync(plugin, { stdio: "ignore" }).error) {
            throw new RunError(
                `A shell needs AWS's Session Manager plugin, and there is no ${plugin} on the PATH. How to install it: ` +
                    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
            );
        }
    },
    run: ({ region, session, cluster, task, runtimeId }) => {
        const parameters = JSON.stringify({ Target: `ecs:${cluster}_${task}_${runtimeId}` });
        const endpoint = `https://ecs.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
        return inTerminal(plugin, [JSON.stringify(session), region, "StartSession", "", parameters, endpoint]);
    },
};

/** Runs a program in this terminal, whose interrupts are the program's. @returns its exit code */
export async function inTerminal(program: string, args: readonly string[]): Promise<number> {
    const ignore = () => undefined;
    process.on("SIGINT", ignore);
    const [code] = (await once(spawn(program, args, { stdio: "inherit" }), "close")) as [number | null];
    process.off("SIGINT", ignore);
    return code ?? 1;
}
