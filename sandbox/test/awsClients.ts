import { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2 } from "@aws-sdk/client-ec2";
import { ECR } from "@aws-sdk/client-ecr";
import { ECS } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { STS } from "@aws-sdk/client-sts";
import { testPorts } from "./copiedCheckout";

interface Credentials {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
}

/** A client of each service of the tests' emulator, all with the same credentials. */
export function asRole(credentials: Credentials) {
    const endpoint = `http://127.0.0.1:${testPorts.SANDBOX_AWS_PORT}`;
    const options = { endpoint, region: "ap-northeast-1", credentials, maxAttempts: 1 };
    return {
        ec2: new EC2(options),
        ecr: new ECR(options),
        ecs: new ECS(options),
        elb: new ElasticLoadBalancingV2(options),
        iam: new IAM(options),
        logs: new CloudWatchLogs(options),
        s3: new S3({ ...options, forcePathStyle: true }),
        scaling: new ApplicationAutoScaling(options),
        secrets: new SecretsManager(options),
        sts: new STS(options),
    };
}

export type Clients = ReturnType<typeof asRole>;

/** The account's root, to whom nothing is denied. */
export const root = (): Clients => asRole({ accessKeyId: "123456789012", secretAccessKey: "any" });

/** What a token of GitHub is exchanged for. @throws Error whose message begins with AWS's code where AWS refuses. */
export async function credentialsFor(RoleArn: string, WebIdentityToken: string): Promise<Credentials> {
    const { sts } = asRole({ accessKeyId: "", secretAccessKey: "" });
    const request = { RoleArn, WebIdentityToken, RoleSessionName: "GitHubActions" };
    const { Credentials: given } = await sts.assumeRoleWithWebIdentity(request).catch((error: Error) => {
        throw new Error(`${error.name}: ${error.message}`);
    });
    return {
        accessKeyId: given!.AccessKeyId!,
        secretAccessKey: given!.SecretAccessKey!,
        sessionToken: given!.SessionToken,
    };
}

/** "allowed", "denied <action>" with the action that AWS names, or any other error. */
export async function allows(call: () => Promise<unknown>): Promise<string> {
    try {
        await call();
        return "allowed";
    } catch (error) {
        const { name, message } = error as Error;
        const action = /not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1];
        return /^(AccessDenied|AccessDeniedException|UnauthorizedOperation)$/.test(name) && action
            ? `denied ${action}`
            : `${name}: ${message}`;
    }
}
