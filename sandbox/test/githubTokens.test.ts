import { strict as assert } from "assert";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { repo, TestGitHub } from "./githubFixture";

const issuer = "https://token.actions.githubusercontent.com";
const push = {
    repository: "octo-org/hello-fargate",
    event: "push",
    ref: "refs/heads/main",
    sha: "0123456789abcdef0123456789abcdef01234567",
};

describe("the OIDC issuer of the sandbox's GitHub", () => {
    let github: TestGitHub;
    before(async () => {
        github = await TestGitHub.start();
        const policy = { protected_branches: false, custom_branch_policies: true };
        await github.ok(`PUT ${repo}/environments/prod`, { deployment_branch_policy: policy });
        for (const name of ["main", "release/*"]) {
            await github.ok(`POST ${repo}/environments/prod/deployment-branch-policies`, { name });
        }
    });
    after(() => github.stop());

    /** The token that a job of this run gets, as the actions' toolkit asks for it. */
    const tokenOf = async (run: object, audience = "sts.amazonaws.com"): Promise<string> => {
        const { requestUrl, requestToken } = await github.ok("POST /_sandbox/runs", run);
        const target = `${requestUrl}&audience=${encodeURIComponent(audience)}`.slice(github.url.length);
        const answer = await github.call(`GET ${target}`, undefined, `Bearer ${requestToken}`);
        assert.equal(answer.status, 200);
        return answer.body.value;
    };

    const verify = async (token: string) => {
        const configuration = await github.ok("GET /.well-known/openid-configuration");
        const keys = createRemoteJWKSet(new URL(configuration.jwks_uri));
        return jwtVerify(token, keys, { issuer: configuration.issuer, audience: "sts.amazonaws.com" });
    };

    it("signs a token with GitHub's claims, good for five minutes", async () => {
        const { payload, protectedHeader } = await verify(await tokenOf({ ...push, environment: "prod" }));
        assert.equal(protectedHeader.alg, "RS256");
        const { iat = 0, exp = 0, nbf = 0, jti, run_id, ...claims } = payload;
        assert.deepEqual([exp - iat, nbf <= iat, typeof jti, typeof run_id], [300, true, "string", "string"]);
        const workflow = ".github/workflows/deploy.yml";
        assert.deepEqual(claims, {
            iss: issuer,
            aud: "sts.amazonaws.com",
            sub: "repo:octo-org/hello-fargate:environment:prod",
            repository: "octo-org/hello-fargate",
            repository_id: "80000001",
            repository_owner: "octo-org",
            repository_owner_id: "90000001",
            repository_visibility: "public",
            actor: "sandbox-user",
            actor_id: "90000002",
            event_name: "push",
            ref: "refs/heads/main",
            ref_type: "branch",
            ref_protected: "false",
            base_ref: "",
            head_ref: "",
            sha: push.sha,
            run_number: "1",
            run_attempt: "1",
            runner_environment: "github-hosted",
            workflow: "deploy",
            workflow_ref: `octo-org/hello-fargate/${workflow}@refs/heads/main`,
            workflow_sha: push.sha,
            job_workflow_ref: `octo-org/hello-fargate/${workflow}@refs/heads/main`,
            job_workflow_sha: push.sha,
            environment: "prod",
        });
    });

    for (const [subject, names] of [
        ["name", "octo-org/hello-fargate"],
        ["immutable", "octo-org@90000001/hello-fargate@80000001"],
    ] as const) {
        for (const [what, run, rest] of [
            ["a push", push, "ref:refs/heads/main"],
            ["a run by hand", { ...push, event: "workflow_dispatch" }, "ref:refs/heads/main"],
            ["a tag", { ...push, event: "tag", ref: "refs/tags/v1" }, "ref:refs/tags/v1"],
            ["a pull request", { ...push, event: "pull_request", ref: "refs/pull/7/merge" }, "pull_request"],
            ["an environment", { ...push, environment: "prod" }, "environment:prod"],
        ] as const) {
            it(`gives ${what} the subject of the ${subject} form`, async () => {
                const { sub } = decodeJwt(await tokenOf({ ...run, subject }));
                assert.equal(sub, `repo:${names}:${rest}`);
            });
        }
    }

    it("gives the immutable form to a repository that was made here, unless it is told", async () => {
        const { id } = await github.ok("POST /orgs/octo-org/repos", { name: "new" });
        const run = { ...push, repository: "octo-org/new" };
        assert.equal(decodeJwt(await tokenOf(run)).sub, `repo:octo-org@90000001/new@${id}:ref:refs/heads/main`);
        const named = decodeJwt(await tokenOf({ ...run, subject: "name" }));
        assert.equal(named.sub, "repo:octo-org/new:ref:refs/heads/main");
    });

    it("uses the owner's address as audience where the job names none", async () => {
        const { requestUrl, requestToken } = await github.ok("POST /_sandbox/runs", push);
        const target = requestUrl.slice(github.url.length);
        const answer = await github.call(`GET ${target}`, undefined, `bearer ${requestToken}`);
        assert.equal(decodeJwt(answer.body.value).aud, "https://github.com/octo-org");
    });

    it("gives a token to no one but a running job, also after a restart", async () => {
        for (const authorization of [null, "Bearer sandbox-token", "Bearer constructor"]) {
            const { status } = await github.call("GET /_actions/id-token?audience=x", undefined, authorization);
            assert.equal(status, 401);
        }
        const { requestToken } = await github.ok("POST /_sandbox/runs", push);
        await github.restart();
        const again = await github.call("GET /_actions/id-token?audience=x", undefined, `Bearer ${requestToken}`);
        assert.equal(again.status, 200);
    });

    it("starts no run that GitHub would not start", async () => {
        const inProd = { ...push, environment: "prod" };
        await tokenOf({ ...inProd, ref: "refs/heads/release/1.2" });
        for (const [run, said] of [
            [{ ...push, repository: "octo-org/none" }, /no repository "octo-org\/none"/],
            [{ ...push, event: "schedule" }, /"schedule" is not a possible value/],
            [{ ...push, ref: "main" }, /"main" is not a ref of the event push/],
            [{ ...push, event: "pull_request" }, /is not a ref of the event pull_request/],
            [{ ...push, sha: "abc" }, /not a commit/],
            [{ ...push, subject: "both" }, /Must be one of the following: "name", "immutable"/],
            [{ ...push, environment: "dev" }, /has no environment "dev"/],
            [{ ...inProd, ref: "refs/heads/feature" }, /Branch "feature" is not allowed to deploy to prod/],
            [{ ...inProd, ref: "refs/heads/release/1/2" }, /is not allowed to deploy to prod/],
            [{ ...inProd, ref: "refs/heads/mainly" }, /is not allowed to deploy to prod/],
            [{ ...inProd, event: "tag", ref: "refs/tags/main" }, /is not allowed to deploy to prod/],
            [{ ...push, colour: 1 }, /"colour" is not a permitted key/],
        ] as const) {
            const { status, body } = await github.call("POST /_sandbox/runs", run);
            assert.equal(status, 422, JSON.stringify(run));
            assert.match(body.message, said);
        }
    });

    it("mints any token for tests of what must be refused", async () => {
        const mint = async (more: object) => (await github.ok("POST /_sandbox/tokens", { run: push, ...more })).value;
        const audience = "sts.amazonaws.com";
        await verify(await mint({ audience }));
        await assert.rejects(verify(await mint({ audience, key: "foreign" })), /signature verification failed/);
        await assert.rejects(verify(await mint({ audience, lifetime: -60 })), /"exp" claim timestamp check failed/);
        await assert.rejects(verify(await mint({ audience, claims: { iss: "https://evil.example" } })), /"iss"/);
        await assert.rejects(verify(await mint({ audience: "other" })), /"aud"/);
        const forged = decodeJwt(await mint({ claims: { sub: "repo:octo-org/hello-fargate:ref:refs/heads/main2" } }));
        assert.equal(forged.sub, "repo:octo-org/hello-fargate:ref:refs/heads/main2");
        const bad = await github.call("POST /_sandbox/tokens", { run: push, key: "mine" });
        assert.deepEqual([bad.status, /"issuer", "foreign"/.test(bad.body.message)], [422, true]);
    });
});
