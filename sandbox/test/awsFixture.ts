import type { ECR } from "@aws-sdk/client-ecr";
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from "jose";
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { awsAccount, containerLabel, isAwsHealthy, launcherArguments } from "../aws/emulator";
import { ensureDocker } from "../machine/docker";
import { DockerApi } from "../machine/dockerApi";
import { ensurePython } from "../machine/python";
import { clientsOf, region, type Credentials } from "../checkouts/awsClients";
import { firstOwnPort } from "../checkouts/copiedCheckout";

export { region, type Credentials };
export const arn = (service: string, resource: string): string =>
    `arn:aws:${service}:${region}:${awsAccount}:${resource}`;
export const roleArn = (name: string): string => `arn:aws:iam::${awsAccount}:role/${name}`;
export const issuer = "https://token.actions.githubusercontent.com";
export const subject = "repo:octo-org/hello-fargate:ref:refs/heads/main";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

let nextPort = firstOwnPort;

/** Below those that Linux gives to connections, and no other worker's: nobody takes it before the emulator does. */
async function freePort(): Promise<number> {
    for (; nextPort < firstOwnPort + 100; nextPort++) {
        const server = net.createServer().listen(nextPort, "127.0.0.1");
        const isFree = await once(server, "listening").then(
            () => true,
            () => false,
        );
        if (isFree) {
            await new Promise((resolve) => server.close(resolve));
            return nextPort++;
        }
    }
    throw new Error(`no port is free from ${firstOwnPort} to ${nextPort - 1}`);
}

/** An issuer of OIDC tokens: a key, and the server that publishes it. */
export class Issuer {
    private constructor(
        private readonly server: http.Server,
        private readonly key: SigningKey,
    ) {}

    static async start(): Promise<Issuer> {
        const { publicKey, privateKey } = await generateKeyPair("RS256");
        const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
        const server = http.createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return new Issuer(server, privateKey);
    }

    get jwksUrl(): string {
        return `http://127.0.0.1:${(this.server.address() as net.AddressInfo).port}/jwks`;
    }

    /** A token for the branch main, with these claims in place of the usual ones. */
    async token(changed: JWTPayload = {}, key: SigningKey = this.key, keyId = "one"): Promise<string> {
        const now = Math.floor(Date.now() / 1000);
        const usual = { iss: issuer, aud: "sts.amazonaws.com", sub: subject, iat: now, nbf: now, exp: now + 300 };
        return new SignJWT({ ...usual, ...changed }).setProtectedHeader({ alg: "RS256", kid: keyId }).sign(key);
    }

    stop(): void {
        this.server.closeAllConnections();
        this.server.close();
    }
}

/** An emulator of its own, on a free port. */
export class TestAws {
    private process: ChildProcess | undefined;
    readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "aws-"));
    readonly id = path.basename(this.folder);

    private constructor(
        readonly port: number,
        private readonly python: string,
        readonly docker: string,
        private readonly jwksUrl: string,
    ) {}

    static async start(jwksUrl: string): Promise<TestAws> {
        const [{ python }, { host }, port] = [await ensurePython(), await ensureDocker(), await freePort()];
        const aws = new TestAws(port, python, host, jwksUrl);
        await aws.run();
        return aws;
    }

    get endpoint(): string {
        return `http://127.0.0.1:${this.port}`;
    }

    get registry(): string {
        return `localhost:${this.port}`;
    }

    /** Starts it, again on the same port when it has ended. */
    async run(): Promise<void> {
        const { port, id, folder, jwksUrl } = this;
        const log = fs.openSync(path.join(folder, "log"), "a");
        this.process = spawn(this.python, launcherArguments({ port, region, id, folder, jwksUrl, speed: 10 }), {
            env: { ...process.env, DOCKER_HOST: this.docker, PYTHONDONTWRITEBYTECODE: "1" },
            stdio: ["ignore", log, log],
        });
        const deadline = Date.now() + 30_000;
        while (!(await isAwsHealthy(this.endpoint))) {
            if (this.process.exitCode !== null || Date.now() > deadline) {
                throw new Error(`the emulator did not start:\n${fs.readFileSync(path.join(folder, "log"), "utf8")}`);
            }
            await sleep(100);
        }
    }

    async end(signal: NodeJS.Signals): Promise<void> {
        const { process } = this;
        if (process && process.exitCode === null && process.signalCode === null) {
            const ended = new Promise((resolve) => process.once("exit", resolve));
            process.kill(signal);
            await ended;
        }
    }

    async stop(): Promise<void> {
        await this.end("SIGTERM");
        fs.rmSync(this.folder, { recursive: true, force: true });
    }

    /** The containers that it started, whether they run or not. */
    async containers() {
        return new DockerApi(this.docker).containers(`${containerLabel}=${this.id}`);
    }

    /** Clients of every service with these credentials; the account's root without any. */
    as(credentials: Credentials = { accessKeyId: awsAccount, secretAccessKey: "whatever" }) {
        return clientsOf(this.endpoint, credentials);
    }

    /** Creates a role, or replaces its policy. */
    async role(name: string, trust: object, statements: readonly object[]): Promise<string> {
        const { iam } = this.as();
        const document = (Statement: unknown) => JSON.stringify({ Version: "2012-10-17", Statement });
        await iam
            .createRole({ RoleName: name, AssumeRolePolicyDocument: document([{ Effect: "Allow", ...trust }]) })
            .catch((error: Error) => {
                if (error.name !== "EntityAlreadyExistsException" && error.name !== "EntityAlreadyExists") throw error;
            });
        if (statements.length > 0) {
            const PolicyDocument = document(statements.map((statement) => ({ Effect: "Allow", ...statement })));
            await iam.putRolePolicy({ RoleName: name, PolicyName: "permissions", PolicyDocument });
        }
        return roleArn(name);
    }

    /** Clients of a role that is assumed with a token. */
    async assume(name: string, token: string) {
        const { sts } = this.as();
        const request = { RoleArn: roleArn(name), RoleSessionName: "test", WebIdentityToken: token };
        const { Credentials: given } = await sts.assumeRoleWithWebIdentity(request);
        const [accessKeyId, secretAccessKey] = [given!.AccessKeyId!, given!.SecretAccessKey!];
        return this.as({ accessKeyId, secretAccessKey, sessionToken: given!.SessionToken! });
    }

    /** Runs the Docker client, whose logins are this emulator's own. */
    dockerClient(args: readonly string[], input?: Buffer | string): { ok: boolean; output: string } {
        const env = { ...process.env, DOCKER_HOST: this.docker, DOCKER_CONFIG: path.join(this.folder, "docker") };
        const options = { env, input, maxBuffer: 1 << 28, encoding: "utf8" as const };
        const { status, stdout, stderr } = spawnSync("docker", args, options);
        return { ok: status === 0, output: `${stdout}${stderr}` };
    }

    /** Logs the Docker client in with a token that these credentials get. */
    async login({ ecr }: { ecr: ECR }): Promise<{ ok: boolean; output: string }> {
        const { authorizationData } = await ecr.getAuthorizationToken({});
        const [user, password] = Buffer.from(authorizationData![0]!.authorizationToken!, "base64")
            .toString()
            .split(":");
        return this.dockerClient(["login", "-u", user!, "--password-stdin", this.registry], password);
    }
}

/** The trust of a role that tasks run with. */
export const taskTrust = { Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" };

/** The trust of a role that GitHub's tokens for one subject assume. */
export const tokenTrust = {
    Principal: { Federated: `arn:aws:iam::${awsAccount}:oidc-provider/token.actions.githubusercontent.com` },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: {
        StringEquals: {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": subject,
        },
    },
};

/** An image with this very Node and nothing else, so that no registry is needed; a container's command is its script. */
export function nodeImage(): Buffer {
    const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).match(/\/\S+(?= \()/g) ?? [];
    const files = [process.execPath, ...libraries].map((file) => file.replace(/^\//, ""));
    return execFileSync("tar", ["-c", "-h", "-C", "/", ...files], { maxBuffer: 1 << 28 });
}

/** What the pipeline's role may do, as narrow as AWS allows it. */
export const deploy = [
    { Action: "ecr:GetAuthorizationToken", Resource: "*" },
    {
        Action: ["BatchGetImage", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "InitiateLayerUpload"]
            .concat(["UploadLayerPart", "CompleteLayerUpload", "PutImage"])
            .map((action) => `ecr:${action}`),
        Resource: arn("ecr", "repository/shop"),
    },
    { Action: "ecs:DescribeTaskDefinition", Resource: "*" },
    {
        Action: "ecs:RegisterTaskDefinition",
        Resource: [arn("ecs", "task-definition/shop"), arn("ecs", "task-definition/shop:*")],
    },
    {
        Action: "ecs:TagResource",
        Resource: [arn("ecs", "task-definition/shop"), arn("ecs", "task-definition/shop:*")],
        Condition: { StringEquals: { "ecs:CreateAction": "RegisterTaskDefinition" } },
    },
    { Action: "ecs:DescribeServices", Resource: arn("ecs", "service/shop/shop") },
    {
        Action: "ecs:UpdateService",
        Resource: arn("ecs", "service/shop/shop"),
        Condition: { "ForAllValues:StringEquals": { "ecs:subnet": ["subnet-0a", "subnet-0c"] } },
    },
    {
        Action: "iam:PassRole",
        Resource: [roleArn("shop-execution"), roleArn("shop-task")],
        Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    },
];
