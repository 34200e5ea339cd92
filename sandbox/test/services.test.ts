import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { assertPortFree, listenersIn } from "../machine/ports";
import { bootId, isAlive, parseStat } from "../machine/processes";
import { run } from "../machine/run";
import { isRunning, leftoverProcesses, logFile, startService, stopService } from "../machine/services";
import { stateDir } from "../paths";
import { UserError } from "../progress";

const userError = (pattern: RegExp) => (error: unknown) => error instanceof UserError && pattern.test(error.message);

/** Listens on a port, ends its main thread, then prints the port, and ends with its input. */
const endsThreadByThread = `
import ctypes, os, socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", 0))
def rest():
    while " Z " not in open("/proc/self/stat").read():
        time.sleep(0.01)
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=rest).start()
ctypes.CDLL(None).pthread_exit(None)`;

describe("the sandbox's processes", () => {
    describe("processes", () => {
        it("reads a process whose name looks like other fields", () => {
            const line = `42 (a) S 1 (b) R 1 42 ${"0 ".repeat(16)}777 0 0`;
            assert.deepEqual(parseStat(line), { pid: 42, state: "R", threads: 0, startTime: "777" });
        });

        it("takes a process for ended when its pid belongs to a later one, or to another boot", () => {
            const { startTime } = parseStat(fs.readFileSync("/proc/self/stat", "latin1"))!;
            const self = { pid: process.pid, startTime, bootId: bootId() };
            assert.equal(isAlive(self), true);
            assert.equal(isAlive({ ...self, startTime: "1" }), false);
            assert.equal(isAlive({ ...self, bootId: "another" }), false);
        });

        it("shows the end of a failed program's output", async () => {
            const failing = run("sh", ["-c", "echo one; echo 'two is wrong' >&2; exit 3"]);
            await assert.rejects(failing, userError(/failed with exit code 3[^]*one\n[^]*two is wrong$/));
        });

        it("names a program that is missing", async () => {
            await assert.rejects(run("no-such-program", []), userError(/Could not run "no-such-program"/));
        });
    });

    describe("services", () => {
        const name = `test-${process.pid}`;
        const spec = { name, command: "sleep", args: ["60"], ready: () => Promise.resolve(true), readyWithin: 2_000 };
        const pidFile = path.join(stateDir, "run", `${name}.pid`);
        const ownLeftovers = () => leftoverProcesses().filter(({ service }) => service === name);

        afterEach(async () => {
            await stopService(name);
            [logFile(name), `${logFile(name)}.previous`].forEach((file) => fs.rmSync(file, { force: true }));
        });

        it("are kept when they run already, and restarted when they are asked for differently", async () => {
            assert.deepEqual(await startService(spec), { started: true });
            assert.deepEqual(await startService(spec), { started: false });
            assert.deepEqual(await startService({ ...spec, args: ["61"] }), { started: true });
            assert.deepEqual(
                ownLeftovers().map(({ command }) => command),
                ["sleep 61"],
            );
        });

        it("end with everything that they started, also what ignores SIGTERM", async () => {
            const script = "(trap '' TERM; sleep 60 & wait) & exec sleep 60";
            await startService({ ...spec, command: "sh", args: ["-c", script], stopWithin: 300 });
            await stopService(name);
            assert.equal(isRunning(name), false);
            assert.deepEqual(ownLeftovers(), []);
        });

        it("are found and stopped when their record was deleted", async () => {
            await startService(spec);
            fs.rmSync(pidFile);
            await stopService(name);
            assert.deepEqual(ownLeftovers(), []);
        });

        it("never signal a process that has got the pid of one that ended", async () => {
            await startService(spec);
            const record = fs.readFileSync(pidFile, "utf8");
            await stopService(name);
            const bystander = spawn("sleep", ["60"]);
            try {
                const pid = Number(/^\d+ /m.exec(record)![0]);
                fs.writeFileSync(pidFile, record.replace(`${pid} (`, `${bystander.pid} (`));
                assert.equal(isRunning(name), false);
                await stopService(name);
                assert.equal(bystander.exitCode ?? bystander.signalCode, null);
                assert.ok(fs.existsSync(`/proc/${bystander.pid}`));
            } finally {
                bystander.kill("SIGKILL");
            }
        });

        it("that end early fail with the end of their log, and leave no record", async () => {
            const broken = {
                ...spec,
                command: "sh",
                args: ["-c", "echo no such disk; exit 1"],
                ready: () => Promise.resolve(false),
            };
            await assert.rejects(startService(broken), userError(/ended before it was ready[^]*no such disk/));
            assert.equal(fs.existsSync(pidFile), false);
        });

        it("that never become ready fail after their bound, and are stopped", async () => {
            const silent = { ...spec, ready: () => Promise.reject(new Error("refused")), readyWithin: 200 };
            await assert.rejects(startService(silent), userError(/was not ready after 0.2 s/));
            assert.deepEqual(ownLeftovers(), []);
        });
    });

    describe("ports", () => {
        it("finds the listeners of a port, and nothing that is only connected", () => {
            const table = [
                "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
                "   0: 0100007F:11D6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1111 1",
                "   1: 0100007F:11D6 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 2222 1",
                "   2: 0100007F:11D7 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3333 1",
            ].join("\n");
            assert.deepEqual(listenersIn(table, 4566), ["1111"]);
        });

        it("names the process that has a port, and the variable that changes it", async () => {
            const server = net.createServer().listen(0, "127.0.0.1");
            await once(server, "listening");
            const { port } = server.address() as net.AddressInfo;
            try {
                await assert.rejects(
                    assertPortFree(port, "The AWS emulator", "SANDBOX_AWS_PORT"),
                    userError(new RegExp(`port ${port}, but process ${process.pid} \\(.*mocha.*SANDBOX_AWS_PORT`)),
                );
            } finally {
                server.close();
            }
            await once(server, "close");
            await assertPortFree(port, "The AWS emulator");
        });

        it("waits for those of a process that ends, as long as one of its threads has them", async () => {
            const child = spawn("python3", ["-c", endsThreadByThread], { stdio: ["pipe", "pipe", "inherit"] });
            const ended = once(child, "exit");
            const [printed] = (await once(child.stdout, "data")) as [Buffer];
            const { state, threads, ...id } = parseStat(fs.readFileSync(`/proc/${child.pid}/stat`, "latin1"))!;
            assert.deepEqual([state, threads], ["Z", 2]);
            assert.equal(isAlive({ ...id, bootId: bootId() }), true);
            let isFree = false;
            const freed = assertPortFree(Number(printed.toString()), "The AWS emulator").then(() => (isFree = true));
            await sleep(300);
            assert.equal(isFree, false);
            child.stdin.end();
            await Promise.all([freed, ended]);
            assert.equal(isAlive({ ...id, bootId: bootId() }), false);
        });
    });
});
