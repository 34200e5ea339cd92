// ECS takes no release back by an alarm that is raised when it begins: "How CloudWatch alarms detect Amazon ECS deployment failures" in the
// ECS Developer Guide. The alarm that took the last release back is over some minutes after that, and a release waits for it. What is live
// may fail by itself as well: what mends that is not held up.
"use strict";
const { setTimeout: sleep } = require("node:timers/promises");
const { aws, pause, step, timeOf, warn } = require("./aws.js");
const { deploymentsAfter, describe, ended, serviceOf } = require("./deployments.js");

const { CLUSTER: cluster, SERVICE: service } = process.env;

/** For how long at most: the alarms look back on five minutes, and the load balancer tells some more minutes late. */
const seconds = Number(process.env.WAIT_SECONDS ?? 900);

/** The alarms that ECS watches a release by. */
function watched() {
    const { deploymentConfiguration = {} } = serviceOf(cluster, service);
    return deploymentConfiguration.alarms?.alarmNames ?? [];
}

function raised(alarmNames) {
    if (alarmNames.length === 0) return [];
    const { MetricAlarms = [] } = aws("cloudwatch", "describe-alarms", { AlarmNames: alarmNames, StateValue: "ALARM" });
    return MetricAlarms.map(({ AlarmName }) => AlarmName);
}

const hours = 3600 * 1000;
const newestSince = (time) => deploymentsAfter(cluster, service, new Date(Date.now() - time).toISOString())[0];

/** The alarms by which ECS has taken the service's last deployment back just now, which may have begun long before. */
function takenBackBy() {
    const last = newestSince(3 * hours) ?? newestSince(31 * 24 * hours);
    if (!last?.status.startsWith("ROLLBACK")) return [];
    const goesOn = !ended.includes(last.status);
    const isRecent = goesOn || Date.now() - timeOf(last.finishedAt ?? last.createdAt) < 3 * hours;
    if (!isRecent) return [];
    return describe(last.serviceDeploymentArn)?.alarms?.triggeredAlarmNames ?? [];
}

step(async () => {
    const names = watched();
    let alarms = raised(names);
    const causes = alarms.length > 0 ? takenBackBy() : [];
    const goesOn = () => alarms.filter((name) => causes.includes(name));
    if (goesOn().length > 0) {
        console.log(`Waiting until ${goesOn().join(", ")} is over, which has taken the last release back.`);
        const end = Date.now() + 1000 * seconds;
        while (goesOn().length > 0 && Date.now() < end) {
            await sleep(pause);
            alarms = raised(names);
        }
    }
    if (alarms.length > 0) {
        warn(
            `${alarms.join(", ")} is raised already, and so ECS does not take this release back by it: watch it yourself.`,
        );
    }
});
