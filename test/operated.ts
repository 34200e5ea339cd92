/** A stack that the commands of day two are tested on, and the commands themselves. */
import { execFile } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import type { Connect } from "../tools/operations/sessionPlugin";
import type { Stack } from "../tools/operations/stack";
import { projectFolder } from "./settings";

/** No shell is opened. */
const connect: Connect = { check: () => undefined, run: async () => 0 };

export const aStack: Stack = {
    url: "https://shop.example.com",
    clusterName: "shop",
    serviceName: "shop",
    taskDefinitionFamily: "shop",
    logGroupName: "/ecs/shop",
    alarmTopicArn: "arn:aws:sns:eu-west-1:123456789012:shop",
    region: "eu-west-1",
    client: () => ({ region: "eu-west-1" }),
    connect,
};

/**
 * Runs a command as `npm run` does, with the programs and the credentials of a folder, and of nowhere else.
 * @param folder has the script that stands in for the Pulumi CLI
 */
export function runCommand(folder: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const XDG_CACHE_HOME = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"); // what is compiled already
    const env = { PATH: folder, HOME: folder, XDG_CACHE_HOME, AWS_EC2_METADATA_DISABLED: "true", ...more };
    const main = ["-r", "./tools/transpile.js", "tools/operations/main.ts", ...args];
    return new Promise<{ readonly failed: boolean; readonly stdout: string; readonly stderr: string }>((resolve) =>
        execFile(process.execPath, main, { cwd: projectFolder, env }, (error, stdout, stderr) =>
            resolve({ failed: error?.code === 1, stdout, stderr }),
        ),
    );
}
