import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** What holds for all that the stack logs. */
export interface LogKeeping {
    readonly logRetentionDays: number;
    /** A customer's own key, which has to let CloudWatch Logs use it: docs/audit/README.md. Without one, a key of AWS's. */
    readonly kmsKeyArn?: string;
}

/** A group of logs in CloudWatch, with an end to what it keeps. */
export function newLogGroup(
    logicalName: string,
    name: string,
    { logRetentionDays, kmsKeyArn }: LogKeeping,
    opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.LogGroup {
    return new aws.cloudwatch.LogGroup(
        logicalName,
        { name, retentionInDays: logRetentionDays, kmsKeyId: kmsKeyArn },
        opts,
    );
}
