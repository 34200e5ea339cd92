import { strict as assert } from "assert";
import { githubProvider } from "../providers/github/provider";
import { Plugin } from "../providers/plugin";
import type { Properties } from "../providers/standIn";
import { repo, TestGitHub } from "./githubFixture";

const type = (name: string) => `github:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`;
const repository = "hello-fargate";

describe("the github provider's stand-in", () => {
    let github: TestGitHub;
    let plugin: Plugin;
    const configuration = () => ({ owner: "octo-org", token: "sandbox-token", baseUrl: github.url });
    beforeEach(async () => {
        github = await TestGitHub.start();
        plugin = new Plugin(githubProvider);
        plugin.configure(configuration());
    });
    afterEach(() => github.stop());

    const create = async (name: string, inputs: Properties) => plugin.create(type(name), "test", inputs, false);
    const reasons = (name: string, inputs: Properties) =>
        plugin.check(type(name), "test", {}, inputs, new Uint8Array()).failures.map(({ reason }) => reason);
    const decrypted = async (query = "") =>
        (await github.ok(`GET /_sandbox/secrets?repository=octo-org/hello-fargate${query}`)).secrets;

    it("talks to this machine only, and needs an owner and a token", () => {
        const configure = (more: Properties) => () => githubProvider.configure({ ...configuration(), ...more });
        assert.throws(configure({ baseUrl: "https://api.github.com/" }), /not to https:\/\/api\.github\.com/);
        assert.throws(configure({ baseUrl: "http://127.0.0.1.example.com" }), /only talks to this machine/);
        assert.throws(configure({ owner: "" }), /no owner \(GITHUB_OWNER\)/);
        assert.throws(configure({ token: "" }), /no token \(GITHUB_TOKEN\)/);
        assert.throws(configure({ insecure: true }), /does not know the setting insecure/);
    });

    it("takes the address from the environment where the SDK fills in GitHub's own", async () => {
        const before = process.env.GITHUB_BASE_URL;
        process.env.GITHUB_BASE_URL = github.url;
        try {
            const { functions } = githubProvider.configure({ ...configuration(), baseUrl: "https://api.github.com/" });
            const user = await functions["github:index/getUser:getUser"]!({ username: "octo-org" });
            assert.deepEqual([user.id, user.login], ["90000001", "octo-org"]);
        } finally {
            if (before === undefined) {
                delete process.env.GITHUB_BASE_URL;
            } else {
                process.env.GITHUB_BASE_URL = before;
            }
        }
    });

    it("refuses what it does not know, by name", async () => {
        await assert.rejects(create("Team", {}), /unknown resource type github:index\/team:Team/);
        await assert.rejects(plugin.invoke("github:index/getBranch:getBranch", {}), /unknown function/);
        const secret = { repository, secretName: "A", value: "x" };
        assert.match(
            reasons("ActionsSecret", { ...secret, plaintextValue: "x" })[0]!,
            /unknown property "plaintextValue"/,
        );
        assert.match(reasons("ActionsSecret", { repository, secretName: "A" })[0]!, /missing property "value"/);
        const policy = { repository, environment: "prod", deploymentBranchPolicy: { protected: true } };
        assert.match(reasons("RepositoryEnvironment", policy)[0]!, /unknown property "protected"/);
        assert.match(reasons("Repository", { name: "a", pages: {} })[0]!, /unknown property "pages"/);
        const lookUp = (args: Properties) => plugin.invoke("github:index/getRepository:getRepository", args);
        await assert.rejects(lookUp({ fullName: "octo-org/hello-fargate", name: "x" }), /unknown property "name"/);
        await assert.rejects(lookUp({ fullName: "shop" }), /must be owner\/name, got "shop"/);
        await assert.rejects(lookUp({ fullName: "octo-org/none" }), /GET \/repos\/octo-org\/none with 404: Not Found/);
    });

    it("looks the repository up", async () => {
        const found = await plugin.invoke("github:index/getRepository:getRepository", {
            fullName: "octo-org/hello-fargate",
        });
        assert.deepEqual([found.repoId, found.name, found.fullName], [80000001, repository, "octo-org/hello-fargate"]);
    });

    it("looks a team up where it is, and asks for no more than what it knows of one", async () => {
        await github.ok("POST /_sandbox/reviewers", { organization: "octo-org", users: [], teams: ["platform"] });
        const found = await plugin.invoke("github:index/getTeam:getTeam", { slug: "platform", summaryOnly: true });
        const { id, slug, members } = found as Record<string, unknown>;
        const { id: number } = await github.ok("GET /orgs/octo-org/teams/platform");
        assert.deepEqual([id, slug, members], [String(number), "platform", []]);
        const other = plugin.invoke("github:index/getTeam:getTeam", { slug: "leads", summaryOnly: true });
        await assert.rejects(other, /GET \/orgs\/octo-org\/teams\/leads with 404/);
        const whole = plugin.invoke("github:index/getTeam:getTeam", { slug: "platform", summaryOnly: false });
        await assert.rejects(whole, /knows no members of a team, set summaryOnly/);
    });

    it("seals a secret, marks it, notices that somebody else wrote it, and writes it again", async () => {
        const secret = type("ActionsSecret");
        const inputs = { repository, secretName: "ROLE", value: "arn" };
        const { id, state } = await create("ActionsSecret", inputs);
        assert.equal(id, "hello-fargate:ROLE");
        assert.deepEqual([state.value.value, state.repositoryId], ["arn", 80000001], "value is wrapped as a secret");
        assert.deepEqual(await decrypted(), { ROLE: "arn" });

        const known = { ...state, value: "arn" };
        assert.deepEqual((await plugin.read(secret, id, known, inputs))?.inputs, inputs);
        const written = { ...known, updatedAt: "2020-01-01 00:00:00 +0000 UTC" };
        const drifted = await plugin.read(secret, id, written, inputs);
        assert.deepEqual([drifted?.inputs.value, drifted?.state.value], [undefined, undefined]);
        const [difference] = plugin.diff(secret, drifted!.inputs, inputs).differences;
        assert.deepEqual([difference?.path, difference?.replaces], ["value", false]);
        await plugin.update(secret, id, drifted!.state, { ...inputs, value: "new" }, false);
        assert.deepEqual(await decrypted(), { ROLE: "new" });

        assert.deepEqual(plugin.diff(secret, inputs, { ...inputs, secretName: "B" }).replaces, ["secretName"]);
        await plugin.delete(secret, id, state);
        await plugin.delete(secret, id, state);
        assert.equal(await plugin.read(secret, id, known, inputs), undefined);
    });

    it("creates a variable only where there is none, and sees changes made elsewhere", async () => {
        const variable = type("ActionsVariable");
        const inputs = { repository, variableName: "AWS_REGION", value: "a" };
        const { id, state } = await create("ActionsVariable", inputs);
        assert.equal(id, "hello-fargate:AWS_REGION");
        await assert.rejects(create("ActionsVariable", inputs), /409: Already exists/);
        await github.ok(`PATCH ${repo}/actions/variables/AWS_REGION`, { value: "b" });
        assert.equal((await plugin.read(variable, id, state, inputs))?.inputs.value, "b");
        await plugin.update(variable, id, state, { ...inputs, value: "c" }, false);
        assert.equal((await github.ok(`GET ${repo}/actions/variables/AWS_REGION`)).value, "c");
        await github.ok(`DELETE ${repo}`);
        await plugin.delete(variable, id, state);
        assert.equal(await plugin.read(variable, id, state, inputs), undefined);
    });

    it("protects an environment and puts secrets and variables there", async () => {
        const at = { repository, environment: "prod:eu" };
        const inputs = {
            ...at,
            reviewers: [{ users: [90000002] }],
            deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
        };
        assert.deepEqual(reasons("RepositoryEnvironment", inputs), []);
        const made = await create("RepositoryEnvironment", inputs);
        assert.equal(made.id, "hello-fargate:prod??eu");
        const read = await plugin.read(type("RepositoryEnvironment"), made.id, made.state, inputs);
        assert.deepEqual(read?.inputs, inputs, "nothing to change after a refresh");

        const policy = await create("RepositoryEnvironmentDeploymentPolicy", { ...at, branchPattern: "main" });
        assert.equal(policy.id, `hello-fargate:prod??eu:${policy.state.policyId}`);
        const again = await create("RepositoryEnvironmentDeploymentPolicy", { ...at, branchPattern: "main" });
        assert.equal(again.id, policy.id, "a killed run finds what it had made");

        const secret = await create("ActionsEnvironmentSecret", { ...at, secretName: "ROLE", value: "arn" });
        const variable = await create("ActionsEnvironmentVariable", { ...at, variableName: "REGION", value: "a" });
        assert.deepEqual([secret.id, variable.id], ["hello-fargate:prod??eu:ROLE", "hello-fargate:prod??eu:REGION"]);
        assert.deepEqual(await decrypted("&environment=prod:eu"), { ROLE: "arn" });
        assert.deepEqual(await decrypted(), {}, "the repository's own secrets are others");

        await plugin.update(type("RepositoryEnvironment"), made.id, made.state, at, false);
        assert.deepEqual((await github.ok(`GET ${repo}/environments/prod%3Aeu`)).protection_rules, []);
        await plugin.delete(type("RepositoryEnvironment"), made.id, made.state);
        const gone = await plugin.read(type("ActionsEnvironmentSecret"), secret.id, secret.state, undefined);
        assert.equal(gone, undefined, "it went with its environment");
    });

    it("creates the repository for an organisation, and lists what is there to be removed", async () => {
        const made = await create("Repository", { name: "shop", visibility: "private" });
        assert.deepEqual([made.id, made.state.fullName, made.state.private], ["shop", "octo-org/shop", true]);
        await create("ActionsVariable", { repository: "shop", variableName: "A", value: "x" });
        await create("ActionsSecret", { repository, secretName: "B", value: "x" });
        const { resources } = githubProvider.configure(configuration());
        const listed: string[] = [];
        for (const resource of Object.values(resources)) {
            listed.push(...((await resource.list?.()) ?? []));
        }
        assert.deepEqual(listed, ["hello-fargate:B", "shop:A", "hello-fargate", "shop"]);
        await plugin.delete(type("Repository"), made.id, made.state);
        await plugin.delete(type("Repository"), made.id, made.state);
        assert.equal((await github.call("GET /repos/octo-org/shop")).status, 404);
    });

    it("creates the repository for a person, with the person's own call", async () => {
        await github.stop();
        github = await TestGitHub.start({ SANDBOX_GITHUB_OWNER_TYPE: "User", SANDBOX_GITHUB_REPOSITORY: "ada/app" });
        plugin.configure({ ...configuration(), owner: "ada" });
        assert.equal((await create("Repository", { name: "engine" })).state.fullName, "ada/engine");
    });
});
