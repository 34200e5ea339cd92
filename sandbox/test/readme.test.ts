import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { loadSettings, sourceOf, type Settings } from "../../infra/config";
import { run, type RunOptions } from "../machine/run";
import { ensureToolchain } from "../machine/toolchain";
import { commandsOfPages, isConfiguring } from "../../test/commands";
import { project, projectFolder } from "../../test/settings";
import { CopiedCheckout } from "../checkouts/copiedCheckout";

const password = "correct-horse-7c21";

describe("the README's commands that configure a stack, with the real CLI", () => {
    let copy: CopiedCheckout;
    let options: RunOptions;
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-readme-"));
    /** The project that docs/database.md has beside the checkout. */
    const database = path.join(scratch, "database");

    before(async () => {
        copy = new CopiedCheckout();
        const { binFolder } = await ensureToolchain(["engine"], path.join(scratch, "bin"));
        fs.mkdirSync(path.join(scratch, "state"));
        const env = {
            PATH: [binFolder, process.env.PATH].join(path.delimiter),
            PULUMI_BACKEND_URL: `file://${path.join(scratch, "state")}`,
            PULUMI_HOME: path.join(scratch, "home"),
            PULUMI_CONFIG_PASSPHRASE: "test",
            PULUMI_SKIP_UPDATE_CHECK: "true",
        };
        options = { cwd: copy.folder, env };
        fs.mkdirSync(database);
        fs.writeFileSync(path.join(database, "Pulumi.yaml"), "name: database\nruntime: nodejs\n");
        for (const command of commandsOfPages().filter(isConfiguring)) {
            const here = command.replace("-C ../database ", `-C ${database} `);
            await run("sh", ["-c", here], { ...options, input: password }); // what is typed for a secret
        }
    });

    after(async () => {
        await copy.remove();
        fs.rmSync(scratch, { recursive: true });
    });

    /** The settings of a stack, read as the engine hands its configuration to the program. */
    async function settings(stack: string): Promise<Settings> {
        const shown = await run("pulumi", ["config", "--json", "--show-secrets", "--stack", stack], options);
        const values = JSON.parse(shown) as Record<string, { value: string }>;
        const config = Object.fromEntries(Object.entries(values).map(([key, { value }]) => [key, value]));
        const source = sourceOf(config, { project: project.name, stack, region: config["aws:region"] });
        return loadSettings({ ...source, get: (key) => source.get(key) ?? project.config[key]?.default });
    }

    it("make a dev stack that the program accepts", async () => {
        const { github } = await settings("dev");
        assert.deepEqual(
            [github.owner, github.repository, github.environment?.name, github.previews],
            ["acme", "shop", "dev", true],
        );
    });

    it("make a prod stack that the program accepts, with what was set on day two", async () => {
        const { github, environment, secrets, minTasks, maxTasks, cpu, memory } = await settings("prod");
        assert.deepEqual(
            [github.environment, github.previews, environment, Object.keys(secrets)],
            [
                {
                    ...{ name: "prod", reviewers: { users: [], teams: ["platform"] } },
                    ...{ preventSelfReview: false, adminsBypass: true },
                },
                false,
                { LOG_LEVEL: "debug", DB_HOST: "database.abc123.ap-northeast-1.rds.amazonaws.com" },
                ["DB_PASSWORD"],
            ],
        );
        assert.deepEqual({ minTasks, maxTasks, cpu, memory }, { minTasks: 2, maxTasks: 12, cpu: 512, memory: 1024 });
    });

    it("give the database's stack what its program reads", () => {
        const page = fs.readFileSync(path.join(projectFolder, "docs/database.md"), "utf8");
        const read = [...page.matchAll(/\bconfig\.\w+\("(\w+)"\)/g)].map(([, key]) => `database:${key}`);
        const { config } = parse(fs.readFileSync(path.join(database, "Pulumi.dev.yaml"), "utf8")) as { config: object };
        assert.deepEqual(Object.keys(config).sort(), ["aws:region", ...read].sort());
    });

    it("make stacks whose price and picture its other commands show", async () => {
        const told = (command: string) => {
            assert.ok(commandsOfPages().includes(command), command);
            return run("sh", ["-c", command], options);
        };
        assert.match(await told("npm run cost"), /^fargate-cicd-dev in .* US dollars/m);
        assert.match(await told("npm run cost -- --stack prod"), /^fargate-cicd-prod in .* US dollars/m);
        await told("npm run diagram -- --stack dev --out stack.svg");
        const [dev, standard] = ["stack.svg", "docs/architecture.svg"].map((each) =>
            fs.readFileSync(copy.path(each), "utf8"),
        );
        assert.match(dev!, /: the stack fargate-cicd-dev<.*>acme\/shop</s);
        assert.notEqual(dev, standard);
    });

    it("keep the secret encrypted in the stack's file", () => {
        const file = fs.readFileSync(copy.path("Pulumi.prod.yaml"), "utf8");
        assert.match(file, /DB_PASSWORD:\s+secure: v1:/);
        assert.ok(!file.includes(password));
    });
});
