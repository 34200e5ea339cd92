// Runs RELEASE_COMMAND once in a task of the new revision, and shows what it writes. The step fails unless it ends with 0.
"use strict";
const { setTimeout: sleep } = require("node:timers/promises");
const { aws, last, pause, print, step } = require("./aws.js");
const { serviceOf } = require("./deployments.js");
const { logOf, reasonOf, tasksOf } = require("./tasks.js");

const { CLUSTER, CONTAINER, GITHUB_RUN_ID, RELEASE_COMMAND, SERVICE, TASK_DEFINITION } = process.env;

const release = "release/";
/** The release, whichever try of the run's this is. */
const startedBy = `${release}${GITHUB_RUN_ID}`;

/** Whether a task's command has ended well by itself: one that somebody, or AWS, stops may end with 0 as well. */
const hasSucceeded = ({ stopCode, containers }) =>
    stopCode === "EssentialContainerExited" && containers.find(({ name }) => name === CONTAINER)?.exitCode === 0;

/** The tasks of releases' commands: those that stopped are found for an hour. */
function commands() {
    const [family] = last(TASK_DEFINITION).split(":");
    return ["RUNNING", "STOPPED"]
        .flatMap((desiredStatus) => tasksOf(CLUSTER, { family, desiredStatus }))
        .filter((task) => task.startedBy?.startsWith(release));
}

/** Waits as long as a command of another release goes on, which it does where its run is cancelled or out of time: no longer than the job. */
async function othersEnd() {
    for (let said; ; await sleep(pause)) {
        const other = commands().find(({ lastStatus }) => lastStatus !== "STOPPED");
        if (!other) return;
        const run = other.startedBy.slice(release.length);
        const waits = `Task ${last(other.taskArn)} still runs the command of run ${run}: this release's starts once it has stopped.`;
        if (waits !== said) console.log(waits);
        said = waits;
    }
}

/** Where the service's own tasks run, but never on Spot, which may take it away half-way. */
function start() {
    const { networkConfiguration } = serviceOf(CLUSTER, SERVICE);
    const { tasks, failures } = aws("ecs", "run-task", {
        cluster: CLUSTER,
        taskDefinition: TASK_DEFINITION,
        launchType: "FARGATE",
        networkConfiguration,
        startedBy,
        overrides: { containerOverrides: [{ name: CONTAINER, command: JSON.parse(RELEASE_COMMAND) }] },
    });
    if (tasks.length === 0) {
        const reason = failures[0]?.reason ?? "it gave no reason";
        throw new Error(
            `ECS started no task for the release command (${reason}), and nothing was rolled out: re-run this run.`,
        );
    }
    return tasks[0];
}

/** Prints what a task writes until it has stopped. */
async function watch(arn) {
    const { taskDefinition } = aws("ecs", "describe-task-definition", { taskDefinition: TASK_DEFINITION });
    let looks = 60;
    for (let after; ; await sleep(pause)) {
        const [task] = aws("ecs", "describe-tasks", { cluster: CLUSTER, tasks: [arn] }).tasks;
        if (!task) {
            // ECS may show one some time after it has started it: "Amazon ECS API eventual consistency" in its API Reference, RunTask.
            if (--looks > 0) continue;
            throw new Error(`ECS has started task ${last(arn)} and does not show it: see it in the console.`);
        }
        const { lines, next } = logOf(task, taskDefinition, CONTAINER, { after });
        if (lines.length > 0) print(lines.join("\n"));
        const atEnd = lines.length === 0 && next === after;
        after = next;
        if (task.lastStatus === "STOPPED" && atEnd) return task;
    }
}

step(async () => {
    // Of an earlier try.
    const before = commands().find(
        (task) => task.startedBy === startedBy && (task.lastStatus !== "STOPPED" || hasSucceeded(task)),
    );
    if (before?.lastStatus === "STOPPED") {
        console.log(`Task ${last(before.taskArn)} has run it for this release already.`);
        return;
    }
    if (!before) await othersEnd();
    const { taskArn } = before ?? start();
    print(`Task ${last(taskArn)} runs ${RELEASE_COMMAND}`);
    const task = await watch(taskArn);
    if (!hasSucceeded(task)) {
        throw new Error(`The release command failed, and nothing was rolled out. ${reasonOf(task)}`);
    }
});
