import assert from "node:assert/strict";
import { loadSettings } from "../infra/config";
import { claimInputs } from "../infra/github/claim";
import { GitHubRepository } from "../infra/github/repository";
import { lookups, type Lookup } from "../tools/fakeCloud";
import { record, type Registration, type Scenario } from "./record";
import { serializedProvider } from "./serializedProvider";
import type { Values } from "./settings";

const region = "ap-northeast-1";

type Listed = Readonly<Record<string, string>>;

/** What somebody has on GitHub: variables and secrets of the repository, and of the environment. */
interface There {
    readonly variables?: Listed;
    readonly secrets?: readonly string[];
    readonly environmentVariables?: Listed;
    readonly environmentSecrets?: readonly string[];
    /** The environment's, where there is one. */
    readonly rules?: readonly object[];
}

interface State {
    readonly claims: readonly string[];
}

/** Of the program, what claims. */
function claiming(): void {
    const { name, region: own, deletionProtection, github } = loadSettings();
    const args = { ...github, name: github.repository, serviceName: name, region: own, deletionProtection };
    new GitHubRepository("main", args);
}

/** @param more answers beside those of what is there */
async function claimed(values: Values, there: There, more: Scenario["lookups"] = {}): Promise<Registration> {
    const list = (listed: Listed = {}) => Object.entries(listed).map(([name, value]) => ({ name, value }));
    const names = (listed: readonly string[] = []) => listed.map((name) => ({ name }));
    const asked = (what: string, answered: Record<string, unknown>): Record<string, Lookup> => ({
        [`github:index/get${what}:get${what}`]: () => answered,
    });
    const restApi: Lookup = (inputs, ...others) => {
        const isEnvironment = inputs.endpoint === "repos/acme/shop/environments/prod";
        const found = there.rules && {
            code: 200,
            body: JSON.stringify({ name: "prod", protection_rules: there.rules }),
        };
        return (isEnvironment && found) || lookups["github:index/getRestApi:getRestApi"]!(inputs, ...others);
    };
    const answers = {
        ...asked("ActionsVariables", { variables: list(there.variables) }),
        ...asked("ActionsSecrets", { secrets: names(there.secrets) }),
        ...asked("ActionsEnvironmentVariables", { variables: list(there.environmentVariables) }),
        ...asked("ActionsEnvironmentSecrets", { secrets: names(there.environmentSecrets) }),
        "github:index/getRestApi:getRestApi": restApi,
        ...more,
    };
    return (await record({ values, program: claiming, lookups: answers })).one("pulumi-nodejs:dynamic/github:Claim");
}

/** What the engine is told on an up or preview of a stack whose state has `held`, undefined on its first one. */
async function check(values: Values, there: There, held?: readonly string[], more?: Scenario["lookups"]) {
    const claim = await claimed(values, there, more);
    const checked = await serializedProvider(claim.inputs).check(held ? { claims: held } : {}, claim.inputs);
    const { inputs, failures = [] } = checked as { inputs: State; failures?: { reason: string }[] };
    return { claims: inputs.claims, failures: failures.map(({ reason }) => reason) };
}

/** All that the stack `fargate-cicd/<stack>` writes without an environment. */
const written = (stack: string): There => ({
    variables: {
        APP_URL: "http://elsewhere",
        AWS_REGION: region,
        CONTAINER_NAME: "app",
        ECR_REPOSITORY: `fargate-cicd-${stack}`,
        ECS_CLUSTER: `fargate-cicd-${stack}`,
        ECS_SERVICE: `fargate-cicd-${stack}`,
        ECS_TASK_DEFINITION: `fargate-cicd-${stack}`,
        IMAGE_SBOM: "false",
        IMAGE_SCAN: "report",
        LOAD_BALANCER: "internet-facing",
        PULUMI_GITHUB_APP: "true",
        PULUMI_ORGANIZATION: "acme",
        PULUMI_STACK: stack,
        PULUMI_TOKEN: "organization",
        RELEASE_COMMAND: "[]",
        RUNNER: "ubuntu-24.04",
    },
    secrets: ["AWS_IAM_PREVIEW_ROLE_TO_ASSUME", "AWS_IAM_ROLE_TO_ASSUME"],
});

describe("the claim to what is written on GitHub", () => {
    it("is of everything that the stack writes, and passes where nothing is there", async () => {
        const { claims, failures } = await check({}, {});
        assert.deepEqual(failures, []);
        const { variables, secrets } = written("dev");
        const all = [...Object.keys(variables!), ...secrets!].map((each) => `acme/shop ${each}`);
        assert.deepEqual(claims, all.sort());
    });

    it("is refused to a second stack, with the environment and the deletion as ways out", async () => {
        const { failures } = await check({}, written("other"));
        assert.equal(failures.length, 3);
        assert.match(failures[0]!, /not from this stack: acme\/shop AWS_IAM_ROLE_TO_ASSUME, acme\/shop APP_URL, /);
        assert.match(failures[0]!, /pulumi config set githubEnvironment <another name>/);
        assert.match(
            failures[0]!,
            /gh variable delete NAME --repo acme\/shop; gh secret delete NAME --repo acme\/shop/,
        );
        assert.match(failures[1]!, /: acme\/shop RUNNER\n/);
        assert.match(failures[2]!, /acme\/shop PULUMI_TOKEN\n.*pulumi config set previewPullRequests false/s);
    });

    it("is not refused to a second stack with an environment of its own that leaves previews to the first", async () => {
        const { claims, failures } = await check(
            { githubEnvironment: "prod", previewPullRequests: "false" },
            written("other"),
        );
        assert.deepEqual(failures, []);
        assert.ok(claims.includes("acme/shop prod ECS_SERVICE") && claims.includes("acme/shop RUNNER_PROD"));
        assert.ok(!claims.some((claim) => claim.startsWith("acme/shop PULUMI_")));
    });

    it("is refused in an environment that another stack deploys through", async () => {
        const there = {
            environmentVariables: { ECS_SERVICE: "other" },
            environmentSecrets: ["AWS_IAM_ROLE_TO_ASSUME"],
        };
        const { failures } = await check({ githubEnvironment: "prod" }, there);
        assert.deepEqual(failures.length, 1);
        assert.match(failures[0]!, /acme\/shop prod AWS_IAM_ROLE_TO_ASSUME, acme\/shop prod ECS_SERVICE\n/);
        assert.match(failures[0]!, /gh variable delete NAME --repo acme\/shop --env prod/);
    });

    it("is refused for an environment with rules or settings of somebody else, which a destroy would take along", async () => {
        const prod = { githubEnvironment: "prod" };
        const reason =
            "these settings are on GitHub already, and not from this stack: environment acme/shop prod\n" +
            "  if another workflow needs it: pulumi config set githubEnvironment <another name>\n" +
            "  if nobody needs it, nor what is in it, delete it: gh api --method DELETE repos/acme/shop/environments/prod";
        const rules = [{ type: "required_reviewers" }];
        assert.deepEqual((await check(prod, { rules })).failures, [reason]);
        assert.deepEqual((await check(prod, { rules: [], environmentSecrets: ["NPM_TOKEN"] })).failures, [reason]);
        const registry = { NPM_REGISTRY: "https://npm.example.com" };
        assert.deepEqual((await check(prod, { rules: [], environmentVariables: registry })).failures, [reason]);
        const { claims, failures } = await check(prod, { rules: [] }); // as GitHub makes one that a job names
        assert.deepEqual(failures, []);
        assert.deepEqual((await check(prod, { rules }, claims)).failures, []);
        // A pull request's token sees the environment of a public repository, and no variable in it.
        const kept = claims.filter((claim) => !claim.startsWith("environment "));
        assert.deepEqual((await check(prod, { rules }, kept)).failures, [], "of a state from before it was claimed");
        assert.deepEqual((await check(prod, { rules }, ["acme/shop production ECS_SERVICE"])).failures, [reason]);
        const former = { rules, environmentVariables: { AWS_REGION: region, ECS_SERVICE: "fargate-cicd-dev" } };
        assert.deepEqual((await check(prod, former)).failures, [], "of a state from before it was claimed");
    });

    it("is refused for one variable that somebody has set by hand, or the secret of the recipe by hand", async () => {
        const { failures } = await check({}, { variables: { AWS_REGION: "ap-northeast-1", OTHER: "x" } });
        assert.deepEqual(
            failures.map((reason) => reason.split("\n")[0]),
            ["these settings are on GitHub already, and not from this stack: acme/shop AWS_REGION"],
        );
        assert.match(
            (await check({}, { secrets: ["AWS_IAM_ROLE_TO_ASSUME"] })).failures[0]!,
            /AWS_IAM_ROLE_TO_ASSUME\n/,
        );
    });

    it("holds in every later up, whatever the values are by then, and after a rename of the stack", async () => {
        const { claims } = await check({}, {});
        assert.deepEqual((await check({}, written("other"), claims)).failures, []);
    });

    it("is refused to a stack of the same name in another region, which has a service of that name, too", async () => {
        const there = written("dev");
        const elsewhere = { ...there, variables: { ...there.variables, AWS_REGION: "eu-west-1" } };
        assert.match((await check({}, elsewhere)).failures[0]!, /^these settings are on GitHub already, .* AWS_REGION/);
        assert.deepEqual((await check({}, there)).failures, []);
    });

    it("is checked for what is added later", async () => {
        const { claims: held } = await check({ previewPullRequests: "false" }, {});
        const { failures } = await check({}, written("other"), held);
        assert.equal(failures.length, 1);
        assert.match(failures[0]!, /acme\/shop PULUMI_TOKEN\n.*previewPullRequests false/s);
        const moved = await check({ githubRepository: "acme/store" }, written("other"), held);
        assert.equal(moved.failures.length, 3);
    });

    it("is taken for granted where a stack has written its settings before there were claims", async () => {
        assert.deepEqual((await check({}, written("dev"))).failures, []);
    });

    it("is not compared in a preview whose token may not look, as a pull request's, and fails where GitHub does not answer", async () => {
        const listing = async (answer: string, preview = false): Promise<readonly string[] | string> => {
            const refused = () => {
                const details = `GET https://api.github.com/repos/acme/shop/actions/variables: ${answer} []`;
                throw Object.assign(new Error(), { details }); // as gRPC does
            };
            let taken: Promise<readonly string[] | string> | undefined;
            const program = () => {
                const none = Promise.resolve(undefined);
                const args = { fullName: "acme/shop", serviceName: "shop", region: "eu-west-1", previews: true };
                taken = claimInputs({ ...args, problem: none, moved: none }, {}).then(
                    ({ groups, problem }) => problem ?? groups.flatMap((group) => group.taken),
                );
                return {};
            };
            const answers = { "github:index/getActionsVariables:getActionsVariables": refused };
            await record({ program, preview, lookups: answers });
            return taken!;
        };
        assert.deepEqual(await listing("403 Resource not accessible by integration", true), []);
        assert.match(String(await listing("403 You have exceeded a secondary rate limit")), /secondary rate limit/);
        assert.deepEqual(await listing("404 Not Found"), []);
        assert.match(String(await listing("502 Bad Gateway")), /502 Bad Gateway/);
    });

    it("is refused where the repository that the stack has made was renamed or transferred, and not where it is still to be made", async () => {
        const lookup = "github:index/getRepository:getRepository";
        const made = { createGithubRepository: "true" };
        const { claims } = await check(made, {});
        const answered = async (values: Values, fullName: string, held?: readonly string[], there = {}) => {
            const found = () => ({ name: fullName.split("/")[1], fullName, repoId: 80000001 });
            return (await check(values, there, held, { [lookup]: found })).failures;
        };
        assert.deepEqual(await answered(made, "acme/store", claims), [
            'githubRepository: "acme/shop" was renamed to "acme/store", which its workflows\' tokens now name\n' +
                "  fix: pulumi config set githubRepository acme/store, then pulumi up --refresh",
        ]);
        assert.match(
            (await answered(made, "globex/shop", claims))[0]!,
            /transferred .+\n {2}fix: transfer it back to acme$/s,
        );
        assert.deepEqual(await answered(made, "acme/store"), [], "a name that leads to another repository can be had");
        assert.deepEqual(await answered(made, "Acme/Shop", claims), []);
        const renamed = { ...made, githubRepository: "acme/store" };
        assert.deepEqual(await answered(renamed, "acme/store", claims), []);
        assert.deepEqual(await answered(renamed, "acme/store", claims, written("dev")), [], "with all that it has");
        assert.deepEqual(await answered({}, "acme/store", claims), [], "one that the stack has not made");
    });

    it("keeps nothing in the state but itself, and changes in place", async () => {
        const claim = await claimed({}, {});
        const provider = serializedProvider(claim.inputs);
        const { inputs } = (await provider.check({}, claim.inputs)) as { inputs: State };
        assert.deepEqual(Object.keys(inputs), ["claims"]);
        assert.deepEqual(await provider.create(inputs), { id: "claim", outs: inputs });
        assert.deepEqual(await provider.diff("claim", inputs, inputs), { changes: false });
        assert.deepEqual(await provider.diff("claim", inputs, { claims: [] }), { changes: true });
        const problem = "no such repository";
        const refused = (await provider.check({}, { groups: [], problem })) as { failures: object[] };
        assert.deepEqual(refused.failures, [{ property: "", reason: problem }]);
        assert.deepEqual(await provider.update("claim", inputs, { claims: [] }), { outs: { claims: [] } });
    });

    it("is there before anything is written, the secrets, which GitHub overwrites, are late, and what lets a job run comes last", async () => {
        for (const values of [{}, { githubEnvironment: "prod", createGithubRepository: "true" }]) {
            const run = await record({ values });
            const written = run.registrations.filter(({ type }) =>
                /^github:index\/actions(Environment)?(Variable|Secret):/.test(type),
            );
            const isGate = ({ name }: { readonly name: string }) => /^main-(runner(-prod)?|pulumi-stack)$/.test(name);
            const [gates, others] = [written.filter(isGate), written.filter((each) => !isGate(each))];
            assert.equal(gates.length, 2);
            for (const { name, type, dependsOn } of others) {
                const before = type.includes("Variable:")
                    ? []
                    : others.filter((each) => each.type === variableOf(type));
                assert.deepEqual(dependsOn.slice(1), before, name);
                assert.equal(dependsOn[0]!.type, "pulumi-nodejs:dynamic/github:Claim");
            }
            for (const { name, dependsOn } of gates) {
                assert.deepEqual(new Set(dependsOn.slice(1)), new Set(others), name);
            }
        }
    });
});

const variableOf = (secretType: string) => secretType.replaceAll("Secret", "Variable").replaceAll("secret", "variable");
