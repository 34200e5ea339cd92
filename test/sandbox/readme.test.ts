import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { loadSettings, type Settings } from "../../infra/config";
import { run, type RunOptions } from "../../sandbox/machine/run";
import { ensureToolchain } from "../../sandbox/machine/toolchain";
import { commandsOf, isConfiguring } from "../commands";
import { project, projectFolder } from "../settings";
import { CopiedCheckout } from "./copiedCheckout";

const password = "correct-horse-7c21";

describe("the README's commands that configure a stack, with the real CLI", () => {
    let copy: CopiedCheckout;
    let options: RunOptions;
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-readme-"));

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
        const commands = commandsOf(fs.readFileSync(path.join(projectFolder, "README.md"), "utf8"));
        for (const command of commands.filter(isConfiguring)) {
            await run("sh", ["-c", command], { ...options, input: password }); // what is typed for a secret
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
        const own = Object.keys(values).filter((key) => key.startsWith(`${project.name}:`));
        return loadSettings({
            get: (key) => values[`${project.name}:${key}`]?.value ?? project.config[key]?.default,
            keys: own.map((key) => key.slice(project.name.length + 1)),
            region: values["aws:region"]?.value,
            project: project.name,
            stack,
        });
    }

    it("make a dev stack that the program accepts", async () => {
        const { github } = await settings("dev");
        assert.deepEqual(
            [github.owner, github.repository, github.environment?.name, github.previews],
            ["acme", "shop", "dev", true],
        );
    });

    it("make a prod stack that the program accepts, with what was set on day two", async () => {
        const { github, app, service } = await settings("prod");
        assert.deepEqual(
            [github.environment, github.previews, app.environment, Object.keys(app.secrets)],
            [
                { name: "prod", reviewers: { users: [], teams: ["platform"] } },
                false,
                { LOG_LEVEL: "debug" },
                ["DB_PASSWORD"],
            ],
        );
        const { minTasks, maxTasks, cpu, memory } = service;
        assert.deepEqual({ minTasks, maxTasks, cpu, memory }, { minTasks: 2, maxTasks: 12, cpu: 512, memory: 1024 });
    });

    it("keep the secret encrypted in the stack's file", () => {
        const file = fs.readFileSync(copy.path("Pulumi.prod.yaml"), "utf8");
        assert.match(file, /DB_PASSWORD:\s+secure: v1:/);
        assert.ok(!file.includes(password));
    });
});
