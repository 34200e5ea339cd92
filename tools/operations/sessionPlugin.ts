/** This end of a shell in a task: AWS's Session Manager plugin, in the terminal. */
import type { ECS, Session } from "@aws-sdk/client-ecs";
import { RunError } from "@pulumi/pulumi/errors";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

export interface Opened {
    readonly region: string;
    /** Whom ECS has opened it for. */
    readonly credentials: Awaited<ReturnType<ECS["config"]["credentials"]>>;
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

/** As `aws ecs execute-command` calls the plugin, but with the stack's credentials, whatever they are from. */
export const throughPlugin: Connect = {
    check: () => {
        if (spawnSync(plugin, { stdio: "ignore" }).error) {
            throw new RunError(
                `A shell needs AWS's Session Manager plugin, and there is no ${plugin} on the PATH. How to install it: ` +
                    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
            );
        }
    },
    run: ({ region, credentials, session, cluster, task, runtimeId }) => {
        const parameters = JSON.stringify({ Target: `ecs:${cluster}_${task}_${runtimeId}` });
        const endpoint = `https://ecs.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
        const args = [JSON.stringify(session), region, "StartSession", "", parameters, endpoint];
        // It calls AWS itself: KMS, where kmsKeyArn encrypts the session, and Session Manager, to go on with one that broke off. Its own
        // way to credentials is a profile's name, and knows nothing of aws:assumeRoles.
        const { AWS_PROFILE: _, AWS_DEFAULT_PROFILE: __, ...others } = process.env;
        const keys = {
            AWS_ACCESS_KEY_ID: credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
            AWS_SESSION_TOKEN: credentials.sessionToken, // undefined takes the shell's away, which is another session's
        };
        return inTerminal(plugin, args, { ...others, ...keys });
    },
};

/** What the keys of a terminal send to all that runs in it: Ctrl-C, Ctrl-\ and Ctrl-Z. */
const typed = ["SIGINT", "SIGQUIT", "SIGTSTP"] as const;

/** Runs a program in this terminal, whose keys are the program's. @returns its exit code */
export async function inTerminal(program: string, args: readonly string[], env = process.env): Promise<number> {
    const ignore = () => undefined;
    typed.forEach((signal) => process.on(signal, ignore));
    const restore = withoutQuitAndStop();
    try {
        const [code] = (await once(spawn(program, args, { stdio: "inherit", env }), "close")) as [number | null];
        return code ?? 1;
    } finally {
        restore();
        typed.forEach((signal) => process.off(signal, ignore));
    }
}

/**
 * Makes Ctrl-\ and Ctrl-Z plain characters of this terminal, which the program reads like any other. As signals they would end or stop
 * npm and its shell, which run this: they are ready for Ctrl-C only.
 * @returns what puts the keys back
 */
function withoutQuitAndStop(): () => void {
    if (!process.stdin.isTTY || process.platform === "win32") {
        return () => undefined;
    }
    const stty = (...args: readonly string[]) =>
        spawnSync("stty", args, { stdio: ["inherit", "pipe", "ignore"], encoding: "utf8" });
    const { status, stdout } = stty("-g");
    if (status !== 0) {
        return () => undefined; // a machine without stty
    }
    stty("quit", "undef", "susp", "undef");
    return () => void stty(stdout.trim());
}
