/** What `npm run sandbox:release` does: runs deploy.yml itself, as a push of the working tree or as somebody starts it by hand. */
import * as fs from "node:fs";
import * as path from "node:path";
import { awsEndpoint, isAwsHealthy } from "../aws/emulator";
import { messages } from "../aws/messages";
import { prepareMachine } from "../machine";
import { ask } from "../machine/run";
import { checkout } from "../paths";
import { UserError } from "../progress";
import type { Project } from "../stack/project";
import { foldersOf } from "../workflow/actions";
import { loadAwsCli } from "../workflow/awsCli";
import { readWorkflow } from "../workflow/definition";
import { approved, dispatched, gitRepository, pushed, repeated } from "../workflow/begin";
import { runJobs, type JobReport } from "../workflow/jobs";

const workflow = ".github/workflows/deploy.yml";

export interface ReleaseOptions {
    /** A folder with the actions themselves, in `owner/name`. Undefined: from GitHub, or the stand-ins. */
    readonly officialActions?: string;
    /** Instead of a new run: the environment into which a reviewer lets the run that waits for it, which then goes on. */
    readonly approve?: string;
    /** Instead of a push: the last run once more. */
    readonly rerun?: boolean;
    /** Instead of a push: a start by hand, to go back to this commit. */
    readonly commit?: string;
    /** In this environment alone; undefined: in each. */
    readonly environment?: string;
}

export async function release(project: Project, options: ReleaseOptions): Promise<void> {
    const { officialActions, approve, rerun, commit, environment: stack = "all" } = options;
    const { github, imageSbom: sbom } = project.settings();
    const repository = `${github.owner}/${github.repository}`;
    if (!(await isAwsHealthy())) {
        throw new UserError("There is no sandbox to release to: run npm run sandbox:up first.");
    }
    const started = Date.now();
    const { binFolder, buildEnv, dockerHost, reachable } = await prepareMachine("workflow", { sbom });
    const begun =
        approve !== undefined
            ? await approved(repository, workflow, approve)
            : rerun
              ? await repeated(repository, workflow)
              : commit !== undefined
                ? await dispatched(repository, github.branch, workflow, { commit, stack })
                : undefined;
    const branch = begun?.ref.replace("refs/heads/", "") ?? github.branch;
    const content = begun?.content ?? fs.readFileSync(path.join(checkout, workflow), "utf8");
    const definition = readWorkflow(content, workflow, branch);
    // As from where npm was called, which runs its scripts at the top of the checkout.
    const folder = officialActions && path.resolve(process.env.INIT_CWD ?? ".", officialActions);
    const actions = foldersOf(definition.actions, { offline: !reachable.github, folder });
    if ((await ask("docker", ["--version"])) === undefined) {
        throw new UserError("The workflow calls docker, and there is no such client on the PATH: install Docker's.");
    }
    const { id, over, ...push } = begun ?? { ...(await pushed(repository, branch)), content };

    console.log(`\n${workflow}, ${push.inputs ? "by hand on" : "as a push to"} ${branch} of ${repository}\n`);
    const environment = {
        ...buildEnv,
        DOCKER_HOST: dockerHost,
        AWS_ENDPOINT_URL: awsEndpoint(),
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", // about the Node.js of this machine, not of a runner
        SANDBOX_CHECKOUT: checkout,
        SANDBOX_REPOSITORY: gitRepository,
    };
    const told = messages().length;
    const awsCli = loadAwsCli(path.join(binFolder, "aws"));
    const runner = { binFolder, awsFolder: awsCli.folder, environment, actions };
    const jobs = await runJobs({ id, definition, over, push, runner }).finally(() => awsCli.stop());
    console.log(`\nJobs\n${jobs.map((job) => `  ${lineOf(job)}\n`).join("")}`);
    messages()
        .slice(told)
        .forEach((message) => console.log(`Told      ${message}`));
    assertReleased(jobs, repository);
    for (const { url } of jobs.filter((job) => job.status === "success" && !over.includes(job))) {
        console.log(`Open      ${url}`);
    }
    console.log(`Version   ${push.inputs?.commit || push.sha}`);
    const waits = jobs.some(({ status }) => status === "waiting") ? ", as far as it was let through," : "";
    console.log(`Released${waits} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function lineOf({ id, status, url, environment, waitsFor = [], heldBy }: JobReport): string {
    const more =
        status === "waiting"
            ? `${waitsFor.join(" or ")} can let it through: npm run sandbox:release -- --approve ${environment}`
            : heldBy !== undefined
              ? `behind run ${heldBy}, whose review comes first: npm run sandbox:release -- --approve ${environment}`
              : environment && url
                ? url
                : "";
    return `${id.padEnd(12)}${status.padEnd(10)}${more}`.trimEnd();
}

/** @throws UserError where a job failed, or where the repository's variables let none run */
function assertReleased(jobs: readonly JobReport[], repository: string): void {
    const failures = jobs.flatMap(({ failures: each = [], environment }) =>
        each.map((failure) => (environment ? `  ${environment}: ${failure}` : `  ${failure}`)),
    );
    if (failures.length > 0) {
        throw new UserError(`The release failed:\n${failures.join("\n")}`);
    }
    if (jobs.every(({ status }) => status === "skipped")) {
        throw new UserError(
            `No job of ${workflow} runs: ${repository} has no variable that one of them asks for. Run npm run sandbox:up first.`,
        );
    }
}
