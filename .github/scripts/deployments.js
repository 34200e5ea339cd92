// Service deployments, as "View service history using Amazon ECS service deployments" in the ECS Developer Guide describes them.
"use strict";
const { setTimeout: sleep } = require("node:timers/promises");
const { aws, last, pause, print, timeOf } = require("./aws.js");

const ended = ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];
exports.ended = ended;

const describe = (arn) =>
    aws("ecs", "describe-service-deployments", { serviceDeploymentArns: [arn] }).serviceDeployments[0];
exports.describe = describe;

/**
 * Minutes that a deployment takes from its present stage and share of traffic on, by its configuration; undefined where ECS does not
 * tell: how long tasks take to start, and what a rolling deployment watches its alarms for.
 */
function minutesFrom({ lifecycleStage, deploymentConfiguration = {}, targetServiceRevision = {} }) {
    const { strategy = "ROLLING", bakeTimeInMinutes: bake = 0, ...gradual } = deploymentConfiguration;
    if (strategy === "ROLLING") return undefined;
    if (lifecycleStage === "CLEAN_UP") return 0;
    if (lifecycleStage === "BAKE_TIME") return bake;
    const share = targetServiceRevision.requestedProductionTrafficWeight ?? 0;
    // After a change of the strategy there may be the former's settings as well.
    const of = (which, settings) => (strategy === which ? settings : undefined) ?? {};
    const { canaryPercent = 100, canaryBakeTimeInMinutes = 0 } = of("CANARY", gradual.canaryConfiguration);
    const { stepPercent = 100, stepBakeTimeInMinutes = 0 } = of("LINEAR", gradual.linearConfiguration);
    // Each step lasts but the one to 100 %, which is followed by the bake time.
    const steps = Math.ceil((100 - Math.max(share, stepPercent)) / stepPercent);
    const canary = canaryPercent < 100 && share < 100 ? canaryBakeTimeInMinutes : 0;
    return canary + steps * stepBakeTimeInMinutes + bake;
}

/** Whether the minutes of a stage count from when it began. */
const lasts = ({ lifecycleStage }) => /PRODUCTION_TRAFFIC_SHIFT|BAKE_TIME/.test(lifecycleStage ?? "");

function lineOf(deployment, minutesSince) {
    const { status, lifecycleStage, targetServiceRevision: target = {}, rollback } = deployment;
    const share = target.requestedProductionTrafficWeight;
    const left = status === "IN_PROGRESS" ? minutesFrom(deployment) : undefined;
    const known = [
        share === undefined ? "" : `${Math.round(share)} % of requests`,
        `${target.runningTaskCount ?? 0} of ${target.requestedTaskCount ?? 0} tasks running`,
        left ? `about ${Math.max(1, Math.ceil(left - (lasts(deployment) ? minutesSince : 0)))} min left` : "",
    ];
    const state = [status, status === "IN_PROGRESS" ? lifecycleStage : undefined].filter(Boolean).join(" ");
    const why = status.startsWith("ROLLBACK") && rollback?.reason ? `. ${rollback.reason}` : "";
    return `${state}: ${known.filter(Boolean).join(", ")}${why}`;
}

/** `1:05` */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** The service as ECS has it now. */
const serviceOf = (cluster, service) => aws("ecs", "describe-services", { cluster, services: [service] }).services[0];
exports.serviceOf = serviceOf;

/**
 * What went wrong since a deployment began, in the sentences that the service's events have for it, the oldest first: "Amazon ECS service
 * event messages" in the ECS Developer Guide. Why a task cannot be placed is nowhere else, and ECS tries for as long as a deployment may take.
 */
const complaintsOf = ({ clusterArn, serviceArn, createdAt }) =>
    serviceOf(clusterArn, serviceArn)
        .events.filter((event) => timeOf(event.createdAt) >= timeOf(createdAt))
        .map(({ message }) => message)
        .filter((message) => /\b(unable|unhealthy|throttled|failed|error)\b/i.test(message))
        .reverse();
exports.complaintsOf = complaintsOf;

/** Follows a deployment until it is over, with a line at each change and each complaint. */
exports.follow = async (arn) => {
    const began = Date.now();
    const said = new Set();
    let [shown, stage, since] = ["", "", began];
    for (let looks = 60; ; await sleep(pause)) {
        const deployment = describe(arn);
        if (!deployment) {
            // ECS may show one some time after it has begun it.
            if (--looks > 0) continue;
            throw new Error(`ECS has begun deployment ${last(arn)} and does not show it: see it in the console.`);
        }
        const now = `${deployment.lifecycleStage} ${deployment.targetServiceRevision?.requestedProductionTrafficWeight}`;
        if (now !== stage) [stage, since] = [now, Date.now()];
        const line = lineOf(deployment, (Date.now() - since) / 60_000);
        if (line !== shown) print(`${clock((Date.now() - began) / 1000)}  ${line}`);
        shown = line;
        if (ended.includes(deployment.status)) return deployment;
        for (const complaint of complaintsOf(deployment)) {
            if (!said.has(complaint)) print(`      ${complaint}`);
            said.add(complaint);
        }
    }
};

/** A service's deployments since a time, the newest first. */
const deploymentsAfter = (cluster, service, after) => {
    const filter = { cluster, service, createdAt: { after }, maxResults: 100 };
    const { serviceDeployments } = aws("ecs", "list-service-deployments", filter);
    return serviceDeployments.sort((one, other) => timeOf(other.createdAt) - timeOf(one.createdAt));
};
exports.deploymentsAfter = deploymentsAfter;

/** The newest deployment of a service that rolls out a revision of its task definition, once ECS has it. */
exports.deploymentOf = async (cluster, service, { taskDefinitionArn, registeredAt }) => {
    for (let tries = 30; tries > 0; tries--) {
        // Both times are ECS's own.
        const deployments = deploymentsAfter(cluster, service, registeredAt);
        const arns = deployments.map(({ targetServiceRevisionArn }) => targetServiceRevisionArn);
        const revisions =
            arns.length === 0
                ? []
                : aws("ecs", "describe-service-revisions", { serviceRevisionArns: arns.slice(0, 20) }).serviceRevisions;
        const own = revisions.filter(({ taskDefinition }) => taskDefinition === taskDefinitionArn);
        const found = deployments.find((each) =>
            own.some((revision) => revision.serviceRevisionArn === each.targetServiceRevisionArn),
        );
        if (found) return found.serviceDeploymentArn;
        await sleep(pause);
    }
    const asked = `ECS shows no deployment of ${last(taskDefinitionArn)} to ${service}`;
    throw new Error(`${asked}: see what the service's events say, and re-run this run.`);
};
