import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

type Condition = Readonly<
    Record<string, Readonly<Record<string, pulumi.Input<string> | pulumi.Input<readonly pulumi.Input<string>[]>>>>
>;

/** One permission: what may be done, to what, and under which conditions. A role has no denials; what is not listed is refused. */
export interface Statement {
    readonly sid: string;
    readonly actions: readonly `${string}:${string}`[];
    readonly resources: readonly pulumi.Input<string>[];
    readonly condition?: Condition;
}

/** One entry of the policy that belongs to a resource itself: whom it is about, and whether it forbids what it lists. */
export interface Entry extends Statement {
    readonly principal: { readonly Service: string } | "*";
    readonly effect?: "Deny";
}

/** Who may assume a role, and how. */
export interface Trust {
    readonly principal: { readonly Service: string } | { readonly Federated: pulumi.Input<string> };
    readonly action: "sts:AssumeRole" | "sts:AssumeRoleWithWebIdentity";
    /** None where the service says nothing of whom it acts for. */
    readonly condition?: Condition;
}

/** A permission policy as IAM reads it: a role's, or a resource's own. */
export function policyDocument(statements: readonly (Statement | Entry)[]): pulumi.Output<string> {
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: statements.map(({ sid, actions, resources, condition, ...entry }) => ({
            Sid: sid,
            Effect: "effect" in entry ? entry.effect : "Allow",
            ...("principal" in entry && { Principal: entry.principal }),
            Action: actions,
            Resource: resources,
            ...(condition && { Condition: condition }),
        })),
    });
}

/** Refuses what does not come over TLS, whoever it comes from. */
export const overTlsOnly = (actions: Statement["actions"], resources: Statement["resources"]): Entry => ({
    sid: "OverTlsOnly",
    effect: "Deny",
    principal: "*",
    actions,
    resources,
    condition: { Bool: { "aws:SecureTransport": "false" } },
});

/** Lets a service assume a role for what is in this account; the service acts for any (the "confused deputy"). */
export const serviceTrust = (service: string, account: pulumi.Input<string>, source: Condition = {}): Trust => ({
    principal: { Service: service },
    action: "sts:AssumeRole",
    condition: { StringEquals: { "aws:SourceAccount": account }, ...source },
});

/** A role's trust policy as IAM reads it. */
function trustDocument({ principal, action, condition }: Trust): pulumi.Output<string> {
    return pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
            { Effect: "Allow", Principal: principal, Action: action, ...(condition && { Condition: condition }) },
        ],
    });
}

/** A role without any permission yet. */
export function newRole(
    name: string,
    { description, trust }: { readonly description: string; readonly trust: Trust },
    opts: pulumi.CustomResourceOptions,
): aws.iam.Role {
    return new aws.iam.Role(
        name,
        {
            description,
            forceDetachPolicies: true, // what somebody has attached by hand does not keep the role from going
            assumeRolePolicy: trustDocument(trust),
        },
        opts,
    );
}
