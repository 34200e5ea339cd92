import { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2 } from "@aws-sdk/client-ec2";
import { ECR } from "@aws-sdk/client-ecr";
import { ECS } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { Scheduler } from "@aws-sdk/client-scheduler";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SQS } from "@aws-sdk/client-sqs";
import { STS } from "@aws-sdk/client-sts";
import { awsAccount } from "../aws/emulator";
import { testPorts } from "./copiedCheckout";

export interface Credentials {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
}

export const region = "ap-northeast-1";

/** What a client of the tests' sandbox is made with, for the account's root, to whom nothing is denied. */
export const rootOptions = {
    endpoint: `http://127.0.0.1:${testPorts.SANDBOX_AWS_PORT}`,
    region,
    credentials: { accessKeyId: awsAccount, secretAccessKey: "any" },
};

/** A client of each service of an emulator, all with the same credentials. No call is tried again. */
export function clientsOf(endpoint: string, credentials: Credentials) {
    const options = { endpoint, region, credentials, maxAttempts: 1 };
    return {
        cloudwatch: new CloudWatch(options),
        ec2: new EC2(options),
        ecr: new ECR(options),
        ecs: new ECS(options),
        elb: new ElasticLoadBalancingV2(options),
        iam: new IAM(options),
        logs: new CloudWatchLogs(options),
        s3: new S3({ ...options, forcePathStyle: true }),
        scaling: new ApplicationAutoScaling(options),
        scheduler: new Scheduler(options),
        secrets: new SecretsManager(options),
        sqs: new SQS(options),
        sts: new STS(options),
    };
}

export type Clients = ReturnType<typeof clientsOf>;

/** Clients of the tests' sandbox. */
export const asRole = (credentials: Credentials): Clients => clientsOf(rootOptions.endpoint, credentials);

export const root = (): Clients => asRole(rootOptions.credentials);

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
