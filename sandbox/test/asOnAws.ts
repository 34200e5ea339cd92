/** The commands for a stack on AWS, on one of the sandbox: with the Pulumi CLI, and AWS's own SDK as its environment has it. */
import { rootOptions } from "../checkouts/awsClients";
import type { CopiedCheckout } from "../checkouts/copiedCheckout";

/** @param programs a folder whose programs come first */
export function asOnAws(checkout: CopiedCheckout, programs?: string): Record<string, string> {
    const { accessKeyId, secretAccessKey } = rootOptions.credentials;
    return {
        PATH: [programs, checkout.path(".sandbox/bin"), process.env.PATH].filter(Boolean).join(":"),
        PULUMI_BACKEND_URL: `file://${checkout.path(".sandbox/pulumi")}`,
        PULUMI_CONFIG_PASSPHRASE: "sandbox",
        AWS_ENDPOINT_URL: rootOptions.endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
}
