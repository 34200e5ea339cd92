import assert from "node:assert/strict";
import * as fs from "node:fs";
import { GitHubRepository } from "../infra/github/repository";
import { record, type Recording, type Registration } from "./record";
import { alternative, production, sharedDev, standard } from "./scenarios";
import { organization } from "./settings";

const secretType = "github:index/actionsSecret:ActionsSecret";
const variableType = "github:index/actionsVariable:ActionsVariable";

describe("GitHub", () => {
    let run: Recording;
    let other: Recording;
    before(async () => {
        run = await standard();
        other = await alternative();
    });

    const settings = (recording: Recording) => [...recording.of(secretType), ...recording.of(variableType)];

    it("gets the two roles, each in the secret of its workflow, and as secrets", () => {
        const arnOf = (recording: Recording, role: string) => recording.one("aws:iam/role:Role", role).outputs.arn;
        for (const recording of [run, other]) {
            const repository = recording === run ? "Shop" : "new-shop";
            assert.deepEqual(
                recording.of(secretType).map(({ inputs }) => inputs),
                [
                    { repository, secretName: "AWS_IAM_ROLE_TO_ASSUME", value: arnOf(recording, "main-deploy") },
                    {
                        repository,
                        secretName: "AWS_IAM_PREVIEW_ROLE_TO_ASSUME",
                        value: arnOf(recording, "main-preview"),
                    },
                ],
            );
            assert.deepEqual(
                recording.of(secretType).map(({ secrets }) => secrets),
                [["value"], ["value"]],
            );
        }
    });

    it("gets no secret as a variable, which everybody who reads the repository sees", () => {
        for (const recording of [run, other]) {
            assert.deepEqual(
                recording.of(variableType).flatMap(({ secrets }) => secrets),
                [],
            );
            assert.doesNotMatch(JSON.stringify(recording.of(variableType).map(({ inputs }) => inputs)), /arn:aws:iam/);
        }
    });

    it("gets exactly the variables that the workflows read, with this stack's names", () => {
        const variables = (recording: Recording) =>
            Object.fromEntries(
                recording.of(variableType).map(({ inputs }) => [String(inputs.variableName), inputs.value]),
            ) as Record<string, unknown>;
        assert.deepEqual(variables(run), {
            APP_URL: run.outputs.url,
            AWS_REGION: "ap-northeast-1",
            CONTAINER_NAME: "app",
            ECR_REPOSITORY: "fargate-cicd-dev",
            ECS_CLUSTER: "fargate-cicd-dev",
            ECS_SERVICE: "fargate-cicd-dev",
            ECS_TASK_DEFINITION: "fargate-cicd-dev",
            IMAGE_SBOM: "false",
            IMAGE_SCAN: "report",
            LOAD_BALANCER: "internet-facing",
            PULUMI_GITHUB_APP: "true",
            PULUMI_ORGANIZATION: organization,
            PULUMI_STACK: "dev",
            PULUMI_TOKEN: "organization",
            RELEASE_COMMAND: "[]",
            RUNNER: "ubuntu-24.04",
        });
        assert.deepEqual(variables(other), {
            APP_URL: other.outputs.url,
            AWS_REGION: "eu-west-1",
            CONTAINER_NAME: "app",
            ECR_REPOSITORY: "fargate-cicd-live",
            ECS_CLUSTER: "fargate-cicd-live",
            ECS_SERVICE: "fargate-cicd-live",
            ECS_TASK_DEFINITION: "fargate-cicd-live",
            IMAGE_SBOM: "true",
            IMAGE_SCAN: "block",
            LOAD_BALANCER: "internet-facing",
            PULUMI_GITHUB_APP: "false",
            PULUMI_ORGANIZATION: organization,
            PULUMI_STACK: "live",
            PULUMI_TOKEN: "team:previews",
            RELEASE_COMMAND: '["bin/migrate","--all"]',
            RUNNER: "ubuntu-24.04-arm",
        });
    });

    it("gets names that GitHub takes, and under a logical name of each", () => {
        const names = settings(run).map(({ inputs }) => String(inputs.secretName ?? inputs.variableName));
        for (const [index, name] of names.entries()) {
            assert.match(name, /^(?!GITHUB_|\d)[A-Z0-9_]+$/);
            assert.equal(settings(run)[index]!.name, `main-${name.toLowerCase().replaceAll("_", "-")}`);
        }
        assert.equal(new Set(names).size, names.length);
    });

    it("gets them in the repository that was configured, through a provider for its owner", () => {
        for (const recording of [run, other]) {
            const provider: Registration = recording.one("pulumi:providers:github");
            assert.equal(provider.inputs.owner, "acme");
            for (const { name, inputs, provider: used } of settings(recording)) {
                assert.equal(inputs.repository, recording === run ? "Shop" : "new-shop", name);
                assert.match(used, /\$pulumi:providers:github::main::/, name);
            }
        }
    });

    // No id of theirs has the owner, so that the provider sees no difference where another owner's repository has the same name.
    it("gets them anew, and the old owner's repository loses them first, where the owner changes", async () => {
        for (const recording of [run, other, await sharedDev()]) {
            const provider = recording.one("pulumi:providers:github");
            assert.deepEqual(provider.replaceOnChanges, ["owner"]);
            const written = recording.registrations.filter(({ type }) => type.startsWith("github:"));
            for (const { type, name, replaceWith, deleteBeforeReplace } of written) {
                assert.deepEqual(replaceWith, [provider], name);
                assert.equal(deleteBeforeReplace ?? false, type !== "github:index/repository:Repository", name);
            }
        }
    });

    it("loses on destroy only what does not go with the environment or the repository, which the stack makes", async () => {
        const environmentType = "github:index/repositoryEnvironment:RepositoryEnvironment";
        for (const recording of [run, other, await sharedDev(), await production()]) {
            const [repository] = recording.of("github:index/repository:Repository");
            const [environment] = recording.of(environmentType);
            const written = recording.registrations.filter(({ type }) => type.startsWith("github:"));
            for (const { type, name, deletedWith } of written) {
                const inside = /Environment\w+$/.test(type) && type !== environmentType;
                const expected = type === repository?.type ? undefined : inside ? environment : repository;
                assert.equal(deletedWith, expected, `${type} ${name}`);
            }
        }
    });

    it("is looked up, not created, by default", () => {
        assert.deepEqual(run.of("github:index/repository:Repository"), []);
        assert.deepEqual(
            run.lookups.filter(({ token }) => token.startsWith("github:")).map(({ inputs }) => inputs),
            [{ fullName: "acme/shop" }, { endpoint: "users/acme" }, { name: "shop" }, { name: "shop" }],
        );
    });

    it("gets its repository, private, from the stack where that is asked for", () => {
        const { inputs, provider } = other.one("github:index/repository:Repository");
        assert.deepEqual(inputs, { name: "new-shop", visibility: "private", hasIssues: true });
        assert.match(provider, /\$pulumi:providers:github::main::/);
        assert.deepEqual(
            other.lookups.filter(({ token }) => token.startsWith("github:")).map(({ inputs: asked }) => asked),
            [{ fullName: "acme/new-shop" }, { endpoint: "users/acme" }, { name: "new-shop" }, { name: "new-shop" }],
        );
    });

    it("leaves the repository that the stack has made to its team, but for the name", () => {
        const { ignoreChanges } = other.one("github:index/repository:Repository");
        const sdk = fs.readFileSync(require.resolve("@pulumi/github/repository"), "utf8");
        const inputs = [...sdk.matchAll(/resourceInputs\["(\w+)"\] = args\?/g)].map(([, input]) => input!);
        const atCreation = [
            "autoInit",
            "fork",
            "gitignoreTemplate",
            "licenseTemplate",
            "sourceOwner",
            "sourceRepo",
            "template",
        ];
        const ofTheProvider = ["archiveOnDestroy", "etag", "ignoreVulnerabilityAlertsDuringRead"];
        assert.ok(inputs.length > 30);
        assert.deepEqual([...ignoreChanges, "name", ...atCreation, ...ofTheProvider].sort(), inputs.sort());
    });

    describe("token", () => {
        const environment = process.env.GITHUB_TOKEN;
        before(() => {
            process.env.GITHUB_TOKEN = "token-of-whoever-runs-pulumi";
        });
        after(() => {
            delete process.env.GITHUB_TOKEN;
            if (environment !== undefined) {
                process.env.GITHUB_TOKEN = environment;
            }
        });

        const provider = async (config: Record<string, string>) => {
            const program = () =>
                void new GitHubRepository("main", {
                    owner: "acme",
                    name: "shop",
                    create: false,
                    branch: "main",
                    serviceName: "shop",
                    region: "eu-west-1",
                    previews: true,
                    deletionProtection: false,
                });
            return (await record({ config, program })).one("pulumi:providers:github");
        };

        it("of the environment stays out of the state", async () => {
            assert.equal((await provider({})).inputs.token, undefined);
        });

        it("of the configuration is used, as a secret", async () => {
            const { inputs, secrets } = await provider({ "github:token": "token-of-the-stack" });
            assert.deepEqual([inputs.token, secrets], ["token-of-the-stack", ["token"]]);
        });

        it("is a GitHub App's where the configuration has one, with a key that is a secret", async () => {
            const app = JSON.stringify({ id: "1", installationId: "2", pemFile: "-----BEGIN" });
            const { inputs, secrets } = await provider({ "github:appAuth": app });
            assert.deepEqual([inputs.appAuth, inputs.token, secrets], [app, undefined, ["appAuth"]]);
        });
    });
});
