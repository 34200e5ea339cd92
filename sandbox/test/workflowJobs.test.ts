/** How the sandbox reads deploy.yml, in which order, and what it gives a runner of each job. No runner runs here. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { foldersOf, type ActionSource } from "../workflow/actions";
import { readWorkflow, type WorkflowDefinition } from "../workflow/definition";
import { decisionFile, jobFile, minutesOf } from "../workflow/jobFiles";
import { reachable } from "../address";
import { setVariables } from "./variables";

const read = (jobs: string, branch = "main"): WorkflowDefinition =>
    readWorkflow(`on: { push: { branches: [main, "release/*"] } }\njobs:\n${jobs}`, "some.yml", branch);

const job = (text: string) => `{ runs-on: linux, steps: [{ run: "true" }], ${text} }`;

interface RunnerJob {
    readonly needs?: readonly string[];
    readonly if?: string;
    readonly environment?: unknown;
    readonly concurrency?: unknown;
    readonly "runs-on": string;
    readonly steps: readonly { readonly run: string; readonly env?: Readonly<Record<string, string>> }[];
}

/** The jobs of a file that a runner gets. */
const jobsIn = (file: object) => (file as { jobs: Readonly<Record<string, RunnerJob>> }).jobs;

describe("a workflow in the sandbox", () => {
    const deploy = readWorkflow(
        fs.readFileSync(path.join(__dirname, "../../.github/workflows/deploy.yml"), "utf8"),
        "deploy.yml",
        "main",
    );

    it("has the jobs of deploy.yml: one that looks for a commit, and after it those that deploy, prod after the others, each with a token, the same steps and an environment", () => {
        assert.deepEqual(
            deploy.jobs.map(({ id, needs, mayAskForToken }) => [id, needs, mayAskForToken]),
            [
                ["commit", [], false],
                ["deploy", ["commit"], true],
                ["dev", ["commit"], true],
                ["prod", ["commit", "deploy", "dev"], true],
            ],
        );
        const [, ...deploying] = deploy.jobs;
        const [first, ...others] = deploying.map(({ text }) => text.steps);
        assert.ok(first!.length > 5);
        others.forEach((steps) => assert.deepEqual(steps, first));
        assert.deepEqual(
            deploying.map(({ text: { environment } }) => (typeof environment === "object" ? environment.name : "")),
            ["", "dev", "prod"],
        );
    });

    it("puts a job after those that it needs, and refuses one that never comes up", () => {
        const text = `  c: ${job("needs: [a, b]")}\n  b: ${job("needs: a")}\n  a: ${job("")}\n`;
        assert.deepEqual(
            read(text).jobs.map(({ id }) => id),
            ["a", "b", "c"],
        );
        assert.throws(
            () => read(`  a: ${job("needs: b")}\n  b: ${job("needs: a")}\n`),
            /wait for each other.*a needs b; b needs a/,
        );
        assert.throws(() => read(`  a: ${job("needs: missing")}\n`), /one that it does not have: a needs missing/);
    });

    it("refuses what it does not run, and a push that GitHub would not run it for", () => {
        assert.throws(
            () => read("  a: { uses: ./.github/workflows/other.yml }\n"),
            /knows no uses of a job: take it out of a/,
        );
        assert.throws(() => read(`  a: ${job("outputs: { a: b }")}\n`), /knows no outputs of a job: take it out of a/);
        assert.throws(() => read(`  a: { runs-on: [self-hosted], steps: [] }\n`), /a job such as a runs on one label/);
        assert.throws(() => read(`  a: ${job("")}\n`, "feature"), /runs for pushes to main, release\/\* only/);
        assert.equal(read(`  a: ${job("")}\n`, "release/2").jobs.length, 1);
        assert.throws(() => readWorkflow("jobs: [", "some.yml", "main"), /The workflow some\.yml cannot be read/);
    });

    it("asks whether a job runs with the results of those before it, and with none of its own steps", () => {
        const results = new Map([
            ["commit", "skipped"],
            ["deploy", "skipped"],
            ["dev", "success"],
        ] as const);
        const prod = deploy.jobs.find(({ id }) => id === "prod")!;
        const jobs = jobsIn(decisionFile(deploy, prod, results));
        const asked = String(prod.text.if)
            .replaceAll("needs.commit.result", "'skipped'")
            .replaceAll("needs.deploy.result", "'skipped'")
            .replaceAll("needs.dev.result", "'success'");
        assert.deepEqual(
            Object.entries(jobs).map(([id, { needs, if: condition, steps }]) => [id, needs, condition, steps[0]!.run]),
            [
                ["commit", undefined, "false", "false"],
                ["deploy", ["commit"], "false", "false"],
                ["dev", ["commit"], "always()", "true"],
                ["prod", ["commit", "deploy", "dev"], asked, jobs.prod!.steps[0]!.run],
            ],
        );
        assert.equal(jobs.prod!.steps.length, 1);
        assert.deepEqual(jobs.prod!.steps[0]!.env, {
            RUNNER: "${{ vars.RUNNER_PROD == 'ubuntu-24.04-arm' && 'ubuntu-24.04-arm' || 'ubuntu-24.04' }}",
            ENVIRONMENT: "prod",
            GROUP: "deploy-prod ${{ github.ref }}",
            CANCEL: "${{ inputs.commit != '' && github.run_attempt == 1 }}",
        });
    });

    it("tells a job what became of those that it needs, in each way to ask for it", () => {
        const { jobs } = read(
            `  a: ${job("")}\n  b-1: ${job("")}\n` +
                `  c: { runs-on: "\${{ needs['b-1'].result }}", needs: [a, b-1], ` +
                `if: "needs.a.result == 'x' && contains(needs.*.result, 'cancelled') && vars.needs.a.results", ` +
                `steps: [{ run: "\${{ needs.a.result }} \${{ needs.other.result }}" }] }\n`,
        );
        const c = jobs.find(({ id }) => id === "c")!;
        const results = new Map([
            ["a", "cancelled"],
            ["b-1", "success"],
        ] as const);
        const asked = jobsIn(decisionFile(read(`  a: ${job("")}\n`), c, results)).c!;
        assert.equal(
            asked.if,
            `'cancelled' == 'x' && contains(fromJSON('["cancelled","success"]'), 'cancelled') && vars.needs.a.results`,
        );
        assert.equal(asked.steps[0]!.env!.RUNNER, "${{ 'success' }}");
        const [step] = jobsIn(jobFile(read(`  a: ${job("")}\n`), c, "linux", results)).c!.steps;
        assert.equal(step!.run, "${{ 'cancelled' }} ${{ needs.other.result }}");
    });

    it("keeps to itself what is GitHub's to do: the concurrency groups, and how long a job may take", () => {
        const { text, jobs } = read(`  a: ${job("timeout-minutes: 5, concurrency: { group: one, queue: max }")}\n`);
        const definition = { text: { ...text, concurrency: "all" }, jobs, actions: [] };
        const files = [
            decisionFile(definition, jobs[0]!, new Map()),
            jobFile(definition, jobs[0]!, "linux", new Map()),
        ];
        for (const file of files) {
            assert.doesNotMatch(JSON.stringify(file), /concurrency|timeout-minutes/);
        }
        assert.equal(jobsIn(files[0]!).a!.steps[0]!.env!.GROUP, "one");
        const [plain] = read(`  a: ${job("")}\n`).jobs;
        assert.equal(jobsIn(decisionFile(definition, plain!, new Map())).a!.steps[0]!.env!.GROUP, "all");
        assert.deepEqual([minutesOf(jobs[0]!), minutesOf(plain!)], [5, 360]);
    });

    it("runs a job alone, with all its steps and one that tells the environment's address", () => {
        for (const each of deploy.jobs) {
            const jobs = jobsIn(jobFile(deploy, each, "linux", new Map()));
            assert.deepEqual(Object.keys(jobs), [each.id]);
            const { needs, if: condition, environment, "runs-on": runner, steps } = jobs[each.id]!;
            assert.deepEqual([needs, condition, environment, runner], [undefined, undefined, undefined, "linux"]);
            const added = each.text.environment === undefined ? [] : ["${{ steps.version.outputs.url }}"];
            assert.deepEqual(steps.slice(0, each.text.steps!.length), each.text.steps);
            assert.deepEqual(
                steps.slice(each.text.steps!.length).map(({ env }) => env?.URL),
                added,
            );
        }
    });

    it("takes its actions from GitHub where that can be reached, from a folder where one is given, and else its own", () => {
        const folders = (source: ActionSource, actions = deploy.actions) =>
            [...foldersOf(actions, source)].map(([action, folder]) => {
                assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
                return path.relative(path.join(__dirname, "../actions"), folder);
            });
        const names = deploy.actions.map((action) => action.split("@")[0]!);
        assert.ok(names.length > 5);
        assert.deepEqual(folders({ offline: true }), names);
        assert.deepEqual(folders({ offline: false }), ["actions/checkout"], "the commit is on this machine only");
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-actions-"));
        try {
            const missing =
                /uses docker\/build-push-action@\w+, and \S+ has no action\.yml: put the action's commit there/;
            const [build] = deploy.actions.filter((action) => action.startsWith("docker/build-push-action@"));
            assert.throws(() => foldersOf([build!], { offline: false, folder }), missing);
            fs.mkdirSync(path.join(folder, "docker/build-push-action"), { recursive: true });
            fs.writeFileSync(path.join(folder, "docker/build-push-action/action.yml"), "");
            assert.deepEqual(
                [...foldersOf([build!], { offline: false, folder }).values()],
                [path.join(folder, "docker/build-push-action")],
            );
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
        assert.throws(
            () => foldersOf(["docker/bake-action@v1"], { offline: true }),
            /no stand-in: write one in \S+docker\/bake-action, or run this where GitHub can be reached/,
        );
        assert.throws(() => foldersOf(["docker://alpine"], { offline: false }), /no action of a repository/);
    });

    it("reaches an app without TLS where it has a domain", () => {
        const restore = setVariables({ SANDBOX_AWS_PORT: "5001" });
        try {
            assert.equal(reachable("https://app.example.com"), "http://app.example.com.localhost:5001");
            assert.equal(reachable("http://main.alb.localhost:5001"), "http://main.alb.localhost:5001");
        } finally {
            restore();
        }
    });
});
