/** Who listens on a port. */
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../progress";
import { allPids, commandLine, environmentOf } from "./processes";
import { isOwnMarker, serviceVariable } from "./marker";

const listening = "0A"; // TCP_LISTEN in /proc/net/tcp

/** Socket inodes that listen on `port`, from the text of /proc/net/tcp or tcp6. */
export function listenersIn(table: string, port: number): string[] {
    const wanted = port.toString(16).toUpperCase().padStart(4, "0");
    return table
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((columns) => columns[3] === listening && columns[1]?.endsWith(`:${wanted}`))
        .map((columns) => columns[9] ?? "");
}

function ownerOf(inodes: readonly string[]): number | undefined {
    const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
    return allPids().find((pid) => {
        try {
            return fs.readdirSync(`/proc/${pid}/fd`).some((fd) => {
                try {
                    return sockets.has(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
                } catch {
                    return false; // closed between the two calls
                }
            });
        } catch {
            return false; // ended meanwhile, or another user's
        }
    });
}

/** The process that listens on a TCP port: undefined when nobody does, pid 0 when none can be seen that does. */
function listenerOn(port: number): { pid: number; command: string } | undefined {
    const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
        fs.existsSync(file) ? listenersIn(fs.readFileSync(file, "utf8"), port) : [],
    );
    if (inodes.length === 0) {
        return undefined;
    }
    const pid = ownerOf(inodes);
    return pid === undefined
        ? { pid: 0, command: "a process that this user cannot see" }
        : { pid, command: commandLine(pid) };
}

/**
 * Milliseconds that a port may stay with no process that can be seen: one that ends loses the list of what it has opened first, and on
 * a busy machine the ports a good while later.
 */
const closesWithin = 5_000;

/**
 * @param name what needs the port, for the message
 * @param variable the environment variable that chooses another port, if there is one
 * @throws UserError when somebody else than a service of this checkout listens on it.
 */
export async function assertPortFree(port: number, name: string, variable?: string): Promise<void> {
    const deadline = Date.now() + closesWithin;
    let owner = listenerOn(port);
    while (owner?.pid === 0 && Date.now() < deadline) {
        await sleep(50);
        owner = listenerOn(port);
    }
    if (!owner || isOwnMarker(environmentOf(owner.pid, serviceVariable))) {
        return;
    }
    const who = owner.pid === 0 ? owner.command : `process ${owner.pid} (${owner.command})`;
    const other = variable ? `, or set ${variable} to a free port and run this again` : "";
    throw new UserError(`${name} needs port ${port}, but ${who} listens on it. Stop that process${other}.`);
}
