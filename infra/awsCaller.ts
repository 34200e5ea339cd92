import type * as pulumi from "@pulumi/pulumi";

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

/** `aws:assumeRoleWithWebIdentity`, as the aws provider has it. */
interface WebIdentity {
    readonly roleArn: string;
    readonly sessionName?: string;
    readonly webIdentityToken?: string;
    readonly webIdentityTokenFile?: string;
}

/**
 * What calls AWS itself: a dynamic resource's provider, and the commands of day two. Each gives it the stack's configuration, as the
 * engine gives the aws provider its part, on destroy that of the last `pulumi up`: it reaches AWS with the same credentials at the
 * same addresses.
 *
 * Serialised into the state with what extends it: it may use nothing from outside its own functions.
 */
export class AwsCaller {
    private setting: (key: string) => string | undefined = () => undefined;

    async configure({ config }: { readonly config: Pick<pulumi.dynamic.Config, "get"> }) {
        this.setting = (key) => config.get(`aws:${key}`);
    }

    /**
     * What a client is made with.
     * @returns a function of the service's names under `aws:endpoints`
     */
    public async clientSettings(region: string) {
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
        const flag = (key: string) => (this.setting(key) === undefined ? undefined : this.setting(key) === "true");
        const settings = (...services: readonly string[]) => {
            const endpoint = services.map((service) => endpoints[service]).find(Boolean);
            return {
                region: services.includes("sts") ? (this.setting("stsRegion") ?? region) : region,
                ...(credentials ? { credentials } : { profile: this.setting("profile") }),
                ...(endpoint !== undefined && { endpoint }),
                // Where they are undefined, the SDK takes the environment's.
                useFipsEndpoint: flag("useFipsEndpoint"),
                useDualstackEndpoint: flag("useDualstackEndpoint"),
            };
        };
        const take = ({ Credentials: given }: { Credentials?: import("@aws-sdk/client-sts").Credentials }) => ({
            accessKeyId: given!.AccessKeyId!,
            secretAccessKey: given!.SecretAccessKey!,
            sessionToken: given!.SessionToken,
        });
        const web = this.setting("assumeRoleWithWebIdentity");
        if (web !== undefined) {
            const fs = await import("node:fs");
            const { roleArn, sessionName, webIdentityToken, webIdentityTokenFile } = JSON.parse(web) as WebIdentity;
            if (webIdentityToken === undefined && webIdentityTokenFile === undefined) {
                throw new Error(
                    "aws:assumeRoleWithWebIdentity has no token: set its webIdentityToken, or webIdentityTokenFile",
                );
            }
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
        return settings;
    }
}
