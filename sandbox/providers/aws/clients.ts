import type { ACM } from "@aws-sdk/client-acm";
import type { ApplicationAutoScaling } from "@aws-sdk/client-application-auto-scaling";
import type { CloudWatch } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { EC2 } from "@aws-sdk/client-ec2";
import type { ECR } from "@aws-sdk/client-ecr";
import type { ECS } from "@aws-sdk/client-ecs";
import type { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { IAM } from "@aws-sdk/client-iam";
import type { Route53 } from "@aws-sdk/client-route-53";
import type { SecretsManager } from "@aws-sdk/client-secrets-manager";
import type { SNS } from "@aws-sdk/client-sns";
import type { STS } from "@aws-sdk/client-sts";
import { createRequire } from "node:module";
import { NotReadyError, Properties } from "../standIn";

// The SDK warns on every start that releases of 2027 will want a newer Node; the lock file holds the one that is in use.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const load = createRequire(__filename);

/**
 * One client for each service. Endpoint and credentials come from the environment, as for every AWS tool. A client's code is
 * loaded at its first request: together they would take a second to load.
 */
export class Clients {
    private readonly made = new Map<string, any>();
    private identity: Promise<string> | undefined;

    constructor(readonly region: string) {}

    get acm(): ACM {
        return this.client("@aws-sdk/client-acm", "ACM");
    }
    get cloudWatch(): CloudWatch {
        return this.client("@aws-sdk/client-cloudwatch", "CloudWatch");
    }
    get ec2(): EC2 {
        return this.client("@aws-sdk/client-ec2", "EC2");
    }
    get ecr(): ECR {
        return this.client("@aws-sdk/client-ecr", "ECR");
    }
    get ecs(): ECS {
        return this.client("@aws-sdk/client-ecs", "ECS");
    }
    get elb(): ElasticLoadBalancingV2 {
        return this.client("@aws-sdk/client-elastic-load-balancing-v2", "ElasticLoadBalancingV2");
    }
    get iam(): IAM {
        return this.client("@aws-sdk/client-iam", "IAM");
    }
    get logs(): CloudWatchLogs {
        return this.client("@aws-sdk/client-cloudwatch-logs", "CloudWatchLogs");
    }
    get route53(): Route53 {
        return this.client("@aws-sdk/client-route-53", "Route53");
    }
    get scaling(): ApplicationAutoScaling {
        return this.client("@aws-sdk/client-application-auto-scaling", "ApplicationAutoScaling");
    }
    get secrets(): SecretsManager {
        return this.client("@aws-sdk/client-secrets-manager", "SecretsManager");
    }
    get sns(): SNS {
        return this.client("@aws-sdk/client-sns", "SNS");
    }
    get sts(): STS {
        return this.client("@aws-sdk/client-sts", "STS");
    }

    /** The account's number. */
    account(): Promise<string> {
        return (this.identity ??= this.sts.getCallerIdentity({}).then(({ Account }) => Account!));
    }

    /** The ARN of a thing that the EC2 API only gives an id for. */
    async ec2Arn(kind: string, id: string): Promise<string> {
        return `arn:aws:ec2:${this.region}:${await this.account()}:${kind}/${id}`;
    }

    private client(module: string, name: string): any {
        const real = () => {
            if (!this.made.has(module)) this.made.set(module, new (load(module)[name])({ region: this.region }));
            return this.made.get(module);
        };
        return new Proxy({}, { get: (_, operation) => (request: object) => real()[operation](request) });
    }
}

/** What the services say of a thing that is not there, or no longer. */
export function isGone(error: any): boolean {
    return /NotFound|NoSuch|NotActive|InvalidAssociationID/.test(error?.name ?? "");
}

/** The answer, or undefined where the thing asked about is gone. */
export async function unlessGone<T>(request: Promise<T>): Promise<T | undefined> {
    return request.catch((error) => {
        if (isGone(error)) return undefined;
        throw error;
    });
}

/** From here on the thing exists: what fails in `rest` must not make the engine forget it. */
export async function afterCreating<T>(id: string, outputs: Properties, rest: () => Promise<T>): Promise<T> {
    return rest().catch((error) => {
        if (error instanceof NotReadyError) throw error;
        throw new NotReadyError(id, outputs, error.$metadata ? `${error.name}: ${error.message}` : error.message);
    });
}

/** Without the keys whose value is undefined. */
export function defined<T extends object>(properties: T): T {
    return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as T;
}
