/** What a killed buildkitd leaves: build steps that go on, and mounts below its root, which then cannot be deleted. */
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { allPids } from "./processes";
import { run } from "./run";

/** Mount points below `folder` in the text of /proc/self/mountinfo, the latest first. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
    return mountinfo
        .split("\n")
        .map((line) => (line.split(" ")[4] ?? "").replace(/\\(\d{3})/g, (_, octal: string) => character(octal)))
        .filter((mountPoint) => mountPoint.startsWith(`${folder}${path.sep}`))
        .reverse();
}

/** The kernel writes spaces and the like as octal numbers. */
function character(octal: string): string {
    return String.fromCharCode(parseInt(octal, 8));
}

function processesIn(cgroup: string): number[] {
    return allPids().filter((pid) => {
        try {
            return fs.readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(`/${cgroup}/`);
        } catch {
            return false; // it ended meanwhile
        }
    });
}

/**
 * Call it while buildkitd does not run.
 * @param root buildkitd's root folder
 * @param cgroup the name of the control group of its build steps
 */
export async function clearBuildRemains(root: string, cgroup: string): Promise<void> {
    for (const deadline = Date.now() + 5_000; processesIn(cgroup).length > 0 && Date.now() < deadline;) {
        for (const pid of processesIn(cgroup)) {
            try {
                process.kill(pid, "SIGKILL");
            } catch {
                continue; // it ended meanwhile
            }
        }
        await sleep(50);
    }
    for (const mountPoint of mountsBelow(fs.readFileSync("/proc/self/mountinfo", "utf8"), root)) {
        await run("umount", ["--lazy", mountPoint]);
    }
}
