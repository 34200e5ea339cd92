import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Statement } from "../iam";

/** What a container definition takes: the variable's name, and where ECS finds its value when it starts a task. */
export interface SecretReference {
    readonly name: string;
    readonly valueFrom: pulumi.Input<string>;
}

export interface SecretsArgs {
    /** By the variable's name: a value, or the ARN of a secret that exists already (Secrets Manager, or SSM parameter). */
    readonly values: Readonly<Record<string, pulumi.Output<string>>>;
    /** The variables of `values` that hold an ARN. */
    readonly existing: Readonly<Record<string, string>>;
    /** Pulumi deletes no secret, and one that is deleted all the same can be restored for 30 days. */
    readonly deletionProtection: boolean;
}

/**
 * The app's secrets: each a secret of AWS Secrets Manager that ECS reads when it starts a task. A value is in the encrypted state and
 * in Secrets Manager, and nowhere else: the task definition holds its address only.
 */
export class Secrets extends pulumi.ComponentResource {
    public readonly references: readonly SecretReference[];
    /** What ECS needs to read exactly these. */
    public readonly statements: readonly Statement[];

    constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:secrets:Secrets", name, {}, opts);

        const own = Object.entries(args.values).map(([variable, value]) => {
            const logicalName = `${name}-${variable}`; // as it is: two variables may differ in their capitals only
            const secret = new aws.secretsmanager.Secret(
                logicalName,
                {
                    description: `${variable} of the app`,
                    recoveryWindowInDays: args.deletionProtection ? 30 : 0, // with 0, `pulumi destroy` leaves nothing
                },
                { parent: this, protect: args.deletionProtection },
            );
            const version = new aws.secretsmanager.SecretVersion(
                logicalName,
                { secretId: secret.id, secretString: value },
                { parent: this },
            );
            // By version: a new value is a new task definition, so that it ships with the next release and is rolled back with it.
            return {
                arn: secret.arn,
                reference: { name: variable, valueFrom: pulumi.interpolate`${secret.arn}:::${version.versionId}` },
            };
        });
        const existing = Object.entries(args.existing).map(([variable, valueFrom]) => ({ name: variable, valueFrom }));

        const isParameter = (arn: string) => arn.split(":")[2] === "ssm";
        const managed = Object.values(args.existing).filter((arn) => !isParameter(arn));
        const readable = [...own.map(({ arn }) => arn), ...managed.map(secretArn)];
        const parameters = Object.values(args.existing).filter(isParameter);

        this.references = [...own.map(({ reference }) => reference), ...existing];
        this.statements = [
            { sid: "ReadSecrets", actions: ["secretsmanager:GetSecretValue"] as const, resources: readable },
            { sid: "ReadParameters", actions: ["ssm:GetParameters"] as const, resources: parameters },
        ].filter(({ resources }) => resources.length > 0);
        this.registerOutputs({});
    }
}

/** The secret itself: a reference may go on with a JSON key, a version stage and a version id. */
function secretArn(reference: string): string {
    return reference.split(":").slice(0, 7).join(":");
}
