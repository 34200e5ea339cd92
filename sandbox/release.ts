/** What `npm run sandbox:release` does: runs deploy.yml itself, as a push of the working tree. */
import * as fs from "node:fs";
import * as path from "node:path";
import { awsEndpoint, isAwsHealthy } from "./aws/emulator";
import { approveJob, startRun, workflowRuns } from "./github/jobs";
import { prepareMachine } from "./machine";
import { ask, run } from "./machine/run";
import { checkout } from "./paths";
import { step, UserError } from "./progress";
import type { Project } from "./project";
import { workflowDir } from "./workflow/act";
import { foldersOf } from "./workflow/actions";
import { readWorkflow } from "./workflow/definition";
import { runJobs, type JobReport, type WorkflowRun } from "./workflow/jobs";
import { commitWorkingTree } from "./workflow/workingTree";

const workflow = ".github/workflows/deploy.yml";
const gitRepository = path.join(workflowDir, "repository.git");

export interface ReleaseOptions {
    /** The actions themselves: from GitHub (""), or from a folder with `owner/name` below it. Undefined: the stand-ins. */
    readonly officialActions?: string;
    /** Instead of a new run: the environment into which a reviewer lets the run that waits for it, which then goes on. */
    readonly approve?: string;
}

export async function release(project: Project, { officialActions, approve }: ReleaseOptions): Promise<void> {
    const { github } = project.settings();
    const repository = `${github.owner}/${github.repository}`;
    if (!(await isAwsHealthy())) {
        throw new UserError("There is no sandbox to release to: run npm run sandbox:up first.");
    }
    const started = Date.now();
    const waiting = approve === undefined ? undefined : await approved(repository, approve);
    const branch = waiting?.ref.replace("refs/heads/", "") ?? github.branch;
    const content = waiting
        ? await run("git", ["--git-dir", gitRepository, "show", `${waiting.sha}:${workflow}`])
        : fs.readFileSync(path.join(checkout, workflow), "utf8");
    const definition = readWorkflow(content, workflow, branch);
    // As from where npm was called, which runs its scripts at the top of the checkout.
    const official = officialActions && path.resolve(process.env.INIT_CWD ?? ".", officialActions);
    const actions = foldersOf(definition.actions, official);

    console.log("Prepare this machine");
    const { binFolder, buildEnv, dockerHost } = await prepareMachine(["buildkit", "act"]);
    if ((await ask("docker", ["--version"])) === undefined) {
        throw new UserError("The workflow calls docker, and there is no such client on the PATH: install Docker's.");
    }
    const { id, ref, sha, over } = waiting ?? (await pushed(repository, branch));

    console.log(`\n${workflow}, as a push to ${branch} of ${repository}\n`);
    const environment = {
        ...buildEnv,
        DOCKER_HOST: dockerHost,
        AWS_ENDPOINT_URL: awsEndpoint(),
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", // about the Node.js of this machine, not of a runner
        SANDBOX_CHECKOUT: checkout,
        SANDBOX_REPOSITORY: gitRepository,
    };
    const runner = { binFolder, environment, actions };
    const jobs = await runJobs({ id, definition, over, push: { repository, ref, sha }, runner });
    console.log(`\nJobs\n${jobs.map((job) => `  ${lineOf(job)}\n`).join("")}`);
    assertReleased(jobs, repository);
    for (const { url } of jobs.filter((job) => job.status === "success" && !over.includes(job))) {
        console.log(`Open      ${url}`);
    }
    console.log(`Version   ${sha}`);
    const waits = jobs.some(({ status }) => status === "waiting") ? ", as far as it was let through," : "";
    console.log(`Released${waits} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

type Begun = Pick<WorkflowRun, "id" | "over"> & WorkflowRun["push"];

/** The working tree as a commit that was pushed, and the run that GitHub starts for it. */
async function pushed(repository: string, branch: string): Promise<Begun> {
    const ref = `refs/heads/${branch}`;
    const sha = await step(
        "Commit the working tree",
        () => commitWorkingTree(gitRepository, branch),
        (hash) => hash.slice(0, 12),
    );
    const { id, cancelled } = await startRun({ repository, event: "push", ref, sha });
    if (cancelled.length > 0) {
        console.log(`  This run takes the place of the one that waited for a review (${cancelled.join(", ")}).`);
    }
    return { repository, ref, sha, id, over: [] };
}

/** The run that waits to enter the environment, once one of its reviewers has let it through. */
async function approved(repository: string, environment: string): Promise<Begun> {
    const runs = await workflowRuns(repository);
    const waits = (job: { environment?: string; status: string }) =>
        job.status === "waiting" && job.environment?.toLowerCase() === environment.toLowerCase();
    const found = runs.find(({ jobs }) => jobs.some(waits));
    const job = found?.jobs.find(waits);
    if (!found || !job?.environment) {
        throw new UserError(`No release waits to enter ${environment}: npm run sandbox:release starts one.`);
    }
    const [reviewer = ""] = job.waitsFor ?? [];
    await approveJob(found.id, job.environment, reviewer);
    console.log(`${reviewer} lets run ${found.id} into ${job.environment}, with commit ${found.sha.slice(0, 12)}.`);
    const over = found.jobs.flatMap(({ name: id, status, environment: entered, url }) =>
        status === "waiting" || status === "in_progress" ? [] : [{ id, status, environment: entered, url }],
    );
    return { repository, ref: found.ref, sha: found.sha, id: found.id, over };
}

function lineOf({ id, status, url, environment, waitsFor = [] }: JobReport): string {
    const more =
        status === "waiting"
            ? `${waitsFor.join(" or ")} can let it through: npm run sandbox:release -- --approve ${environment}`
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
