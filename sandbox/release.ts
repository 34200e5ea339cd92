/** What `npm run sandbox:release` does: runs deploy.yml itself, as a push of the working tree. */
import * as http from "node:http";
import * as path from "node:path";
import { reachable } from "./address";
import { awsEndpoint, isAwsHealthy, lookupLocalhost } from "./aws/emulator";
import { jobValues, startRun } from "./github/jobs";
import { prepareMachine } from "./machine";
import { ask } from "./machine/run";
import { checkout } from "./paths";
import { step, UserError } from "./progress";
import { sandboxSettings } from "./project";
import { runWorkflow, workflowDir } from "./workflow/act";
import { foldersOf } from "./workflow/actions";
import { readWorkflow } from "./workflow/definition";
import { commitWorkingTree } from "./workflow/workingTree";

const workflow = ".github/workflows/deploy.yml";

export interface ReleaseOptions {
    /** The actions themselves: from GitHub (""), or from a folder with `owner/name` below it. Undefined: the stand-ins. */
    readonly officialActions?: string;
}

export async function release({ officialActions }: ReleaseOptions): Promise<void> {
    const { github } = sandboxSettings();
    const repository = `${github.owner}/${github.repository}`;
    const ref = `refs/heads/${github.branch}`;
    if (!(await isAwsHealthy())) {
        throw new UserError("There is no sandbox to release to: run npm run sandbox:up first.");
    }
    const started = Date.now();
    const { secrets, variables, environment, mayAskForToken, actions } = await job(repository, github.branch);
    // As from where npm was called, which runs its scripts at the top of the checkout.
    const official = officialActions && path.resolve(process.env.INIT_CWD ?? ".", officialActions);
    const folders = foldersOf(actions, official);

    console.log("Prepare this machine");
    const { binFolder, buildEnv, dockerHost } = await prepareMachine(["buildkit", "act"]);
    if ((await ask("docker", ["--version"])) === undefined) {
        throw new UserError("The workflow calls docker, and there is no such client on the PATH: install Docker's.");
    }
    const gitRepository = path.join(workflowDir, "repository.git");
    const sha = await step(
        "Commit the working tree",
        () => commitWorkingTree(gitRepository, github.branch),
        (hash) => hash.slice(0, 12),
    );
    const token = mayAskForToken
        ? await startRun({ repository, event: "push", ref, sha, ...(environment && { environment }) })
        : undefined;
    const before = await servedVersion(variables.APP_URL);

    console.log(`\n${workflow}, as a push to ${github.branch} of ${repository}\n`);
    const failures = await runWorkflow({
        binFolder,
        file: path.join(checkout, workflow),
        push: { repository, ref, sha },
        runner: variables.RUNNER ?? "",
        secrets,
        variables,
        environment: {
            ...buildEnv,
            DOCKER_HOST: dockerHost,
            AWS_ENDPOINT_URL: awsEndpoint(),
            AWS_EC2_METADATA_DISABLED: "true",
            ...(token && {
                ACTIONS_ID_TOKEN_REQUEST_URL: token.requestUrl,
                ACTIONS_ID_TOKEN_REQUEST_TOKEN: token.requestToken,
            }),
            AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", // about the Node.js of this machine, not of a runner
            SANDBOX_CHECKOUT: checkout,
            SANDBOX_REPOSITORY: gitRepository,
        },
        actions: folders,
    });
    if (failures.length > 0) {
        const after = await servedVersion(variables.APP_URL);
        const now =
            after === before ? `as before the version ${after}` : `the version ${after}, not ${before} any more`;
        throw new UserError(
            `The release failed:\n${failures.map((failure) => `  ${failure}`).join("\n")}\n` +
                `${variables.APP_URL} serves ${now}.`,
        );
    }
    console.log(`
Open      ${variables.APP_URL}
Version   ${sha}
Released in ${((Date.now() - started) / 1000).toFixed(1)} s
`);
}

/** The workflow, and what its job sees. */
async function job(repository: string, branch: string) {
    const ofRepository = await jobValues(repository);
    if (!ofRepository.secrets.AWS_IAM_ROLE_TO_ASSUME) {
        throw new UserError(`${repository} has no secret AWS_IAM_ROLE_TO_ASSUME yet: run npm run sandbox:up first.`);
    }
    const definition = readWorkflow(path.join(checkout, workflow), branch, ofRepository.variables);
    const values = definition.environment ? await jobValues(repository, definition.environment) : ofRepository;
    // The last step asks the app for its version, where it can be reached from here.
    const url = reachable(values.variables.APP_URL ?? "", sandboxSettings());
    const variables: Record<string, string> = { ...values.variables, APP_URL: url };
    return { ...definition, ...values, variables };
}

/** What the app says that it is, in its own words; "unknown" where it does not. */
async function servedVersion(url = ""): Promise<string> {
    return new Promise((resolve) => {
        const options = { lookup: lookupLocalhost, timeout: 5_000 };
        const request = http.get(`${url}/version.txt`, options, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
            response.on("end", () => resolve(response.statusCode === 200 ? text.trim() : "unknown"));
        });
        request.on("timeout", () => request.destroy()).on("error", () => resolve("unknown"));
    });
}
