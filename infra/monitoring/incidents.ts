import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { accountId } from "../account";
import { newRole, policyDocument } from "../iam";
import type { Service } from "../service/service";

export interface IncidentsArgs {
    /** What the messages call the service. */
    readonly serviceName: string;
    /** Where the messages go. */
    readonly topicArn: pulumi.Input<string>;
    readonly service: Service;
}

/** Something that ECS reports, and how a person is told. */
interface Incident {
    readonly detailType: "ECS Deployment State Change" | "ECS Service Action" | "ECS Task State Change";
    /** What the event's detail has to say, as EventBridge matches it. */
    readonly detail: Readonly<Record<string, readonly unknown[]>>;
    /** The member of the detail in which ECS says why: `<reason>` in the message. Not every event has one. */
    readonly reason?: "reason" | "stoppedReason";
    readonly message: string;
}

/** After "Amazon ECS events" in the ECS Developer Guide, which has the members of each. */
function incidents(called: string, { clusterArn, serviceName }: Service): Readonly<Record<string, Incident>> {
    return {
        "release-failed": {
            detailType: "ECS Deployment State Change",
            detail: { eventName: ["SERVICE_DEPLOYMENT_FAILED"] },
            reason: "reason",
            message: `A release of ${called} has failed. ECS says: <reason>`,
        },
        "release-taken-back": {
            detailType: "ECS Deployment State Change",
            // A rollback is a deployment like any other, but for its reason.
            detail: { eventName: ["SERVICE_DEPLOYMENT_IN_PROGRESS"], reason: [{ wildcard: "*rolling back*" }] },
            reason: "reason",
            message: `A release of ${called} is taken back: the one before it goes live again. ECS says: <reason>`,
        },
        "task-not-placed": {
            detailType: "ECS Service Action",
            detail: { eventName: ["SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_CONFIGURATION_FAILURE"] },
            reason: "reason",
            message: `A task of ${called} cannot be placed. ECS goes on trying, and says: <reason>`,
        },
        "task-not-started": {
            detailType: "ECS Task State Change",
            detail: {
                clusterArn: [clusterArn],
                group: [pulumi.interpolate`service:${serviceName}`],
                lastStatus: ["STOPPED"],
                stopCode: ["TaskFailedToStart"], // no image, no secret, no network; what ends after its start has another code
            },
            reason: "stoppedReason",
            message: `A task of ${called} could not start. ECS says: <reason>`,
        },
        "tasks-keep-failing": {
            detailType: "ECS Service Action",
            detail: { eventName: ["SERVICE_TASK_START_IMPAIRED"] },
            message: `Tasks of ${called} fail again and again, and ECS waits longer each time: see their logs, and the service's events`,
        },
    };
}

/**
 * Tells the topic in a sentence what no alarm tells, or tells later: a release that fails or is taken back, and a task that ECS cannot
 * place or start. EventBridge delivers each event at least once, and so a sentence may come twice.
 */
export class Incidents extends pulumi.ComponentResource {
    constructor(
        name: string,
        { serviceName, topicArn, service }: IncidentsArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("fargate-cicd:incidents:Incidents", name, {}, opts);

        const watched = Object.entries(incidents(serviceName, service)).map(([kind, incident]) => {
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
        const role = this.role(
            name,
            topicArn,
            watched.map(({ rule }) => rule.arn),
        );

        for (const { kind, incident, rule } of watched) {
            new aws.cloudwatch.EventTarget(
                `${name}-${kind}`,
                {
                    rule: rule.name,
                    arn: topicArn,
                    roleArn: role.arn,
                    inputTransformer: {
                        inputPaths: incident.reason && { reason: `$.detail.${incident.reason}` },
                        inputTemplate: JSON.stringify(incident.message), // a text is one in quotes
                    },
                },
                { parent: this },
            );
        }
        this.registerOutputs({});
    }

    /**
     * What EventBridge publishes with. Not the topic's own policy, which would have to say again what CloudWatch and the account may:
     * AWS recommends a role for every target ("Amazon EventBridge now supports IAM execution roles for all targets", March 2025).
     */
    private role(name: string, topicArn: pulumi.Input<string>, rules: readonly pulumi.Output<string>[]): aws.iam.Role {
        const account = accountId(this);
        const role = newRole(
            `${name}-incidents`,
            {
                description: "Tells the alarm topic what ECS reports",
                trust: {
                    principal: { Service: "events.amazonaws.com" },
                    action: "sts:AssumeRole",
                    // EventBridge acts for any account; this role is for rules of our own (the "confused deputy").
                    condition: {
                        StringEquals: { "aws:SourceAccount": account },
                        ArnEquals: { "aws:SourceArn": rules },
                    },
                },
            },
            { parent: this },
        );
        new aws.iam.RolePolicy(
            `${name}-incidents`,
            {
                role: role.name,
                policy: policyDocument([{ sid: "Tell", actions: ["sns:Publish"], resources: [topicArn] }]),
            },
            { parent: this },
        );
        return role;
    }
}
