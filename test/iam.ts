import { runSimulation, runUnsafeSimulation } from "@cloud-copilot/iam-simulate";
import assert from "node:assert/strict";
import { account } from "../tools/fakeCloud";
import type { Registration } from "./record";

export interface PolicyStatement {
    readonly Sid?: string;
    readonly Effect: string;
    readonly Principal?: Readonly<Record<string, string>>;
    readonly Action: string | readonly string[];
    readonly Resource?: string | readonly string[];
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
    readonly Version: string;
    readonly Statement: readonly PolicyStatement[];
}

export type Context = Readonly<Record<string, string | string[]>>;

/** The policy document in an input of a recorded resource. */
export function policyOf(resource: Registration, input = "policy"): Policy {
    return JSON.parse(String(resource.inputs[input])) as Policy;
}

const keyPolicy = {
    Version: "2012-10-17",
    Statement: [
        { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" },
    ],
};

/** Whether a role with `policy` and nothing else may call `action`, as AWS would decide. The action and the ARN are checked to exist. */
export async function mayCall(
    policy: Policy,
    action: string,
    resource: string,
    context: Context = {},
): Promise<boolean> {
    const result = await runSimulation(
        {
            request: {
                principal: `arn:aws:sts::${account}:assumed-role/role/session`,
                action,
                resource: { resource, accountId: account },
                contextVariables: { ...context },
            },
            identityPolicies: [{ name: "policy", policy }],
            serviceControlPolicies: [],
            resourceControlPolicies: [],
            // A key's own policy lets the account's policies decide, which none would without it.
            ...(action.startsWith("kms:") && { resourcePolicy: keyPolicy }),
        },
        {},
    );
    if (result.resultType === "error") {
        throw new Error(`${action} on ${resource} cannot be simulated: ${JSON.stringify(result.errors)}`);
    }
    return result.overallResult === "Allowed";
}

export type Call = readonly [action: string, resource: string, context?: Context];

/** Evaluates every call of a table and compares all verdicts at once, so that a failure shows each wrong one. */
export async function assertVerdicts(
    policy: Policy,
    verdict: "allowed" | "denied",
    calls: readonly Call[],
): Promise<void> {
    const name = ([action, resource, context]: Call) => [action, resource, ...Object.values(context ?? {})].join(" ");
    const verdicts = await Promise.all(
        calls.map(async (call) => [name(call), (await mayCall(policy, ...call)) ? "allowed" : "denied"]),
    );
    assert.deepEqual(Object.fromEntries(verdicts), Object.fromEntries(calls.map((call) => [name(call), verdict])));
}

/**
 * Whether `principal` may assume a role with this trust policy. The simulator does not know GitHub's `aud` and `sub`, so it
 * evaluates the conditions without checking their names, and the principal is compared here, to the letter as AWS does.
 */
export function mayAssume(trust: Policy, principal: string, action: string, context: Context): boolean {
    const statements = trust.Statement.filter(({ Principal = {} }) => Object.values(Principal).includes(principal));
    const result = runUnsafeSimulation(
        {
            request: {
                principal: `arn:aws:iam::${account}:user/whoever`,
                action,
                resource: { resource: `arn:aws:iam::${account}:role/role`, accountId: account },
                contextVariables: { ...context },
            },
            identityPolicies: statements.map(({ Principal: _, ...statement }) => ({
                name: "trust",
                policy: { Version: trust.Version, Statement: [{ ...statement, Resource: "*" }] },
            })),
            serviceControlPolicies: [],
            resourceControlPolicies: [],
        },
        {},
    );
    return result === "Allowed";
}
