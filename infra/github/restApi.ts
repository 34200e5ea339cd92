import * as github from "@pulumi/github";
import type * as pulumi from "@pulumi/pulumi";

/**
 * What GitHub's REST API answers, for what the provider has no look-up of its own for.
 * @returns undefined where GitHub has no such thing
 */
export async function ofRestApi<T>(endpoint: string, lookup: pulumi.InvokeOptions): Promise<T | undefined> {
    const { code, body } = await github.getRestApi({ endpoint }, lookup);
    return code === 200 ? (JSON.parse(body) as T) : undefined;
}
