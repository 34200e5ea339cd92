/** A machine that reaches the internet, which is a server of this test: it has the plugins and the tools as their projects release them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { cachedFolder } from "../machine/cached";
import { recipes } from "../machine/recipes";
import { download } from "../machine/releases";
import { isAnswering, tableOf, whatIsReachable } from "../machine/sources";
import { ensureToolchain } from "../machine/toolchain";
import { versionOf } from "../npm";
import { cacheDir, checkout } from "../paths";
import { UserError } from "../progress";
import { CopiedCheckout, fetchPage } from "../checkouts/copiedCheckout";
import { setVariables } from "./variables";

const plugins = ["aws", "awsx", "docker-build", "github"] as const;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-downloads-"));

/** What Pulumi's site and GitHub serve, and what was asked of them. */
class Internet {
    readonly files = new Map<string, Buffer>();
    readonly asked: string[] = [];
    /** Breaks the answer off half-way. */
    breaksOff: RegExp | undefined;
    private readonly server = http.createServer((request, response) => {
        const { pathname } = new URL(request.url!, "http://localhost");
        this.asked.push(pathname);
        const content = this.files.get(pathname) ?? this.described(pathname);
        if (!content) {
            response.writeHead(404).end();
        } else if (this.breaksOff?.test(pathname)) {
            response.writeHead(200, { "content-length": content.length });
            response.write(content.subarray(0, content.length / 2), () => response.destroy());
        } else {
            response.writeHead(200, { "content-length": content.length }).end(content);
        }
    });

    async start(): Promise<void> {
        await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    }

    get url(): string {
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    /** A release as GitHub's API describes it, with the digests of its files. */
    private described(pathname: string): Buffer | undefined {
        const [, repository, version] = /^\/repos\/(.+)\/releases\/tags\/(.+)$/.exec(pathname) ?? [];
        const prefix = `/${repository}/${version}/`;
        const files = [...this.files].filter(([name]) => name.startsWith(prefix));
        const assets = files.map(([name, content]) => ({
            name: name.slice(prefix.length),
            digest: `sha256:${createHash("sha256").update(content).digest("hex")}`,
            browser_download_url: this.url + name,
        }));
        return repository ? Buffer.from(JSON.stringify({ assets })) : undefined;
    }

    stop(): void {
        this.server.closeAllConnections();
        this.server.close();
    }
}

/** A .tar.gz of files of a folder. */
function archive(folder: string, ...files: string[]): Buffer {
    const { stdout, status } = spawnSync("tar", ["-czhf", "-", "-C", folder, ...files], { maxBuffer: 2 ** 30 });
    assert.equal(status, 0);
    return stdout;
}

describe("where the internet can be reached", () => {
    const internet = new Internet();
    const built = path.join(scratch, "built");
    let installed: string;
    /** With an older CLI and a plugin of no known version. */
    const unfit = path.join(scratch, "unfit");
    const wasUsed = path.join(scratch, "was-used");

    before(async () => {
        await internet.start();
        await ensureToolchain(["engine", "docker-build", "aws", "github", "buildkit", "act"], built);
        // The Pulumi CLI, as somebody has installed it.
        installed = path.join(scratch, "installed");
        fs.mkdirSync(installed);
        fs.symlinkSync(fs.realpathSync(path.join(built, "pulumi")), path.join(installed, "pulumi"));
        fs.mkdirSync(unfit);
        fs.writeFileSync(path.join(unfit, "pulumi"), "#!/bin/sh\necho v3.0.0\n", { mode: 0o755 });
        const plugin = `#!/bin/sh\necho "$@" >${wasUsed}\nexit 1\n`;
        fs.writeFileSync(path.join(unfit, "pulumi-resource-aws"), plugin, { mode: 0o755 });
        // Pulumi's site has the SDK's own version, which is not the one that can be built.
        const engine = `#!/bin/sh\n[ "$1" = version ] && exec echo v${versionOf("@pulumi/pulumi")}\nexec ${installed}/pulumi "$@"\n`;
        fs.writeFileSync(path.join(built, "engine.sh"), engine, { mode: 0o755 });
        const install = `#!/bin/sh\nmkdir -p "$3/bin" && cp ${built}/engine.sh "$3/bin/pulumi"\n`; // --no-edit-path --install-root $3
        internet.files.set("/install.sh", Buffer.from(install));
        fs.writeFileSync(
            path.join(scratch, "site.js"),
            `const { fetch } = globalThis;
            globalThis.fetch = (url, ...rest) => fetch(String(url).replace("https://get.pulumi.com", "${internet.url}"), ...rest);`,
        );
        // Without awsx's plugin the archive has our stand-in, started from where it is.
        const standIn = path.join(checkout, "sandbox/providers/awsx/pulumi-resource-awsx");
        const script = `#!/bin/sh\nexec ${standIn} "$@"\n`;
        fs.writeFileSync(path.join(built, "pulumi-resource-awsx"), script, { mode: 0o755 });
        for (const name of plugins) {
            const os = `linux-${process.arch === "x64" ? "amd64" : process.arch}`;
            const file = `/pulumi-resource-${name}-v${versionOf(`@pulumi/${name}`)}-${os}.tar.gz`;
            internet.files.set(file, archive(built, `pulumi-resource-${name}`));
        }
        for (const tool of ["buildkit", "act"] as const) {
            for (const { repository, version, asset, executables } of recipes[tool].releases!()) {
                const tree = fs.mkdtempSync(path.join(scratch, "release-"));
                for (const [from, to] of Object.entries(executables)) {
                    fs.mkdirSync(path.dirname(path.join(tree, from)), { recursive: true });
                    fs.copyFileSync(fs.realpathSync(path.join(built, to)), path.join(tree, from));
                }
                const [only] = Object.keys(executables);
                const content = asset.endsWith(".tar.gz")
                    ? archive(tree, only!)
                    : fs.readFileSync(path.join(tree, only!));
                internet.files.set(`/${repository}/${version}/${asset}`, content);
            }
        }
    });

    after(() => {
        internet.stop();
        fs.rmSync(scratch, { recursive: true, force: true });
    });

    const environment = (cache: string) => ({
        PATH: [installed, process.env.PATH].join(path.delimiter),
        SANDBOX_OFFLINE: "0",
        SANDBOX_RELEASES_API: internet.url,
        PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES: `.*=${internet.url}`,
        XDG_CACHE_HOME: cache,
    });

    let remove: (() => Promise<void>) | undefined;
    /** A copy that is gone after the test; what destroys it has the test's environment, as what has started it. */
    function copyWith(env: Record<string, string>): CopiedCheckout {
        const copy = new CopiedCheckout();
        remove = () => copy.remove(env);
        return copy;
    }
    afterEach(async () => {
        internet.breaksOff = undefined;
        await remove?.();
        remove = undefined;
    });

    /** A cache without tools and plugins; Python's packages and the base image are the machine's, which this is not about. */
    function freshCache(): string {
        const cache = fs.mkdtempSync(path.join(scratch, "cache-"));
        fs.mkdirSync(path.join(cache, "fargate-cicd"));
        for (const name of fs.readdirSync(cacheDir).filter((each) => /^(python|images|node)/.test(each))) {
            fs.symlinkSync(path.join(cacheDir, name), path.join(cache, "fargate-cicd", name));
        }
        return cache;
    }

    it("runs the stack on what it downloads, builds nothing, and says so first", async () => {
        const env = environment(freshCache());
        const copy = copyWith(env);
        const { output, seconds } = await copy.succeed("sandbox:up", env);
        console.log(`      from nothing, with downloads, to the app's page: ${seconds.toFixed(0)} s`);
        const version = recipes.engine.version().replaceAll(".", "\\.");
        assert.match(output, new RegExp(`^\\s*part +here +version\\n +engine +original +${version} \\(${installed}`));
        for (const name of plugins) {
            assert.match(output, new RegExp(`^ +${name} +original +${versionOf(`@pulumi/${name}`)}$`, "m"));
            assert.match(output, new RegExp(`✓ Pulumi provider ${name} \\(downloaded\\)`));
        }
        assert.match(output, /✓ BuildKit \(downloaded\)/);
        assert.doesNotMatch(output, /\(built\)/);
        const { resources } = copy.state().deployment;
        assert.equal((await fetchPage(resources[0].outputs.url)).status, 200);

        const asked = internet.asked.length;
        await copy.succeed("sandbox:up -- --expect-no-changes", env);
        assert.equal(internet.asked.length, asked, internet.asked.slice(asked).join(", "));
    });

    it("says what broke off, keeps nothing of it, and goes on with what is built; what does not fit on the PATH it leaves", async () => {
        const cache = freshCache();
        const tools = path.join(cache, "fargate-cicd", "tools");
        fs.mkdirSync(tools);
        for (const name of fs.readdirSync(path.join(cacheDir, "tools")).filter((each) => !/-release-/.test(each))) {
            fs.symlinkSync(path.join(cacheDir, "tools", name), path.join(tools, name)); // built before
        }
        const env = {
            ...environment(cache),
            PATH: [unfit, process.env.PATH].join(path.delimiter),
            NODE_OPTIONS: `--require ${path.join(scratch, "site.js")}`,
        };
        const copy = copyWith(env);
        internet.breaksOff = /install\.sh|pulumi-resource-github/;
        const { output } = await copy.succeed("sandbox:preview", env);
        for (const title of ["Pulumi engine", "Pulumi provider github"]) {
            const instead = `    It cannot be downloaded, and something else takes its place: [^✓]*(EOF|broke|error|terminated)`;
            assert.match(output, new RegExp(`✗ ${title} .* s\n${instead}`, "is"));
            assert.match(output, new RegExp(`✓ ${title} \\(ready\\)`));
        }
        internet.breaksOff = undefined;
        const again = await copy.succeed("sandbox:preview", env);
        assert.match(again.output, /✓ Pulumi engine \(downloaded\)/);
        assert.match(again.output, /✓ Pulumi provider github \(downloaded\)/);
        assert.ok(!fs.existsSync(wasUsed), "the plugin on the PATH was started");
    });

    describe("a tool's release", () => {
        const [release] = recipes.act.releases!();
        const file = () => `/${release!.repository}/${release!.version}/${release!.asset}`;
        const refusal = (pattern: RegExp) => (error: unknown) =>
            error instanceof UserError && pattern.test(error.message);
        let restore: () => void;
        beforeEach(() => {
            restore = setVariables({ SANDBOX_RELEASES_API: internet.url });
        });
        afterEach(() => restore());
        const into = () => fs.mkdtempSync(path.join(scratch, "target-"));

        it("is its executables, and nothing else", async () => {
            const folder = into();
            await download(release!, folder);
            assert.deepEqual(fs.readdirSync(folder), ["act"]);
            assert.equal(spawnSync(path.join(folder, "act"), ["--version"]).status, 0);
        });

        it("is refused where it is not what its digest says, and nothing of it is kept", async () => {
            const content = internet.files.get(file())!;
            const server = http.createServer((request, response) => {
                const digest = `sha256:${"0".repeat(64)}`;
                const url = `${internet.url}${file()}`;
                response.end(JSON.stringify({ assets: [{ name: release!.asset, digest, browser_download_url: url }] }));
            });
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
            process.env.SANDBOX_RELEASES_API = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
            const target = path.join(scratch, "digest", "act");
            await assert.rejects(
                cachedFolder(target, (folder) => download(release!, folder)),
                refusal(/is not what was released: sha256:/),
            );
            server.close();
            assert.deepEqual(fs.readdirSync(path.dirname(target)), []);
            assert.ok(content.length > 0);
        });

        it("is refused where it breaks off", async () => {
            internet.breaksOff = new RegExp(release!.asset);
            await assert.rejects(download(release!, into()));
        });

        it("is missed by its name", async () => {
            await assert.rejects(
                download({ ...release!, version: "v0.0.0" }, into()),
                refusal(/The release v0\.0\.0 of nektos\/act has no file act_Linux/),
            );
        });
    });

    describe("the choice", () => {
        it("is SANDBOX_OFFLINE's where it is set, without a question", async () => {
            const never = () => assert.fail("asked");
            assert.deepEqual(await whatIsReachable(never, "1"), { pulumi: false, github: false });
            assert.deepEqual(await whatIsReachable(never, "0"), { pulumi: true, github: true });
            await assert.rejects(whatIsReachable(never, "yes"), /SANDBOX_OFFLINE is "yes"/);
        });

        it("is for each site what a short question finds", async () => {
            const pulumiOnly = (url: string) => Promise.resolve(url.includes("pulumi"));
            assert.deepEqual(await whatIsReachable(pulumiOnly, ""), { pulumi: true, github: false });
        });

        it("takes a site for reachable that answers well and in time, and no other", async () => {
            const server = http.createServer(({ url }, response) => {
                if (url !== "/silent") response.writeHead(url === "/well" ? 200 : 403).end();
            });
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
            const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
            const before = Date.now();
            const answers = await Promise.all(
                ["well", "refused", "silent"].map((page) => isAnswering(`${site}/${page}`)),
            );
            assert.deepEqual(answers, [true, false, false]);
            assert.ok(Date.now() - before < 10_000, "it asked for long");
            server.closeAllConnections();
            server.close();
            assert.equal(await isAnswering(site), false); // where nothing listens any more
        });

        it("is shown as a table", () => {
            const table = tableOf([{ name: "awsx", origin: "stand-in", version: "for 3.9.0" }]);
            assert.equal(table, "  part  here      version\n  awsx  stand-in  for 3.9.0");
        });
    });
});
