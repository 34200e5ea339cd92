import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import * as status from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Plugin } from "./plugin";
import { NotReadyError, Properties, ProviderStandIn } from "./standIn";
import { cancelWaits } from "./until";

/**
 * Runs a provider as a plugin of the engine: prints the port on standard output and serves until the engine ends.
 *
 * The SDK's own `provider.main` keeps the provider's configuration to itself, and tells neither old inputs from old outputs
 * nor a preview from the real thing; hence this one.
 */
export function serve(provider: ProviderStandIn): void {
    void listen(provider).then(({ port }) => process.stdout.write(`${port}\n`));
    exitWithEngine();
}

/** The server alone, on a free port of the loopback interface. */
export async function listen(provider: ProviderStandIn): Promise<{ port: number; server: grpc.Server }> {
    const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
    server.addService(ResourceProviderService, calls(new Plugin(provider)));
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        );
    });
    return { port, server };
}

/** A plugin whose engine was killed would wait for calls for ever. */
export function exitWithEngine(): void {
    const engine = process.ppid;
    setInterval(() => {
        if (process.ppid !== engine) process.exit(1);
    }, 500).unref();
}

type Answer = Properties | undefined;

function calls(standIn: Plugin): grpc.UntypedServiceImplementation {
    const checkFailure = (failure: { property: string; reason: string }) => {
        const message = new rpc.CheckFailure();
        message.setProperty(failure.property);
        message.setReason(failure.reason);
        return message;
    };
    return {
        getPluginInfo: answer(async () => {
            const info = new plugin.PluginInfo();
            info.setVersion(standIn.provider.version);
            return info;
        }),
        attach: answer(async () => new Empty()),
        cancel: answer(async () => {
            cancelWaits();
            return new Empty();
        }),
        getSchema: answer(async () => {
            const { name, version } = standIn.provider;
            const response = new rpc.GetSchemaResponse();
            response.setSchema(JSON.stringify({ name, version }));
            return response;
        }),
        checkConfig: answer(async (request: rpc.CheckRequest) => {
            const response = new rpc.CheckResponse();
            response.setInputs(request.getNews());
            return response;
        }),
        diffConfig: answer(async (request: rpc.DiffRequest) => {
            const before = decode(request.getOldInputs() ?? request.getOlds());
            const changed = JSON.stringify(before) !== JSON.stringify(decode(request.getNews()));
            const response = new rpc.DiffResponse();
            response.setChanges(
                changed ? rpc.DiffResponse.DiffChanges.DIFF_SOME : rpc.DiffResponse.DiffChanges.DIFF_NONE,
            );
            return response;
        }),
        configure: answer(async (request: rpc.ConfigureRequest) => {
            standIn.configure(configuration(request));
            const response = new rpc.ConfigureResponse();
            response.setSupportspreview(true);
            return response;
        }),
        check: answer(async (request: rpc.CheckRequest) => {
            const [olds, news] = [decode(request.getOlds()), decode(request.getNews())];
            const checked = standIn.check(
                request.getType(),
                request.getName(),
                olds,
                news,
                request.getRandomseed_asU8(),
            );
            const response = new rpc.CheckResponse();
            response.setInputs(encode(checked.inputs));
            response.setFailuresList(checked.failures.map(checkFailure));
            return response;
        }),
        diff: answer(async (request: rpc.DiffRequest) => {
            const olds = decode(request.getOldInputs() ?? request.getOlds());
            return diffResponse(standIn.diff(request.getType(), olds, decode(request.getNews())));
        }),
        create: answer(async (request: rpc.CreateRequest) => {
            const inputs = decode(request.getProperties());
            const { id, state } = await standIn.create(
                request.getType(),
                request.getName(),
                inputs,
                request.getPreview(),
            );
            const response = new rpc.CreateResponse();
            response.setId(id);
            response.setProperties(encode(state));
            return response;
        }),
        read: answer(async (request: rpc.ReadRequest) => {
            const inputs = request.hasInputs() ? decode(request.getInputs()) : undefined;
            const found = await standIn.read(
                request.getType(),
                request.getId(),
                decode(request.getProperties()),
                inputs,
            );
            const response = new rpc.ReadResponse();
            if (found) {
                response.setId(request.getId());
                response.setProperties(encode(found.state));
                response.setInputs(encode(found.inputs));
            }
            return response;
        }),
        update: answer(async (request: rpc.UpdateRequest) => {
            const [olds, news] = [decode(request.getOlds()), decode(request.getNews())];
            const response = new rpc.UpdateResponse();
            const state = await standIn.update(request.getType(), request.getId(), olds, news, request.getPreview());
            response.setProperties(encode(state));
            return response;
        }),
        delete: answer(async (request: rpc.DeleteRequest) => {
            await standIn.delete(request.getType(), request.getId(), decode(request.getProperties()));
            return new Empty();
        }),
        invoke: answer(async (request: rpc.InvokeRequest) => {
            const response = new rpc.InvokeResponse();
            response.setReturn(encode(await standIn.invoke(request.getTok(), decode(request.getArgs()))));
            return response;
        }),
    };
}

function diffResponse(answered: ReturnType<Plugin["diff"]>): rpc.DiffResponse {
    const { Kind } = rpc.PropertyDiff;
    const kinds = {
        add: [Kind.ADD, Kind.ADD_REPLACE],
        delete: [Kind.DELETE, Kind.DELETE_REPLACE],
        update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
    } as const;
    const response = new rpc.DiffResponse();
    const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
    response.setChanges(answered.differences.length > 0 ? DIFF_SOME : DIFF_NONE);
    response.setReplacesList([...answered.replaces]);
    response.setDeletebeforereplace(answered.deleteBeforeReplace);
    response.setHasdetaileddiff(true);
    for (const { path, kind, replaces } of answered.differences) {
        const detail = new rpc.PropertyDiff();
        detail.setKind(kinds[kind][replaces ? 1 : 0]);
        detail.setInputdiff(true);
        response.getDetaileddiffMap().set(path, detail);
    }
    return response;
}

/** Nested values arrive as JSON strings, and so do numbers and booleans. */
function configuration(request: rpc.ConfigureRequest): Properties {
    const entries = request.hasArgs() ? Object.entries(decode(request.getArgs())) : [];
    return Object.fromEntries(
        entries.map(([key, value]) => [
            key,
            typeof value === "string" && /^[[{]/.test(value) ? JSON.parse(value) : value,
        ]),
    );
}

/** What the engine sends as null is absent. */
function decode(struct: Struct | undefined): Properties {
    const given = struct?.toJavaScript() ?? {};
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

function encode(properties: Properties): Struct {
    // Struct refuses undefined; JSON leaves it out.
    return Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
}

function answer<Request>(work: (request: Request) => Promise<Answer>): grpc.handleUnaryCall<any, any> {
    return ({ request }: { request: Request }, callback) => {
        work(request).then(
            (response) => callback(null, response),
            (error) => callback(failure(error, request), null),
        );
    };
}

/** The type and name of the resource, then what the service said; a stack only where the fault is in the stand-in itself. */
function failure(error: any, request: any): Partial<grpc.StatusObject> {
    const subject = request.getType?.() ? `${request.getType()} "${request.getName()}"` : (request.getTok?.() ?? "");
    const fromService = error.$metadata !== undefined;
    const isOurs = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
    const said = fromService
        ? `${error.name}: ${error.message}`
        : isOurs
          ? (error.stack ?? error.message)
          : error.message;
    const message = subject ? `${subject}: ${said}` : said;
    const metadata = new grpc.Metadata();
    if (error instanceof NotReadyError) {
        const detail = new rpc.ErrorResourceInitFailed();
        detail.setId(error.id);
        detail.setProperties(encode(error.outputs));
        detail.setReasonsList([message]);
        const any = new Any();
        any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
        const body = new status.Status();
        body.setCode(grpc.status.UNKNOWN);
        body.setMessage(message);
        body.addDetails(any);
        metadata.add("grpc-status-details-bin", Buffer.from(body.serializeBinary()));
    }
    return { code: grpc.status.UNKNOWN, details: message, metadata };
}
