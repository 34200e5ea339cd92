import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { linkUpstream } from "../machine/awsProvider";
import { mountsBelow } from "../machine/buildRemains";
import { buildkitdConfig, socketPath } from "../machine/buildkit";
import { cachedFolder } from "../machine/cached";
import { dockerHost } from "../machine/docker";
import { refuseUnfit } from "../machine";
import { recipes, requiredVersion } from "../machine/recipes";
import { run } from "../machine/run";
import { ensureToolchain, isAtLeast, keyOf } from "../machine/toolchain";
import { choosePython } from "../machine/venv";
import { checkout, ports } from "../paths";
import { step, UserError } from "../progress";
import { CopiedCheckout } from "../checkouts/copiedCheckout";
import { setVariables } from "./variables";

const userError = (pattern: RegExp) => (error: unknown) => error instanceof UserError && pattern.test(error.message);

describe("the sandbox's machine", () => {
    let scratch: string;
    beforeEach(() => (scratch = fs.mkdtempSync(path.join(os.tmpdir(), "sandbox-machine-"))));
    afterEach(() => fs.rmSync(scratch, { recursive: true }));

    function withVariable<T>(name: string, value: string, body: () => T): T {
        const restore = setVariables({ [name]: value });
        try {
            return body();
        } finally {
            restore();
        }
    }

    it("is Linux, with root's rights: anything else is told first, with what to do", () => {
        const machine = (platform: NodeJS.Platform, user: number) => () =>
            refuseUnfit({ platform, getuid: () => user });
        assert.doesNotThrow(machine("linux", 0));
        assert.throws(machine("linux", 1000), userError(/needs root.*: sudo env "PATH=\$PATH" …$/));
        assert.throws(machine("darwin", 0), userError(/needs Linux, and this is darwin: .* Lima on macOS/));
        assert.throws(() => refuseUnfit({ platform: "win32" }), userError(/needs Linux, and this is win32: .*WSL 2/));
    });

    it("is what a command tells of first, whatever else it has to say of the stack's file", async () => {
        const copy = new CopiedCheckout();
        try {
            copy.configure("aws:profile", "team");
            copy.configureAll({ secrets: { API_KEY: { secure: "v1:foreign:cipher" } } });
            // With an engine that it refuses, so that it starts nothing.
            const elsewhere = { SANDBOX_OFFLINE: "1", DOCKER_HOST: "tcp://10.0.0.1:2375" };
            const { code, output } = await copy.run("sandbox:preview", elsewhere);
            assert.equal(code, 1, output);
            assert.match(output, /^ +part +here +version\n( {2}\S.*\n)+\nPrepare this machine\n {2}✗ Docker /);
        } finally {
            fs.rmSync(copy.folder, { recursive: true });
        }
    });

    describe("settings from the environment", () => {
        for (const value of ["http", "80", "70000", "4566.5"]) {
            it(`refuses ${value} as a port and names the variable`, () => {
                const asked = () => withVariable("SANDBOX_AWS_PORT", value, () => ports.aws);
                assert.throws(asked, userError(/^SANDBOX_AWS_PORT is ".*"; give a port from 1024 to 65535/));
            });
        }

        it("moves a port", () => {
            assert.equal(
                withVariable("SANDBOX_GITHUB_PORT", "5001", () => ports.github),
                5001,
            );
        });

        it("refuses a Docker engine on another machine, whose containers could not be reached", () => {
            const asked = () => withVariable("DOCKER_HOST", "tcp://10.0.0.1:2375", dockerHost);
            assert.throws(asked, userError(/DOCKER_HOST is tcp:\/\/10\.0\.0\.1:2375.*unix socket/));
        });
    });

    describe("the cache", () => {
        const target = () => path.join(scratch, "tool");

        it("builds once", async () => {
            const build = (folder: string) => fs.promises.writeFile(path.join(folder, "file"), "");
            assert.deepEqual(await cachedFolder(target(), build), { folder: target(), built: true });
            assert.deepEqual(await cachedFolder(target(), build), { folder: target(), built: false });
            assert.deepEqual(fs.readdirSync(target()), ["file"]);
        });

        it("keeps nothing of a build that failed or was killed", async () => {
            await assert.rejects(
                cachedFolder(target(), () => Promise.reject(new Error("compiler"))),
                /compiler/,
            );
            assert.deepEqual(fs.readdirSync(scratch), []);
            fs.mkdirSync(`${target()}.999999999-1-abcdef`); // the builder's pid is beyond what the kernel hands out
            await cachedFolder(target(), () => Promise.resolve());
            assert.equal(fs.readdirSync(scratch).length, 2); // the folder and the link to it
        });

        it("keeps nothing of a build for which there is no room, and says so", async function () {
            // A file system of its own, which is full at once.
            const small = path.join(scratch, "small");
            fs.mkdirSync(small);
            await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", small]);
            try {
                const write = (folder: string) => run("dd", ["if=/dev/zero", `of=${folder}/tool`, "bs=64k", "count=4"]);
                const failed = cachedFolder(path.join(small, "tool"), (folder) => write(folder).then(() => undefined));
                await assert.rejects(failed, userError(/No space left on device/));
                assert.deepEqual(fs.readdirSync(small), []);
            } finally {
                await run("umount", [small]);
            }
        });

        it("lets the first of two simultaneous builds win", async () => {
            let finished = 0;
            const build = async (folder: string) => {
                await new Promise((resolve) => setTimeout(resolve, 20));
                fs.writeFileSync(path.join(folder, "winner"), String(finished++));
            };
            await Promise.all([cachedFolder(target(), build), cachedFolder(target(), build)]);
            assert.equal(fs.readFileSync(path.join(target(), "winner"), "utf8"), "0");
            assert.equal(fs.readdirSync(scratch).length, 2);
        });

        it("replaces what does not work any more, and a link to a deleted folder", async () => {
            let builds = 0;
            const build = () => Promise.resolve(void builds++);
            await cachedFolder(target(), build);
            await cachedFolder(target(), build, () => Promise.resolve(false));
            assert.equal(builds, 2);
            fs.rmSync(fs.realpathSync(target()), { recursive: true });
            await cachedFolder(target(), build);
            assert.equal(builds, 3);
        });
    });

    describe("the toolchain", () => {
        it("is built anew when what changes its sources has changed", () => {
            const [changing] = recipes.aws.changedBy!;
            assert.match(fs.readFileSync(changing!, "utf8"), /function linkUpstream/);
            const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-test-"));
            const copy = path.join(folder, "awsProvider.ts");
            fs.copyFileSync(changing!, copy);
            const recipe = { ...recipes.aws, changedBy: [copy] };
            assert.equal(keyOf(recipe), keyOf(recipes.aws));
            fs.appendFileSync(copy, "\n");
            assert.notEqual(keyOf(recipe), keyOf(recipes.aws));
            fs.rmSync(folder, { recursive: true });
        });

        it("reads versions from go.mod, in both of its forms", () => {
            const goMod =
                "module m\n\ngo 1.26\n\nrequire example.com/a v1.2.3\n\nrequire (\n\texample.com/b/v2 v2.0.0\n)\n";
            assert.equal(requiredVersion(goMod, "go"), "1.26");
            assert.equal(requiredVersion(goMod, "example.com/a"), "v1.2.3");
            assert.equal(requiredVersion(goMod, "example.com/b/v2"), "v2.0.0");
            assert.throws(() => requiredVersion(goMod, "example.com/b"), /requires no example.com\/b/);
        });

        it("compares versions by number", () => {
            assert.equal(isAtLeast("1.26.8", "1.26"), true);
            assert.equal(isAtLeast("1.26", "1.26.0"), true);
            assert.equal(isAtLeast("1.9.9", "1.26"), false);
            assert.equal(isAtLeast("2.0", "1.26.1"), true);
        });

        it("builds the AWS provider of no source but the one that was pinned", async () => {
            const folder = path.join(scratch, "pulumi");
            fs.cpSync(path.join(checkout, "sandbox/toolchain/pulumi"), folder, { recursive: true });
            const pins = path.join(folder, "upstream.json");
            const text = fs.readFileSync(pins, "utf8");
            fs.writeFileSync(pins, text.replace(/"h1:.{4}/, '"h1:AAAA'));
            await assert.rejects(
                linkUpstream("go", folder, { cwd: folder }),
                userError(/is not what was pinned: its checksum is h1:.*, and not h1:AAAA.*Nothing of it is used/s),
            );
            assert.ok(!fs.existsSync(path.join(folder, "upstream")));
            fs.writeFileSync(pins, text);
            const overlay = await linkUpstream("go", folder, { cwd: folder });
            const { Replace: replaced } = JSON.parse(fs.readFileSync(overlay, "utf8")) as { Replace: object };
            assert.equal(Object.keys(replaced).length, 5);
        });

        it("has the docker-build provider of the SDK's version, which the engine compares", () => {
            const goMod = fs.readFileSync(path.join(checkout, "sandbox/toolchain/pulumi/go.mod"), "utf8");
            const sdkPackage = path.join(checkout, "node_modules/@pulumi/docker-build/package.json");
            const sdk = JSON.parse(fs.readFileSync(sdkPackage, "utf8")) as { version: string };
            assert.equal(requiredVersion(goMod, "github.com/pulumi/pulumi-docker-build"), `v${sdk.version}`);
        });
    });

    describe("Python", () => {
        it("is the first that is recent enough and complete", () => {
            const answers = new Map([
                ["python3", "3 8 1"],
                ["python3.12", "3 12 0"],
                ["python3.11", "3 11 1"],
            ]);
            assert.equal(choosePython(answers), "python3.11");
        });

        it("is missed with what was found and how to get it", () => {
            const answers = new Map([
                ["python3", "3 12 0"],
                ["python", "2 7 0"],
                ["python3.10", undefined],
            ]);
            const expected =
                /^No Python: .*python3 is 3\.12 without the module venv, python is 2\.7, which is too old.*python3-venv/;
            assert.throws(() => choosePython(answers), userError(expected));
            assert.throws(() => choosePython(new Map()), userError(/none is on the PATH/));
        });

        for (const part of ["audit", "aws", "workflow"]) {
            it(`gets every package of sandbox/${part} at an exact version`, () => {
                const text = fs.readFileSync(path.join(checkout, "sandbox", part, "requirements.txt"), "utf8");
                const loose = text.split("\n").filter((line) => line && !/^(#.*|[\w.-]+==[\w.]+)$/.test(line));
                assert.deepEqual(loose, []);
            });
        }
    });

    describe("BuildKit", () => {
        it("has a client that knows its version, without which it ignores what is said of attestations", async () => {
            const { binFolder } = await ensureToolchain(["buildkit"], path.join(scratch, "bin"));
            const [, version] = /\(buildx (.+)\)$/.exec(recipes.buildkit.version())!;
            const told = await run(path.join(binFolder, "buildx"), ["version"]);
            assert.match(told, new RegExp(`^github\\.com/docker/buildx v${version!.replaceAll(".", "\\.")} `));
        });

        it("asks the mirror only where there is one, and uses plain HTTP only where it was told to", () => {
            const insecureRegistries = ["localhost:4566"];
            const real = buildkitdConfig("/s", { registryMirror: undefined, insecureRegistries });
            assert.doesNotMatch(real, /mirrors/);
            assert.deepEqual(real.match(/\[registry.*\]/g), ['[registry."localhost:4566"]']);
            const local = buildkitdConfig("/s", { registryMirror: "127.0.0.1:4568", insecureRegistries });
            for (const host of ["public.ecr.aws", "docker.io"]) {
                assert.ok(local.includes(`[registry."${host}"]\n  mirrors = ["127.0.0.1:4568"]`), local);
            }
            assert.match(local, /\[registry\."127\.0\.0\.1:4568"\]\n\s+http = true/);
        });

        it("finds the mounts that a killed one left, the inner ones first, and no others", () => {
            const mountinfo = [
                "22 1 8:1 / / rw - ext4 /dev/vda rw",
                "31 22 0:5 / /co/.sandbox/buildkit/root/a\\040b rw - overlay overlay rw",
                "32 31 0:6 / /co/.sandbox/buildkit/root/a\\040b/proc rw - proc proc rw",
                "33 22 0:7 / /co/.sandbox/buildkit/roots rw - tmpfs tmpfs rw",
            ].join("\n");
            const root = "/co/.sandbox/buildkit/root";
            assert.deepEqual(mountsBelow(mountinfo, root), [`${root}/a b/proc`, `${root}/a b`]);
        });

        it("has a socket that the kernel accepts, however deep the checkout lies", () => {
            assert.equal(socketPath("b.sock", "/short"), "/short/b.sock");
            const deep = `/${"folder/".repeat(20)}`;
            assert.ok(socketPath("b.sock", deep).length < 108);
            assert.notEqual(socketPath("b.sock", deep), socketPath("b.sock", `${deep}other`));
        });
    });

    describe("progress", () => {
        async function printed(body: () => Promise<unknown>): Promise<string[]> {
            const { log } = console;
            const lines: string[] = [];
            console.log = (line: string) => lines.push(line);
            try {
                await body();
            } finally {
                console.log = log;
            }
            return lines;
        }

        it("is a line with the detail and the time when a step is done", async () => {
            const lines = await printed(() =>
                step(
                    "Build",
                    () => Promise.resolve(3),
                    (n) => `${n} files`,
                ),
            );
            assert.equal(lines.length, 1);
            assert.match(lines[0]!, /^  ✓ Build \(3 files\) \d+\.\d s$/);
        });

        it("is a crossed line when it failed, and the error goes on", async () => {
            const failing = () => step("Build", () => Promise.reject(new UserError("no disk")));
            const lines = await printed(() => assert.rejects(failing, /no disk/));
            assert.match(lines[0]!, /^  ✗ Build \d+\.\d s$/);
        });
    });
});
