import assert from "node:assert/strict";
import * as fs from "node:fs";
import { parse, stringify } from "yaml";
import { CopiedCheckout, fetchPage, testPorts, type Run } from "./copiedCheckout";
import type { StackNames } from "./stackCalls";

export const stacks = ["dev", "prod"] as const;
type Stack = (typeof stacks)[number];

export const repository = "octo-org/hello-fargate";

const github = `http://127.0.0.1:${testPorts.SANDBOX_GITHUB_PORT}`;
const headers = { authorization: "Bearer sandbox-token" };

/** What the emulated GitHub answers. */
export const get = async (path: string): Promise<any> => (await fetch(github + path, { headers })).json();

export async function post(path: string, body: object): Promise<{ status: number; body: any }> {
    const response = await fetch(github + path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
}

export const remove = async (path: string): Promise<number> =>
    (await fetch(github + path, { method: "DELETE", headers })).status;

/** The token of any run that the environment lets in, also of one that GitHub would not start. */
export async function token(run: object): Promise<string> {
    const { status, body } = await post("/_sandbox/tokens", { audience: "sts.amazonaws.com", run });
    assert.equal(status, 201, body.message);
    return body.value;
}

/** The commit that a release says it is about. */
export const versionOf = ({ output }: Run) => /^Version +([0-9a-f]{40})$/m.exec(output)?.[1];

/** What the end of a release says of each job. */
export function jobsOf({ output }: Run): Record<string, string> {
    const [, table = ""] = /\nJobs\n((?: .*\n)+)/.exec(output) ?? [];
    const lines = table.split("\n").map((line) => line.trim().split(/ +/));
    return Object.fromEntries(lines.flatMap(([job, status]) => (job && status ? [[job, status]] : [])));
}

/** A copied checkout with the stacks dev and prod in its sandbox. */
export class TwoStacks extends CopiedCheckout {
    /**
     * Makes `Pulumi.prod.yaml` of its example, with reviewers that there are, and without what would be in the way here: containers
     * for another processor, and the protection from the destroy at the end.
     */
    writeProd(): void {
        const { config } = parse(fs.readFileSync(this.path("Pulumi.prod.yaml.example"), "utf8")) as { config: object };
        fs.writeFileSync(this.path("Pulumi.prod.yaml"), stringify({ config }));
        this.configure("fargate-cicd:githubReviewers", "alice,octo-org/platform", "prod");
        this.configure("fargate-cicd:architecture", undefined, "prod");
        this.configure("fargate-cicd:deletionProtection", undefined, "prod");
    }

    outputs(stack: Stack): Record<string, string> {
        return this.state(stack).deployment.resources[0].outputs;
    }

    /** Where the stack's app is reached: TLS is not emulated. */
    address(stack: Stack): string {
        const { url } = this.outputs(stack);
        return url!.replace(/^https:\/\/(.*)$/, `http://$1.localhost:${testPorts.SANDBOX_AWS_PORT}`);
    }

    /** The version that the stack's app says it is. */
    async served(stack: Stack): Promise<string> {
        return (await fetchPage(`${this.address(stack)}/version.txt`)).body.trim();
    }

    names(stack: Stack): StackNames {
        const { clusterName, serviceName, taskDefinitionFamily, repositoryUrl } = this.outputs(stack);
        const { resources } = this.state(stack).deployment;
        const role = (name: string): string =>
            resources.find(({ type, urn }) => type === "aws:iam/role:Role" && urn.endsWith(`::${name}`)).outputs.arn;
        return {
            cluster: clusterName!,
            service: serviceName!,
            family: taskDefinitionFamily!,
            repository: repositoryUrl!.split("/")[1]!,
            taskRole: role("main-task"),
            executionRole: role("main-execution"),
        };
    }
}
