/** For whom `preview.yml` runs, as act reads its conditions: each job has a step of the test's in the place of its own. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { run } from "../machine/run";
import { ensureToolchain } from "../machine/toolchain";
import { checkout } from "../paths";

const repository = "octo-org/hello-fargate";

describe("the jobs of preview.yml", () => {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-preview-"));
    const file = (name: string, content: object) => {
        fs.writeFileSync(path.join(scratch, name), JSON.stringify(content));
        return path.join(scratch, name);
    };
    let act: string;
    before(async () => {
        const { binFolder } = await ensureToolchain(["act"], path.join(scratch, "bin"));
        act = path.join(binFolder, "act");
    });
    after(() => fs.rmSync(scratch, { recursive: true }));

    /** The jobs that run for a pull request from a repository (none: it was deleted), where the repository's variables are these. */
    async function jobsFor(from: string | undefined, actor: string, variables: object): Promise<string[]> {
        const { on, jobs } = parse(fs.readFileSync(path.join(checkout, ".github/workflows/preview.yml"), "utf8")) as {
            on: unknown;
            jobs: Record<string, { if: string }>;
        };
        const out = fs.mkdtempSync(path.join(scratch, "out-"));
        const stubs = Object.entries(jobs).map(([id, { if: condition }]) => [
            id,
            { if: condition, "runs-on": "linux", steps: [{ run: `touch "${out}/${id}"` }] },
        ]);
        const head = { ref: "change", repo: from === undefined ? null : { full_name: from } };
        const event = { number: 1, pull_request: { number: 1, head, base: { ref: "main" } } };
        const args = [
            ...["pull_request", "--workflows", file("workflow.yml", { on, jobs: Object.fromEntries(stubs) })],
            ...["--eventpath", file("event.json", event), "--actor", actor],
            ...["--var-file", file("variables.yml", variables)],
            ...["--env-file", file("environment.yml", { GITHUB_REPOSITORY: repository }), "--input-file", "/dev/null"],
            ...["--platform", "linux=-self-hosted", "--pull=false", "--no-cache-server", "--no-skip-checkout"],
        ];
        await run(act, args, { cwd: out, env: { HOME: scratch, XDG_CACHE_HOME: scratch, XDG_CONFIG_HOME: scratch } });
        return fs.readdirSync(out).sort();
    }

    const withCloud = { PULUMI_STACK: "dev" };

    it("preview a branch of the repository, where there is a Pulumi Cloud to ask", async () => {
        assert.deepEqual(await jobsFor(repository, "octocat", withCloud), ["preview"]);
        assert.deepEqual(await jobsFor(repository, "octocat", {}), []);
    });

    // GitHub gives its run no variables; a maintainer's stands for one that it would give them.
    it("say to a fork why there is none, by what it can see, and also to one that was deleted since", async () => {
        assert.deepEqual(await jobsFor("stranger/hello-fargate", "stranger", {}), ["fork"]);
        assert.deepEqual(await jobsFor(undefined, "stranger", {}), ["fork"]);
        assert.deepEqual(await jobsFor("stranger/hello-fargate", "octocat", withCloud), ["fork"]);
    });

    it("say to Dependabot why there is none, where there would be one for anybody else", async () => {
        assert.deepEqual(await jobsFor(repository, "dependabot[bot]", withCloud), ["dependabot"]);
        assert.deepEqual(await jobsFor(repository, "dependabot[bot]", {}), []);
    });
});
