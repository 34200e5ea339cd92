import type * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { standard } from "./scenarios";
import { serializedProvider } from "./serializedProvider";

type Provider = Required<pulumi.dynamic.ResourceProvider>;
interface State {
    readonly family: string;
    readonly region: string;
    readonly profile?: string;
}

/** An ECS that knows task definitions only, and answers two to a page. */
class Ecs {
    public readonly calls: { action: string; body: Record<string, unknown> }[] = [];
    public failure: string | undefined;
    private readonly revisions = new Map<string, "ACTIVE" | "INACTIVE" | "DELETE_IN_PROGRESS">();
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
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        const action = String(request.headers["x-amz-target"]).split(".").at(-1)!;
        this.calls.push({ action, body });
        response.setHeader("content-type", "application/x-amz-json-1.1");
        response.end(JSON.stringify(this.act(action, body)));
    }

    private act(action: string, body: Record<string, unknown>): object {
        switch (action) {
            case "ListTaskDefinitions": {
                const from = Number(body.nextToken ?? 0);
                const all = this.of(String(body.status));
                return {
                    taskDefinitionArns: all.slice(from, from + 2),
                    ...(from + 2 < all.length && { nextToken: String(from + 2) }),
                };
            }
            case "DeregisterTaskDefinition":
                assert.equal(this.revisions.get(String(body.taskDefinition)), "ACTIVE");
                this.revisions.set(String(body.taskDefinition), "INACTIVE");
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
    const state: State = { family: "shop", region: "ap-northeast-1" };
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
        Object.assign(process.env, environment, { AWS_ENDPOINT_URL_ECS: await ecs.listen() });
        return ecs;
    }

    it("does nothing in AWS when it is created or changed", async () => {
        const { calls } = await account(1, 0);
        assert.deepEqual(await provider.create(state), { id: "shop", outs: state });
        assert.deepEqual(await provider.update("shop", state, { ...state, profile: "work" }), {
            outs: { ...state, profile: "work" },
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
            ["ListTaskDefinitions", "ListTaskDefinitions"],
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

    it("is replaced with its family and region, but not for a way to get there", async () => {
        const diff = (news: Partial<State>) => provider.diff("shop", state, { ...state, ...news });
        assert.deepEqual(await diff({}), { changes: false, replaces: [] });
        assert.deepEqual(await diff({ family: "other" }), { changes: true, replaces: ["family"] });
        assert.deepEqual(await diff({ region: "eu-west-1" }), { changes: true, replaces: ["region"] });
        assert.deepEqual(await diff({ profile: "work" }), { changes: true, replaces: [] });
    });
});
