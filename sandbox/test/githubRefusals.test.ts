/** What GitHub says no to, in its own words. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { seal } from "../github/server/sealedBox";
import { repo, TestGitHub } from "./githubFixture";

const api = "/api/v3";

describe("what the sandbox's GitHub refuses", () => {
    let github: TestGitHub;
    const start = async (env: NodeJS.ProcessEnv = {}) => (github = await TestGitHub.start(env));
    afterEach(() => github.stop());

    const refused = async (status: number, message: string, route: string, body?: unknown) => {
        const answer = await github.call(route, body);
        assert.deepEqual([answer.status, answer.body.message], [status, message], route);
    };

    it("is a variable that exists, by the words that cli/cli and the provider look for", async () => {
        await start();
        await github.ok(`POST ${repo}/actions/variables`, { name: "A", value: "x" });
        const body = { name: "a", value: "y" };
        await refused(409, "Already exists - Variable already exists", `POST ${repo}/actions/variables`, body);
    });

    it("is a name that no secret or variable can have", async () => {
        await start();
        const { key, key_id } = await github.ok(`GET ${repo}/actions/secrets/public-key`);
        const sealed = { key_id, encrypted_value: seal("x", key) };
        // As in millylee/anyrouter-check-in#126 and ncipollo/release-action#424.
        const letters =
            "names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). " +
            "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).";
        const long = "A".repeat(256);
        for (const [name, said] of [
            ["a-b", letters],
            ["GITHUB_A", "names must not start with GITHUB_."],
            [long, "names can be 255 characters long; this one has 256."],
        ] as const) {
            await refused(422, `Secret ${said}`, `PUT ${repo}/actions/secrets/${name}`, sealed);
            await refused(422, `Variable ${said}`, `POST ${repo}/actions/variables`, { name, value: "x" });
        }
        assert.equal((await github.call(`PUT ${repo}/actions/secrets/${long.slice(1)}`, sealed)).status, 201);
    });

    it("is a secret or variable too many, and not a new value of one that is there", async () => {
        await start();
        await github.ok(`PUT ${repo}/environments/dev`, {});
        for (const [at, kind, most] of [
            [`${repo}/actions`, "secrets", 100],
            [`${repo}/actions`, "variables", 500],
            [`${repo}/environments/dev`, "secrets", 100],
            [`${repo}/environments/dev`, "variables", 100],
        ] as const) {
            const put = async (name: string) => {
                if (kind === "variables") {
                    return github.call(`POST ${at}/variables`, { name, value: "x" });
                }
                const { key, key_id } = await github.ok(`GET ${at}/secrets/public-key`);
                return github.call(`PUT ${at}/secrets/${name}`, { key_id, encrypted_value: seal("x", key) });
            };
            for (let index = 0; index < most; index++) {
                assert.equal((await put(`A${index}`)).status, 201);
            }
            const { status, body } = await put("B");
            assert.deepEqual(
                [status, body.message],
                [422, `There are ${most} ${kind} here already, and no more can be added.`],
            );
            if (kind === "secrets") {
                assert.equal((await put("A0")).status, 204);
            }
        }
    });

    it("is the deletion of a secret or variable that is gone", async () => {
        await start();
        await github.ok(`PUT ${repo}/environments/dev`, {});
        const { id } = await github.ok(`GET ${repo}`);
        for (const gone of [
            `${repo}/actions/secrets/A`,
            `${repo}/actions/variables/A`,
            `/repositories/${id}/environments/dev/secrets/A`,
            `${repo}/environments/dev/variables/A`,
        ]) {
            await refused(404, "Not Found", `DELETE ${gone}`);
        }
    });

    const policy = { deployment_branch_policy: { protected_branches: false, custom_branch_policies: true } };
    /** go-github's `CreateUpdateEnvironment`, which sends the first three whether they are set or not. */
    const whole = { wait_timer: 0, reviewers: null, can_admins_bypass: true, prevent_self_review: false, ...policy };
    const privately = async (SANDBOX_GITHUB_PLAN: string) => {
        await start({ SANDBOX_GITHUB_PLAN });
        await github.ok(`POST ${api}/orgs/octo-org/repos`, { name: "shop", visibility: "private" });
        return `PUT ${api}/repos/octo-org/shop/environments/prod`;
    };
    const reviewers = [{ type: "User", id: 90000002 }];
    const unpaid = (rule: string) =>
        "Failed to create the environment protection rule. " +
        `Please ensure the billing plan supports the ${rule} protection rule.`;

    it("is protecting an environment of a private repository, by the plan of its owner", async () => {
        const team = await privately("team");
        await refused(422, unpaid("required reviewers"), team, { ...whole, reviewers }); // ALZ-PowerShell-Module#193
        await refused(422, unpaid("wait timer"), team, { ...policy, wait_timer: 5 });
        // What go-github does with this refusal where nothing of it was wanted: it asks for the branches alone.
        assert.equal((await github.call(team, whole)).status, 422);
        assert.equal((await github.call(team, policy)).status, 200);
        await github.ok(`PUT ${repo}/environments/prod`, { ...whole, reviewers });

        await github.stop();
        await refused(404, "Not Found", await privately("free"), policy);
        await github.ok(`PUT ${repo}/environments/prod`, { ...whole, reviewers });

        await github.stop();
        const enterprise = await privately("enterprise");
        await github.ok(enterprise, { ...whole, reviewers });
    });

    it("is to keep a reviewer's own deployments out where there is no reviewer", async () => {
        await start();
        const said =
            "Failed to create or update the environment protection rule. " +
            "Required reviewers must have at least one reviewer to set prevent_self_review."; // safe-settings#628
        await refused(422, said, `PUT ${repo}/environments/prod`, { prevent_self_review: true, reviewers: [] });
        await github.ok(`PUT ${repo}/environments/prod`, { prevent_self_review: true, reviewers });
    });
});

it("no file of the sandbox's GitHub is needed by one that it needs", () => {
    const folder = path.join(__dirname, "../github/server");
    const needs = new Map(
        fs.readdirSync(folder).map((file) => {
            const text = fs.readFileSync(path.join(folder, file), "utf8");
            return [file, [...text.matchAll(/ from "\.\/(\w+)"/g)].map(([, name]) => `${name}.ts`)];
        }),
    );
    const walk = (file: string, above: readonly string[]): void => {
        assert.ok(!above.includes(file), `${[...above, file].join(" -> ")}`);
        needs.get(file)!.forEach((needed) => walk(needed, [...above, file]));
    };
    [...needs.keys()].forEach((file) => walk(file, []));
    assert.ok(needs.get("server.ts")!.length > 5);
});
