import type * as pulumi from "@pulumi/pulumi";
import type { LoadBalancer } from "../network/loadBalancer";
import type { Schedules } from "../schedules/schedules";
import type { Service } from "../service/service";
import { RequestAlarms, TaskAlarms, type TaskAlarmsArgs } from "./alarms";
import { Dashboard } from "./dashboard";
import { Incidents } from "./incidents";
import { Notifications } from "./notifications";
import { RunAlarms } from "./runAlarms";

export interface MonitoringArgs {
    /** What the dashboard's name and every alarm's begins with, and what messages call the service. */
    readonly prefix: string;
    readonly region: string;
    readonly loadBalancer: LoadBalancer;
    /** How many tasks there are meant to be at the hour with the fewest. */
    readonly fewestTasks: number;
    /** Who gets the alarms, beside those who subscribe to their topic. */
    readonly email?: string;
    readonly kmsKeyArn?: string;
}

/**
 * Who is told when something goes wrong, and where to look. It comes in two steps, as the service takes a release back by the alarms on
 * requests, and is then watched itself. No resource of its own: below one, the URN of everything in it would be another.
 */
export class Monitoring {
    /** The names of the alarms that take a release back. */
    public readonly rollbackAlarmNames: readonly pulumi.Output<string>[];
    /** The topic that alarms go to. */
    public readonly topicArn: pulumi.Output<string>;
    private readonly notifications: Notifications;
    private readonly requestAlarms: RequestAlarms;

    constructor(
        private readonly name: string,
        private readonly args: MonitoringArgs,
    ) {
        this.notifications = new Notifications(name, { email: args.email, kmsKeyArn: args.kmsKeyArn });
        this.topicArn = this.notifications.topicArn;
        this.requestAlarms = new RequestAlarms(name, { ...args, notifications: this.notifications });
        this.rollbackAlarmNames = this.requestAlarms.names;
    }

    /** Alarms on the service's tasks, what ECS itself reports of them, and everything on one page. */
    watch(
        service: Service,
        schedules: Schedules,
        { containerInsights, startSeconds }: Pick<TaskAlarmsArgs, "containerInsights" | "startSeconds">,
    ): void {
        const { prefix, region, loadBalancer, fewestTasks } = this.args;
        const taskAlarms = new TaskAlarms(this.name, {
            prefix,
            loadBalancer,
            notifications: this.notifications,
            service,
            fewestTasks,
            containerInsights,
            startSeconds,
        });
        const { deadLetterQueueName } = schedules;
        const runAlarms = deadLetterQueueName
            ? new RunAlarms(this.name, { prefix, notifications: this.notifications, deadLetterQueueName }).arns
            : [];
        new Incidents(this.name, { serviceName: prefix, topicArn: this.notifications.topicArn, service, schedules });
        new Dashboard(this.name, {
            dashboardName: `${prefix}-${region}`,
            region,
            loadBalancer,
            service,
            alarms: [...this.requestAlarms.arns, ...taskAlarms.arns, ...runAlarms],
        });
    }
}
