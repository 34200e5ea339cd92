import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { taskGroup, type Schedules } from "../schedules/schedules";
import type { Service } from "../service/service";

export interface IncidentsArgs {
    /** What the messages call the service. */
    readonly serviceName: string;
    /** Where the messages go. */
    readonly topicArn: pulumi.Input<string>;
    readonly service: Service;
    readonly schedules: Schedules;
}

/** Something that ECS reports, and how a person is told. */
interface Incident {
    readonly detailType: "ECS Deployment State Change" | "ECS Service Action" | "ECS Task State Change";
    /** What the event's detail has to say, as EventBridge matches it. */
    readonly detail: object;
    /** A member of the detail in angle brackets stands for what ECS says there. */
    readonly message: string;
}

/** After "Amazon ECS events" in the ECS Developer Guide, which has the members of each. */
function incidents(called: string, { clusterArn, serviceName }: Service): Readonly<Record<string, Incident>> {
    return {
        "release-failed": {
            detailType: "ECS Deployment State Change",
            detail: { eventName: ["SERVICE_DEPLOYMENT_FAILED"] },
            message: `A release of ${called} has failed. ECS says: <reason>`,
        },
        "release-taken-back": {
            detailType: "ECS Deployment State Change",
            // A rollback is a deployment like any other, but for its reason.
            detail: { eventName: ["SERVICE_DEPLOYMENT_IN_PROGRESS"], reason: [{ wildcard: "*rolling back*" }] },
            message: `A release of ${called} is taken back: the one before it goes live again. ECS says: <reason>`,
        },
        "task-not-placed": {
            detailType: "ECS Service Action",
            detail: { eventName: ["SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_CONFIGURATION_FAILURE"] },
            // Its reason is no more than RESOURCE:FARGATE, whichever of the two it is.
            message: `A task of ${called} cannot be placed, as AWS has no room for it or the account's quota of vCPUs is used up: the service's events tell. ECS goes on trying, and says: <reason>`,
        },
        "task-not-started": {
            detailType: "ECS Task State Change",
            detail: {
                clusterArn: [clusterArn],
                group: [pulumi.interpolate`service:${serviceName}`],
                lastStatus: ["STOPPED"],
                stopCode: ["TaskFailedToStart"], // no image, no secret, no network; what ends after its start has another code
            },
            message: `A task of ${called} could not start. ECS says: <stoppedReason>`,
        },
        "tasks-keep-failing": {
            detailType: "ECS Service Action",
            detail: { eventName: ["SERVICE_TASK_START_IMPAIRED"] },
            message: `Tasks of ${called} fail again and again, and ECS waits longer each time: see their logs, and the service's events`,
        },
    };
}

/** Of tasks that run at set times: whose the task is, its group tells. */
function runs(
    called: string,
    { clusterArn }: Service,
    { containerName }: Schedules,
): Readonly<Record<string, Incident>> {
    const run = { clusterArn: [clusterArn], group: [{ prefix: taskGroup }], lastStatus: ["STOPPED"] };
    return {
        "run-failed": {
            detailType: "ECS Task State Change",
            detail: {
                ...run,
                stopCode: ["EssentialContainerExited"],
                // Both of one container: an agent that AWS puts beside it ends as it likes.
                containers: { name: [containerName], exitCode: [{ "anything-but": 0 }] },
            },
            message: `A run of <group> of ${called} has failed: its command did not end with 0. See the log of <taskArn>`,
        },
        "run-cut-off": {
            detailType: "ECS Task State Change",
            detail: { ...run, stopCode: [{ "anything-but": "EssentialContainerExited" }] },
            message: `A run of <group> of ${called} could not start, or not end. ECS says: <stoppedReason>`,
        },
    };
}

/**
 * Tells the topic in a sentence what no alarm tells, or tells later: a release that fails or is taken back, and a task that ECS cannot
 * place or start, one that runs at a set time and fails among them. EventBridge delivers each event at least once, and so a sentence may come twice.
 */
export class Incidents extends pulumi.ComponentResource {
    constructor(
        name: string,
        { serviceName, topicArn, service, schedules }: IncidentsArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("fargate-cicd:incidents:Incidents", name, {}, opts);

        const reported = {
            ...incidents(serviceName, service),
            ...(schedules.deadLetterQueueName ? runs(serviceName, service, schedules) : {}),
        };
        const watched = Object.entries(reported).map(([kind, incident]) => {
            const { detailType, detail } = incident;
            // The event of a task names as its resource nothing but the task.
            const resources = detailType === "ECS Task State Change" ? undefined : [service.serviceArn];
            const rule = new aws.cloudwatch.EventRule(
                `${name}-${kind}`,
                {
                    description: `${serviceName}: ${kind}`,
                    eventPattern: pulumi.jsonStringify({
                        source: ["aws.ecs"],
                        "detail-type": [detailType],
                        resources,
                        detail,
                    }),
                },
                { parent: this },
            );
            return { kind, incident, rule };
        });
        for (const { kind, incident, rule } of watched) {
            const members = [...incident.message.matchAll(/<(\w+)>/g)].map(([, member]) => member!);
            new aws.cloudwatch.EventTarget(
                `${name}-${kind}`,
                {
                    rule: rule.name,
                    // By the topic's own policy and without a role, with which an encrypted topic may get nothing: "Using
                    // resource-based policies for Amazon EventBridge" in the EventBridge User Guide.
                    arn: topicArn,
                    inputTransformer: {
                        inputPaths: Object.fromEntries(members.map((member) => [member, `$.detail.${member}`])),
                        inputTemplate: JSON.stringify(incident.message), // a text is one in quotes
                    },
                },
                { parent: this },
            );
        }
        this.registerOutputs({});
    }
}
