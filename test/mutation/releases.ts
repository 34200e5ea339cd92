import type { Mutation } from "./mutation";

/** Mistakes in the scripts of a release. */
export const releases: readonly Mutation[] = [
    {
        mistake: "an enhanced scan is clean before it has looked",
        file: ".github/scripts/imageScan.js",
        find: " && answer.imageScanFindings?.imageScanCompletedAt !== undefined",
        become: "",
    },
    {
        mistake: "a second migration is started beside one that goes on",
        file: ".github/scripts/releaseCommand.js",
        find: "if (!before) await othersEnd();",
        become: "",
    },
    {
        mistake: "a release that is live is withdrawn for what failed after it",
        file: ".github/scripts/withdraw.js",
        find: "live === withdrawn",
        become: "false",
    },
    {
        mistake: "a cancelled release leaves its revision to the scheduled tasks",
        file: ".github/workflows/deploy.yml",
        find: "(failure() || cancelled()) && steps.revision",
        become: "failure() && steps.revision",
    },
    {
        mistake: "an image that ECR did not answer for is built once more",
        file: ".github/scripts/findImage.js",
        find: 'failure.failureCode !== "ImageNotFound"',
        become: "false",
    },
    {
        mistake: "releases that fail push the image out that is live",
        file: "infra/registry/registry.ts",
        find: "newest(2, tagged(liveTag),",
        become: 'newest(2, tagged(""),',
    },
    {
        mistake: "the image that is live is not kept",
        file: ".github/scripts/keepImage.js",
        find: "`live-${",
        become: "`${",
    },
    {
        mistake: "a release does not wait for the alarm that took back what began hours before",
        file: ".github/scripts/awaitAlarms.js",
        find: " ?? newestSince(31 * 24 * hours)",
        become: "",
    },
    {
        mistake: "an organization's RUNNER starts the job without an environment",
        file: ".github/workflows/deploy.yml",
        find: " && vars.ECS_SERVICE != ''",
        become: "",
    },
    {
        mistake: "the app's log commands GitHub's runner",
        file: ".github/scripts/aws.js",
        find: "/::|##\\[/.test(text)",
        become: "false",
    },
    {
        mistake: "the gate of the scan only reports",
        file: ".github/workflows/deploy.yml",
        find: "IMAGE_SCAN: block",
        become: "IMAGE_SCAN: report",
    },
    {
        mistake: "what is live cannot be released with another secret once something critical is known of it",
        file: ".github/workflows/deploy.yml",
        find: " || steps.live.outputs.image != steps.image.outputs.name)",
        become: " || true)",
    },
    {
        mistake: "an image that was built anew under the name that is live is not looked into",
        file: ".github/workflows/deploy.yml",
        find: "(steps.image.outputs.exists == 'false' || steps.live",
        become: "(steps.live",
    },
    {
        mistake: "a variable chooses the machine that gets the role",
        file: ".github/workflows/deploy.yml",
        find: "runs-on: ${{ vars.RUNNER_PROD == 'ubuntu-24.04-arm' && 'ubuntu-24.04-arm' || 'ubuntu-24.04' }}",
        become: "runs-on: ${{ vars.RUNNER_PROD }}",
    },
    {
        mistake: "every workflow of the branch may deploy",
        file: "infra/delivery/delivery.ts",
        find: 'workflow: "deploy",',
        become: 'workflow: "release",',
    },
    {
        mistake: "a failed migration is rolled out on",
        file: ".github/workflows/deploy.yml",
        find: "- name: Run the release command\n",
        become: "- name: Run the release command\n        continue-on-error: true\n",
    },
    {
        mistake: "a pull request applies itself",
        file: ".github/workflows/preview.yml",
        find: "command: preview",
        become: "command: up",
    },
    {
        mistake: "a pull request runs in the context of the branch that it is for",
        file: ".github/workflows/preview.yml",
        find: "  pull_request:\n",
        become: "  pull_request_target:\n",
    },
    {
        mistake: "the tests of a pull request have a token that writes",
        file: ".github/workflows/ci.yml",
        find: "contents: read",
        become: "contents: write",
    },
    {
        mistake: "a preview's token is wider than it is configured",
        file: ".github/workflows/preview.yml",
        find: "startsWith(vars.PULUMI_TOKEN, 'team:') && 'team' || ",
        become: "",
    },
    {
        mistake: "an agent's exit code is taken for the migration's",
        file: ".github/scripts/releaseCommand.js",
        find: "containers.find(({ name }) => name === CONTAINER)?.exitCode",
        become: "containers[0]?.exitCode",
    },
    {
        mistake: "gradual releases cannot register their tasks",
        file: "infra/network/trafficShift.ts",
        find: "resources: targetGroups.map(({ arn }) => arn),",
        become: "resources: [targetGroups[0].arn],",
    },
    {
        mistake: "a rollback that failed is waited for until the job ends",
        file: ".github/scripts/deployments.js",
        find: '"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"]',
        become: '"ROLLBACK_SUCCESSFUL"]',
    },
    {
        mistake: "what ends already is not waited for",
        file: ".github/scripts/takeBack.js",
        find: "const status = [...goesOn, ...endsAlready];",
        become: "const status = goesOn;",
    },
    {
        mistake: "a release is rolled out although ECS watches none of its alarms",
        file: ".github/scripts/awaitAlarms.js",
        find: "const causes = alarms.length > 0 ? takenBackBy() : [];",
        become: "const causes = [];",
    },
    {
        mistake: "what mends a broken app waits for that app's alarm",
        file: ".github/scripts/awaitAlarms.js",
        find: "const causes = alarms.length > 0 ? takenBackBy() : [];",
        become: "const causes = names;",
    },
    {
        mistake: "a command that somebody stopped has succeeded",
        file: ".github/scripts/releaseCommand.js",
        find: 'stopCode === "EssentialContainerExited" && ',
        become: "",
    },
    {
        mistake: "a clean image of an enhanced scan is blocked for good",
        file: ".github/scripts/imageScan.js",
        find: "isScanned && covered.lastScannedAt !== undefined",
        become: "false",
    },
    {
        mistake: "an image that Inspector has not looked into is clean",
        file: ".github/scripts/imageScan.js",
        find: " && covered.lastScannedAt !== undefined",
        become: "",
    },
    {
        mistake: "a deployment that a pulumi up replaces has failed",
        file: ".github/scripts/follow.js",
        find: 'deployment.status === "STOPPED" ? await deploymentOf(CLUSTER, SERVICE, definition) : arn',
        become: "arn",
    },
    {
        mistake: "a re-run goes back behind what is newer",
        file: ".github/workflows/deploy.yml",
        find: `- name: See that nothing newer is live
        id: live`,
        become: `- name: See that nothing newer is live
        if: github.run_attempt == 1
        id: live`,
    },
    {
        mistake: "the re-run of an old undo takes back what was released since",
        file: ".github/workflows/deploy.yml",
        find: '[ "${BASH_REMATCH[1]}" -gt "$GITHUB_RUN_ID" ]',
        become: "false",
    },
    {
        mistake: "a newer commit that goes to prod alone is live without its migration",
        file: ".github/workflows/deploy.yml",
        find: "(vars.RELEASE_COMMAND || '[]') != '[]' && steps.live.outputs.back != 'true'",
        become: "(vars.RELEASE_COMMAND || '[]') != '[]' && inputs.commit == ''",
    },
    {
        mistake: "whatever commit is chosen goes back",
        file: ".github/workflows/deploy.yml",
        find: `git merge-base --is-ancestor "$VERSION" "$live" || exit 0`,
        become: `[ -n "$COMMIT" ] || git merge-base --is-ancestor "$VERSION" "$live" || exit 0`,
    },
    {
        mistake: "the newest minutes count as ones without a request",
        file: "infra/service/scaling.ts",
        find: "MAX([requests0, requests1, none])",
        become: "MAX([FILL(requests0, 0), FILL(requests1, 0)])",
    },
];
