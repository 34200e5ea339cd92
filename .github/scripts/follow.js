// Follows the deployment of a revision to its end, which is the step's, and says what was released on the page of the run.
"use strict";
const { appendFileSync } = require("node:fs");
const { aws, last, print, step, summarize, tableOf, timeOf } = require("./aws.js");
const { complaintsOf, deploymentOf, follow } = require("./deployments.js");
const { culprit, endOfLog, reasonOf, tasksOf } = require("./tasks.js");

const { APP_URL, CLUSTER, CONTAINER, SERVICE, TASK_DEFINITION, VERSION } = process.env;
const { GITHUB_REPOSITORY, GITHUB_SERVER_URL } = process.env;

/** How much of a stopped task's log is shown. */
const lastLines = 20;

/** Prints why a task of the revision has stopped, and the end of its log. Where none has, ECS may have said why it started none. */
function explain(deployment, definition) {
    const stopped = tasksOf(CLUSTER, { serviceName: SERVICE, desiredStatus: "STOPPED" });
    const task = culprit(stopped.filter(({ taskDefinitionArn }) => taskDefinitionArn === TASK_DEFINITION));
    if (!task) return complaintsOf(deployment).at(-1) ?? "";
    const reason = reasonOf(task);
    print(reason);
    const lines = endOfLog(task, definition, CONTAINER, lastLines);
    print(lines.length > 0 ? `The last lines of its log:\n${lines.join("\n")}` : "It has written no log.");
    return reason;
}

/** `3 min 5 s` */
function duration(milliseconds) {
    const seconds = Math.round(milliseconds / 1000);
    return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The deployment of the revision, once it is over. A `pulumi up` that changes the service meanwhile puts another one in its place. */
async function over(definition) {
    for (let arn = await deploymentOf(CLUSTER, SERVICE, definition); ;) {
        const deployment = await follow(arn);
        const newest = deployment.status === "STOPPED" ? await deploymentOf(CLUSTER, SERVICE, definition) : arn;
        if (newest === arn) return deployment;
        arn = newest;
    }
}

step(async () => {
    const { taskDefinition: definition } = aws("ecs", "describe-task-definition", { taskDefinition: TASK_DEFINITION });
    const deployment = await over(definition);
    const { status, statusReason = "", createdAt, deploymentConfiguration = {} } = deployment;
    const finishedAt = deployment.finishedAt ?? deployment.stoppedAt ?? deployment.updatedAt;
    const verdict = [status, statusReason].filter(Boolean).join(": ");
    const released = status === "SUCCESSFUL";
    print(verdict);
    const reason = released ? "" : explain(deployment, definition);
    const tasks = deployment.targetServiceRevision?.requestedTaskCount;
    appendFileSync(process.env.GITHUB_OUTPUT, `tasks=${tasks ?? ""}\n`);
    const resting =
        tasks === 0 ? `${SERVICE} is to have no task at this hour: nobody is asked for the new version.` : "";
    if (resting) console.log(resting);
    summarize([
        `### ${SERVICE}: ${released ? "released" : "not released"}`,
        ...tableOf([
            ["Commit", `[${VERSION.slice(0, 12)}](${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/commit/${VERSION})`],
            ["Image", `\`${definition.containerDefinitions.find(({ name }) => name === CONTAINER).image}\``],
            ["Revision", `\`${last(TASK_DEFINITION)}\``],
            ["Strategy", deploymentConfiguration.strategy ?? "ROLLING"],
            ["Duration", duration(timeOf(finishedAt) - timeOf(createdAt))],
            ["Address", APP_URL],
            ...(resting ? [["Tasks", resting]] : []),
            ["ECS", verdict],
            ...(reason ? [["Why", reason]] : []),
        ]),
    ]);
    if (!released) {
        throw new Error(`${last(TASK_DEFINITION)} is not live. ${[verdict, reason].filter(Boolean).join(" ")}`);
    }
});
