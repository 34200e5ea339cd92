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

interface Credentials {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
}

/** What a client of the SDK is made with. @param services its names under `aws:endpoints` */
export type ClientSettings = (...services: readonly string[]) => {
    readonly region: string;
    readonly endpoint?: string;
    readonly profile?: string;
    readonly credentials?: Credentials;
    readonly useFipsEndpoint?: boolean;
    readonly useDualstackEndpoint?: boolean;
};

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
     * What a client is made with. Shared files of the configuration are set in the process's environment, as a client takes them from
     * there: the first of each kind, as the SDK knows one.
     *
     * @throws Error where a web identity has no token, and what STS answers where a role cannot be assumed
     */
    public async clientSettings(region: string): Promise<ClientSettings> {
        this.exportSharedFiles();
        let credentials = this.staticCredentials();
        const settings: ClientSettings = (...services) => {
            const endpoint = this.endpointOf(services);
            return {
                region: services.includes("sts") ? (this.setting("stsRegion") ?? region) : region,
                // Without, the SDK's own chain: environment, profile, SSO, the machine's role.
                ...(credentials ? { credentials } : { profile: this.setting("profile") }),
                ...(endpoint !== undefined && { endpoint }),
                // Where they are undefined, the SDK takes the environment's.
                useFipsEndpoint: this.flag("useFipsEndpoint"),
                useDualstackEndpoint: this.flag("useDualstackEndpoint"),
            };
        };
        const sts = await import("@aws-sdk/client-sts");
        const web = this.setting("assumeRoleWithWebIdentity");
        if (web !== undefined) {
            const call = new sts.AssumeRoleWithWebIdentityCommand(
                await this.ofWebIdentity(JSON.parse(web) as WebIdentity),
            );
            credentials = this.taken(await new sts.STSClient(settings("sts")).send(call));
        }
        for (const role of this.parsed<AssumedRole>("assumeRoles")) {
            const call = new sts.AssumeRoleCommand(this.ofRole(role));
            credentials = this.taken(await new sts.STSClient(settings("sts")).send(call));
        }
        return settings;
    }

    private parsed<T>(key: string): T[] {
        return JSON.parse(this.setting(key) ?? "[]") as T[];
    }

    private flag(key: string): boolean | undefined {
        const value = this.setting(key);
        return value === undefined ? undefined : value === "true";
    }

    private exportSharedFiles(): void {
        const files = { sharedConfigFiles: "AWS_CONFIG_FILE", sharedCredentialsFiles: "AWS_SHARED_CREDENTIALS_FILE" };
        for (const [key, variable] of Object.entries(files)) {
            const [file] = this.parsed<string>(key);
            if (file !== undefined) {
                process.env[variable] = file.replace(/^~(?=\/)/, process.env.HOME ?? "~");
            }
        }
    }

    private staticCredentials(): Credentials | undefined {
        const [accessKeyId, secretAccessKey] = [this.setting("accessKey"), this.setting("secretKey")];
        return accessKeyId && secretAccessKey
            ? { accessKeyId, secretAccessKey, sessionToken: this.setting("token") }
            : undefined;
    }

    private endpointOf(services: readonly string[]): string | undefined {
        const endpoints = Object.assign({}, ...this.parsed<object>("endpoints")) as Record<string, string | undefined>;
        return services.map((service) => endpoints[service]).find(Boolean);
    }

    private async ofWebIdentity({ roleArn, sessionName, webIdentityToken, webIdentityTokenFile }: WebIdentity) {
        const fs = await import("node:fs");
        if (webIdentityToken === undefined && webIdentityTokenFile === undefined) {
            throw new Error(
                "aws:assumeRoleWithWebIdentity has no token: set its webIdentityToken, or webIdentityTokenFile",
            );
        }
        return {
            RoleArn: roleArn,
            RoleSessionName: sessionName ?? "pulumi",
            WebIdentityToken: webIdentityToken ?? fs.readFileSync(webIdentityTokenFile!, "utf8"),
        };
    }

    private ofRole(role: AssumedRole) {
        return {
            RoleArn: role.roleArn,
            RoleSessionName: role.sessionName ?? "pulumi",
            ExternalId: role.externalId,
            SourceIdentity: role.sourceIdentity,
            Policy: role.policy,
            PolicyArns: role.policyArns?.map((arn) => ({ arn })),
            Tags: role.tags && Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
            TransitiveTagKeys: role.transitiveTagKeys && [...role.transitiveTagKeys],
        };
    }

    private taken({ Credentials: given }: { Credentials?: import("@aws-sdk/client-sts").Credentials }): Credentials {
        return {
            accessKeyId: given!.AccessKeyId!,
            secretAccessKey: given!.SecretAccessKey!,
            sessionToken: given!.SessionToken,
        };
    }
}
