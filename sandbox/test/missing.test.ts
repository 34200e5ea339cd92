/** A machine that lacks something: it is told what, and how to get it, and nothing is started. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { CopiedCheckout } from "./copiedCheckout";

describe("a machine without", () => {
    const checkout = new CopiedCheckout();
    /** A PATH with these programs only. */
    const bin = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-bin-"));
    const offer = (...programs: string[]) => {
        for (const program of programs) {
            const found = process.env
                .PATH!.split(":")
                .map((folder) => path.join(folder, program))
                .find((file) => fs.existsSync(file));
            fs.symlinkSync(fs.realpathSync(found!), path.join(bin, program));
        }
    };
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

    it("Docker, where nobody may install it, says so and how to get it, and starts nothing", async () => {
        const nobody = 65534;
        fs.chownSync(checkout.folder, nobody, nobody);
        // Where nobody may look, too: this one may be in root's own folders.
        const node = path.join(checkout.folder, "node", "node");
        fs.mkdirSync(path.dirname(node));
        fs.copyFileSync(process.execPath, node);
        const env = {
            DOCKER_HOST: `unix://${path.join(bin, "no-docker.sock")}`,
            HOME: checkout.folder,
            PATH: [path.dirname(node), process.env.PATH].join(path.delimiter),
        };
        const run = await checkout.run("sandbox:up", env, nobody);
        assert.equal(run.code, 1, run.output);
        assert.match(run.output, /No Docker: .*\bapt-get install docker\.io\b/s);
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
        assert.match(run.output, /Python/);
        assert.match(run.output, /apt-get install|install Python/i);
        nothingIsLeft(run.output);
    });
});
