import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { accountId, partition } from "../account";
import { newRole, policyDocument, serviceTrust } from "../iam";
import { newLogGroup, type LogKeeping } from "../logGroup";

export interface FlowLogsArgs extends LogKeeping {
    /** The log group is called after it. */
    readonly name: string;
    readonly vpcId: pulumi.Input<string>;
    readonly region: string;
    /** Pulumi does not delete the logs. */
    readonly deletionProtection: boolean;
}

/** Who talks to whom in the VPC, what was let through and what was not: a line for each and every ten minutes, as AWS aggregates them by default. */
export class FlowLogs extends pulumi.ComponentResource {
    constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:flowLogs:FlowLogs", name, {}, opts);
        const logicalName = `${name}-flow-logs`;

        const logs = newLogGroup(logicalName, `/vpc/${args.name}`, args, {
            parent: this,
            protect: args.deletionProtection,
        });
        const account = accountId(this);
        const role = newRole(
            logicalName,
            {
                description: "Writes down who talks to whom in the VPC",
                trust: serviceTrust("vpc-flow-logs.amazonaws.com", account, {
                    ArnLike: {
                        "aws:SourceArn": pulumi.interpolate`arn:${partition(this)}:ec2:${args.region}:${account}:vpc-flow-log/*`,
                    },
                }),
            },
            { parent: this },
        );
        const policy = new aws.iam.RolePolicy(
            logicalName,
            {
                role: role.name,
                // "IAM role for publishing flow logs to CloudWatch Logs" in the VPC User Guide, less what makes groups: it has one.
                policy: policyDocument([
                    // CloudWatch Logs lists groups for the whole account or not at all.
                    { sid: "FindGroup", actions: ["logs:DescribeLogGroups"], resources: ["*"] },
                    {
                        sid: "WriteLogs",
                        actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                        resources: [logs.arn, pulumi.interpolate`${logs.arn}:*`],
                    },
                ]),
            },
            { parent: this },
        );
        new aws.ec2.FlowLog(
            logicalName,
            {
                vpcId: args.vpcId,
                trafficType: "ALL",
                logDestination: logs.arn,
                iamRoleArn: role.arn,
            },
            { parent: this, dependsOn: policy },
        );
        this.registerOutputs({});
    }
}
