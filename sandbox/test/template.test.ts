import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { loadSettings, sourceOf } from "../../infra/config";
import { run } from "../machine/run";
import { ensureToolchain } from "../machine/toolchain";
import { CopiedCheckout } from "../checkouts/copiedCheckout";

interface YamlFile {
    readonly name?: string;
    readonly template?: unknown;
    readonly config: Readonly<Record<string, { readonly default?: string }>>;
}

describe("pulumi new, from this repository as a template, its packages not installed", () => {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-new-"));
    const folder = path.join(scratch, "shop");
    const yaml = (name: string) => parse(fs.readFileSync(path.join(folder, name), "utf8")) as YamlFile;

    before(async () => {
        const { binFolder } = await ensureToolchain(["engine"], path.join(scratch, "bin"));
        const state = path.join(scratch, "state");
        fs.mkdirSync(folder);
        fs.mkdirSync(state);
        const env = {
            PATH: [binFolder, path.join(__dirname, "languageHost"), process.env.PATH].join(path.delimiter),
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_HOME: path.join(scratch, "home"),
            PULUMI_CONFIG_PASSPHRASE: "test",
            PULUMI_SKIP_UPDATE_CHECK: "true",
        };
        const answers = ["--name", "shop", "--stack", "prod", "--config", "githubRepository=acme/shop"];
        const template = new CopiedCheckout();
        try {
            fs.unlinkSync(template.path("node_modules")); // a clone has none
            await run("pulumi", ["new", template.folder, "--yes", ...answers], { cwd: folder, env });
        } finally {
            await template.remove();
        }
    });

    after(() => fs.rmSync(scratch, { recursive: true }));

    it("makes a project of the name that was given, and no template any more", () => {
        const { name, template } = yaml("Pulumi.yaml");
        assert.deepEqual([name, template], ["shop", undefined]);
        for (const file of ["index.ts", "infra/config/index.ts", "app/Dockerfile", ".github/workflows/deploy.yml"]) {
            assert.ok(fs.existsSync(path.join(folder, file)), file);
        }
    });

    it("writes what was answered, and the defaults, into the stack's configuration, which the program accepts", () => {
        const { config } = yaml("Pulumi.prod.yaml") as unknown as { config: Record<string, string> };
        assert.deepEqual(config, {
            "aws:region": "ap-northeast-1",
            "shop:createGithubRepository": "false",
            "shop:githubOidcProvider": "create",
            "shop:githubRepository": "acme/shop",
        });
        const declared = yaml("Pulumi.yaml").config;
        const source = sourceOf(config, { project: "shop", stack: "prod", region: config["aws:region"] });
        const settings = loadSettings({ ...source, get: (key) => source.get(key) ?? declared[key]?.default });
        assert.deepEqual([settings.name, settings.github.repository], ["shop-prod", "shop"]);
    });
});
