import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { Recording } from "./record";
import { production, sharedDev, standard } from "./scenarios";
import { projectFolder } from "./settings";

interface Step {
    readonly id?: string;
    readonly env?: Record<string, string>;
    readonly with?: Record<string, string>;
    readonly uses?: string;
    readonly run?: string;
}

interface Job {
    readonly permissions?: Record<string, string>;
    readonly if?: string;
    readonly needs?: string[];
    readonly "runs-on": string;
    readonly environment?: { name: string; url: string };
    readonly concurrency?: { group: string; "cancel-in-progress": boolean };
    readonly steps: readonly Step[];
}

interface Workflow {
    readonly on: Record<string, { branches?: string[]; paths?: string[] } | null>;
    readonly permissions: Record<string, string>;
    readonly jobs: Record<string, Job>;
}

const folder = path.join(projectFolder, ".github/workflows");
const textOf = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");
const workflow = (name: string) => parse(textOf(name)) as Workflow;
const all = fs.readdirSync(folder);

describe("the workflows", () => {
    let runs: readonly Recording[];
    before(async () => {
        runs = [await standard(), await sharedDev(), await production()];
    });

    /** Every `secrets.NAME` or `vars.NAME`, sorted. */
    const read = (kind: "secrets" | "vars", ...names: string[]) =>
        [
            ...new Set(
                names.flatMap((name) =>
                    [...textOf(name).matchAll(new RegExp(`\\b${kind}\\.([A-Za-z_0-9]+)`, "g"))].map(
                        ([, found]) => found!,
                    ),
                ),
            ),
        ].sort();
    /** What a stack of any kind writes, into the repository or its environment, sorted. */
    const written = (types: readonly string[], name: string) => {
        const all = runs.flatMap((run) => types.flatMap((type) => run.of(type)));
        return [...new Set(all.map(({ inputs }) => String(inputs[name])))].sort();
    };

    it("read the secrets that the stack writes, and the stack writes none that nothing reads", () => {
        assert.deepEqual(
            read("secrets", "deploy.yml", "preview.yml"),
            written(
                [
                    "github:index/actionsSecret:ActionsSecret",
                    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
                ],
                "secretName",
            ),
        );
    });

    it("read the variables that the stack writes, and the stack writes none that nothing reads", () => {
        assert.deepEqual(
            read("vars", "deploy.yml", "preview.yml"),
            written(
                [
                    "github:index/actionsVariable:ActionsVariable",
                    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
                ],
                "variableName",
            ),
        );
    });

    it("name no account, no region, no host of AWS and nothing of a stack", () => {
        for (const name of ["deploy.yml", "preview.yml"]) {
            assert.doesNotMatch(textOf(name), /\b\d{12}\b/, `${name}: an account`);
            assert.doesNotMatch(textOf(name), /\b[a-z]{2}-[a-z]+-\d\b/, `${name}: a region`);
            assert.doesNotMatch(textOf(name), /amazonaws\.com|fargate-cicd/, name);
        }
    });

    it("pin every action to a commit, with its tag beside it", () => {
        const uses = all.flatMap((name) => textOf(name).match(/uses: .*/g) ?? []);
        assert.ok(uses.length >= 12, `${uses.length} actions`);
        for (const line of uses) {
            assert.match(line, /^uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        }
    });

    it("have no permission at first, and each job those that it needs", () => {
        for (const name of ["deploy.yml", "preview.yml"]) {
            assert.deepEqual(workflow(name).permissions, {}, name);
        }
        for (const [name, { permissions }] of Object.entries(workflow("deploy.yml").jobs)) {
            assert.deepEqual(permissions, { contents: "read", "id-token": "write" }, name);
        }
        const { preview, fork } = workflow("preview.yml").jobs;
        assert.deepEqual(preview!.permissions, {
            contents: "read",
            "id-token": "write",
            "pull-requests": "write",
        });
        assert.deepEqual(fork!.permissions, {});
    });

    it("deploy on a push of the app to the branch that the role trusts by default, and by hand", () => {
        const { config } = parse(fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8")) as {
            config: Record<string, { default: string }>;
        };
        assert.deepEqual(workflow("deploy.yml").on, {
            push: { branches: [config.githubBranch!.default], paths: ["app/**", ".github/workflows/deploy.yml"] },
            workflow_dispatch: null,
        });
    });

    it("deploy to each stack one at a time, cancel none half-way, and let none wait for another stack's reviewer", () => {
        const { jobs } = workflow("deploy.yml");
        const groups = Object.entries(jobs).map(([name, { concurrency }]) => [name, concurrency]);
        assert.deepEqual(groups, [
            ["deploy", { group: "deploy", "cancel-in-progress": false }],
            ["dev", { group: "deploy-dev", "cancel-in-progress": false }],
            ["prod", { group: "deploy-prod", "cancel-in-progress": false }],
        ]);
    });

    it("deploy to the stacks that there are: the repository's own, or dev's environment and after it prod's", () => {
        const { deploy, dev, prod } = workflow("deploy.yml").jobs;
        const url = "${{ steps.version.outputs.url }}";
        assert.deepEqual(
            [deploy, dev, prod].map((job) => [job!.if, job!["runs-on"], job!.needs, job!.environment]),
            [
                ["vars.RUNNER != ''", "${{ vars.RUNNER }}", undefined, undefined],
                ["vars.RUNNER_DEV != ''", "${{ vars.RUNNER_DEV }}", undefined, { name: "dev", url }],
                [
                    // Of the two before it one is always skipped, and neither may have failed.
                    "${{ !failure() && !cancelled() && vars.RUNNER_PROD != '' }}",
                    "${{ vars.RUNNER_PROD }}",
                    ["deploy", "dev"],
                    { name: "prod", url },
                ],
            ],
        );
        assert.deepEqual([dev!.steps, prod!.steps], [deploy!.steps, deploy!.steps]);
    });

    it("look for an image of the commit and of the tasks' processor, which the runner has as well", () => {
        for (const [name, { steps }] of Object.entries(workflow("deploy.yml").jobs)) {
            const look = steps.find(({ id }) => id === "image");
            const tag = "${{ github.sha }}-${{ runner.arch }}";
            assert.ok(look?.env?.IMAGE?.endsWith("/${{ vars.ECR_REPOSITORY }}:" + tag), name);
            const pushed = steps.find(({ uses }) => uses?.startsWith("docker/build-push-action@"));
            assert.equal(pushed?.with?.tags, "${{ steps.image.outputs.name }}", name);
        }
    });

    it("preview a pull request of the repository itself, and tell one of a fork why it gets none", () => {
        const { preview, fork } = workflow("preview.yml").jobs;
        const head = "github.event.pull_request.head.repo.full_name";
        assert.equal(preview!.if, `vars.PULUMI_STACK != '' && ${head} == github.repository`);
        assert.equal(fork!.if, `vars.PULUMI_STACK != '' && ${head} != github.repository`);
        assert.match(fork!.steps[0]!.run!, /^echo "::notice title=No preview::.+"$/);
    });

    it("build no image and write to no registry in a preview", () => {
        const uses = workflow("preview.yml").jobs.preview!.steps.map((step) => step.uses ?? "");
        assert.deepEqual(
            uses.filter((action) => /docker|ecr/.test(action)),
            [],
        );
    });

    it("never wait for a fixed time, but between two questions", () => {
        for (const name of all) {
            assert.doesNotMatch(textOf(name).replace(/while .+; do\s+sleep \d+$/gm, ""), /\bsleep\b/, name);
        }
    });
});
