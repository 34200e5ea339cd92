// Tasks that have stopped: why, and what they wrote last.
"use strict";
const { aws, last, timeOf } = require("./aws.js");

/** The tasks of a cluster that `filter` finds, described: those that stopped stay to be found for an hour. */
exports.tasksOf = (cluster, filter) => {
    const { taskArns } = aws("ecs", "list-tasks", { cluster, ...filter });
    const batches = Array.from({ length: Math.ceil(taskArns.length / 100) }, (_, batch) =>
        taskArns.slice(100 * batch, 100 * (batch + 1)),
    );
    return batches.flatMap((tasks) => aws("ecs", "describe-tasks", { cluster, tasks }).tasks);
};

/** Of a release's tasks the one that tells why it failed: the last one that was not stopped for another's sake. */
exports.culprit = (tasks) => {
    const byTime = [...tasks].sort((one, other) => timeOf(other.stoppedAt ?? 0) - timeOf(one.stoppedAt ?? 0));
    const own = byTime.filter(
        ({ stoppedReason = "" }) => !/^(Scaling activity|Deployment completed)/.test(stoppedReason),
    );
    return own[0];
};

/** Why a task stopped, in ECS's words. */
exports.reasonOf = ({ taskArn, stoppedReason, containers = [] }) => {
    const details = containers.flatMap(({ name, exitCode, reason }) => [
        ...(exitCode === undefined ? [] : [`${name} exited with ${exitCode}`]),
        ...(reason ? [`${name}: ${reason}`] : []),
    ]);
    return [`Task ${last(taskArn)}: ${stoppedReason ?? "it gave no reason"}`, ...details].join("; ");
};

/**
 * The lines that a container wrote, from the position `after`, or without it from the start; with `limit` the last ones. None where it has
 * never started. A page may be empty although more follow: the end is where a page's own position comes back as the next.
 */
const logOf = ({ taskArn }, definition, container, { limit, after } = {}) => {
    const { options } = definition.containerDefinitions.find(({ name }) => name === container).logConfiguration;
    const stream = {
        logGroupName: options["awslogs-group"],
        logStreamName: `${options["awslogs-stream-prefix"]}/${container}/${last(taskArn)}`,
    };
    try {
        const position = { startFromHead: limit === undefined, ...(after !== undefined && { nextToken: after }) };
        const answer = aws("logs", "get-log-events", { ...stream, ...position, ...(limit && { limit }) });
        const lines = answer.events.map(({ message }) => message);
        return { lines, next: answer.nextForwardToken, previous: answer.nextBackwardToken };
    } catch (error) {
        if (!error.message.includes("ResourceNotFoundException")) throw error;
        return { lines: [], next: after, previous: after };
    }
};
exports.logOf = logOf;

/** The last `limit` lines that a container wrote. */
exports.endOfLog = (task, definition, container, limit) => {
    for (let after; ;) {
        const { lines, previous } = logOf(task, definition, container, { limit, after });
        if (lines.length > 0 || previous === after) return lines;
        after = previous;
    }
};
