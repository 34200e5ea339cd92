import type { Mutation } from "./mutation";

/** Mistakes around what comes at set times. */
export const schedules: readonly Mutation[] = [
    {
        mistake: "every schedule of the account may use the role that starts tasks",
        file: "infra/schedules/schedules.ts",
        find: 'ArnEquals: { "aws:SourceArn": group.arn },',
        become: "",
    },
    {
        mistake: "a schedule stays with the revision that it began with",
        file: "infra/schedules/schedules.ts",
        find: "taskDefinitionArn: task.familyArn,",
        become: "taskDefinitionArn: task.definitionArn,",
    },
    {
        mistake: "nobody learns which schedule's run has failed",
        file: "infra/schedules/schedules.ts",
        find: "group: `${taskGroup}${schedule}`,",
        become: "group: taskGroup,",
    },
    {
        mistake: "a task that did not start is forgotten",
        file: "infra/schedules/schedules.ts",
        find: "deadLetterConfig: { arn: queue.arn },",
        become: "",
    },
    {
        mistake: "a schedule starts tasks before the service is there",
        file: "infra/schedules/schedules.ts",
        find: "policy, service.ready, ",
        become: "policy, ",
    },
    {
        mistake: "a run that ends well wakes somebody",
        file: "infra/monitoring/incidents.ts",
        find: ', exitCode: [{ "anything-but": 0 }]',
        become: "",
    },
    {
        mistake: "two hours change the scalable target at the same time",
        file: "infra/service/scheduledScaling.ts",
        find: "dependsOn: last",
        become: "dependsOn: before",
    },
    {
        mistake: "a service that rests at night wakes somebody",
        file: "infra/monitoring/alarms.ts",
        find: "silenceIsBad: isNeverEmpty, // nothing",
        become: "silenceIsBad: true, // nothing",
    },
    {
        mistake: "a service scales in to none, and never out again",
        file: "infra/config/together.ts",
        find: "least === 0 && most > 0",
        become: "least === 0 && most > 1000",
    },
    {
        mistake: "no scheduled task may start",
        file: "infra/schedules/schedules.ts",
        find: "resources: [task.familyArn, pulumi.interpolate`${task.familyArn}:*`],",
        become: "resources: [pulumi.interpolate`${task.familyArn}:*`],",
    },
];
