import type { Mutation } from "./mutation";

/** Mistakes in the scripts of a release. */
export const releases: readonly Mutation[] = [
    {
        mistake: "an enhanced scan is clean before it has looked",
        file: ".github/scripts/imageScan.js",
        find: " && imageScanFindings?.imageScanCompletedAt !== undefined",
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
];
