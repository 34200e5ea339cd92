/** Starts and asks the emulated AWS. */
import { createHash } from "node:crypto";
import * as dns from "node:dns";
import type { LookupFunction } from "node:net";
import * as path from "node:path";
import { startService, stopService } from "../machine/services";
import { checkout, ports, stateDir } from "../paths";

/** The account of the sandbox. Its number is also the access key id of its root, whose secret may be anything. */
export const awsAccount = "123456789012";

/** The path of roles that are the sandbox's own and no remainder of a stack. */
export const ownPath = "/sandbox/";

/** Docker label that every container of the emulator carries; its value is `sandboxId`. */
export const containerLabel = "fargate-cicd.sandbox";

/** Tells the containers of this checkout's sandbox from those of another one on the same machine. */
export const sandboxId = createHash("sha256").update(checkout).digest("hex").slice(0, 12);

const service = "aws";
const launcher = path.join(checkout, "sandbox", "aws", "launcher.py");

export interface AwsEmulatorOptions {
    /** The interpreter of the environment with sandbox/aws/requirements.txt, from `prepareMachine`. */
    readonly python: string;
    readonly region: string;
    /** A value for DOCKER_HOST: the engine that runs the tasks. */
    readonly dockerHost: string;
    /** Where the keys of GitHub's OIDC issuer are; without it no web identity token is accepted. */
    readonly jwksUrl?: string;
}

/** The endpoint of every service, for AWS_ENDPOINT_URL. */
export const awsEndpoint = (): string => `http://127.0.0.1:${ports.aws}`;

/** The registry's host as image references and `docker login` name it. */
export const registryHost = (): string => `localhost:${ports.aws}`;

/** What the AWS SDKs and tools need in their environment to speak to the emulator as the account's root. */
export function rootEnvironment(region: string): Record<string, string> {
    return {
        AWS_ENDPOINT_URL: awsEndpoint(),
        AWS_ENDPOINT_URL_S3_CONTROL: `http://${registryHost()}`, // the account goes before it, and an address takes none
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: awsAccount,
        AWS_SECRET_ACCESS_KEY: "sandbox",
        AWS_EC2_METADATA_DISABLED: "true",
    };
}

/** What a client of the SDK needs to speak to the emulator as the account's root, whatever the environment says. */
export const rootClient = (region: string) => ({
    region,
    endpoint: awsEndpoint(),
    credentials: { accessKeyId: awsAccount, secretAccessKey: "sandbox" },
});

/** The command line of the launcher, which takes everything it needs as arguments. */
export function launcherArguments(settings: {
    port: number;
    region: string;
    id: string;
    folder: string;
    jwksUrl?: string;
    speed?: number;
    minute?: string;
}): string[] {
    const { port, region, id, folder, jwksUrl, speed, minute } = settings;
    return [
        launcher,
        ...["--port", String(port), "--region", region, "--account", awsAccount],
        ...["--sandbox-id", id, "--state", folder],
        ...(jwksUrl === undefined ? [] : ["--oidc-jwks-url", jwksUrl]),
        ...(speed === undefined ? [] : ["--speed", String(speed)]),
        ...(minute === undefined ? [] : ["--minute", minute]),
    ];
}

/**
 * A `lookup` for `http.request`. Every name under `localhost` is this machine (RFC 6761), and browsers and curl know
 * that, but not the resolver of every Linux: without it Node does not find a load balancer by its DNS name.
 */
export const lookupLocalhost: LookupFunction = (hostname, options, callback) => {
    if (hostname !== "localhost" && !hostname.endsWith(".localhost")) {
        dns.lookup(hostname, options, callback);
    } else if (options.all) {
        callback(null, [{ address: "127.0.0.1", family: 4 }]);
    } else {
        callback(null, "127.0.0.1", 4);
    }
};

/** True when the emulator answers. */
export async function isAwsHealthy(endpoint = awsEndpoint()): Promise<boolean> {
    return fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(2_000) }).then(
        ({ ok }) => ok,
        () => false,
    );
}

/**
 * Starts the emulator, or keeps the one that runs with the same options. It remembers nothing of an earlier one.
 * @throws UserError when the port is taken, or with the end of its log when it does not start.
 */
export async function startAwsEmulator(options: AwsEmulatorOptions): Promise<void> {
    const folder = path.join(stateDir, "aws");
    const minute = process.env.SANDBOX_CLOUDWATCH_MINUTE;
    await startService({
        name: service,
        command: options.python,
        args: launcherArguments({ port: ports.aws, id: sandboxId, folder, minute, ...options }),
        env: { DOCKER_HOST: options.dockerHost, PYTHONDONTWRITEBYTECODE: "1" },
        port: ports.aws,
        ready: () => isAwsHealthy(),
        readyWithin: 30_000,
        stopWithin: 20_000, // it stops and removes its containers
    });
}

/** Stops the emulator together with the containers of its tasks. One that does not run is fine. */
export async function stopAwsEmulator(): Promise<void> {
    await stopService(service);
}
