import { strict as assert } from "assert";
import * as fs from "fs";
import { seal } from "../github/server/sealedBox";
import { settingsFromEnv } from "../github/server/settings";
import { repo, TestGitHub } from "./githubFixture";

describe("the sandbox's GitHub", () => {
    let github: TestGitHub;
    beforeEach(async () => (github = await TestGitHub.start()));
    afterEach(() => github.stop());

    const refused = async (status: number, said: RegExp, route: string, body?: unknown) => {
        const answer = await github.call(route, body);
        assert.equal(answer.status, status, `${route}: ${JSON.stringify(answer.body)}`);
        assert.match(answer.body.message, said);
        assert.equal(answer.body.status, String(status));
    };

    /** Writes a secret as a client does: sealed with the key that was asked for. */
    const putSecret = async (collection: string, name: string, value: string) => {
        const { key, key_id } = await github.ok(`GET ${collection}/public-key`);
        return github.call(`PUT ${collection}/${name}`, { encrypted_value: seal(value, key), key_id });
    };

    it("lets nobody in without the token", async () => {
        for (const [authorization, said] of [
            [null, "Requires authentication"],
            ["Bearer other", "Bad credentials"],
            ["Basic sandbox-token", "Bad credentials"],
        ] as const) {
            for (const route of [`GET ${repo}`, "GET /nowhere", "GET /_sandbox/secrets", "POST /_sandbox/tokens"]) {
                const { status, body } = await github.call(route, undefined, authorization);
                assert.deepEqual([status, body.message], [401, said], route);
            }
        }
        assert.equal((await github.call("GET /user", undefined, "token sandbox-token")).status, 200);
    });

    it("names what it does not have, and every part of a request that it does not know", async () => {
        await refused(501, /GET \/repos\/octo-org\/hello-fargate\/pulls/, `GET ${repo}/pulls`);
        await refused(501, /PUT \/repos\/octo-org\/hello-fargate/, `PUT ${repo}`);
        await refused(422, /"colour" is not a permitted key/, "POST /orgs/octo-org/repos", { name: "a", colour: 1 });
        await refused(422, /"name" wasn't supplied/, "POST /orgs/octo-org/repos", {});
        await refused(422, /properties\/name', 1 is not a string/, "POST /orgs/octo-org/repos", { name: 1 });
        await refused(422, /"sort" is not a permitted query/, "GET /orgs/octo-org/repos?sort=name");
        await refused(422, /"x" is not a permitted key/, `DELETE ${repo}`, { x: 1 });
        await refused(400, /Problems parsing JSON/, `PATCH ${repo}`, "{");
        await refused(400, /Body should be a JSON object/, `PATCH ${repo}`, "[]");
    });

    it("has the owner, the token's holder and one repository, with fixed numbers", async () => {
        const owner = await github.ok("GET /users/octo-org");
        assert.deepEqual([owner.id, owner.login, owner.type], [90000001, "octo-org", "Organization"]);
        assert.equal((await github.ok("GET /orgs/octo-org")).id, 90000001);
        assert.equal((await github.ok("GET /user")).login, "sandbox-user");
        const found = await github.ok("GET /repos/Octo-Org/Hello-Fargate");
        assert.deepEqual(
            [found.id, found.full_name, found.default_branch, found.owner.id],
            [80000001, "octo-org/hello-fargate", "main", 90000001],
        );
        await refused(404, /^Not Found$/, "GET /users/nobody");
        await refused(404, /^Not Found$/, "GET /orgs/sandbox-user");
        await refused(404, /^Not Found$/, "GET /repos/octo-org/constructor");
    });

    it("creates, changes, renames, lists and deletes repositories", async () => {
        const made = await github.call("POST /orgs/octo-org/repos", { name: "shop", visibility: "private" });
        assert.deepEqual([made.status, made.body.private, made.body.has_wiki], [201, true, true]);
        const errors = (await github.call("POST /orgs/octo-org/repos", { name: "SHOP" })).body.errors;
        assert.equal(errors[0].message, "name already exists on this account");
        await refused(422, /Repository creation failed/, "POST /orgs/octo-org/repos", { name: "a/b" });
        await refused(422, /visibility/, "POST /orgs/octo-org/repos", { name: "b", visibility: "secret" });
        assert.equal((await github.ok("POST /user/repos", { name: "own" })).full_name, "sandbox-user/own");

        await github.ok("PATCH /repos/octo-org/shop", { name: "store", has_wiki: false });
        const renamed = await github.ok("GET /repos/octo-org/store");
        assert.deepEqual([renamed.id, renamed.has_wiki, renamed.private], [made.body.id, false, true]);
        await refused(404, /Not Found/, "GET /repos/octo-org/shop");

        const first = await github.call("GET /orgs/octo-org/repos?per_page=1");
        assert.equal(first.body.length, 1);
        assert.match(first.headers.get("link") ?? "", /orgs\/octo-org\/repos\?per_page=1&page=2>; rel="next"/);
        const second = await github.call("GET /orgs/octo-org/repos?per_page=1&page=2");
        assert.deepEqual([second.body[0].name, second.headers.get("link")], ["store", null]);
        assert.deepEqual(
            (await github.ok("GET /user/repos?affiliation=owner")).map((each: any) => each.name),
            ["own"],
        );

        assert.equal((await github.call("DELETE /repos/octo-org/store")).status, 204);
        await refused(404, /Not Found/, "DELETE /repos/octo-org/store");
    });

    const environment = `${repo}/environments/prod`;
    for (const [place, path] of [
        ["repository", `${repo}/actions`],
        ["environment", environment],
    ] as const) {
        describe(`in the ${place}`, () => {
            const secrets = `${path}/secrets`;
            const variables = `${path}/variables`;
            const query = `repository=octo-org/hello-fargate${place === "environment" ? "&environment=prod" : ""}`;
            beforeEach(() => github.ok(`PUT ${environment}`, {}));

            it("keeps a sealed secret that only the sandbox's own call gives back", async () => {
                assert.equal((await putSecret(secrets, "token", "first")).status, 201);
                assert.equal((await putSecret(secrets, "TOKEN", "grüße")).status, 204);
                const [listed, got] = [await github.ok(`GET ${secrets}`), await github.ok(`GET ${secrets}/Token`)];
                assert.deepEqual([listed.total_count, listed.secrets[0]], [1, got]);
                assert.deepEqual(Object.keys(got), ["name", "created_at", "updated_at"]);
                assert.equal(got.name, "TOKEN");
                assert.deepEqual((await github.ok(`GET /_sandbox/secrets?${query}`)).secrets, { TOKEN: "grüße" });
                assert.ok(!fs.readFileSync(github.settings.stateFile, "utf8").includes("grüße"));
                assert.equal((await github.call(`DELETE ${secrets}/TOKEN`)).status, 204);
                await refused(404, /Not Found/, `DELETE ${secrets}/TOKEN`);
                await refused(404, /Not Found/, `GET ${secrets}/TOKEN`);
            });

            it("refuses a secret that is not sealed for this place, and bad names", async () => {
                const { key, key_id } = await github.ok(`GET ${secrets}/public-key`);
                const elsewhere = place === "environment" ? `${repo}/actions/secrets` : `${environment}/secrets`;
                const other = await github.ok(`GET ${elsewhere}/public-key`);
                const body = { encrypted_value: seal("x", key), key_id };
                await refused(422, /"key_id" .* is not the public key/, `PUT ${secrets}/A`, { ...body, key_id: "1" });
                for (const encrypted_value of [seal("x", other.key), "plain", "AAAA", ""]) {
                    await refused(422, /not a sealed box/, `PUT ${secrets}/A`, { ...body, encrypted_value });
                }
                await refused(422, /"key_id" wasn't supplied/, `PUT ${secrets}/A`, { encrypted_value: "" });
                for (const name of ["GITHUB_X", "1A", "A-B", "A%20B"]) {
                    await refused(422, /Secret names/, `PUT ${secrets}/${name}`, body);
                }
                const large = { ...body, encrypted_value: seal("x".repeat(49153), key) };
                await refused(422, /larger than 48 KB/, `PUT ${secrets}/A`, large);
                assert.equal((await github.ok(`GET ${secrets}`)).total_count, 0);
            });

            it("creates a variable once, and changes, renames, lists and deletes it", async () => {
                const made = await github.call(`POST ${variables}`, { name: "region", value: "a" });
                assert.deepEqual([made.status, made.body], [201, {}]);
                await refused(409, /Already exists/, `POST ${variables}`, { name: "REGION", value: "b" });
                assert.equal((await github.ok(`GET ${variables}/region`)).value, "a");
                assert.equal((await github.call(`PATCH ${variables}/REGION`, { value: "c" })).status, 204);
                await github.ok(`PATCH ${variables}/REGION`, { name: "ZONE" });
                const listed = await github.ok(`GET ${variables}`);
                assert.deepEqual(
                    listed.variables.map(({ name, value }: any) => [name, value]),
                    [["ZONE", "c"]],
                );
                assert.deepEqual((await github.ok(`GET /_sandbox/secrets?${query}`)).variables, { ZONE: "c" });
                await refused(422, /Variable names/, `POST ${variables}`, { name: "A B", value: "x" });
                await refused(422, /1 byte to 48 KB/, `POST ${variables}`, { name: "A", value: "" });
                assert.equal((await github.call(`DELETE ${variables}/ZONE`)).status, 204);
                await refused(404, /Not Found/, `PATCH ${variables}/ZONE`, { value: "d" });
            });
        });
    }

    it("gives a job its environment's values before those of the repository", async () => {
        await github.ok(`PUT ${environment}`, {});
        await putSecret(`${repo}/actions/secrets`, "BOTH", "repository");
        await putSecret(`${repo}/actions/secrets`, "BELOW", "repository");
        await putSecret(`${environment}/secrets`, "BOTH", "environment");
        const { secrets } = await github.ok("GET /_sandbox/secrets?repository=octo-org/hello-fargate&environment=prod");
        assert.deepEqual(secrets, { BOTH: "environment", BELOW: "repository" });
        const query = "GET /_sandbox/secrets?repository=octo-org/hello-fargate&environment=dev";
        await refused(422, /has no environment "dev"/, query);
    });

    it("has environments whose protection a PUT replaces as a whole", async () => {
        const policy = { protected_branches: false, custom_branch_policies: true };
        const reviewers = [{ type: "User", id: 90000002 }];
        const made = await github.ok(`PUT ${environment}`, {
            wait_timer: 5,
            reviewers,
            deployment_branch_policy: policy,
        });
        assert.deepEqual(
            made.protection_rules.map(({ type }: any) => type),
            ["wait_timer", "required_reviewers", "branch_policy"],
        );
        assert.equal(made.protection_rules[1].reviewers[0].reviewer.login, "sandbox-user");
        assert.deepEqual(await github.ok(`GET ${repo}/environments/PROD`), made);
        const open = await github.ok(`PUT ${environment}`, {});
        assert.deepEqual([open.id, open.protection_rules, open.deployment_branch_policy], [made.id, [], null]);
        assert.equal((await github.ok(`GET ${repo}/environments`)).total_count, 1);

        const same = { protected_branches: true, custom_branch_policies: true };
        await refused(422, /cannot have the same value/, `PUT ${environment}`, { deployment_branch_policy: same });
        const odd = { ...policy, more: 1 };
        await refused(422, /and nothing else/, `PUT ${environment}`, { deployment_branch_policy: odd });
        await refused(422, /no reviewer/, `PUT ${environment}`, { reviewers: [{ type: "User", id: 1 }] });
        assert.equal((await github.call(`DELETE ${environment}`)).status, 204);
        await refused(404, /Not Found/, `GET ${environment}/secrets`);
    });

    it("has deployment branch policies where the environment is set to them", async () => {
        const policies = `${environment}/deployment-branch-policies`;
        await github.ok(`PUT ${environment}`, {});
        await refused(404, /Not Found/, `POST ${policies}`, { name: "main" });
        const custom = { protected_branches: false, custom_branch_policies: true };
        await github.ok(`PUT ${environment}`, { deployment_branch_policy: custom });
        const made = await github.ok(`POST ${policies}`, { name: "main" });
        assert.deepEqual([made.name, made.type], ["main", "branch"]);
        assert.deepEqual(await github.ok(`POST ${policies}`, { name: "main" }), made, "redirected to the one there is");
        await refused(422, /not a possible value. Must be one of the following: "branch", "tag"/, `POST ${policies}`, {
            name: "main",
            type: "commit",
        });
        await github.ok(`PUT ${policies}/${made.id}`, { name: "release/*" });
        const listed = await github.ok(`GET ${policies}`);
        assert.deepEqual([listed.total_count, listed.branch_policies[0].name], [1, "release/*"]);
        assert.equal((await github.call(`DELETE ${policies}/${made.id}`)).status, 204);
        await refused(404, /Not Found/, `GET ${policies}/${made.id}`);
    });

    it("keeps everything over a restart, keys included", async () => {
        await putSecret(`${repo}/actions/secrets`, "A", "kept");
        const before = [await github.ok("GET /.well-known/jwks"), await github.ok(`GET ${repo}/actions/secrets`)];
        await github.restart();
        const after = [await github.ok("GET /.well-known/jwks"), await github.ok(`GET ${repo}/actions/secrets`)];
        assert.deepEqual(after, before);
        const { secrets } = await github.ok("GET /_sandbox/secrets?repository=octo-org/hello-fargate");
        assert.deepEqual(secrets, { A: "kept" });
        assert.equal(fs.statSync(github.settings.stateFile).mode & 0o777, 0o600);
        assert.deepEqual(fs.readdirSync(github.folder), ["github.json"]);
    });

    it("follows a changed configuration, but does not bring a deleted repository back", async () => {
        await github.restart({ repository: undefined });
        await refused(404, /Not Found/, `GET ${repo}`);
        await github.restart();
        await github.ok(`DELETE ${repo}`);
        await github.restart();
        await refused(404, /Not Found/, `GET ${repo}`);
    });

    it("keeps what an earlier configuration's owner has, so that it can be removed", async () => {
        await github.ok(`POST ${repo}/actions/variables`, { name: "A", value: "x" });
        await github.restart({ owner: { ...github.settings.owner, login: "acme" } });
        const { owner, owners } = await github.ok("GET /_sandbox/health");
        assert.deepEqual([owner, owners], ["acme", ["acme", "sandbox-user", "octo-org"]]);
        assert.deepEqual(
            (await github.ok("GET /orgs/octo-org/repos")).map(({ full_name }: any) => full_name),
            ["octo-org/hello-fargate"],
        );
        assert.equal((await github.call(`DELETE ${repo}/actions/variables/A`)).status, 204);
    });

    it("says what to do about a damaged state, and about a bad setting", async () => {
        const whole = fs.readFileSync(github.settings.stateFile, "utf8");
        fs.writeFileSync(github.settings.stateFile, whole.slice(0, 100));
        await assert.rejects(github.restart(), /github\.json is not a state of the GitHub emulator.* Move it away/);
        fs.writeFileSync(github.settings.stateFile, whole);
        await github.restart();
        assert.throws(() => settingsFromEnv({}), /SANDBOX_GITHUB_STATE is not set/);
        const bad = { SANDBOX_GITHUB_STATE: "x", SANDBOX_GITHUB_REPOSITORY: "shop" };
        assert.throws(() => settingsFromEnv(bad), /"shop"; it must be owner\/name/);
    });
});
