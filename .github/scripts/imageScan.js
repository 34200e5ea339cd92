// Lists what ECR's scan of the image has found on the page of the run. With IMAGE_SCAN `block` the step fails where that is critical,
// and where the scan has no result, unless ECR cannot look into such an image at all.
"use strict";
const { setTimeout: sleep } = require("node:timers/promises");
const { aws, pause, print, step, summarize, tableOf, warn } = require("./aws.js");
const { imageOf } = require("./images.js");

const { ECR_REPOSITORY, IMAGE, IMAGE_SCAN } = process.env;

const severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED", "UNTRIAGED"];

/** How often a scan is asked for that goes on, or that ECR has not begun yet: a release waits for it, the list not for long. */
const looks = Number(process.env.LOOKS ?? (IMAGE_SCAN === "block" ? 300 : 60));

/**
 * What ECR scans. An index it does not: under the tag of a release that is the image and what attests to it, which is for no platform.
 * @throws Error where the tag has no image
 */
function scannedImage() {
    const { found, failure } = imageOf(ECR_REPOSITORY, IMAGE);
    if (!found) throw new Error(`${IMAGE}: ${failure?.failureReason ?? "no such image"}`);
    const { manifests = [] } = JSON.parse(found.imageManifest);
    const image = manifests.find(({ platform }) => platform?.os !== "unknown");
    return { imageDigest: image?.digest ?? found.imageId.imageDigest };
}

/** Whether a scan is said to be over: an "enhanced" one is before Inspector has found anything, or goes on for ever. */
const isOver = ({ imageScanStatus: { status } }) => ["COMPLETE", "ACTIVE"].includes(status);

const hasResult = (answer) => isOver(answer) && answer.imageScanFindings?.imageScanCompletedAt !== undefined;

/**
 * Whether Inspector has looked into an image in which it has found nothing: then ECR has no findings to tell the time of.
 * "CoveredResource" in Inspector's API reference.
 */
function isClean(imageDigest) {
    const ecrRepositoryName = [{ comparison: "EQUALS", value: ECR_REPOSITORY }];
    const { coveredResources } = aws("inspector2", "list-coverage", { filterCriteria: { ecrRepositoryName } });
    const covered = coveredResources.find(({ resourceId }) => resourceId.endsWith(imageDigest));
    const { statusCode, reason } = covered?.scanStatus ?? {};
    // An image that is scanned once, on push, is scanned no more after that.
    const isScanned = statusCode === "ACTIVE" || reason === "SCAN_FREQUENCY_SCAN_ON_PUSH";
    return isScanned && covered.lastScannedAt !== undefined;
}

const mayHaveLater = ["PENDING", "IN_PROGRESS", "COMPLETE", "ACTIVE"];
const isAwaited = (answer) => mayHaveLater.includes(answer.imageScanStatus.status) && !hasResult(answer);

/** Whether ECR cannot look into such an image: a basic scan tells it as a failure, of an image without a distribution. */
const isUnsupported = ({ status, description = "" }) =>
    status === "UNSUPPORTED_IMAGE" || (status === "FAILED" && description.startsWith("UnsupportedImageError"));

/** What ECR knows of the scan by now. */
function look(imageId) {
    try {
        return aws("ecr", "describe-image-scan-findings", { repositoryName: ECR_REPOSITORY, imageId });
    } catch (error) {
        if (!error.message.includes("ScanNotFoundException")) throw error;
        return { imageScanStatus: { status: "PENDING" } };
    }
}

/** How long what Inspector has found stays the same until it is taken for all of it: ECR has each finding as it comes. */
const settled = Math.min(looks, Number(process.env.SETTLED_LOOKS ?? 15));

/** The scan, once it has a result, or will have none. */
async function scan() {
    const imageId = scannedImage();
    let [before, same] = [undefined, 0];
    for (let left = looks; ; left--) {
        const answer = look(imageId);
        const { enhancedFindings, findingSeverityCounts: counts = {} } = answer.imageScanFindings ?? {};
        const clean = isAwaited(answer) && isOver(answer) && isClean(imageId.imageDigest);
        const known = clean || hasResult(answer);
        const seen = JSON.stringify([known, severities.map((severity) => counts[severity])]);
        [before, same] = [seen, seen === before ? same + 1 : 1];
        const mayGrow = clean || (enhancedFindings && !counts.CRITICAL);
        if (left <= 1 || (!isAwaited(answer) && !mayGrow) || (known && same >= settled)) return { ...answer, known };
        await sleep(pause);
    }
}

/** Basic and enhanced scans name a finding in different ways. */
const findingsOf = ({ findings = [], enhancedFindings = [] }) => [
    ...findings.map(({ name, severity, uri }) => ({ name, severity, uri })),
    ...enhancedFindings.map(({ title, severity, packageVulnerabilityDetails: details }) => ({
        name: details?.vulnerabilityId ?? title,
        severity,
        uri: details?.sourceUrl,
    })),
];

step(async () => {
    const { imageScanStatus, imageScanFindings = {}, known } = await scan();
    const { status, description = "" } = imageScanStatus;
    const findings = findingsOf(imageScanFindings).sort(
        (one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity),
    );
    const counts = imageScanFindings.findingSeverityCounts ?? {};
    const counted = severities.flatMap((severity) => (counts[severity] ? [`${counts[severity]} ${severity}`] : []));
    const result = known
        ? counted.join(", ") || "no findings"
        : [status, description.replace(/\.$/, "")].filter(Boolean).join(": ");
    print(`ECR's scan: ${result}`);
    const shown = findings.slice(0, 50).map(({ name, severity, uri }) => [severity, uri ? `[${name}](${uri})` : name]);
    summarize([`### Scan of the image: ${result}`, ...(shown.length > 0 ? tableOf(shown) : [])]);
    if (known && counts.CRITICAL) {
        const names = findings.filter(({ severity }) => severity === "CRITICAL").map(({ name }) => name);
        const found = `ECR has found ${counts.CRITICAL} critical in the image: ${names.slice(0, 10).join(", ")}.`;
        if (IMAGE_SCAN === "block") throw new Error(`${found} Nothing was rolled out.`);
        warn(found);
    } else if (!known) {
        const unknown = `ECR's scan of the image has no result: ${result}.`;
        if (IMAGE_SCAN === "block" && !isUnsupported(imageScanStatus)) {
            throw new Error(`${unknown} Nothing was rolled out.`);
        }
        warn(unknown);
    }
});
