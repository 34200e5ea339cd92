import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { afterChecks } from "../checks";
import { arnOf, isParameter } from "../config/containerKinds";
import type { Statement } from "../iam";
import { referencesInUse } from "./inUse";
import { ReadableSecrets } from "./readableSecrets";

/** What a container definition takes: the variable's name, and where ECS finds its value when it starts a task. */
export interface SecretReference {
    readonly name: string;
    readonly valueFrom: pulumi.Input<string>;
}

export interface SecretsArgs {
    /** Values, by the variable's name: each becomes a secret of the stack. */
    readonly values: Readonly<Record<string, pulumi.Output<string>>>;
    /** ARNs of secrets of Secrets Manager, or of SSM parameters, that exist already, by the variable's name. */
    readonly existing: Readonly<Record<string, string>>;
    /** The service whose tasks read them. */
    readonly serviceName: string;
    /** Encrypts the values, in place of the key that AWS manages for Secrets Manager. */
    readonly kmsKeyArn?: string;
    /** Pulumi deletes no secret, and one that is deleted all the same can be restored for 30 days. */
    readonly deletionProtection: boolean;
}

/**
 * The app's secrets: each a secret of AWS Secrets Manager that ECS reads when it starts a task. A value is in the encrypted state and
 * in Secrets Manager, and nowhere else: the task definition holds its address only.
 *
 * One that the configuration has no more stays as it is, and may be read, for as long as a release that runs refers to it: ECS must be
 * able to start another task of that, and to go back to it. The first `pulumi up` after a release without it takes it away.
 */
export class Secrets extends pulumi.ComponentResource {
    public readonly references: readonly SecretReference[];
    /** What ECS needs to read exactly these, and those in use. */
    public readonly statements: pulumi.Output<readonly Statement[]>;

    constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:secrets:Secrets", name, {}, opts);

        const own = Object.entries(args.values).map(([variable, value]) => {
            const { secret, version } = this.secret(name, variable, value, args);
            // By version: a new value is a new task definition, so that it ships with the next release, and ECS, which goes back to the
            // revision before, takes it back with that. A commit to go back to is given the newest revision's settings, and so this value.
            return {
                name: variable,
                arn: secret.arn,
                valueFrom: pulumi.interpolate`${secret.arn}:::${version.versionId}`,
            };
        });
        const existing = Object.entries(args.existing).map(([variable, valueFrom]) => ({ name: variable, valueFrom }));
        this.references = [...own.map(({ name, valueFrom }) => ({ name, valueFrom })), ...existing];

        // What the look-up tells is known in a preview, too, so that what is declared here shows in it.
        const inUse = afterChecks(() => this.inUse(name, args)).then((references) => {
            const former = references.filter((one) => one.isOwn && !Object.hasOwn(args.values, one.name));
            for (const variable of new Set(former.map((one) => one.name))) {
                this.secret(name, variable, undefined, args);
            }
            return references;
        });
        const made = pulumi.all(own.map(({ arn }) => arn));
        const configured = made.apply((arns) => [...arns, ...Object.values(args.existing).map(arnOf)]);
        const { arns } = new ReadableSecrets(
            name,
            { configured, inUse: inUse.then((references) => references.map(({ arn }) => arn)) },
            { parent: this },
        );
        this.statements = pulumi.all([arns, made, inUse]).apply(([readable, present, used]) => {
            const former = used.filter(({ isOwn }) => isOwn).map(({ arn }) => arn);
            const isOfStack = (arn: string) => present.includes(arn) || former.includes(arn);
            return readStatements(
                readable.filter(isOfStack),
                readable.filter((arn) => !isOfStack(arn)),
                args.kmsKeyArn,
            );
        });
        this.registerOutputs({});
    }

    /** What a release that runs refers to, and whether that is a secret of this component. */
    private async inUse(name: string, { serviceName, values }: SecretsArgs) {
        const { references, tags } = await referencesInUse(serviceName, { parent: this });
        // After a rename, what the stack has made has its former name, as the service has, or part of it has the new one already.
        const names = [tags, { Project: pulumi.getProject(), Stack: pulumi.getStack() }];
        const isOfStack = async (arn: string) => {
            const secret = await aws.secretsmanager.getSecret({ arn }, { parent: this });
            return names.some(({ Project, Stack }) => secret.tags.Project === Project && secret.tags.Stack === Stack);
        };
        return Promise.all(
            references.map(async ({ name: variable, valueFrom }) => {
                const arn = arnOf(valueFrom);
                const isNamed = isNameOf(`${name}-${variable}`, arn);
                // Another stack's secret for the same variable has that name as well, and may be one that is, or was, configured.
                const isOwn = isNamed && (Object.hasOwn(values, variable) || (await isOfStack(arn)));
                return { name: variable, arn, isOwn };
            }),
        );
    }

    /** @param value none, where the configuration has it no more and it stays as it is */
    private secret(
        name: string,
        variable: string,
        value: pulumi.Output<string> | undefined,
        { kmsKeyArn, deletionProtection }: SecretsArgs,
    ) {
        const logicalName = `${name}-${variable}`; // as it is: two variables may differ in their capitals only
        const secret = new aws.secretsmanager.Secret(
            logicalName,
            {
                description: `${variable} of the app`,
                kmsKeyId: kmsKeyArn,
                // With 0, `pulumi destroy` leaves nothing. Not protected besides: the engine would refuse to delete one that is taken out of
                // the configuration, and everything else with that.
                recoveryWindowInDays: deletionProtection ? 30 : 0,
            },
            { parent: this },
        );
        const version = new aws.secretsmanager.SecretVersion(
            logicalName,
            { secretId: secret.id, secretString: value ?? unsent },
            { parent: this, ignoreChanges: value ? [] : ["secretString"] },
        );
        return { secret, version };
    }
}

/** In place of a value that stays as it is, for a property that has to have one. */
const unsent = "as it is";

/** Whether an ARN is that of a secret with this logical name, after which Pulumi and then AWS add something of their own. */
function isNameOf(logicalName: string, arn: string): boolean {
    const [, , service, , , , physicalName = ""] = arn.split(":");
    return service === "secretsmanager" && physicalName.startsWith(`${logicalName}-`);
}

/** The permissions to read the stack's own secrets, which are encrypted with `key`, and those that exist already. */
function readStatements(own: readonly string[], existing: readonly string[], key?: string): Statement[] {
    const parameters = existing.filter(isParameter);
    const secrets = existing.filter((arn) => !isParameter(arn));
    const statements: Statement[] = [
        {
            sid: "ReadSecrets",
            actions: ["secretsmanager:GetSecretValue"],
            resources: [...own, ...secrets],
        },
        {
            sid: "DecryptSecrets",
            actions: ["kms:Decrypt"],
            resources: key && own.length > 0 ? [key] : [],
            condition: { StringLike: { "kms:ViaService": "secretsmanager.*" } },
        },
        decryptStatement("DecryptExistingSecrets", secrets, "SecretARN"),
        { sid: "ReadParameters", actions: ["ssm:GetParameters"], resources: parameters },
        decryptStatement("DecryptParameters", parameters, "PARAMETER_ARN"),
    ];
    return statements.filter(({ resources }) => resources.length > 0);
}

/**
 * The permission to decrypt these, and nothing else, with any key of their region: which one each has, and in which account, does not show
 * in its ARN. With the key that AWS manages for all of an account nothing is asked of KMS's caller; with a customer's key, this is.
 *
 * @param context what the service encrypts with beside the key: "Encryption context" in the guides of Secrets Manager and Parameter Store
 */
const decryptStatement = (sid: string, arns: readonly string[], context: "SecretARN" | "PARAMETER_ARN"): Statement => ({
    sid,
    actions: ["kms:Decrypt"],
    resources: [...new Set(arns.map(keysBeside))],
    condition: { StringEquals: { [`kms:EncryptionContext:${context}`]: arns } },
});

/** Every key of the region that an ARN is in. A secret can be encrypted with another account's: "CreateSecret" in its API Reference. */
function keysBeside(arn: string): string {
    const [, partition, , region] = arn.split(":");
    return `arn:${partition}:kms:${region}:*:key/*`;
}
