/** What `npm run sandbox:release` does: runs deploy.yml itself, as a push of the working tree. */
import * as path from "node:path";
import { reachable } from "./address";
import { awsEndpoint, isAwsHealthy } from "./aws/emulator";
import { jobValues, startRun } from "./github/jobs";
import { prepareMachine } from "./machine";
import { checkout, stateDir } from "./paths";
import { step, UserError } from "./progress";
import { sandboxSettings } from "./project";
import { runWorkflow } from "./workflow/act";
import { actionsOf, foldersOf } from "./workflow/actions";
import { commitWorkingTree } from "./workflow/workingTree";

const workflow = ".github/workflows/deploy.yml";

export interface ReleaseOptions {
    /** The actions themselves: from GitHub (true), or from a folder with `owner/name` below it. False: the stand-ins. */
    readonly officialActions: boolean | string;
}

export async function release({ officialActions }: ReleaseOptions): Promise<void> {
    const settings = sandboxSettings();
    const { github } = settings;
    const repository = `${github.owner}/${github.repository}`;
    const ref = `refs/heads/${github.branch}`;
    if (!(await isAwsHealthy())) {
        throw new UserError("There is no sandbox to release to: run npm run sandbox:up first.");
    }
    const started = Date.now();
    console.log("Prepare this machine");
    const { binFolder, buildEnv, dockerHost } = await prepareMachine(["buildkit", "act"]);
    const values = await jobValues(repository);
    if (!values.secrets.AWS_IAM_ROLE_TO_ASSUME) {
        throw new UserError(`${repository} has no secret AWS_IAM_ROLE_TO_ASSUME yet: run npm run sandbox:up first.`);
    }
    const url = reachable(values.variables.APP_URL ?? "", settings);
    const repositoryFolder = path.join(stateDir, "workflow", "repository");
    const sha = await step(
        "Commit the working tree",
        () => commitWorkingTree(repositoryFolder, github.branch, repository),
        (hash) => hash.slice(0, 12),
    );
    const token = await startRun({ repository, event: "push", ref, sha });
    const actions =
        officialActions === true
            ? new Map<string, string>()
            : foldersOf(
                  actionsOf(path.join(repositoryFolder, workflow)),
                  officialActions || path.join(checkout, "sandbox/actions"),
              );

    console.log(`\n${workflow}, as a push to ${github.branch} of ${repository}\n`);
    const failures = await runWorkflow({
        binFolder,
        repositoryFolder,
        workflow,
        runner: values.variables.RUNNER ?? "",
        secrets: values.secrets,
        // The last step asks the app for its version.
        variables: { ...values.variables, APP_URL: url },
        environment: {
            ...buildEnv,
            DOCKER_HOST: dockerHost,
            AWS_ENDPOINT_URL: awsEndpoint(),
            AWS_EC2_METADATA_DISABLED: "true",
            ACTIONS_ID_TOKEN_REQUEST_URL: token.requestUrl,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN: token.requestToken,
            AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", // about the Node.js of this machine, not of a runner
            SANDBOX_CHECKOUT: checkout,
        },
        actions,
    });
    if (failures.length > 0) {
        throw new UserError(
            `The release failed. What was served before it is still served.\n${failures.map((failure) => `  ${failure}`).join("\n")}`,
        );
    }
    console.log(`
Open      ${url}
Version   ${sha}
Released in ${((Date.now() - started) / 1000).toFixed(1)} s
`);
}
