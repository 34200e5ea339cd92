/** Jobs of a workflow in their order, on the runner itself (act) and with the sandbox's GitHub: what becomes of one after another. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ensureToolchain } from "../machine/toolchain";
import { readWorkflow } from "../workflow/definition";
import { runJobs, type JobReport } from "../workflow/jobs";
import { repo, TestGitHub } from "./githubFixture";

const push = {
    repository: "octo-org/hello-fargate",
    ref: "refs/heads/main",
    sha: "0123456789abcdef0123456789abcdef01234567",
};

describe("the jobs of a workflow", () => {
    let github: TestGitHub;
    let binFolder: string;
    const port = process.env.SANDBOX_GITHUB_PORT;
    before(async () => {
        ({ binFolder } = await ensureToolchain(["act"], path.join(fs.mkdtempSync("/tmp/fargate-cicd-act-"), "bin")));
        fs.writeFileSync(path.join(binFolder, "buildx"), ""); // which no job here calls
    });
    after(() => fs.rmSync(path.dirname(binFolder), { recursive: true }));
    beforeEach(async () => {
        github = await TestGitHub.start();
        process.env.SANDBOX_GITHUB_PORT = new URL(github.url).port;
    });
    afterEach(async () => {
        process.env.SANDBOX_GITHUB_PORT = port;
        if (port === undefined) {
            delete process.env.SANDBOX_GITHUB_PORT;
        }
        await github.stop();
    });

    const out = () => path.join(path.dirname(binFolder), "out");
    /** Runs jobs, each given as the file writes it, and tells what became of each. */
    async function run(jobs: string, over: readonly JobReport[] = []) {
        fs.rmSync(out(), { force: true });
        const definition = readWorkflow(`on: { push: {} }\njobs:\n${jobs}`, "some.yml", "main");
        const { id } = await github.ok("POST /_sandbox/workflow-runs", { ...push, event: "push" });
        const runner = { binFolder, environment: { OUT: out() }, actions: new Map<string, string>() };
        const reports = await runJobs({ id, definition, over, push, runner });
        const { runs } = await github.ok(`GET /_sandbox/workflow-runs?repository=${push.repository}`);
        const recorded = runs[0].jobs.map(({ name, status }: any) => [name, status]);
        return {
            id: id as number,
            statuses: Object.fromEntries(reports.map((each) => [each.id, each.status])),
            failures: reports.flatMap(({ failures = [] }) => failures),
            recorded: Object.fromEntries(recorded) as Record<string, string>,
            written: fs.existsSync(out()) ? fs.readFileSync(out(), "utf8").trim().split("\n") : [],
        };
    }
    const job = (id: string, more: string, ...steps: string[]) =>
        `  ${id}:\n    runs-on: linux\n${more ? `    ${more}\n` : ""}    steps:\n${steps.map((step) => `      - ${step}\n`).join("")}`;
    const say = (text: string) => `run: echo "${text}" >> "$OUT"`;

    // "timeout-minutes" in "Workflow syntax"; the sentence is the one that GitHub annotates such a job with.
    it("end one that takes too long as cancelled, with its steps for that, and what needs it is told so", async () => {
        const { statuses, recorded, failures, written } = await run(
            job(
                "slow",
                "timeout-minutes: 0.03",
                "run: sleep 60",
                say("next"),
                `{ if: cancelled(), ${say("cleaned up")} }`,
            ) +
                job("next", "needs: slow", say("next job")) +
                job("onFailure", "needs: slow\n    if: failure()", say("failure")) +
                job("onCancelled", "needs: slow\n    if: cancelled()", say("whole run cancelled")) +
                job("careless", "needs: slow\n    if: ${{ !failure() && !cancelled() }}", say("careless")) +
                job(
                    "asks",
                    "needs: slow\n    if: always() && needs.slow.result == 'cancelled'",
                    say("${{ needs.slow.result }}"),
                ),
        );
        assert.deepEqual(statuses, {
            slow: "cancelled",
            next: "skipped",
            onFailure: "skipped",
            onCancelled: "skipped",
            careless: "success",
            asks: "success",
        });
        assert.deepEqual(recorded, statuses);
        assert.match(
            failures[0]!,
            /^The job running on runner linux has exceeded the maximum execution time of 0.03 minutes\.$/,
        );
        assert.deepEqual(written, ["cleaned up", "careless", "cancelled"]);
    });

    it("skip what needs one that failed, but not what asks for that", async () => {
        const { statuses, written } = await run(
            job("fails", "", "run: exit 1") +
                job("next", "needs: fails", say("next")) +
                job("after", "needs: next\n    if: failure()", say("after ${{ needs.next.result }}")),
        );
        assert.deepEqual(statuses, { fails: "failure", next: "skipped", after: "success" });
        assert.deepEqual(written, ["after skipped"]);
    });

    it("wait in their concurrency group alone, the newest of them, unless the queue is longer", async () => {
        const reviewers = [{ type: "User", id: 90000002 }];
        await github.ok(`PUT ${repo}/environments/prod`, { reviewers });
        await github.ok(`POST ${repo}/actions/variables`, { name: "GROUP", value: "Prod" });
        const prod = (queue: string) =>
            job(
                "prod",
                `environment: prod\n    concurrency: { group: "\${{ vars.GROUP }}-deploy"${queue} }`,
                say("deployed"),
            );
        const states = async () => {
            const { runs } = await github.ok(`GET /_sandbox/workflow-runs?repository=${push.repository}`);
            return runs.map(({ jobs }: any) => [jobs[0].status, jobs[0].group]).reverse();
        };
        await run(prod(""));
        assert.equal((await run(prod(""))).statuses.prod, "waiting");
        assert.deepEqual(await states(), [
            ["cancelled", "prod-deploy"],
            ["waiting", "prod-deploy"],
        ]);
        await run(prod(", queue: max"));
        assert.deepEqual(
            (await states()).map(([status]: string[]) => status),
            ["cancelled", "waiting", "waiting"],
        );
    });
});
