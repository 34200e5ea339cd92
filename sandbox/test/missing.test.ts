/** A machine that lacks something: it is told what, and how to get it, and nothing is started. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { CopiedCheckout } from "../checkouts/copiedCheckout";

describe("a machine without", () => {
    const checkout = new CopiedCheckout();
    /** A PATH with these programs only. */
    const bin = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-bin-"));
    const programAt = (name: string) =>
        process.env
            .PATH!.split(":")
            .map((folder) => path.join(folder, name))
            .find((file) => fs.existsSync(file))!;
    const offer = (...programs: string[]) =>
        programs.forEach((program) => fs.symlinkSync(fs.realpathSync(programAt(program)), path.join(bin, program)));
    before(() => offer("sh", "node", "npm", "env", "cat", "mv", "git", "sed", "ls", "id", "uname"));
    after(async () => {
        fs.rmSync(bin, { recursive: true });
        await checkout.remove();
    });

    const nothingIsLeft = (output: string) => {
        assert.doesNotMatch(output, /\n +at /, "a stack trace");
        assert.deepEqual(checkout.processes(), []);
        assert.ok(!fs.existsSync(checkout.stateFile()), "a stack was made");
    };

    it("root's rights says so, and how to get them, before anything else", async () => {
        const nobody = 65534;
        fs.chownSync(checkout.folder, nobody, nobody);
        // Where nobody may look, too: this one may be in root's own folders.
        const node = path.join(checkout.folder, "node", "node");
        fs.mkdirSync(path.dirname(node));
        fs.copyFileSync(process.execPath, node);
        const env = { HOME: checkout.folder, PATH: [path.dirname(node), process.env.PATH].join(path.delimiter) };
        const run = await checkout.run("sandbox:up", env, nobody);
        assert.equal(run.code, 1, run.output);
        assert.match(run.output, /The sandbox needs root, .*: sudo env "PATH=\$PATH" …/);
        assert.doesNotMatch(run.output, /Prepare this machine/);
        nothingIsLeft(run.output);
        fs.chownSync(checkout.folder, 0, 0);
    });

    it("Docker, and the means to install it, says so and how to get it, and starts nothing", async () => {
        // In a view of the files in which they are no programs: the sandbox looks into the system's own folders, whatever the PATH.
        const hidden = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-hidden-"));
        const hide =
            'for name in dockerd apt-get; do mount --bind /dev/null "$(command -v $name)"; done; exec "$0" "$@"';
        const npm = `#!/bin/sh\nexec unshare --mount sh -c '${hide}' ${programAt("npm")} "$@"\n`;
        fs.writeFileSync(path.join(hidden, "npm"), npm, { mode: 0o755 });
        const run = await checkout.run("sandbox:up", {
            DOCKER_HOST: `unix://${path.join(hidden, "no-docker.sock")}`,
            PATH: [hidden, process.env.PATH].join(path.delimiter),
        });
        fs.rmSync(hidden, { recursive: true });
        assert.equal(run.code, 1, run.output);
        assert.match(run.output, /No Docker: .*no-docker\.sock.*\bapt-get install docker\.io\b/s);
        nothingIsLeft(run.output);
    });

    it("Python says so, how to get it, and starts nothing", async () => {
        // The tools that were built are there; the Python environment is not.
        const cache = path.join(bin, "cache");
        const usual = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "fargate-cicd");
        fs.mkdirSync(path.join(cache, "fargate-cicd"), { recursive: true });
        for (const kept of ["tools", "images"].filter((name) => fs.existsSync(path.join(usual, name)))) {
            fs.symlinkSync(path.join(usual, kept), path.join(cache, "fargate-cicd", kept));
        }
        const run = await checkout.run("sandbox:up", { PATH: bin, XDG_CACHE_HOME: cache });
        assert.equal(run.code, 1, run.output);
        assert.match(run.output, /No Python: .*python3-venv/s);
        nothingIsLeft(run.output);
    });
});
