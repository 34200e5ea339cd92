/** Jobs of a workflow in their order, on the runner itself (act) and with the sandbox's GitHub: what becomes of one after another. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { ensureToolchain } from "../machine/toolchain";
import { checkout } from "../paths";
import { workflowDir } from "../workflow/act";
import { foldersOf } from "../workflow/actions";
import { readWorkflow } from "../workflow/definition";
import { runJobs } from "../workflow/jobs";
import { issuer, region, TestAws, tokenTrust } from "./awsFixture";
import { repo, TestGitHub } from "./githubFixture";
import { setVariables } from "./variables";

const push = {
    repository: "octo-org/hello-fargate",
    ref: "refs/heads/main",
    sha: "0123456789abcdef0123456789abcdef01234567",
};

describe("the jobs of a workflow", () => {
    let github: TestGitHub;
    let binFolder: string;
    let restore: () => void;
    before(async () => {
        ({ binFolder } = await ensureToolchain(["act"], path.join(fs.mkdtempSync("/tmp/fargate-cicd-act-"), "bin")));
        fs.writeFileSync(path.join(binFolder, "buildx"), ""); // which no job here calls
    });
    after(() => fs.rmSync(path.dirname(binFolder), { recursive: true }));
    beforeEach(async () => {
        github = await TestGitHub.start();
        restore = setVariables({ SANDBOX_GITHUB_PORT: new URL(github.url).port });
    });
    afterEach(async () => {
        restore?.();
        await github?.stop();
    });

    const out = () => path.join(path.dirname(binFolder), "out");
    /** Runs jobs, each given as the file writes it, and tells what became of each. */
    async function run(jobs: string, more: Readonly<Record<string, string>> = {}) {
        fs.rmSync(out(), { force: true });
        const definition = readWorkflow(`on: { push: {} }\njobs:\n${jobs}`, "some.yml", "main");
        const { id } = await github.ok("POST /_sandbox/workflow-runs", { ...push, event: "push" });
        const actions = foldersOf(definition.actions, { offline: true });
        const runner = { binFolder, awsFolder: binFolder, environment: { OUT: out(), ...more }, actions };
        const reports = await runJobs({ id, definition, over: [], push: { ...push, attempt: 1 }, runner });
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
                "timeout-minutes: 0.1",
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
            /^The job running on runner linux has exceeded the maximum execution time of 0.1 minutes\.$/,
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

    it("of deploy.yml reach prod only where nothing before it failed, was cancelled or took too long", async () => {
        const { jobs } = parse(fs.readFileSync(path.join(checkout, ".github/workflows/deploy.yml"), "utf8"));
        const only = ({ needs, if: condition, "runs-on": runner }: any) => ({
            needs,
            if: condition,
            "runs-on": runner,
            steps: [{ run: "true" }],
        });
        const prodAfter = async (dev: object) => {
            const commit = { ...only(jobs.commit), "runs-on": "linux" };
            const all = {
                commit,
                deploy: only(jobs.deploy),
                dev: { ...only(jobs.dev), ...dev },
                prod: only(jobs.prod),
            };
            const text = Object.entries(all).map(([id, each]) => `  ${id}: ${JSON.stringify(each)}\n`);
            const { deploy, dev: before, prod } = (await run(text.join(""))).statuses;
            return [deploy, before, prod];
        };
        const variable = (name: string) => github.ok(`POST ${repo}/actions/variables`, { name, value: "linux" });
        await variable("RUNNER_PROD");
        assert.deepEqual(await prodAfter({}), ["skipped", "skipped", "success"]);
        await variable("RUNNER_DEV");
        assert.deepEqual(await prodAfter({}), ["skipped", "success", "success"]);
        const failing = { steps: [{ run: "exit 1" }] };
        assert.deepEqual(await prodAfter(failing), ["skipped", "failure", "skipped"]);
        const slow = { "timeout-minutes": 0.1, steps: [{ run: "sleep 60" }] };
        assert.deepEqual(await prodAfter(slow), ["skipped", "cancelled", "skipped"]);
    });

    it("hold their concurrency group while a reviewer is waited for, with the newest behind unless the queue is longer, or are cancelled for another", async () => {
        const reviewers = [{ type: "User", id: 90000002 }];
        await github.ok(`PUT ${repo}/environments/prod`, { reviewers });
        await github.ok(`POST ${repo}/actions/variables`, { name: "GROUP", value: "Prod" });
        const prod = (more: string) =>
            job(
                "prod",
                `environment: prod\n    concurrency: { group: "\${{ vars.GROUP }}-deploy"${more} }`,
                say("deployed"),
            );
        const states = async () => {
            const { runs } = await github.ok(`GET /_sandbox/workflow-runs?repository=${push.repository}`);
            return runs.map(({ jobs }: any) => [jobs[0].status, jobs[0].group]).reverse();
        };
        assert.equal((await run(prod(""))).statuses.prod, "waiting");
        await run(prod(""));
        assert.equal((await run(prod(", cancel-in-progress: false"))).statuses.prod, "pending");
        assert.deepEqual(await states(), [
            ["waiting", "prod-deploy"],
            ["cancelled", "prod-deploy"],
            ["pending", "prod-deploy"],
        ]);
        const statuses = async () => (await states()).map(([status]: string[]) => status);
        await run(prod(", queue: max"));
        assert.deepEqual(await statuses(), ["waiting", "cancelled", "pending", "pending"]);
        await run(prod(", cancel-in-progress: \"${{ vars.GROUP == 'prod' }}\""));
        assert.deepEqual(await statuses(), ["cancelled", "cancelled", "cancelled", "cancelled", "waiting"]);
    });

    it("are in AWS and its registry as the role that their token opens, and out again when they are over", async () => {
        const aws = await TestAws.start(`${github.url}/.well-known/jwks`);
        try {
            await aws.as().iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
            const role = await aws.role("deploy", tokenTrust, [{ Action: "ecr:GetAuthorizationToken", Resource: "*" }]);
            const other = {
                ...tokenTrust,
                Condition: { StringEquals: { "token.actions.githubusercontent.com:sub": "x" } },
            };
            const closed = await aws.role("closed", other, []);
            const [assume, login] = ["configure-aws-credentials", "amazon-ecr-login"].map(
                (name) => `aws-actions/${name}@v1`,
            );
            const steps = (roleToAssume: string) => [
                `{ name: Assume, uses: ${assume}, with: { role-to-assume: "${roleToAssume}", aws-region: ${region} } }`,
                `{ id: ecr, uses: ${login} }`,
                say("${{ steps.ecr.outputs.registry }} ${AWS_SESSION_TOKEN:+has a session}"),
                'run: cp "$DOCKER_CONFIG/config.json" "$OUT.json"',
            ];
            const permissions = "permissions: { id-token: write }";
            const environment = {
                SANDBOX_CHECKOUT: checkout,
                AWS_ENDPOINT_URL: aws.endpoint,
                AWS_EC2_METADATA_DISABLED: "true",
                AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
                DOCKER_HOST: aws.docker,
            };
            const logins = (file: string) => Object.keys(JSON.parse(fs.readFileSync(file, "utf8")).auths ?? {});
            const deployed = await run(job("deploy", permissions, ...steps(role)), environment);
            assert.deepEqual([deployed.statuses, deployed.failures], [{ deploy: "success" }, []]);
            assert.deepEqual(deployed.written, [`${aws.registry} has a session`]);
            assert.deepEqual(logins(`${out()}.json`), [aws.registry]);
            assert.deepEqual(logins(path.join(workflowDir, "docker/config.json")), []);

            const kept = job("refused", permissions, ...steps(closed)) + job("tokenless", "", ...steps(role));
            const { statuses, failures } = await run(kept, environment);
            assert.deepEqual(statuses, { refused: "failure", tokenless: "failure" });
            assert.deepEqual(failures, [
                "Assume: Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity",
                "Assume: Credentials could not be loaded, please check your action inputs: Could not load credentials from any providers",
            ]);
        } finally {
            await aws.stop();
        }
    });
});
