import assert from "node:assert/strict";
import { issuer } from "../tools/fakeCloud";
import { policyOf } from "./iam";
import { record, type Recording } from "./record";
import { production, sharedDev, standard } from "./scenarios";
import { load, refusal } from "./settings";

const secretType = "github:index/actionsSecret:ActionsSecret";
const variableType = "github:index/actionsVariable:ActionsVariable";
const environmentSecretType = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret";
const environmentVariableType = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable";

describe("a stack with an environment on GitHub", () => {
    let dev: Recording;
    let prod: Recording;
    before(async () => {
        [dev, prod] = [await sharedDev(), await production()];
    });

    const repositoryOf = (run: Recording) => (run === dev ? "Shop" : "shop");
    const names = (run: Recording, type: string, key: string) =>
        run
            .of(type)
            .map(({ inputs }) => String(inputs[key]))
            .sort();

    it("has none unless it is asked for", async () => {
        const run = await standard();
        const types = run.registrations.map(({ type }) => type).filter((type) => /environment/i.test(type));
        assert.deepEqual(types, []);
    });

    it("lets only the branch that deploys into it", () => {
        for (const [run, environment] of [
            [dev, "dev"],
            [prod, "prod"],
        ] as const) {
            const repository = repositoryOf(run);
            const { reviewers: _, ...created } = run.one(
                "github:index/repositoryEnvironment:RepositoryEnvironment",
            ).inputs;
            assert.deepEqual(created, {
                repository,
                environment,
                preventSelfReview: false,
                canAdminsBypass: true,
                deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },
            });
            assert.deepEqual(
                run
                    .of("github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy")
                    .map(({ inputs }) => inputs),
                [{ repository, environment, branchPattern: "main" }],
            );
        }
    });

    it("has the configured reviewers, people and teams, by their ids", () => {
        const reviewers = (run: Recording) =>
            run.one("github:index/repositoryEnvironment:RepositoryEnvironment").inputs.reviewers;
        assert.equal(reviewers(dev), undefined);
        assert.deepEqual(reviewers(prod), [{ users: [90000007], teams: [70000001] }]);
        const asked = prod.lookups.filter(({ token }) => /getTeam|getUser/.test(token)).map(({ inputs }) => inputs);
        assert.deepEqual(asked, [{ username: "Alice" }, { slug: "platform", summaryOnly: true }]);
    });

    it("is as strict with whoever started a run, and with administrators, as is configured", async () => {
        const strict = { githubPreventSelfReview: "true", githubAdminsBypass: "false" };
        const guarded = { githubEnvironment: "prod", githubReviewers: "alice" };
        const run = await record({ values: { ...guarded, ...strict } });
        const { inputs } = run.one("github:index/repositoryEnvironment:RepositoryEnvironment");
        assert.deepEqual([inputs.preventSelfReview, inputs.canAdminsBypass], [true, false]);
        for (const [key, value] of Object.entries(strict)) {
            assert.equal(
                refusal({ githubEnvironment: "prod", [key]: value }),
                `Pulumi.dev.yaml has 1 invalid setting:\n  - githubReviewers: expected a reviewer, without ` +
                    `whom ${key} has no effect, got ""\n    fix: pulumi config set githubReviewers alice`,
            );
        }
    });

    it("has the deploy role's secret and everything that deploy.yml reads there, and nothing else", () => {
        for (const [run, stack] of [
            [dev, "dev"],
            [prod, "prod"],
        ] as const) {
            const place = { repository: repositoryOf(run), environment: stack };
            const secret = run.one(environmentSecretType);
            const value = run.one("aws:iam/role:Role", "main-deploy").outputs.arn;
            assert.deepEqual(secret.inputs, { ...place, secretName: "AWS_IAM_ROLE_TO_ASSUME", value });
            assert.deepEqual(secret.secrets, ["value"]);
            const variables = run.of(environmentVariableType).map(({ inputs }) => inputs);
            const name = `fargate-cicd-${stack}`;
            assert.deepEqual(
                variables,
                Object.entries({
                    APP_URL: run.outputs.url,
                    AWS_REGION: "ap-northeast-1",
                    CONTAINER_NAME: "app",
                    ECR_REPOSITORY: name,
                    ECS_CLUSTER: name,
                    ECS_SERVICE: name,
                    ECS_TASK_DEFINITION: name,
                    IMAGE_SBOM: "false",
                    IMAGE_SCAN: "report",
                    LOAD_BALANCER: "internet-facing",
                    RELEASE_COMMAND: "[]",
                }).map(([variableName, written]) => ({ ...place, variableName, value: written })),
            );
        }
    });

    it("writes nothing into the repository that another stack writes too", () => {
        assert.deepEqual(names(prod, secretType, "secretName"), []);
        assert.deepEqual(names(prod, variableType, "variableName"), ["RUNNER_PROD"]);
        assert.deepEqual(names(dev, secretType, "secretName"), ["AWS_IAM_PREVIEW_ROLE_TO_ASSUME"]);
        assert.deepEqual(names(dev, variableType, "variableName"), [
            "AWS_REGION",
            "PULUMI_GITHUB_APP",
            "PULUMI_ORGANIZATION",
            "PULUMI_STACK",
            "PULUMI_TOKEN",
            "RUNNER_DEV",
        ]);
    });

    it("uses the provider of the repository's owner for all of it", () => {
        for (const { type, name, provider } of prod.registrations.filter(({ type }) => type.startsWith("github:"))) {
            assert.match(provider, /\$pulumi:providers:github::main::/, `${type} ${name}`);
        }
    });

    it("is deployed to with the environment's tokens only, in both forms, to the letter", () => {
        const subjects = (run: Recording) => {
            const [statement] = policyOf(run.one("aws:iam/role:Role", "main-deploy"), "assumeRolePolicy").Statement;
            return statement!.Condition!.StringEquals![`${issuer}:sub`];
        };
        assert.deepEqual(subjects(dev), [
            "repo:Acme/Shop:environment:dev",
            "repo:Acme@90000001/Shop@80000001:environment:dev",
        ]);
        assert.deepEqual(subjects(prod), [
            "repo:Acme/shop:environment:prod",
            "repo:Acme@90000001/shop@80000002:environment:prod",
        ]);
    });

    // The key is one of those that STS knows of GitHub's tokens since January 2026 ("Available keys for AWS OIDC federation" in the IAM
    // User Guide); where it does not, as in other partitions, the subject alone decides.
    it("is deployed to from its branch only, whatever has become of the environment's rules", async () => {
        const condition = (run: Recording) =>
            policyOf(run.one("aws:iam/role:Role", "main-deploy"), "assumeRolePolicy").Statement[0]!.Condition!;
        assert.deepEqual(condition(prod).StringEqualsIfExists, {
            [`${issuer}:workflow`]: "deploy",
            [`${issuer}:ref`]: "refs/heads/main",
        });
        const { StringEquals, ...others } = condition(await record({ values: { githubBranch: "release/2" } }));
        assert.deepEqual(
            [StringEquals![`${issuer}:sub`]![0], others],
            ["repo:Acme/Shop:ref:refs/heads/release/2", { StringEqualsIfExists: { [`${issuer}:workflow`]: "deploy" } }],
        );
    });

    it("gives pull requests no role where they preview another stack", () => {
        assert.deepEqual(
            prod.of("aws:iam/role:Role").map(({ name }) => name),
            ["main-shift", "main-execution", "main-task", "main-deploy"],
        );
        assert.equal(prod.outputs.previewRoleArn, "");
        assert.ok(dev.outputs.previewRoleArn);
    });
});

describe("configuration: reviewers", () => {
    const github = (githubReviewers: string) =>
        load({ githubEnvironment: "prod", previewPullRequests: "false", githubReviewers }).github.environment
            ?.reviewers;

    it("are people and teams of the owner, up to six", () => {
        assert.deepEqual(github(""), { users: [], teams: [] });
        assert.deepEqual(github("alice"), { users: ["alice"], teams: [] });
        assert.deepEqual(github("@alice, acme/platform,Bob-2"), { users: ["alice", "Bob-2"], teams: ["platform"] });
        assert.equal(github("a,b,c,d,e,f")?.users.length, 6);
    });

    for (const bad of [
        "alice,",
        "al ice",
        "other/platform",
        "acme/",
        "acme/Plat form",
        "a,b,c,d,e,f,g",
        "-alice",
        "OWNER",
    ]) {
        it(`are not "${bad}"`, () => {
            assert.equal(
                refusal({ githubEnvironment: "prod", githubReviewers: bad }),
                `Pulumi.dev.yaml has 1 invalid setting:\n  - githubReviewers: expected up to six logins or teams such as ` +
                    `"alice, acme/platform", got "${bad}"\n    fix: pulumi config set githubReviewers alice,acme/platform`,
            );
        });
    }

    it("are people alone in a stack that pull requests preview, as their token may not look a team up", () => {
        assert.ok(load({ githubEnvironment: "dev", githubReviewers: "alice" }));
        assert.equal(
            refusal({ githubEnvironment: "dev", githubReviewers: "alice,acme/platform" }),
            "Pulumi.dev.yaml has 1 invalid setting:\n  - previewPullRequests: expected false where githubReviewers has a team: the " +
                'token of a pull request may not look one up, got "true"\n    fix: pulumi config set previewPullRequests false',
        );
    });

    it("need an environment to guard", () => {
        assert.equal(
            refusal({ githubReviewers: "alice" }),
            "Pulumi.dev.yaml has 1 invalid setting:\n  - githubEnvironment: expected an environment, which is what " +
                'githubReviewers guard, got ""\n    fix: pulumi config set githubEnvironment prod',
        );
    });
});
