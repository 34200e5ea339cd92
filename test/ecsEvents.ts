/** Events as ECS sends them: the examples of "Amazon ECS events" in the ECS Developer Guide, for one service. */

export interface EcsEvent {
    readonly "detail-type": string;
    readonly source: string;
    readonly resources: readonly string[];
    readonly detail: Readonly<Record<string, unknown>>;
    readonly [name: string]: unknown;
}

/** Whose events they are. */
export interface Origin {
    readonly clusterArn: string;
    readonly serviceArn: string;
}

const event = (detailType: string, resource: string, detail: EcsEvent["detail"]): EcsEvent => ({
    version: "0",
    id: "ddca6449-b258-46c0-8653-e0e3a6EXAMPLE",
    "detail-type": detailType,
    source: "aws.ecs",
    account: resource.split(":")[4],
    time: "2020-05-23T12:31:14Z",
    region: resource.split(":")[3],
    resources: [resource],
    detail,
});

/** "Amazon ECS service deployment state change events". */
export const deployment = ({ serviceArn }: Origin, eventType: string, eventName: string, reason: string): EcsEvent =>
    event("ECS Deployment State Change", serviceArn, {
        eventType,
        eventName,
        deploymentId: "ecs-svc/123",
        updatedAt: "2020-05-23T11:11:11Z",
        reason,
    });

/** "Amazon ECS service action events". */
export const action = (
    { clusterArn, serviceArn }: Origin,
    eventType: string,
    eventName: string,
    more: EcsEvent["detail"] = {},
): EcsEvent =>
    event("ECS Service Action", serviceArn, {
        eventType,
        eventName,
        clusterArn,
        ...more,
        createdAt: "2019-11-19T19:55:38.725Z",
    });

/** "Amazon ECS task state change events", which are the tasks of DescribeTasks. */
export const task = ({ clusterArn, serviceArn }: Origin, more: EcsEvent["detail"]): EcsEvent => {
    const taskArn = `${clusterArn.replace(":cluster/", ":task/")}/c13b4cb40f1f4fe4a2971f76ae5a47ad`;
    return event("ECS Task State Change", taskArn, {
        attachments: [],
        availabilityZone: "us-west-2c",
        clusterArn,
        containers: [],
        createdAt: "2020-01-23T17:57:34.402Z",
        launchType: "FARGATE",
        cpu: "256",
        memory: "512",
        desiredStatus: "STOPPED",
        group: `service:${serviceArn.split("/").at(-1)}`,
        lastStatus: "STOPPED",
        taskArn,
        version: 4,
        platformVersion: "1.4.0",
        ...more,
    });
};

/** What a person has to hear of, by the rule that tells it, with what ECS says of it. */
export const incidents = (origin: Origin): Readonly<Record<string, readonly [event: EcsEvent, said?: string]>> => {
    const breaker = "ECS deployment circuit breaker:";
    const noCapacity = {
        capacityProviderArns: [`${origin.clusterArn.split(":cluster/")[0]}:capacity-provider/FARGATE_SPOT`],
        reason: "RESOURCE:FARGATE",
    };
    // "CannotPullContainer task errors in Amazon ECS" in the same guide.
    const noImage =
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/app:1: not found";
    return {
        "release-failed": [
            deployment(origin, "ERROR", "SERVICE_DEPLOYMENT_FAILED", `${breaker} task failed to start.`),
            `${breaker} task failed to start.`,
        ],
        "release-taken-back": [
            deployment(
                origin,
                "INFO",
                "SERVICE_DEPLOYMENT_IN_PROGRESS",
                `${breaker} rolling back to deploymentId deploymentID.`,
            ),
            `${breaker} rolling back to deploymentId deploymentID.`,
        ],
        "task-not-placed": [action(origin, "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE", noCapacity), "RESOURCE:FARGATE"],
        "task-not-started": [task(origin, { stopCode: "TaskFailedToStart", stoppedReason: noImage }), noImage],
        "tasks-keep-failing": [action(origin, "WARN", "SERVICE_TASK_START_IMPAIRED")],
    };
};

/** A scheduled task that has ended: the group is what the schedule gives it, and it is started by `chronos-schedule/<name>`, cut to 36 letters. */
export const run = (origin: Origin, { exitCode, ...more }: EcsEvent["detail"] = {}): EcsEvent =>
    task(origin, {
        group: "schedule:nightly",
        startedBy: "chronos-schedule/nightly",
        stopCode: "EssentialContainerExited",
        containers: [
            { name: "app", lastStatus: "STOPPED", exitCode },
            { name: "aws-guardduty-agent-7f2a", lastStatus: "STOPPED", exitCode: 137 },
        ],
        ...more,
    });

/** What nobody has to hear of. */
export const everyday = (origin: Origin): Readonly<Record<string, EcsEvent>> => ({
    "a release that begins": deployment(
        origin,
        "INFO",
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "ECS deployment deploymentId in progress.",
    ),
    "a release that is live": deployment(
        origin,
        "INFO",
        "SERVICE_DEPLOYMENT_COMPLETED",
        "ECS deployment deploymentID completed.",
    ),
    "a service that is steady": action(origin, "INFO", "SERVICE_STEADY_STATE"),
    "a task that runs": task(origin, { desiredStatus: "RUNNING", lastStatus: "RUNNING" }),
    "a task that makes room for a new one": task(origin, {
        stopCode: "ServiceSchedulerInitiated",
        stoppedReason: "Scaling activity initiated by (deployment ecs-svc/123)",
    }),
    "a task that could not start, on its way to STOPPED": task(origin, {
        lastStatus: "DEPROVISIONING",
        stopCode: "TaskFailedToStart",
    }),
    "a task that somebody has run by itself": task(origin, { group: "family:other", stopCode: "TaskFailedToStart" }),
});
