import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { commandsIn } from "./pipelineScripts";
import type { Recording } from "./record";
import { production, sharedDev, standard } from "./scenarios";
import { projectFolder } from "./settings";

interface Step {
    readonly id?: string;
    readonly name?: string;
    readonly if?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly uses?: string;
    readonly run?: string;
    readonly "timeout-minutes"?: number;
    readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
    readonly permissions?: Record<string, string>;
    readonly if?: string;
    readonly needs?: string | string[];
    readonly "runs-on": string;
    readonly "timeout-minutes"?: number;
    readonly environment?: { name: string; url: string };
    readonly concurrency?: { group: string; "cancel-in-progress": boolean | string };
    readonly strategy?: { matrix: { node: number[] } };
    readonly steps: readonly Step[];
}

interface Workflow {
    readonly on: Record<string, { branches?: string[]; paths?: string[]; inputs?: Record<string, object> } | null>;
    readonly permissions: Record<string, string>;
    readonly jobs: Record<string, Job>;
}

const folder = path.join(projectFolder, ".github/workflows");
const textOf = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");
const workflow = (name: string) => parse(textOf(name)) as Workflow;
const all = fs.readdirSync(folder);
/** That of this project itself, which a team deletes (README). */
const ci = all.includes("ci.yml") ? workflow("ci.yml") : undefined;
/** The jobs that deploy: all but the one that looks for a commit. */
const deploying = () => {
    const { commit, ...jobs } = workflow("deploy.yml").jobs;
    assert.ok(commit);
    return jobs;
};

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
        assert.deepEqual(workflow("deploy.yml").jobs.commit!.permissions, { contents: "read" });
        for (const [name, { permissions }] of Object.entries(deploying())) {
            assert.deepEqual(permissions, { contents: "read", "id-token": "write" }, name);
        }
        const { preview, ...others } = workflow("preview.yml").jobs;
        assert.deepEqual(preview!.permissions, {
            contents: "read",
            "id-token": "write",
            pages: "read",
            "pull-requests": "write",
        });
        for (const [name, { permissions }] of Object.entries(others)) {
            assert.deepEqual(permissions, {}, name);
        }
    });

    it("start for a pull request in its own context, and test with a token that only reads", () => {
        assert.deepEqual(workflow("preview.yml").on, { pull_request: null });
        if (!ci) return;
        const { on, permissions, jobs } = ci;
        assert.deepEqual(on, { push: { branches: ["main"], "paths-ignore": ["app/**"] }, pull_request: null });
        assert.deepEqual(permissions, { contents: "read" });
        assert.deepEqual(
            Object.values(jobs).filter((job) => job.permissions !== undefined),
            [],
        );
    });

    it("preview, and log in for whom the settings say", () => {
        const { steps } = workflow("preview.yml").jobs.preview!;
        const using = (action: string) => steps.find(({ uses }) => uses?.startsWith(`${action}@`))!.with!;
        assert.equal(using("pulumi/actions").command, "preview");
        const login = using("pulumi/auth-actions");
        const kind = String(login["requested-token-type"]);
        assert.ok(kind.includes("startsWith(vars.PULUMI_TOKEN, 'team:') && 'team' || "), kind);
        assert.equal(login.scope, "${{ vars.PULUMI_TOKEN != 'organization' && vars.PULUMI_TOKEN || '' }}");
    });

    it("give each script all that it reads, but for the runner's own", () => {
        const read = (script: string) => {
            const source = fs.readFileSync(path.join(projectFolder, script), "utf8");
            const taken = [...source.matchAll(/const \{([^}]+)\} = process\.env/g)].flatMap(([, names]) =>
                names!.split(",").map((name) => name.split(":")[0]!.trim()),
            );
            return taken.filter((name) => !name.startsWith("GITHUB_"));
        };
        let count = 0;
        for (const { name, run, env = {} } of workflow("deploy.yml").jobs.deploy!.steps) {
            const [script] = /\.github\/scripts\/\w+\.js/.exec(run ?? "") ?? [];
            const missing = script ? read(script).filter((variable) => !(variable in env)) : [];
            assert.deepEqual(missing, [], name);
            count += script ? 1 : 0;
        }
        assert.ok(count > 5, `${count} steps`);
    });

    it("end a release at the first step that fails, and look at what the settings ask for", () => {
        const { steps } = workflow("deploy.yml").jobs.deploy!;
        assert.deepEqual(
            steps.filter((step) => "continue-on-error" in step).map(({ name }) => name),
            ["Keep the image that is live", "List what the scan has found"], // no part of the release
        );
        const modes = steps.flatMap(({ name, env }) => (env?.IMAGE_SCAN ? [[name, env.IMAGE_SCAN]] : []));
        assert.deepEqual(modes, [
            ["See that the scan finds nothing critical", "block"],
            ["List what the scan has found", "report"],
        ]);
    });

    it("deploy on a push of the app to the branch that the role trusts by default, and by hand", () => {
        const { config } = parse(fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8")) as {
            config: Record<string, { default: string }>;
        };
        assert.deepEqual(workflow("deploy.yml").on, {
            push: {
                branches: [config.githubBranch!.default],
                paths: ["app/**", ".github/scripts/**", ".github/workflows/deploy.yml"],
            },
            workflow_dispatch: {
                inputs: {
                    commit: {
                        description:
                            "The commit to release or to go back to, by its hash or the first digits of it; empty for the newest",
                        type: "string",
                    },
                    stack: {
                        description: "With a commit, the only environment to release it in",
                        type: "choice",
                        options: ["all", "dev", "prod"],
                        default: "all",
                    },
                },
            },
        });
    });

    // A group for each run would let reviews stand side by side, and with them release commands and rollouts. As it is, a job that waits
    // for a reviewer holds its group on GitHub (dotnet/docs#28144): docs/releases/run.md says what to do with it.
    // `cancel-in-progress` takes an expression, with `inputs` in it: "Control the concurrency of workflows and jobs" in GitHub's docs.
    it("deploy to each stack one at a time, cancel none but for a commit to go back to, and let none of a stack wait for another stack's reviewer", () => {
        // By branch: a run on another one, which the role refuses, must not cancel a release of this one before it is refused.
        const groups = Object.entries(deploying()).map(([name, { concurrency }]) => [name, concurrency]);
        const onlyToGoBack = "${{ inputs.commit != '' && github.run_attempt == 1 }}";
        assert.deepEqual(groups, [
            ["deploy", { group: "deploy ${{ github.ref }}", "cancel-in-progress": onlyToGoBack }],
            ["dev", { group: "deploy-dev ${{ github.ref }}", "cancel-in-progress": onlyToGoBack }],
            ["prod", { group: "deploy-prod ${{ github.ref }}", "cancel-in-progress": onlyToGoBack }],
        ]);
    });

    it("find the commit to go back to before any group is entered, so that a wrong one cancels nothing", () => {
        const { commit } = workflow("deploy.yml").jobs;
        assert.equal(commit!.if, "inputs.commit != '' || (inputs.stack || 'all') != 'all'");
        // Two stacks may be taken back at the same time.
        const group = "commit ${{ inputs.stack }} ${{ github.ref }}";
        const first = "${{ github.run_attempt == 1 }}";
        assert.deepEqual(commit!.concurrency, { group, "cancel-in-progress": first });
        const [stack, ...found] = commit!.steps;
        assert.equal(stack!.if, "inputs.stack != 'all'");
        const attempt = (env: Readonly<Record<string, string>>) =>
            spawnSync("bash", ["-e", "-c", stack!.run!], { env, encoding: "utf8" });
        assert.equal(attempt({ STACK: "prod", COMMIT: "1a2b", RUNNER: "ubuntu" }).status, 0);
        for (const missing of ["COMMIT", "RUNNER"]) {
            const { status, stdout } = attempt({ STACK: "prod", COMMIT: "1a2b", RUNNER: "ubuntu", [missing]: "" });
            assert.deepEqual([status, /^::error::.+ Nothing was changed\.$/m.test(stdout)], [1, true], missing);
        }
        for (const [name, { needs, steps }] of Object.entries(deploying())) {
            assert.ok([needs].flat().includes("commit"), name);
            assert.deepEqual(steps.slice(0, 2), found, name);
        }
    });

    it("deploy to the stacks that there are: the repository's own, or dev's environment and after it prod's", () => {
        const { deploy, dev, prod } = workflow("deploy.yml").jobs;
        const url = "${{ steps.version.outputs.url }}";
        const goingBackIn = (only: string) => ` && (inputs.commit == '' || inputs.stack == 'all'${only})`;
        const found = " && (needs.commit.result == 'success' || needs.commit.result == 'skipped')";
        // Whoever may write variables would choose the machine that gets the role's credentials: a label of a runner of the team's own.
        const [arm, other] = ["ubuntu-24.04-arm", "ubuntu-24.04"];
        const runner = (variable: string) => `\${{ vars.${variable} == '${arm}' && '${arm}' || '${other}' }}`;
        assert.deepEqual(
            [deploy, dev, prod].map((job) => [job!.if, job!["runs-on"], job!.needs, job!.environment]),
            [
                [
                    // An organization may have a RUNNER of its own; without an environment's there is no ECS_SERVICE.
                    `!cancelled() && vars.RUNNER != '' && vars.ECS_SERVICE != ''${goingBackIn("")}${found}`,
                    runner("RUNNER"),
                    "commit",
                    undefined,
                ],
                [
                    `!cancelled() && vars.RUNNER_DEV != ''${goingBackIn(" || inputs.stack == 'dev'")}${found}`,
                    runner("RUNNER_DEV"),
                    "commit",
                    { name: "dev", url },
                ],
                [
                    // Of the two before it one is always skipped, where there is no such stack.
                    `!cancelled() && vars.RUNNER_PROD != ''${goingBackIn(" || inputs.stack == 'prod'")}${found}` +
                        " && (needs.deploy.result == 'success' || needs.deploy.result == 'skipped')" +
                        " && (needs.dev.result == 'success' || needs.dev.result == 'skipped')",
                    runner("RUNNER_PROD"),
                    ["commit", "deploy", "dev"],
                    { name: "prod", url },
                ],
            ],
        );
        assert.deepEqual([dev!.steps, prod!.steps], [deploy!.steps, deploy!.steps]);
    });

    it("look for an image of the commit and of the tasks' processor, which the runner has as well", () => {
        for (const [name, { steps }] of Object.entries(deploying())) {
            const look = steps.find(({ id }) => id === "image");
            const tag = "${{ steps.commit.outputs.sha }}-${{ runner.arch }}";
            assert.ok(look?.env?.IMAGE?.endsWith("/${{ vars.ECR_REPOSITORY }}:" + tag), name);
            const pushed = steps.find(({ uses }) => uses?.startsWith("docker/build-push-action@"));
            assert.equal(pushed?.with?.tags, "${{ steps.image.outputs.name }}", name);
        }
    });

    describe("before they roll out", () => {
        const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-newer-"));
        after(() => fs.rmSync(scratch, { recursive: true }));
        const git = (...args: string[]) =>
            execFileSync("git", ["-C", scratch, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
                encoding: "utf8",
            }).trim();
        const commit = (message: string) => {
            git("commit", "--quiet", "--allow-empty", "--message", message);
            return git("rev-parse", "HEAD");
        };
        const { steps } = workflow("deploy.yml").jobs.deploy!;
        const guard = steps.find(({ name }) => name === "See that nothing newer is live")!;
        const outputs = path.join(scratch, "outputs");
        /** Runs the step as a runner does, where the service runs `image`, in a run that was given a commit or none. */
        const attempt = (version: string, image: string, { given = "", job = "deploy", run = 1, of = "None" } = {}) => {
            const answers =
                'case "$2" in describe-services) echo arn:revision;; ' +
                `*) [ "$4" = arn:revision ] && printf '${image}\\t${of}\\n';; esac`;
            fs.writeFileSync(path.join(scratch, "aws"), `#!/bin/sh\n${answers}\n`, { mode: 0o755 });
            fs.writeFileSync(outputs, "");
            const env = {
                PATH: `${scratch}:${process.env.PATH}`,
                COMMIT: given,
                VERSION: version,
                CLUSTER: "c",
                SERVICE: "s",
                CONTAINER: "app",
                GITHUB_JOB: job,
                GITHUB_OUTPUT: outputs,
                GITHUB_REF_NAME: "release/2",
                GITHUB_RUN_ATTEMPT: String(run),
                GITHUB_RUN_ID: "98",
            };
            const { status, stdout, stderr } = spawnSync("bash", ["-e", "-c", guard.run!], {
                cwd: scratch,
                env,
                encoding: "utf8",
            });
            const [found, told] = fs.readFileSync(outputs, "utf8").split(/(?<=^image=.*\n)/);
            assert.equal(found, `image=${image}\n`);
            return { status, stdout, stderr, told: told ?? "" };
        };
        const registry = "123456789012.dkr.ecr.eu-west-1.example.com/shop";
        let first: string, second: string, other: string;
        before(() => {
            git("init", "--quiet");
            [first, second] = [commit("first"), commit("second")];
            git("checkout", "--quiet", "-b", "other", first);
            other = commit("other");
        });

        it("see that what is live is not newer, in a re-run as well, and what has no place in the history is no reason", () => {
            // By the branch, which need not be the default one, and to this stack alone. The job without an environment is no choice.
            for (const [job, only] of Object.entries({ deploy: "", dev: " -f stack=dev", prod: " -f stack=prod" })) {
                const refused = attempt(first, `${registry}:${second}-ARM64`, { job });
                assert.deepEqual([refused.status, refused.told], [1, ""], refused.stderr);
                const start = "gh workflow run deploy\\.yml --ref release/2";
                assert.match(
                    refused.stdout,
                    new RegExp(
                        `^::error::s runs ${second}, which is newer .* Nothing was changed\\. ` +
                            `.*: ${start} -f commit=${first}${only}\\. .*: ${start}$`,
                        "m",
                    ),
                );
            }
            for (const tag of [
                `:${first}`,
                `:${second}`,
                `:${other}`,
                `:${"f".repeat(40)}`,
                ":build-0123",
                `@sha256:${"e".repeat(64)}`,
            ]) {
                const { status, told } = attempt(second, registry + tag);
                assert.deepEqual([status, told], [0, ""], tag);
            }
            assert.equal(guard.if, undefined);
        });

        it("find that a commit goes back which is older than what is live or under way, and that no other does", () => {
            const back = (version: string, tag: string) => {
                const { status, stdout, told } = attempt(version, registry + tag, { given: version.slice(0, 7) });
                assert.equal(status, 0, stdout);
                assert.match(told, /^$|^back=true\n$/);
                return told !== "";
            };
            // A run of it that was repeated is there already.
            for (const tag of [`:${first}-X64`, `:${second}-X64`, `:${other}-ARM64`]) {
                assert.equal(back(first, tag), true, tag);
            }
            // A newer one, and where nothing tells which is live: what holds a release up runs.
            for (const tag of [
                `:${first}-X64`,
                `:${other}-X64`,
                `:${"f".repeat(40)}`,
                ":build-0123",
                `@sha256:${"e".repeat(64)}`,
            ]) {
                assert.equal(back(second, tag), false, tag);
            }
        });

        // What a re-run has is the commit, the branch and the inputs of the first: "Re-running workflows and jobs" in GitHub's docs.
        it("take nothing back by a re-run that has been released since", () => {
            const runs = (id: number) => `https://github.com/acme/shop/actions/runs/${id}`;
            for (const image of [`:${second}-X64`, `:${other}-X64`, `@sha256:${"e".repeat(64)}`]) {
                const refused = attempt(first, registry + image, { given: first, job: "prod", run: 2, of: runs(101) });
                assert.deepEqual([refused.status, refused.told], [1, ""], refused.stderr);
                const start = `gh workflow run deploy\\.yml --ref release/2 -f commit=${first} -f stack=prod`;
                assert.match(
                    refused.stdout,
                    new RegExp(`^::error::s runs what a later run has released, ${runs(101)}\\. .*: ${start}$`, "m"),
                );
            }
            // Nor does one of a push release again what was undone since.
            const again = attempt(second, `${registry}:${first}-X64`, { run: 2, of: runs(101) });
            assert.match(again.stdout, new RegExp(`, ${runs(101)}\\. .*: gh .* -f commit=${second}$`, "m"));
            assert.equal(again.status, 1);
            assert.equal(attempt(second, `${registry}:${first}-X64`, { run: 2, of: runs(98) }).status, 0);
            assert.equal(attempt(second, `${registry}:${second}-X64`, { run: 2, of: runs(101) }).status, 0); // that very commit
            // Of itself, of one before it, of `pulumi up`; and the first time, when a push may overtake it on its way.
            for (const [run, of] of [
                [2, runs(98)],
                [2, runs(9)],
                [2, "None"],
                [1, runs(101)],
            ] as const) {
                const asked = attempt(first, `${registry}:${second}-X64`, { given: first, run, of });
                assert.deepEqual([asked.status, asked.told], [0, "back=true\n"], asked.stdout);
            }
        });

        it("see it with the whole history, in the job's own turn, and before anything is built", () => {
            const at = (name: RegExp) => steps.findIndex((step) => name.test(step.name ?? ""));
            assert.equal(steps[at(/^Check out$/)]!.with?.["fetch-depth"], 0);
            assert.ok(at(/^Assume/) < steps.indexOf(guard) && steps.indexOf(guard) < at(/^Build and push$/));
            // What is under way counts as live: one that goes back goes back behind it.
            assert.ok(steps.indexOf(guard) < at(/^Take back what is under way$/));
        });
    });

    it("end what hangs, and no deployment before its waits are over or after its credentials are", () => {
        for (const name of all) {
            for (const [id, job] of Object.entries(workflow(name).jobs)) {
                assert.ok(job["timeout-minutes"], `${name}: ${id}`);
            }
        }
        const hour = 60; // of a session of configure-aws-credentials, where it is not told otherwise
        const build = 15;
        for (const { steps, "timeout-minutes": minutes } of Object.values(deploying())) {
            const waits = steps.map((step) => Number(step.with?.["wait-for-minutes"] ?? step["timeout-minutes"] ?? 0));
            const longest = waits.reduce((sum, each) => sum + each, build);
            assert.ok(minutes! >= longest && minutes! <= hour, `${minutes} minutes for ${longest}`);
        }
    });

    // A commit that was chosen may be newer than what is live, as where it goes to prod alone: its command never ran there.
    it("hold a release up before it is rolled out, and what goes back by nothing", () => {
        const { steps } = workflow("deploy.yml").jobs.deploy!;
        const order = steps.map(({ name, if: condition }) => [name, condition]);
        const from = order.findIndex(([name]) => name === "Build and push");
        const forward = "steps.live.outputs.back != 'true'";
        assert.equal(steps.find(({ name }) => name === "See that nothing newer is live")!.id, "live");
        assert.deepEqual(order.slice(from), [
            ["Build and push", "steps.image.outputs.exists == 'false'"],
            [
                "See that the scan finds nothing critical",
                // What is live is released again with other settings, whatever has become known of it; what was built anew is not that.
                `vars.IMAGE_SCAN == 'block' && ${forward} && ` +
                    "(steps.image.outputs.exists == 'false' || steps.live.outputs.image != steps.image.outputs.name)",
            ],
            // Before the release command: what that does to the version that is live must not be waited for.
            ["Wait until the alarm is over that took the last release back", forward],
            ["Render the task definition", undefined],
            ["Register the revision", undefined],
            // A stack from before there was such a setting has no variable.
            ["Run the release command", `(vars.RELEASE_COMMAND || '[]') != '[]' && ${forward}`],
            ["Roll out", undefined],
            ["Follow the deployment", undefined],
            ["Ask the load balancer for the new version", "steps.follow.outputs.tasks != '0'"],
            ["Withdraw the revision", "(failure() || cancelled()) && steps.revision.outputs.task-definition-arn != ''"],
            ["List what the scan has found", "steps.gate.outcome == 'skipped'"],
        ]);
    });

    it("take back what is under way for a commit to go back to, and build it of that commit's own app where its image is gone", () => {
        const { steps } = workflow("deploy.yml").jobs.deploy!;
        const at = (name: string) => steps.findIndex((step) => step.name === name);
        assert.equal(steps[at("Take back what is under way")]!.if, "inputs.commit != ''");
        const app = steps[at("Take the app as it was")]!;
        assert.equal(app.if, "steps.image.outputs.exists == 'false' && inputs.commit != ''");
        assert.match(app.run!, /^git worktree add --force --detach "\$RUNNER_TEMP\/source" "\$VERSION"$/m);
        assert.equal(steps[at("Build and push")]!.with!.context, "${{ steps.source.outputs.app || 'app' }}");
        assert.ok(at("Look for this commit's image") < at("Take the app as it was"));
        assert.ok(at("Take the app as it was") < at("Build and push"));
    });

    // `sbom: generator=IMAGE` runs that image with the build's files ("SBOM attestations" in Docker's docs).
    it("let no variable choose what makes the SBOM", () => {
        const build = workflow("deploy.yml").jobs.deploy!.steps.find(({ name }) => name === "Build and push")!;
        assert.equal(build.with?.sbom, "${{ vars.IMAGE_SBOM == 'true' }}");
    });

    // BuildKit pushes the image first, and what becomes of its cache's export decides then, unless told otherwise (`ignore-error`, in
    // its control.go); an import that fails it only logs (loadResult in its llbsolver/bridge.go).
    it("release an image although GitHub's cache takes no layers", () => {
        const build = workflow("deploy.yml").jobs.deploy!.steps.find(({ name }) => name === "Build and push")!;
        assert.match(String(build.with?.["cache-to"]), /,ignore-error=true$/);
    });

    // Variables reach no run of a fork, and secrets none of Dependabot either: "Using secrets in GitHub Actions" and "Dependabot on
    // GitHub Actions" in GitHub's docs. A push by anybody else to Dependabot's branch is an ordinary one.
    it("preview what can be previewed, and tell a fork and Dependabot why they get none", () => {
        const { preview, fork, dependabot } = workflow("preview.yml").jobs;
        const head = "github.event.pull_request.head.repo.full_name";
        assert.equal(
            preview!.if,
            `vars.PULUMI_STACK != '' && github.actor != 'dependabot[bot]' && ${head} == github.repository`,
        );
        assert.equal(fork!.if, `${head} != github.repository`);
        assert.equal(dependabot!.if, "vars.PULUMI_STACK != '' && github.actor == 'dependabot[bot]'");
        for (const job of [fork!, dependabot!]) {
            assert.match(job.steps[0]!.run!, /^echo "::notice title=No preview::.+"$/);
            assert.doesNotMatch(JSON.stringify([job["runs-on"], job.steps]), /\b(vars|secrets)\./);
        }
    });

    it("preview with the CLI whose SDK the program has", () => {
        const lock = JSON.parse(fs.readFileSync(path.join(projectFolder, "package-lock.json"), "utf8")) as {
            packages: Record<string, { version: string }>;
        };
        const preview = workflow("preview.yml").jobs.preview!.steps.find(({ uses }) =>
            /^pulumi\/actions@/.test(uses ?? ""),
        );
        assert.equal(preview?.with?.["pulumi-version"], lock.packages["node_modules/@pulumi/pulumi"]!.version);
    });

    it("test on every Node.js from the oldest that the program takes to the one that it is developed with", () => {
        const { engines } = JSON.parse(fs.readFileSync(path.join(projectFolder, "package.json"), "utf8")) as {
            engines: { node: string };
        };
        const developed = fs.readFileSync(path.join(projectFolder, ".node-version"), "utf8").trim();
        if (ci) {
            const { node } = ci.jobs.unit!.strategy!.matrix;
            assert.deepEqual(node.map(String), [engines.node.replace(">=", ""), developed]);
        }
        for (const job of [workflow("preview.yml").jobs.preview!, ...(ci ? [ci.jobs.test!] : [])]) {
            const [node] = job.steps.filter(({ uses }) => uses?.startsWith("actions/setup-node@"));
            assert.deepEqual(node!.with, { "node-version-file": ".node-version" });
        }
    });

    it("build no image and write to no registry in a preview", () => {
        const uses = workflow("preview.yml").jobs.preview!.steps.map((step) => step.uses ?? "");
        assert.deepEqual(
            uses.filter((action) => /docker|ecr/.test(action)),
            [],
        );
    });

    it("give the runner no command that is in what the app answers for its version", () => {
        const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-version-"));
        fs.writeFileSync(path.join(scratch, "curl"), '#!/bin/sh\ncat "$0.answer"\n', { mode: 0o755 });
        const asked = (answer: string) => {
            fs.writeFileSync(path.join(scratch, "curl.answer"), answer);
            const { run } = deploying().deploy!.steps.find(({ id }) => id === "version")!;
            const env = { APP_URL: "http://a", VERSION: "0a1b", GITHUB_OUTPUT: "/dev/null" };
            const PATH = `${scratch}:${process.env.PATH}`;
            return spawnSync("bash", ["-e", "-c", run!], { env: { ...env, PATH }, encoding: "utf8" });
        };
        assert.deepEqual([asked("0a1b\n").status, asked("0a1b\n").stdout], [0, "http://a serves 0a1b\n"]);
        const { status, stdout } = asked("0a1b\n::add-path::/tmp\n##[add-path]/tmp\n");
        fs.rmSync(scratch, { recursive: true });
        assert.equal(status, 1);
        const [error, ...others] = commandsIn(stdout);
        assert.match(error!, /^::error::http:\/\/a serves .*, not 0a1b$/);
        assert.deepEqual(others, []);
    });

    it("never wait for a fixed time, but between two questions", () => {
        for (const name of all) {
            assert.doesNotMatch(textOf(name).replace(/while .+; do\s+sleep \d+$/gm, ""), /\bsleep\b/, name);
        }
    });
});
