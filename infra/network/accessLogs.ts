import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { accountId } from "../account";
import { overTlsOnly, policyDocument } from "../iam";

export interface AccessLogsArgs {
    /** Days after which S3 deletes a log. */
    readonly logRetentionDays: number;
    /** Pulumi deletes no bucket; otherwise it goes with all that is in it. */
    readonly deletionProtection: boolean;
}

/**
 * Where the load balancer writes down each request that it gets, minutes after it. Encrypted with S3's own keys, as ELB writes with no
 * others; what a bucket is without being asked (owned by its owner, without ACLs) is not said again.
 */
export class AccessLogs extends pulumi.ComponentResource {
    /** The bucket's name, once it lets the load balancer in: ELB tries that when it is told. */
    public readonly bucket: pulumi.Output<string>;

    constructor(name: string, args: AccessLogsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:accessLogs:AccessLogs", name, {}, opts);
        const logicalName = `${name}-access-logs`;

        const bucket = new aws.s3.Bucket(
            logicalName,
            { forceDestroy: !args.deletionProtection },
            { parent: this, protect: args.deletionProtection },
        );
        const closed = new aws.s3.BucketPublicAccessBlock(
            logicalName,
            {
                bucket: bucket.bucket,
                blockPublicAcls: true,
                blockPublicPolicy: true,
                ignorePublicAcls: true,
                restrictPublicBuckets: true,
            },
            { parent: this },
        );
        new aws.s3.BucketLifecycleConfiguration(
            logicalName,
            {
                bucket: bucket.bucket,
                rules: [
                    {
                        id: "expire",
                        status: "Enabled",
                        filter: { prefix: "" },
                        expiration: { days: args.logRetentionDays },
                        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
                    },
                ],
            },
            { parent: this },
        );

        const account = accountId(this);
        const policy = new aws.s3.BucketPolicy(
            logicalName,
            {
                bucket: bucket.bucket,
                policy: policyDocument([
                    {
                        // One principal for all regions, and a path that is the account's: "Enable access logs for your Application
                        // Load Balancer" in the ELB User Guide, which knows no condition for it.
                        sid: "WriteLogs",
                        principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
                        actions: ["s3:PutObject"],
                        resources: [pulumi.interpolate`${bucket.arn}/AWSLogs/${account}/*`],
                    },
                    overTlsOnly(["s3:*"], [bucket.arn, pulumi.interpolate`${bucket.arn}/*`]),
                ]),
            },
            // S3 refuses two changes of a bucket at a time, now and then.
            { parent: this, dependsOn: closed },
        );

        this.bucket = policy.bucket;
        this.registerOutputs({ bucket: this.bucket });
    }
}
