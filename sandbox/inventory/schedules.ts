/** What comes at set times on the emulated AWS, and the queues of what did not. */
import { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { Scheduler } from "@aws-sdk/client-scheduler";
import { SQS } from "@aws-sdk/client-sqs";
import type { rootClient } from "../aws/emulator";
import type { Kind } from "./kind";

export function scheduleKinds(config: ReturnType<typeof rootClient>): readonly Kind[] {
    const [scheduler, scaling, sqs] = [new Scheduler(config), new ApplicationAutoScaling(config), new SQS(config)];
    const scaled = { ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" } as const;
    return [
        {
            type: "aws:scheduler/schedule:Schedule",
            list: async () =>
                ((await scheduler.listSchedules({})).Schedules ?? []).map(
                    ({ GroupName, Name }) => `${GroupName}/${Name}`,
                ),
            remove: (id) => {
                const [GroupName, Name] = id.split("/");
                return scheduler.deleteSchedule({ GroupName, Name });
            },
        },
        {
            type: "aws:scheduler/scheduleGroup:ScheduleGroup",
            list: async () =>
                ((await scheduler.listScheduleGroups({})).ScheduleGroups ?? [])
                    .map(({ Name }) => Name!)
                    .filter((name) => name !== "default"), // every account's
            remove: (Name) => scheduler.deleteScheduleGroup({ Name }),
        },
        {
            type: "aws:sqs/queue:Queue",
            list: async () => (await sqs.listQueues({})).QueueUrls ?? [],
            remove: (QueueUrl) => sqs.deleteQueue({ QueueUrl }),
        },
        {
            type: "aws:appautoscaling/scheduledAction:ScheduledAction",
            list: async () => {
                const { ScheduledActions = [] } = await scaling.describeScheduledActions(scaled);
                return ScheduledActions.map(({ ScheduledActionName: name, ResourceId }) => `${name}-ecs-${ResourceId}`);
            },
            remove: (id) => {
                const [ScheduledActionName, service] = id.split("-ecs-service/");
                return scaling.deleteScheduledAction({
                    ...scaled,
                    ScheduledActionName,
                    ResourceId: `service/${service}`,
                });
            },
        },
    ];
}
