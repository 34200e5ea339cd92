import assert from "node:assert/strict";
import { seal } from "../github/server/sealedBox";
import { repo, TestGitHub } from "./githubFixture";

const push = {
    repository: "octo-org/hello-fargate",
    event: "push",
    ref: "refs/heads/main",
    sha: "0123456789abcdef0123456789abcdef01234567",
};

describe("the runs of workflows on the sandbox's GitHub", () => {
    let github: TestGitHub;
    beforeEach(async () => {
        github = await TestGitHub.start();
        await github.ok("POST /_sandbox/reviewers", {
            organization: "octo-org",
            users: ["alice"],
            teams: ["platform"],
        });
        const { id: alice } = await github.ok("GET /users/alice");
        const { id: platform } = await github.ok("GET /orgs/octo-org/teams/platform");
        const branches = { deployment_branch_policy: { protected_branches: false, custom_branch_policies: true } };
        const reviewers = [
            { type: "Team", id: platform },
            { type: "User", id: alice },
        ];
        await github.ok(`PUT ${repo}/environments/dev`, branches);
        await github.ok(`PUT ${repo}/environments/prod`, { ...branches, reviewers });
        for (const environment of ["dev", "prod"]) {
            await github.ok(`POST ${repo}/environments/${environment}/deployment-branch-policies`, { name: "main" });
        }
    });
    afterEach(() => github.stop());

    const start = async (run = push): Promise<number> => (await github.ok("POST /_sandbox/workflow-runs", run)).id;
    const come = (run: number, job: string, environment?: string, concurrency?: object) =>
        github.call(`POST /_sandbox/workflow-runs/${run}/jobs`, {
            job,
            ...(environment && { environment }),
            ...(concurrency && { concurrency }),
        });
    const end = (run: number, job: string, result: string) =>
        github.ok(`PATCH /_sandbox/workflow-runs/${run}/jobs/${job}`, { result });
    const approve = (run: number, reviewer: string, environment = "prod") =>
        github.call(`POST /_sandbox/workflow-runs/${run}/approvals`, { environment, reviewer });
    const jobs = async () => {
        const { runs } = await github.ok(`GET /_sandbox/workflow-runs?repository=${push.repository}`);
        return runs.map(({ id, jobs: all }: any) => [id, ...all.map(({ name, status }: any) => `${name} ${status}`)]);
    };
    const subject = async ({ requestUrl, requestToken }: any): Promise<string> => {
        const target = `${requestUrl}&audience=sts.amazonaws.com`.slice(github.url.length);
        const { body } = await github.call(`GET ${target}`, undefined, `Bearer ${requestToken}`);
        return JSON.parse(Buffer.from(body.value.split(".")[1], "base64url").toString()).sub;
    };

    it("give each job the token of its environment", async () => {
        const run = await start();
        const alone = await come(run, "deploy");
        const dev = await come(run, "dev", "dev");
        assert.deepEqual([alone.status, dev.status], [201, 201]);
        assert.equal(await subject(alone.body), "repo:octo-org/hello-fargate:ref:refs/heads/main");
        assert.equal(await subject(dev.body), "repo:octo-org/hello-fargate:environment:dev");
    });

    it("hold a job for a reviewer of its environment, and nobody else lets it through", async () => {
        const run = await start();
        const held = await come(run, "prod", "prod");
        assert.deepEqual([held.status, held.body], [202, { waitsFor: ["octo-org/platform", "alice"], replaced: [] }]);
        const refusals: [answer: { status: number; body: any }, reason: RegExp][] = [
            [await approve(run, "bob"), /bob is not a reviewer of prod: octo-org\/platform, alice can approve/],
            [await approve(run, "alice", "dev"), /No job of run \d+ waits to enter dev/],
            [await github.call("POST /_sandbox/runs", { ...push, environment: "prod" }), /only after a review/],
        ];
        for (const [{ status, body }, reason] of refusals) {
            assert.equal(status, 422);
            assert.match(body.message, reason);
        }
        assert.equal((await come(run, "prod", "prod")).status, 202);
        assert.equal((await approve(run, "alice")).status, 204);
        const entered = await come(run, "prod", "prod");
        assert.equal(entered.status, 201);
        assert.equal(await subject(entered.body), "repo:octo-org/hello-fargate:environment:prod");
        assert.match((await come(run, "prod", "prod")).body.message, /The job prod of run \d+ has started already/);
    });

    // dotnet/docs#28144 and stx-labs/explorer#459 on GitHub.
    it("hold their concurrency group while they wait for a reviewer: of those behind only the newest stays, and is reviewed next", async () => {
        const group = { group: "Deploy-prod" };
        const [first, second, third] = [await start(), await start(), await start()];
        assert.deepEqual((await come(first, "prod", "prod", group)).body.heldBy, undefined);
        await come(second, "dev", "dev", { group: "deploy-dev" });
        const held = await come(second, "prod", "prod", { group: "deploy-PROD", queue: "single" });
        assert.deepEqual([held.status, held.body.heldBy, held.body.replaced], [202, first, []]);
        assert.equal((await approve(second, "alice")).status, 422, "nobody is asked");
        assert.deepEqual((await come(third, "prod", "prod", group)).body.replaced, [second]);
        assert.deepEqual(await jobs(), [
            [third, "prod pending"],
            [second, "dev in_progress", "prod cancelled"],
            [first, "prod waiting"],
        ]);
        assert.equal((await approve(first, "alice")).status, 204);
        assert.equal((await come(first, "prod", "prod", group)).status, 201);
        assert.equal((await approve(third, "alice")).status, 422, "the first is in progress");
        await end(first, "prod", "success");
        assert.deepEqual((await jobs())[0], [third, "prod waiting"]);
        assert.equal((await approve(third, "alice")).status, 204);
        assert.equal((await come(third, "prod", "prod", group)).status, 201);
    });

    it("give their concurrency group up when their review is rejected, and to one that cancels what is in progress at once", async () => {
        const group = { group: "deploy-prod" };
        const [first, second, third, back] = [await start(), await start(), await start(), await start()];
        await come(first, "prod", "prod", group);
        await come(second, "prod", "prod", group);
        await end(first, "prod", "failure");
        assert.deepEqual((await jobs())[2], [second, "prod waiting"]);
        await come(third, "prod", "prod", group);
        const { body } = await come(back, "prod", "prod", { ...group, cancelInProgress: true });
        assert.deepEqual([body.heldBy, body.replaced], [undefined, [second, third]]);
        const statuses = (await jobs()).map(([, status]: string[]) => status);
        assert.deepEqual(statuses, ["prod waiting", "prod cancelled", "prod cancelled", "prod failure"]);
    });

    it("wait side by side where there is no group, and one behind the other where the queue is longer", async () => {
        const runs = [await start(), await start(), await start(), await start()];
        const queue = { group: "deploy-prod", queue: "max" };
        for (const run of runs.slice(0, 3)) {
            assert.deepEqual((await come(run, "prod", "prod", queue)).body.replaced, []);
        }
        assert.deepEqual((await come(runs[3]!, "prod", "prod")).body.replaced, []);
        const statuses = async () => (await jobs()).map(([, status]: string[]) => status).reverse();
        assert.deepEqual(await statuses(), ["prod waiting", "prod pending", "prod pending", "prod waiting"]);
        await end(runs[0]!, "prod", "success");
        assert.deepEqual(await statuses(), ["prod success", "prod waiting", "prod pending", "prod waiting"]);
        const odd = await come(await start(), "prod", "prod", { group: "a", queue: "min" });
        assert.match(odd.body.message, /"min" is not a possible value. Must be one of the following: "single", "max"/);
    });

    describe("of somebody who may not write to the repository", () => {
        const pullRequest = { ...push, event: "pull_request", ref: "refs/pull/1/merge" };
        const fork = { head: "mallory/hello-fargate" };
        const dependabot = { actor: "dependabot[bot]" };

        const values = (more: Record<string, string>) =>
            github.ok(
                `GET /_sandbox/secrets?${new URLSearchParams({ repository: push.repository, ...more }).toString()}`,
            );

        beforeEach(async () => {
            for (const [at, suffix] of [
                [`${repo}/actions`, ""],
                [`${repo}/environments/dev`, "_DEV"],
            ]) {
                const { key, key_id } = await github.ok(`GET ${at}/secrets/public-key`);
                await github.ok(`PUT ${at}/secrets/ROLE${suffix}`, { key_id, encrypted_value: seal("arn", key) });
                await github.ok(`POST ${at}/variables`, { name: `STACK${suffix}`, value: "dev" });
            }
        });

        it("get neither secrets nor variables from a fork, nor the right to ask for a token", async () => {
            for (const place of [{}, { environment: "dev" }] as Record<string, string>[]) {
                assert.deepEqual(await values({ ...place, ...fork }), { secrets: {}, variables: {} });
            }
            assert.deepEqual(Object.keys((await values({ head: push.repository.toUpperCase() })).secrets), ["ROLE"]);
            const run = await start({ ...pullRequest, ...fork });
            assert.deepEqual(
                [(await come(run, "fork")).body, await jobs()],
                [{ runId: run, replaced: [] }, [[run, "fork in_progress"]]],
            );
            assert.deepEqual(Object.keys(await github.ok("POST /_sandbox/runs", { ...pullRequest, ...fork })), [
                "runId",
            ]);
            const odd = await github.call("POST /_sandbox/workflow-runs", { ...push, ...fork });
            assert.match(odd.body.message, /only a pull request comes from another/);
        });

        it("get variables and a token but no secrets where Dependabot has started them", async () => {
            const found = await values({ ...dependabot, environment: "dev" });
            assert.deepEqual(found, { secrets: {}, variables: { STACK: "dev", STACK_DEV: "dev" } });
            const token = await github.ok("POST /_sandbox/runs", { ...pullRequest, ...dependabot });
            assert.equal(await subject(token), "repo:octo-org/hello-fargate:pull_request");
        });
    });

    it("let no branch into an environment that is not the environment's, nor any job into one that is not there", async () => {
        const run = await start({ ...push, ref: "refs/heads/feature" });
        assert.equal((await come(run, "deploy")).status, 201);
        const refused = await come(run, "dev", "dev");
        assert.deepEqual([refused.status, /Branch "feature" is not allowed/.test(refused.body.message)], [422, true]);
        assert.match((await come(run, "stage", "staging")).body.message, /has no environment "staging"/);
    });

    it("keep what became of each job over a restart", async () => {
        const run = await start();
        await come(run, "dev", "dev");
        await github.ok(`PATCH /_sandbox/workflow-runs/${run}/jobs/dev`, { result: "success", url: "http://dev" });
        await github.ok(`PATCH /_sandbox/workflow-runs/${run}/jobs/deploy`, { result: "skipped" });
        await come(run, "prod", "prod");
        await github.restart();
        assert.deepEqual(await jobs(), [[run, "dev success", "deploy skipped", "prod waiting"]]);
        const odd = await github.call(`PATCH /_sandbox/workflow-runs/${run}/jobs/dev`, { result: "perhaps" });
        assert.match(
            odd.body.message,
            /"perhaps" is not a possible value. .* "success", "failure", "skipped", "cancelled"/,
        );
        assert.equal((await come(run + 1, "dev")).status, 404);
    });

    it("have reviewers of an organization only, as it has them, and up to six for an environment", async () => {
        const add = (body: object) => github.call("POST /_sandbox/reviewers", body);
        const { id } = await github.ok("GET /users/alice");
        assert.equal((await add({ organization: "octo-org", users: ["ALICE"], teams: [] })).status, 204);
        assert.equal((await github.ok("GET /users/ALICE")).id, id);
        assert.equal((await add({ organization: "alice", users: [], teams: ["a"] })).status, 422);
        assert.equal((await add({ organization: "octo-org", users: ["a b"], teams: [] })).status, 422);
        assert.equal((await github.call("GET /orgs/octo-org/teams/leads")).status, 404);
        const { id: organization } = await github.ok("GET /orgs/octo-org");
        for (const reviewers of [[{ type: "User", id: organization }], Array(7).fill({ type: "User", id })]) {
            const { status, body } = await github.call(`PUT ${repo}/environments/prod`, { reviewers });
            assert.deepEqual([status, /no reviewer|up to six/.test(body.message)], [422, true]);
        }
    });
});
