import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { strict as assert } from "node:assert";
import { listen } from "../providers/server";
import { NotReadyError, ProviderStandIn, ResourceStandIn } from "../providers/standIn";

describe("what the engine is told", () => {
    const fails = (error: Error): ResourceStandIn => ({ ...thing, create: () => Promise.reject(error) });
    const thing: ResourceStandIn = {
        required: [],
        optional: ["size"],
        replaceOn: [],
        secrets: ["password"],
        create: async () => ({ id: "one", outputs: { password: "hidden", plain: undefined } }),
        read: async () => undefined,
        delete: async () => undefined,
    };
    const denied = Object.assign(new Error("not yours"), { name: "AccessDenied", $metadata: {} });
    const provider: ProviderStandIn = {
        name: "test",
        version: "1.0.0",
        configure: () => ({
            resources: {
                "t:i:Ok": thing,
                "t:i:Denied": fails(denied),
                "t:i:Half": fails(new NotReadyError("half", { arn: "a" }, "the deployment failed")),
                "t:i:Bug": fails(new TypeError("x is not a function")),
            },
            functions: {},
        }),
    };
    let server: grpc.Server;
    let client: ResourceProviderClient;

    before(async () => {
        const listening = await listen(provider);
        server = listening.server;
        client = new ResourceProviderClient(`127.0.0.1:${listening.port}`, grpc.credentials.createInsecure());
        await new Promise((resolve, reject) =>
            client.configure(new rpc.ConfigureRequest(), (error, response) =>
                error ? reject(error) : resolve(response),
            ),
        );
    });
    after(() => {
        client.close();
        server.forceShutdown();
    });

    const create = (kind: string) => {
        const request = new rpc.CreateRequest();
        request.setType(`t:i:${kind}`);
        request.setName("main");
        request.setProperties(Struct.fromJavaScript({ size: 1 }));
        return new Promise<rpc.CreateResponse>((resolve, reject) =>
            client.create(request, (error, response) => (error ? reject(error) : resolve(response))),
        );
    };

    it("marks secret outputs, keeps the inputs and leaves out what has no value", async () => {
        const response = await create("Ok");
        const { password, ...rest } = response.getProperties()!.toJavaScript();
        assert.deepEqual(rest, { size: 1 });
        assert.deepEqual(password, {
            "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
            value: "hidden",
        });
    });

    it("names the resource and AWS's code and message, without a stack", async () => {
        await assert.rejects(create("Denied"), { details: 't:i:Denied "main": AccessDenied: not yours' });
    });

    it("shows where a fault of the stand-in itself is", async () => {
        await assert.rejects(create("Bug"), ({ details }: grpc.ServiceError) =>
            /x is not a function\n\s+at /.test(details),
        );
    });

    it("records what exists but did not become ready, so that it is not orphaned", async () => {
        const error = await create("Half").then(
            () => assert.fail("created"),
            (refused: grpc.ServiceError) => refused,
        );
        const status = Status.deserializeBinary(error.metadata.get("grpc-status-details-bin")[0] as Buffer);
        const detail = status
            .getDetailsList()[0]!
            .unpack(
                (bytes) => rpc.ErrorResourceInitFailed.deserializeBinary(bytes),
                "pulumirpc.ErrorResourceInitFailed",
            )!;
        assert.equal(detail.getId(), "half");
        assert.deepEqual(detail.getProperties()!.toJavaScript(), { size: 1, arn: "a" });
        assert.deepEqual(detail.getReasonsList(), ['t:i:Half "main": the deployment failed']);
    });
});
