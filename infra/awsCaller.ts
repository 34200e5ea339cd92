import type * as pulumi from "@pulumi/pulumi";
import type * as http from "node:http";
import type * as https from "node:https";

/** One step of `aws:assumeRoles`, as the aws provider has it. */
interface AssumedRole {
    readonly roleArn: string;
    readonly sessionName?: string;
    readonly externalId?: string;
    /** As Go writes it: `1h30m`. */
    readonly duration?: string;
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
    /** Undefined: they do not end. */
    readonly expiration?: Date;
}

/** Asked again once what it answered ends. */
type Source = () => Promise<Credentials>;

/** What a client of the SDK is made with. @param services its names under `aws:endpoints` */
export type ClientSettings = (...services: readonly string[]) => {
    readonly region: string;
    readonly endpoint?: string;
    readonly profile?: string;
    readonly credentials?: Credentials | Source;
    readonly requestHandler?: { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent };
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
     * there: the first of each kind, as the SDK knows one. A role is assumed when the first client calls AWS, and again before its
     * session ends.
     *
     * @throws Error where a web identity has no token
     */
    public async clientSettings(region: string): Promise<ClientSettings> {
        this.exportSharedFiles();
        const connection = await this.throughProxy();
        const settingsWith =
            (credentials: Credentials | Source | undefined): ClientSettings =>
            (...services) => {
                const endpoint = this.endpointOf(services);
                return {
                    region: services.includes("sts") ? (this.setting("stsRegion") ?? region) : region,
                    // Without, the SDK's own chain: environment, profile, SSO, the machine's role.
                    ...(credentials ? { credentials } : { profile: this.setting("profile") }),
                    ...(endpoint !== undefined && { endpoint }),
                    ...connection,
                    // Where they are undefined, the SDK takes the environment's.
                    useFipsEndpoint: this.flag("useFipsEndpoint"),
                    useDualstackEndpoint: this.flag("useDualstackEndpoint"),
                };
            };
        const sts = await import("@aws-sdk/client-sts");
        let credentials: Credentials | Source | undefined = this.staticCredentials();
        const web = this.setting("assumeRoleWithWebIdentity");
        if (web !== undefined) {
            const [identity, settings] = [JSON.parse(web) as WebIdentity, settingsWith(credentials)];
            await this.ofWebIdentity(identity); // what is wrong with it is told at once
            credentials = this.kept(async () => {
                const call = new sts.AssumeRoleWithWebIdentityCommand(await this.ofWebIdentity(identity));
                return this.taken(await new sts.STSClient(settings("sts")).send(call));
            });
        }
        for (const role of this.parsed<AssumedRole>("assumeRoles")) {
            const settings = settingsWith(credentials);
            credentials = this.kept(async () =>
                this.taken(await new sts.STSClient(settings("sts")).send(new sts.AssumeRoleCommand(this.ofRole(role)))),
            );
        }
        return settingsWith(credentials);
    }

    /** For all clients one session, until five minutes before its end; what failed is asked again. */
    private kept(assume: Source): Source {
        const isFresh = ({ expiration }: Credentials) =>
            (expiration?.getTime() ?? Infinity) - Date.now() > 5 * 60 * 1000;
        let last: Promise<Credentials> | undefined;
        return () => {
            const before = last?.catch(() => undefined) ?? Promise.resolve(undefined);
            last = before.then((known) => (known && isFresh(known) ? known : assume()));
            return last;
        };
    }

    /**
     * Through the proxy that the provider takes: its settings, or the environment's, which `aws:httpProxy` stands in for with HTTPS
     * (HTTPProxyModeLegacy of aws-sdk-go-base), and never for this machine. The SDK knows of none by itself; Node.js does from 22.21 and
     * 24.5 on.
     */
    private async throughProxy(): Promise<Pick<ReturnType<ClientSettings>, "requestHandler">> {
        const inEnvironment = (name: string) => process.env[name] ?? process.env[name.toLowerCase()];
        const never = ["localhost", ".localhost", "127.0.0.1", "::1"]; // as golang.org/x/net/http/httpproxy has it
        const proxy = this.setting("httpProxy");
        const proxyEnv = {
            HTTP_PROXY: proxy ?? inEnvironment("HTTP_PROXY"),
            HTTPS_PROXY: this.setting("httpsProxy") ?? inEnvironment("HTTPS_PROXY") ?? proxy,
            NO_PROXY: [this.setting("noProxy") ?? inEnvironment("NO_PROXY"), ...never].filter(Boolean).join(","),
        };
        const bundle = this.setting("customCaBundle") ?? process.env.AWS_CA_BUNDLE;
        if (!proxyEnv.HTTP_PROXY && !proxyEnv.HTTPS_PROXY && !bundle) {
            return {};
        }
        const [fs, http, https] = await Promise.all([import("node:fs"), import("node:http"), import("node:https")]);
        const ca = bundle ? fs.readFileSync(bundle) : undefined;
        return {
            requestHandler: {
                httpAgent: new http.Agent({ keepAlive: true, proxyEnv }),
                httpsAgent: new https.Agent({ keepAlive: true, proxyEnv, ca }),
            },
        };
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
        if (accessKeyId && secretAccessKey) {
            return { accessKeyId, secretAccessKey, sessionToken: this.setting("token") };
        }
        // Beside AWS_PROFILE the SDK leaves the environment's keys out, and the provider the profile (resolve_credentials.go of
        // aws-sdk-go-v2/config); a profile of the configuration comes before either.
        const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
        return this.setting("profile") === undefined && AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY
            ? {
                  accessKeyId: AWS_ACCESS_KEY_ID,
                  secretAccessKey: AWS_SECRET_ACCESS_KEY,
                  sessionToken: AWS_SESSION_TOKEN,
              }
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
        const read = (file: string) => {
            try {
                return fs.readFileSync(file, "utf8");
            } catch (error) {
                throw new Error(
                    `aws:assumeRoleWithWebIdentity: webIdentityTokenFile cannot be read: ${(error as Error).message}`,
                );
            }
        };
        return {
            RoleArn: roleArn,
            RoleSessionName: sessionName ?? "pulumi",
            WebIdentityToken: webIdentityToken ?? read(webIdentityTokenFile!),
        };
    }

    private ofRole(role: AssumedRole) {
        return {
            RoleArn: role.roleArn,
            RoleSessionName: role.sessionName ?? "pulumi",
            ExternalId: role.externalId,
            DurationSeconds: role.duration === undefined ? undefined : this.seconds(role.duration),
            SourceIdentity: role.sourceIdentity,
            Policy: role.policy,
            PolicyArns: role.policyArns?.map((arn) => ({ arn })),
            Tags: role.tags && Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
            TransitiveTagKeys: role.transitiveTagKeys && [...role.transitiveTagKeys],
        };
    }

    private seconds(duration: string): number {
        const part = (unit: string) => Number(new RegExp(`([\\d.]+)${unit}`).exec(duration)?.[1] ?? 0);
        return 3600 * part("h") + 60 * part("m") + part("s");
    }

    private taken({ Credentials: given }: { Credentials?: import("@aws-sdk/client-sts").Credentials }): Credentials {
        return {
            accessKeyId: given!.AccessKeyId!,
            secretAccessKey: given!.SecretAccessKey!,
            sessionToken: given!.SessionToken,
            expiration: given!.Expiration,
        };
    }
}
