import type * as pulumi from "@pulumi/pulumi";
import { Alarms, type AlarmsArgs } from "./alarms";

export interface RunAlarmsArgs extends Pick<AlarmsArgs, "prefix" | "notifications"> {
    /** The queue of what could not be started. */
    readonly deadLetterQueueName: pulumi.Input<string>;
}

/** Of tasks that run at set times, what ECS cannot report: it was never asked for them, or refused. */
export class RunAlarms extends Alarms {
    public readonly arns: readonly pulumi.Output<string>[];

    constructor(name: string, args: RunAlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:alarms:RunAlarms", name, {}, opts);
        const notStarted = this.add(name, "run-not-started", args, {
            description:
                "A scheduled task could not be started: the messages in the queue tell which, and why. This is over once they are deleted",
            namespace: "AWS/SQS",
            metricName: "ApproximateNumberOfMessagesVisible",
            dimensions: { QueueName: args.deadLetterQueueName },
            statistic: "Maximum",
            comparisonOperator: "GreaterThanThreshold",
            threshold: 0,
            minutes: 1,
        });
        this.arns = [notStarted.arn];
        this.registerOutputs({});
    }
}
