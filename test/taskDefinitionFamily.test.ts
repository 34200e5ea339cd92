import type * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { standard } from "./scenarios";
import { serializedProvider } from "./serializedProvider";

type Provider = Required<pulumi.dynamic.ResourceProvider>;
interface State {
    readonly family: string;
    readonly region: string;
    /** None in a state from before it was kept. */
    readonly account?: string;
}

interface Call {
    readonly action: string;
    readonly body: Record<string, unknown>;
    /** The access key that signed it. */
    readonly key: string | undefined;
}

/** An ECS that knows task definitions only, and answers two to a page; and an STS, whose roles' keys are called after them. */
class Ecs {
    public readonly calls: Call[] = [];
    public account = "123456789012";
    public failure: string | undefined;
    /** Whether a list of inactive revisions lacks those that have just been deregistered. */
    public isLate = false;
    private readonly revisions = new Map<string, "ACTIVE" | "INACTIVE" | "DELETE_IN_PROGRESS">();
    private readonly deregistered = new Set<string>();
    private readonly server = http.createServer((request, response) => void this.answer(request, response));

    public constructor(active: number, inactive: number) {
        for (let revision = 1; revision <= active + inactive; revision++) {
            const arn = `arn:aws:ecs:ap-northeast-1:123456789012:task-definition/shop:${revision}`;
            this.revisions.set(arn, revision <= inactive ? "INACTIVE" : "ACTIVE");
        }
    }

    public of(status: string): string[] {
        return [...this.revisions].flatMap(([arn, current]) => (current === status ? [arn] : []));
    }

    public async listen(): Promise<string> {
        await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    public close(): void {
        this.server.close();
        this.server.closeAllConnections();
    }

    private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
        const chunks: Buffer[] = [];
        for await (const chunk of request) {
            chunks.push(chunk as Buffer);
        }
        const key = /Credential=([^/]+)/.exec(String(request.headers.authorization))?.[1];
        if (request.headers["x-amz-target"] === undefined) {
            this.answerSts(Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())), key, response);
            return;
        }
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        const action = String(request.headers["x-amz-target"]).split(".").at(-1)!;
        this.calls.push({ action, body, key });
        response.setHeader("content-type", "application/x-amz-json-1.1");
        response.end(JSON.stringify(this.act(action, body)));
    }

    private answerSts(body: Record<string, string>, key: string | undefined, response: http.ServerResponse): void {
        const action = body.Action!;
        this.calls.push({ action, body, key });
        const made = (of: string) =>
            `<Credentials><AccessKeyId>KEY-OF-${of.split("/").at(-1)}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
            "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>";
        const result = body.RoleArn
            ? made(body.RoleArn)
            : `<Arn>arn:aws:iam::${this.account}:user/me</Arn><Account>${this.account}</Account>`;
        response.setHeader("content-type", "text/xml");
        response.end(
            `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}` +
                `</${action}Result></${action}Response>`,
        );
    }

    private act(action: string, body: Record<string, unknown>): object {
        switch (action) {
            case "ListTaskDefinitions": {
                const from = Number(body.nextToken ?? 0);
                const isKnown = (arn: string) => !(this.isLate && this.deregistered.has(arn));
                const all = this.of(String(body.status)).filter(isKnown);
                return {
                    taskDefinitionArns: all.slice(from, from + 2),
                    ...(from + 2 < all.length && { nextToken: String(from + 2) }),
                };
            }
            case "DeregisterTaskDefinition":
                assert.equal(this.revisions.get(String(body.taskDefinition)), "ACTIVE");
                this.revisions.set(String(body.taskDefinition), "INACTIVE");
                this.deregistered.add(String(body.taskDefinition));
                return {};
            case "DeleteTaskDefinitions": {
                const arns = body.taskDefinitions as string[];
                if (this.failure !== undefined) {
                    return { failures: [{ arn: arns[0], reason: this.failure }] };
                }
                for (const arn of arns) {
                    assert.equal(this.revisions.get(arn), "INACTIVE");
                    this.revisions.set(arn, "DELETE_IN_PROGRESS");
                }
                return { failures: [] };
            }
            default:
                throw new Error(`unexpected ${action}`);
        }
    }
}

describe("task definition family", () => {
    const state: State = { family: "shop", region: "ap-northeast-1", account: "123456789012" };
    const environment = {
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    };
    const ambient = { ...process.env };
    let provider: Provider;
    let ecs: Ecs | undefined;

    before(async () => {
        provider = serializedProvider((await standard()).one("pulumi-nodejs:dynamic/ecs:TaskDefinitionFamily").inputs);
    });

    afterEach(() => {
        ecs?.close();
        process.env = { ...ambient };
    });

    async function account(active: number, inactive: number): Promise<Ecs> {
        ecs = new Ecs(active, inactive);
        const address = await ecs.listen();
        Object.assign(process.env, environment, { AWS_ENDPOINT_URL_ECS: address, AWS_ENDPOINT_URL_STS: address });
        return ecs;
    }

    /** What the stack has under `aws:`, which the engine gives to the provider. */
    const configure = (config: Readonly<Record<string, string>>) =>
        provider.configure({ config: { get: (key: string) => config[key], require: () => "" } });
    afterEach(() => configure({}));

    const keysOf = ({ calls }: Ecs, action: string) =>
        [...new Set(calls.filter((call) => call.action === action).map(({ key }) => key))].join();

    it("does nothing in AWS when it is created or changed", async () => {
        const { calls } = await account(1, 0);
        assert.deepEqual(await provider.create(state), { id: "shop", outs: state });
        assert.deepEqual(await provider.update("shop", state, { ...state, account: "1" }), {
            outs: { ...state, account: "1" },
        });
        assert.deepEqual(calls, []);
    });

    it("deregisters what is active and deletes everything, ten at a time", async () => {
        const here = await account(5, 7);
        await provider.delete("shop", state);

        const { calls } = here;
        const deleted = calls.filter(({ action }) => action === "DeleteTaskDefinitions");
        assert.deepEqual(
            deleted.map(({ body }) => (body.taskDefinitions as string[]).length),
            [10, 2],
        );
        assert.equal(calls.filter(({ action }) => action === "DeregisterTaskDefinition").length, 5);
        assert.deepEqual([here.of("ACTIVE"), here.of("INACTIVE")], [[], []]);
        assert.equal(here.of("DELETE_IN_PROGRESS").length, 12);
    });

    it("deletes what it has just deregistered, where ECS's list of it is late", async () => {
        const here = await account(3, 1);
        here.isLate = true;
        await provider.delete("shop", state);
        assert.equal(here.of("DELETE_IN_PROGRESS").length, 4);
    });

    it("asks for this family only", async () => {
        const { calls } = await account(1, 1);
        await provider.delete("shop", state);
        const lists = calls.filter(({ action }) => action === "ListTaskDefinitions");
        assert.deepEqual([...new Set(lists.map(({ body }) => body.familyPrefix))], ["shop"]);
    });

    it("is content where nothing is left", async () => {
        const { calls } = await account(0, 0);
        await provider.delete("shop", state);
        assert.deepEqual(
            calls.map(({ action }) => action),
            ["GetCallerIdentity", "ListTaskDefinitions", "ListTaskDefinitions"],
        );
    });

    it("fails with AWS's reason and what to do when a revision cannot be deleted", async () => {
        (await account(0, 1)).failure = "in use";
        await assert.rejects(provider.delete("shop", state), {
            message:
                "could not delete revisions of task family shop " +
                "(arn:aws:ecs:ap-northeast-1:123456789012:task-definition/shop:1: in use): run pulumi destroy again",
        });
    });

    it("is destroyed in its own account, and nothing in another", async () => {
        const here = await account(2, 0);
        here.account = "999999999999";
        await assert.rejects(provider.delete("shop", state), {
            message:
                "the task family is in account 123456789012, and the credentials are those of " +
                "arn:aws:iam::999999999999:user/me in account 999999999999: nothing was deleted; " +
                "use those that the stack was made with",
        });
        assert.equal(here.of("ACTIVE").length, 2);
        await provider.delete("shop", { ...state, account: undefined });
        assert.equal(here.of("DELETE_IN_PROGRESS").length, 2);
    });

    it("is destroyed with the keys that the stack configures, over those of the environment", async () => {
        const here = await account(1, 0);
        await configure({ "aws:accessKey": "CONFIGURED", "aws:secretKey": "s", "aws:token": "t" });
        await provider.delete("shop", state);
        assert.deepEqual([...new Set(here.calls.map(({ key }) => key))], ["CONFIGURED"]);
    });

    it("is destroyed through the roles that the stack assumes, one after the other", async () => {
        const here = await account(1, 0);
        const roles = [
            { roleArn: "arn:aws:iam::1:role/hub", externalId: "x", sessionName: "me" },
            { roleArn: "arn:aws:iam::2:role/deployer", tags: { team: "shop" } },
        ];
        await configure({ "aws:assumeRoles": JSON.stringify(roles) });
        await provider.delete("shop", state);
        const assumed = here.calls.filter(({ action }) => action === "AssumeRole");
        assert.deepEqual(
            assumed.map(({ key, body }) => [key, body.RoleArn, body.RoleSessionName, body.ExternalId]),
            [
                ["test", "arn:aws:iam::1:role/hub", "me", "x"],
                ["KEY-OF-hub", "arn:aws:iam::2:role/deployer", "pulumi", undefined],
            ],
        );
        assert.equal(assumed[1]!.body["Tags.member.1.Value"], "shop");
        for (const action of ["GetCallerIdentity", "ListTaskDefinitions", "DeregisterTaskDefinition"]) {
            assert.equal(keysOf(here, action), "KEY-OF-deployer", action);
        }
    });

    it("is destroyed as the web identity that the stack has", async () => {
        const here = await account(1, 0);
        const identity = { roleArn: "arn:aws:iam::1:role/ci", webIdentityToken: "jwt" };
        await configure({ "aws:assumeRoleWithWebIdentity": JSON.stringify(identity) });
        await provider.delete("shop", state);
        assert.equal(here.calls[0]!.body.WebIdentityToken, "jwt");
        assert.equal(keysOf(here, "DeleteTaskDefinitions"), "KEY-OF-ci");
    });

    it("is destroyed with the profile, in the files and at the addresses that the stack configures", async () => {
        const here = await account(1, 0);
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-aws-"));
        const file = path.join(folder, "credentials");
        fs.writeFileSync(file, "[work]\naws_access_key_id = WORK\naws_secret_access_key = s\n");
        const endpoint = process.env.AWS_ENDPOINT_URL_ECS!;
        delete process.env.AWS_ENDPOINT_URL_ECS;
        delete process.env.AWS_ENDPOINT_URL_STS;
        await configure({
            "aws:profile": "work",
            "aws:sharedCredentialsFiles": JSON.stringify([file]),
            "aws:endpoints": JSON.stringify([{ ecs: endpoint, sts: endpoint }]),
        });
        await provider.delete("shop", state);
        fs.rmSync(folder, { recursive: true });
        assert.deepEqual([...new Set(here.calls.map(({ key }) => key))], ["WORK"]);
    });

    it("is replaced with its family, region and account, but not for a way to get there", async () => {
        const diff = (news: Partial<State>) => provider.diff("shop", state, { ...state, ...news });
        assert.deepEqual(await diff({}), { changes: false, replaces: [] });
        // The code is in the state with the rest, and what is there runs on destroy.
        const coded = (code: string) => ({ ...state, __provider: code });
        assert.deepEqual(await provider.diff("shop", coded("old"), coded("new")), { changes: true, replaces: [] });
        assert.deepEqual(await provider.diff("shop", coded("old"), coded("old")), { changes: false, replaces: [] });
        assert.deepEqual(await diff({ family: "other" }), { changes: true, replaces: ["family"] });
        assert.deepEqual(await diff({ region: "eu-west-1" }), { changes: true, replaces: ["region"] });
        assert.deepEqual(await diff({ account: "1" }), { changes: true, replaces: ["account"] });
        const { account: _, ...old } = state;
        assert.deepEqual(await provider.diff("shop", old, state), { changes: true, replaces: [] });
    });
});
