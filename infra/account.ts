import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { lookUp } from "./nothingBefore";

/** The number of the account that the stack is in. */
export const accountId = (parent: pulumi.Resource): pulumi.Output<string> =>
    lookUp(() => aws.getCallerIdentity({}, { parent })).accountId;

/** The partition of its ARNs: `aws`, `aws-cn`, … */
export const partition = (parent: pulumi.Resource): pulumi.Output<string> =>
    lookUp(() => aws.getPartition({}, { parent })).partition;
