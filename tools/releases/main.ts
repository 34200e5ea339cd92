/** `npm run releases [-- --stack NAME --count N]`: the last releases of the selected stack, or of another one. */
import { ECS } from "@aws-sdk/client-ecs";
import { RunError } from "@pulumi/pulumi";
import { spawnSync } from "node:child_process";
import { options, run } from "../command";
import { lastReleases, most } from "./releases";
import { report } from "./report";

/** What the Pulumi CLI says about the stack. */
function pulumi(stack: string, ...args: readonly string[]): string {
    const chosen = stack === "" ? [] : ["--stack", stack];
    const { error, status, stdout, stderr } = spawnSync("pulumi", [...args, ...chosen], { encoding: "utf8" });
    if (error ?? status !== 0) {
        throw new RunError(error ? `pulumi cannot be run: ${error.message}` : stderr.trim());
    }
    return stdout;
}

run(async () => {
    const { stack, count } = options({ stack: "", count: "10" });
    if (!/^\d+$/.test(count) || Number(count) < 1 || Number(count) > most) {
        throw new RunError(`--count: expected a number from 1 to ${most}, got "${count}"`);
    }
    const outputs = JSON.parse(pulumi(stack, "stack", "output", "--json")) as Record<string, string | undefined>;
    const { clusterName, serviceName } = outputs;
    if (!clusterName || !serviceName) {
        throw new RunError("The stack has no service yet: `pulumi up` makes it.");
    }
    const region = pulumi(stack, "config", "get", "aws:region").trim();
    const releases = await lastReleases(new ECS({ region }), clusterName, serviceName, Number(count));
    console.log(report(serviceName, releases));
});
