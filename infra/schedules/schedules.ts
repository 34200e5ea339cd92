import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { accountId } from "../account";
import type { Settings } from "../config";
import { newRole, overTlsOnly, policyDocument, serviceTrust } from "../iam";
import type { Service } from "../service/service";
import type { Task } from "../service/task";

export interface SchedulesArgs {
    /** The name of the group that the schedules are in. */
    readonly groupName: string;
    /** What runs when, by name. */
    readonly schedules: Settings["schedules"];
    readonly task: Task;
    readonly service: Service;
}

/** What the group of a scheduled task begins with: by it ECS's events name the schedule in full, of which `startedBy` has 19 letters. */
export const taskGroup = "schedule:";

/** Seconds in which a task that ECS did not start is tried again. What would start later may meet the next one. */
const triedFor = 900;

/** Fourteen days, SQS's longest, in seconds. */
const keptFor = 1_209_600;

/** Tasks that run at set times, each once, as the service's own do. Where none is set, nothing is made. */
export class Schedules extends pulumi.ComponentResource {
    /** The container that the commands run in. */
    public readonly containerName: string;
    /** The queue of what could not be started. */
    public readonly deadLetterQueueName?: pulumi.Output<string>;

    constructor(name: string, args: SchedulesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:schedules:Schedules", name, {}, opts);
        this.containerName = args.task.containerName;
        if (Object.keys(args.schedules).length > 0) {
            this.deadLetterQueueName = this.make(name, args).name;
        }
        this.registerOutputs({});
    }

    private make(name: string, args: SchedulesArgs): aws.sqs.Queue {
        const { task, service } = args;
        // A group of their own: schedules cannot be tagged, and what trusts their group trusts no others of the account.
        const group = new aws.scheduler.ScheduleGroup(name, { name: args.groupName }, { parent: this });
        const queue = new aws.sqs.Queue(
            `${name}-not-started`,
            { sqsManagedSseEnabled: true, messageRetentionSeconds: keptFor },
            { parent: this },
        );
        new aws.sqs.QueuePolicy(
            `${name}-not-started`,
            { queueUrl: queue.url, policy: policyDocument([overTlsOnly(["sqs:*"], [queue.arn])]) },
            { parent: this },
        );
        const { role, policy } = this.role(name, args, group, queue);

        for (const [schedule, { schedule: scheduleExpression, timezone = "UTC", command }] of Object.entries(
            args.schedules,
        )) {
            new aws.scheduler.Schedule(
                `${name}-${schedule}`,
                {
                    name: schedule,
                    groupName: group.name,
                    description: `${args.groupName} runs ${command.join(" ")}`.slice(0, 512), // as much as AWS takes
                    scheduleExpression,
                    scheduleExpressionTimezone: timezone,
                    flexibleTimeWindow: { mode: "OFF" },
                    target: {
                        arn: service.clusterArn,
                        roleArn: role.arn,
                        ecsParameters: {
                            // Without a revision: ECS takes the latest that there is when it starts a task, and so the next run is of the
                            // next release, without a change of the schedule.
                            taskDefinitionArn: task.familyArn,
                            ...service.placement,
                            group: `${taskGroup}${schedule}`,
                            enableEcsManagedTags: true,
                            propagateTags: "TASK_DEFINITION",
                        },
                        input: JSON.stringify({ containerOverrides: [{ name: task.containerName, command }] }),
                        retryPolicy: { maximumEventAgeInSeconds: triedFor },
                        deadLetterConfig: { arn: queue.arn },
                    },
                },
                // No task before it may be started, and on destroy no new one while the service goes.
                { parent: this, dependsOn: [policy, service.ready, ...task.ready] },
            );
        }
        return queue;
    }

    /** What EventBridge Scheduler starts the tasks with. */
    private role(
        name: string,
        { task, service }: SchedulesArgs,
        group: aws.scheduler.ScheduleGroup,
        queue: aws.sqs.Queue,
    ) {
        const role = newRole(
            `${name}-schedules`,
            {
                description: "Starts the tasks that run at set times",
                // By their group, not by themselves: "Confused deputy prevention" in the EventBridge Scheduler User Guide.
                trust: serviceTrust("scheduler.amazonaws.com", accountId(this), {
                    ArnEquals: { "aws:SourceArn": group.arn },
                }),
            },
            { parent: this },
        );
        const policy = new aws.iam.RolePolicy(
            `${name}-schedules`,
            {
                role: role.name,
                policy: policyDocument([
                    {
                        sid: "RunTask",
                        actions: ["ecs:RunTask"],
                        // As the schedules name it, and as the revision is called that ECS finds by that.
                        resources: [task.familyArn, pulumi.interpolate`${task.familyArn}:*`],
                        condition: { ArnEquals: { "ecs:cluster": service.clusterArn } },
                    },
                    {
                        sid: "TagNewTask",
                        actions: ["ecs:TagResource"],
                        resources: [
                            service.clusterArn.apply((arn) => `${arn.replace(":cluster/", ":task/")}/*`), // ids are ECS's
                        ],
                        condition: { StringEquals: { "ecs:CreateAction": "RunTask" } },
                    },
                    {
                        sid: "PassTaskRoles",
                        actions: ["iam:PassRole"],
                        resources: [task.executionRoleArn, task.taskRoleArn],
                        condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
                    },
                    { sid: "KeepWhatDidNotStart", actions: ["sqs:SendMessage"], resources: [queue.arn] },
                ]),
            },
            { parent: this },
        );
        return { role, policy };
    }
}
