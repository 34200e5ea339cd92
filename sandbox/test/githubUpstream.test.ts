/**
 * The calls of the GitHub provider at 6.11.1, as its source and go-github 82's write them: `resource_github_repository.go` and the
 * like, `repos.go`, `actions_secrets.go`. Paths, bodies and what it does with an answer are theirs.
 */
import { strict as assert } from "assert";
import { seal } from "../github/server/sealedBox";
import { TestGitHub } from "./githubFixture";

/** Of a base URL that is not api.github.com (`getBaseURL` in config.go). */
const api = "/api/v3";
const repo = `${api}/repos/octo-org/hello-fargate`;

/** `resourceGithubRepositoryObject` with a name and a visibility, and nothing else said. */
const repository = {
    name: "shop",
    description: "",
    homepage: "",
    visibility: "private",
    has_issues: false,
    has_projects: false,
    has_wiki: false,
    has_discussions: false,
    is_template: false,
    auto_init: false,
    gitignore_template: "",
    license_template: "",
    allow_squash_merge: true,
    allow_merge_commit: true,
    allow_rebase_merge: true,
    allow_update_branch: false,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
    squash_merge_commit_title: "COMMIT_OR_PR_TITLE",
    squash_merge_commit_message: "COMMIT_MESSAGES",
    merge_commit_title: "MERGE_MESSAGE",
    merge_commit_message: "PR_TITLE",
};

describe("the sandbox's GitHub, called as the upstream provider calls it", () => {
    let github: TestGitHub;
    beforeEach(async () => (github = await TestGitHub.start()));
    afterEach(() => github.stop());

    it("tells whose the token is, and who people, organizations and teams are", async () => {
        assert.equal((await github.ok(`GET ${api}/user`)).login, "sandbox-user");
        assert.equal((await github.ok(`GET ${api}/orgs/octo-org`)).id, 90000001);
        assert.equal((await github.call(`GET ${api}/orgs/sandbox-user`)).status, 404, "no organization: a person");
        for (const login of ["octo-org", "sandbox-user"]) {
            const { id, node_id } = await github.ok(`GET ${api}/users/${login}`);
            assert.ok(Number.isInteger(id) && node_id);
            assert.deepEqual(await github.ok(`GET ${api}/users/${login}/gpg_keys`), []);
            assert.deepEqual(await github.ok(`GET ${api}/users/${login}/keys`), []);
        }
        assert.equal((await github.call(`GET ${api}/users/nobody/keys`)).status, 404);
        await github.ok("POST /_sandbox/reviewers", { organization: "octo-org", users: [], teams: ["platform"] });
        const team = await github.ok(`GET ${api}/orgs/octo-org/teams/platform`);
        assert.deepEqual([team.slug, team.name, team.privacy], ["platform", "platform", "closed"]);
    });

    it("creates a repository, changes it at once in two calls, and reads back every field that was sent", async () => {
        const { status, body: made } = await github.call(`POST ${api}/orgs/octo-org/repos`, repository);
        assert.equal(status, 201);
        const whole = {
            ...repository,
            visibility: undefined,
            has_downloads: false,
            web_commit_signoff_required: true,
            archived: false,
            topics: ["web"],
        };
        await github.ok(`PATCH ${api}/repos/octo-org/shop`, whole);
        // The provider passes over this one refusal, by these words.
        const again = await github.call(`PATCH ${api}/repos/octo-org/shop`, { ...whole, visibility: "private" });
        assert.deepEqual([again.status, again.body.message], [422, "Visibility is already private."]);

        const read = await github.ok(`GET ${api}/repos/octo-org/shop`);
        const {
            auto_init: _,
            gitignore_template: _g,
            license_template: _l,
            topics: _t,
            ...kept
        } = {
            ...whole,
            visibility: "private",
        };
        for (const [field, value] of Object.entries(kept)) {
            assert.deepEqual([field, read[field]], [field, value]);
        }
        assert.deepEqual([read.id, read.private, read.topics, read.allow_forking], [made.id, true, [], false]);
        assert.deepEqual([read.fork, read.has_pages, read.license], [false, false, null], "nothing more to ask for");
        assert.equal(read.security_and_analysis.secret_scanning.status, "disabled");
        const alerts = await github.call(`GET ${api}/repos/octo-org/shop/vulnerability-alerts`);
        assert.equal(alerts.status, 404, "asked for where there is a security_and_analysis; 404 is off");

        const scanning = { secret_scanning: { status: "enabled" } };
        const public_ = { ...whole, visibility: "public", security_and_analysis: scanning };
        const changed = await github.ok(`PATCH ${api}/repos/octo-org/shop`, public_);
        assert.deepEqual([changed.private, changed.security_and_analysis.secret_scanning.status], [false, "enabled"]);
        assert.equal(changed.security_and_analysis.secret_scanning_push_protection.status, "disabled");
        const odd = await github.call(`PATCH ${api}/repos/octo-org/shop`, { merge_commit_title: "TITLE" });
        assert.match(
            odd.body.message,
            /not a possible value. Must be one of the following: "PR_TITLE", "MERGE_MESSAGE"/,
        );
        assert.equal((await github.call(`DELETE ${api}/repos/octo-org/shop`)).status, 204);
        assert.equal((await github.call(`GET ${api}/repos/octo-org/shop`)).status, 404);
    });

    it("sends a repository only once that has not changed since", async () => {
        const first = await github.call(`GET ${repo}`);
        const etag = first.headers.get("etag")!;
        const second = await fetch(github.url + repo, {
            headers: { authorization: "Bearer sandbox-token", "if-none-match": etag },
        });
        assert.deepEqual([second.status, await second.text()], [304, ""]);
        await github.ok(`PATCH ${repo}`, { description: "new" });
        assert.notEqual((await github.call(`GET ${repo}`)).headers.get("etag"), etag);
    });

    it("keeps an environment's secrets by the repository's number, and everything else by its name", async () => {
        const policy = { protected_branches: false, custom_branch_policies: true };
        const protection = { wait_timer: 0, reviewers: null, can_admins_bypass: true, prevent_self_review: false };
        await github.ok(`PUT ${repo}/environments/prod%3Aeu`, { ...protection, deployment_branch_policy: policy });
        const policies = `${repo}/environments/prod%3Aeu/deployment-branch-policies`;
        const { id: policyId } = await github.ok(`POST ${policies}`, { name: "main", type: "branch" });
        assert.equal((await github.ok(`GET ${policies}/${policyId}`)).name, "main");
        assert.equal((await github.ok(`PUT ${policies}/${policyId}`, { name: "release" })).name, "release");

        const { id } = await github.ok(`GET ${repo}`);
        const secrets = `${api}/repositories/${id}/environments/prod%3Aeu/secrets`;
        const { key, key_id } = await github.ok(`GET ${secrets}/public-key`);
        const sealed = { key_id, encrypted_value: seal("arn", key) };
        assert.equal((await github.call(`PUT ${secrets}/ROLE`, sealed)).status, 201);
        assert.equal((await github.ok(`GET ${secrets}/ROLE`)).name, "ROLE");
        const { secrets: values } = await github.ok(
            "GET /_sandbox/secrets?repository=octo-org/hello-fargate&environment=prod:eu",
        );
        assert.deepEqual(values, { ROLE: "arn" });
        assert.equal((await github.call(`DELETE ${secrets}/ROLE`)).status, 204);
        assert.equal((await github.call(`GET ${api}/repositories/${id + 1}/environments/prod/secrets/A`)).status, 404);
        assert.equal((await github.ok(`GET ${api}/repositories/${id}`)).name, "hello-fargate");

        const variables = `${repo}/environments/prod%3Aeu/variables`;
        assert.equal((await github.call(`POST ${variables}`, { name: "REGION", value: "a" })).status, 201);
        assert.equal((await github.call(`PATCH ${variables}/REGION`, { name: "REGION", value: "b" })).status, 204);
        assert.equal((await github.ok(`GET ${variables}/REGION`)).value, "b");
    });

    it("names the next page of a list where the caller found the first", async () => {
        await github.ok(`POST ${api}/orgs/octo-org/repos`, repository);
        const { headers } = await github.call(`GET ${api}/orgs/octo-org/repos?per_page=1`);
        assert.match(headers.get("link")!, /\/api\/v3\/orgs\/octo-org\/repos\?per_page=1&page=2>; rel="next"/);
    });
});
