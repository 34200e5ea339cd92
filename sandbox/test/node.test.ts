/** The Node.js that the sandbox runs on, where the machine's is another one. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { checkout } from "../paths";

const { fetched } = createRequire(__filename)("../node.js") as { readonly fetched: string };
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-node-"));
const script = (file: string, content: string) => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content, { mode: 0o755 });
};

/** The words that run this Node.js as another version of itself. */
function nodeThatSays(version: string): readonly [string, ...string[]] {
    const stub = path.join(scratch, `${version}.js`);
    const versions = `{ ...process.versions, node: "${version}" }`;
    const define = (name: string, value: string) => `Object.defineProperty(process, "${name}", { value: ${value} });\n`;
    fs.writeFileSync(stub, define("version", `"v${version}"`) + define("versions", versions));
    return [process.execPath, "--require", stub];
}

/** The machine's own where it has one that is too old but can fetch the right one, else this as one. */
function olderNode(): readonly [string, ...string[]] {
    const installed = process.env.PATH!.split(path.delimiter).map((folder) => path.join(folder, "node"));
    const isOlder = (file: string) =>
        /^v2[01]\./.test(spawnSync(file, ["--version"], { encoding: "utf8" }).stdout ?? "");
    const own = installed.find(isOlder);
    return own === undefined ? nodeThatSays("20.20.2") : [own];
}

describe("the Node.js of the sandbox", () => {
    let cache: string;
    const calls = path.join(scratch, "npm-calls");

    beforeEach(() => {
        cache = fs.mkdtempSync(path.join(scratch, "cache-"));
        fs.rmSync(calls, { force: true });
    });
    after(() => fs.rmSync(scratch, { recursive: true }));

    /** What `sandbox/node.js` says, with an npm whose package has a Node.js of that version, or which fails. */
    function folderFor(version: string, served?: string) {
        const bin = path.join(scratch, "bin");
        const node = `"$2/node_modules/node-linux-${process.arch}/bin`;
        const put = `mkdir -p ${node}" && printf '#!/bin/sh\\necho v${served}\\n' >${node}/node" && chmod +x ${node}/node"`;
        const npm = `echo "$@" >>${calls}\nwhile [ "$1" != --prefix ]; do shift; done\n${served ? put : "exit 1"}\n`;
        script(path.join(bin, "npm"), `#!/bin/sh\n${npm}`);
        const [command, ...args] = nodeThatSays(version);
        const env = { ...process.env, PATH: [bin, process.env.PATH].join(path.delimiter), XDG_CACHE_HOME: cache };
        const program = path.join(checkout, "sandbox/node.js");
        const { status, stdout, stderr } = spawnSync(command, [...args, program], { env, encoding: "utf8" });
        const asked = fs.existsSync(calls) ? fs.readFileSync(calls, "utf8").trim().split("\n") : [];
        return { status, stdout: stdout.trim(), stderr, asked };
    }
    const kept = () => fs.readdirSync(cache, { recursive: true, encoding: "utf8" }).sort();

    it("is the one that runs, from 22 on", () => {
        for (const version of ["22.0.0", "26.1.0"]) {
            const { status, stdout, asked } = folderFor(version, fetched);
            assert.deepEqual([status, stdout, asked], [0, path.dirname(process.execPath), []]);
        }
    });

    it("is fetched once where the machine's is 20", () => {
        const home = `fargate-cicd/node-${fetched}-${process.arch}`;
        for (let time = 0; time < 2; time++) {
            const { status, stdout, asked } = folderFor("20.20.2", fetched);
            assert.deepEqual([status, stdout, asked.length], [0, path.join(cache, home, "bin"), 1]);
            assert.match(asked[0]!, new RegExp(` node-linux-${process.arch}@${fetched}$`));
        }
        assert.deepEqual(kept(), ["fargate-cicd", home, `${home}/bin`, `${home}/bin/node`]);
    });

    it("is complete or not there, and it is said how to get one", () => {
        for (const [served, why] of [
            [undefined, /Fetching it did not work: Command failed: npm install/],
            ["24.0.0", /Fetching it did not work: npm's node-linux-\w+@\S+ says that it is v24\.0\.0/],
        ] as const) {
            const { status, stderr } = folderFor("20.20.2", served);
            assert.equal(status, 1);
            assert.match(
                stderr,
                /needs Node\.js 22 or newer, and this is v20\.20\.2\. Install Node\.js 24.*nvm install 24/,
            );
            assert.match(stderr, why);
            assert.deepEqual(kept(), ["fargate-cicd"]);
        }
    });

    it("is not fetched by one that npm does not run on, and it is said how to get one", () => {
        const { status, stderr, asked } = folderFor("18.19.0", fetched);
        assert.deepEqual([status, asked], [1, []]);
        assert.match(stderr, /^The sandbox needs Node\.js 22 or newer, and this is v18\.19\.0\. .*nvm install 24/);
    });
});

describe("a command of the sandbox that an older Node.js starts", () => {
    const older = olderNode();
    /** Where the right one has been fetched: this. */
    const cache = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-start-"));
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    const bin = path.join(cache, `fargate-cicd/node-${fetched}-${process.arch}/bin`);

    before(() => {
        fs.mkdirSync(bin, { recursive: true });
        fs.symlinkSync(process.execPath, path.join(bin, "node"));
    });
    after(() => fs.rmSync(cache, { recursive: true }));

    it("runs on the right one, says the same and ends the same", () => {
        const [command, ...args] = older;
        const words = [path.join(checkout, "sandbox/start.js"), "fly"];
        const { status, stderr } = spawnSync(command, [...args, ...words], { env, encoding: "utf8" });
        assert.match(stderr, /"fly" is not a command of the sandbox/);
        const direct = spawnSync(process.execPath, words, { env, encoding: "utf8" });
        assert.deepEqual([status, stderr], [direct.status, direct.stderr]);
    });

    /** `start.js` with a program of the test's in the place of the sandbox's. */
    function startWith(program: string) {
        const folder = fs.mkdtempSync(path.join(cache, "copy-"));
        script(path.join(folder, "tools/transpile.js"), 'require.extensions[".ts"] = require.extensions[".js"];');
        script(path.join(folder, "sandbox/main.ts"), program);
        for (const file of ["node.js", "start.js"]) {
            fs.copyFileSync(path.join(checkout, "sandbox", file), path.join(folder, "sandbox", file));
        }
        const [command, ...args] = older;
        return spawn(command, [...args, path.join(folder, "sandbox/start.js")], { env, detached: true });
    }

    it("decides itself when it has ended after Ctrl-C", async () => {
        const child = startWith(`
            process.on("SIGINT", () => setTimeout(() => process.exit(7), 300));
            setTimeout(() => process.exit(1), 20_000);
            console.log("runs");`);
        await once(child.stdout, "data");
        process.kill(-child.pid!, "SIGINT"); // as a terminal does, to the whole group
        assert.deepEqual(await once(child, "close"), [7, null]);
    });

    it("ends as a shell has it where a signal ended the program", async () => {
        assert.deepEqual(await once(startWith('process.kill(process.pid, "SIGKILL");'), "close"), [128 + 9, null]);
    });
});
