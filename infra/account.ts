import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { afterChecks } from "./nothingBefore";

/** The number of the account that the stack is in. */
export const accountId = (parent: pulumi.Resource): pulumi.Output<string> =>
    pulumi.output(afterChecks(() => aws.getCallerIdentity({}, { parent }))).accountId;

/** The partition of its ARNs: `aws`, `aws-cn`, … */
export const partition = (parent: pulumi.Resource): pulumi.Output<string> =>
    pulumi.output(afterChecks(() => aws.getPartition({}, { parent }))).partition;
