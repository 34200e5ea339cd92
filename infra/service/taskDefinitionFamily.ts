import * as pulumi from "@pulumi/pulumi";

interface Inputs {
    readonly family: string;
    readonly region: string;
    /** The account that the stack's aws provider acts in. */
    readonly account: string;
}

/** One step of `aws:assumeRoles`, as the aws provider has it. */
interface AssumedRole {
    readonly roleArn: string;
    readonly sessionName?: string;
    readonly externalId?: string;
    readonly sourceIdentity?: string;
    readonly policy?: string;
    readonly policyArns?: readonly string[];
    readonly tags?: Readonly<Record<string, string>>;
    readonly transitiveTagKeys?: readonly string[];
}

/**
 * Serialised into the state and run from there, on destroy too: it may use nothing from outside its own functions.
 *
 * The engine gives it the stack's configuration as it gives the aws provider its part, on destroy that of the last `pulumi up`: it
 * reaches AWS with the same credentials at the same addresses.
 */
class Provider implements pulumi.dynamic.ResourceProvider<Inputs, Inputs> {
    private setting: (key: string) => string | undefined = () => undefined;

    async configure({ config }: pulumi.dynamic.ConfigureRequest) {
        this.setting = (key) => config.get(`aws:${key}`);
    }

    async create(inputs: Inputs) {
        return { id: inputs.family, outs: inputs };
    }

    async diff(_id: string, olds: Inputs, news: Inputs) {
        const changed = (["family", "region", "account"] as const).filter((key) => olds[key] !== news[key]);
        // Another family, region or account leaves the old one to be deleted. A state from before the account was kept has none.
        return { changes: changed.length > 0, replaces: changed.filter((key) => olds[key] !== undefined) };
    }

    async update(_id: string, _olds: Inputs, news: Inputs) {
        return { outs: news };
    }

    async delete(family: string, { region, account }: Inputs) {
        const ecs = await import("@aws-sdk/client-ecs");
        const settings = await this.clientSettings(region, account);
        // ECS lets an account deregister about one revision a second: wait for it as long as that takes.
        const client = new ecs.ECSClient({ ...settings("ecs"), retryMode: "adaptive", maxAttempts: 20 });
        const revisions = async (status: "ACTIVE" | "INACTIVE"): Promise<string[]> => {
            const arns: string[] = [];
            for await (const page of ecs.paginateListTaskDefinitions({ client }, { familyPrefix: family, status })) {
                arns.push(...(page.taskDefinitionArns ?? []));
            }
            return arns;
        };
        for (const taskDefinition of await revisions("ACTIVE")) {
            await client.send(new ecs.DeregisterTaskDefinitionCommand({ taskDefinition }));
        }
        const inactive = await revisions("INACTIVE");
        for (let start = 0; start < inactive.length; start += 10) {
            const batch = inactive.slice(start, start + 10); // DeleteTaskDefinitions takes ten at a time
            const { failures = [] } = await client.send(
                new ecs.DeleteTaskDefinitionsCommand({ taskDefinitions: batch }),
            );
            if (failures.length > 0) {
                const list = failures.map(({ arn, reason }) => `${arn}: ${reason}`).join("; ");
                throw new Error(
                    `could not delete revisions of task family ${family} (${list}): run pulumi destroy again`,
                );
            }
        }
    }

    /**
     * What each client is made with.
     * @throws Error when the credentials are another account's, where a family of the same name may be somebody else's
     */
    private async clientSettings(region: string, account: string | undefined) {
        const sts = await import("@aws-sdk/client-sts");
        const parsed = <T>(key: string) => JSON.parse(this.setting(key) ?? "[]") as T[];
        // The SDK takes these from the environment only.
        const files = { sharedConfigFiles: "AWS_CONFIG_FILE", sharedCredentialsFiles: "AWS_SHARED_CREDENTIALS_FILE" };
        for (const [key, variable] of Object.entries(files)) {
            const [file] = parsed<string>(key);
            if (file !== undefined) {
                process.env[variable] = file.replace(/^~(?=\/)/, process.env.HOME ?? "~");
            }
        }
        const [accessKeyId, secretAccessKey] = [this.setting("accessKey"), this.setting("secretKey")];
        let credentials =
            accessKeyId && secretAccessKey
                ? { accessKeyId, secretAccessKey, sessionToken: this.setting("token") }
                : undefined; // the SDK's own chain: environment, profile, SSO, the machine's role
        const endpoints = Object.assign({}, ...parsed<object>("endpoints")) as Record<string, string | undefined>;
        const settings = (service: "ecs" | "sts") => ({
            region: service === "sts" ? (this.setting("stsRegion") ?? region) : region,
            ...(credentials ? { credentials } : { profile: this.setting("profile") }),
            ...(endpoints[service] && { endpoint: endpoints[service] }),
            useFipsEndpoint: this.setting("useFipsEndpoint") === "true",
            useDualstackEndpoint: this.setting("useDualstackEndpoint") === "true",
        });
        const take = ({ Credentials: given }: { Credentials?: import("@aws-sdk/client-sts").Credentials }) => ({
            accessKeyId: given!.AccessKeyId!,
            secretAccessKey: given!.SecretAccessKey!,
            sessionToken: given!.SessionToken,
        });
        const web = this.setting("assumeRoleWithWebIdentity");
        if (web !== undefined) {
            const fs = await import("node:fs");
            const { roleArn, sessionName, webIdentityToken, webIdentityTokenFile } = JSON.parse(web) as Record<
                string,
                string
            >;
            const call = new sts.AssumeRoleWithWebIdentityCommand({
                RoleArn: roleArn,
                RoleSessionName: sessionName ?? "pulumi",
                WebIdentityToken: webIdentityToken ?? fs.readFileSync(webIdentityTokenFile!, "utf8"),
            });
            credentials = take(await new sts.STSClient(settings("sts")).send(call));
        }
        for (const role of parsed<AssumedRole>("assumeRoles")) {
            const call = new sts.AssumeRoleCommand({
                RoleArn: role.roleArn,
                RoleSessionName: role.sessionName ?? "pulumi",
                ExternalId: role.externalId,
                SourceIdentity: role.sourceIdentity,
                Policy: role.policy,
                PolicyArns: role.policyArns?.map((arn) => ({ arn })),
                Tags: role.tags && Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
                TransitiveTagKeys: role.transitiveTagKeys && [...role.transitiveTagKeys],
            });
            credentials = take(await new sts.STSClient(settings("sts")).send(call));
        }
        if (account !== undefined) {
            const caller = await new sts.STSClient(settings("sts")).send(new sts.GetCallerIdentityCommand({}));
            if (caller.Account !== account) {
                throw new Error(
                    `the task family is in account ${account}, and the credentials are those of ${caller.Arn} ` +
                        `in account ${caller.Account}: nothing was deleted; use those that the stack was made with`,
                );
            }
        }
        return settings;
    }
}

/**
 * All revisions of a task definition's family, whoever registered them. AWS has no such thing to create, so nothing happens until
 * destroy: then the revisions of the pipeline go as well, which otherwise stay in the account for good.
 */
export class TaskDefinitionFamily extends pulumi.dynamic.Resource {
    declare public readonly family: pulumi.Output<string>;

    constructor(
        name: string,
        args: { family: string; region: string; account: pulumi.Input<string> },
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(new Provider(), name, args, opts, "ecs", "TaskDefinitionFamily");
    }
}
