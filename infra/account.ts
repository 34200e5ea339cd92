import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { lookUpAfterChecks } from "./checks";

/** The number of the account that the stack is in. */
export const accountId = (parent: pulumi.Resource): pulumi.Output<string> =>
    lookUpAfterChecks(() => aws.getCallerIdentity({}, { parent })).accountId;

/** The partition of its ARNs: `aws`, `aws-cn`, … */
export const partition = (parent: pulumi.Resource): pulumi.Output<string> =>
    lookUpAfterChecks(() => aws.getPartition({}, { parent })).partition;
