/** What `pulumi new` asks of a language host: who it is, for further questions (none), and to install packages (not here). */
const grpc = require("@grpc/grpc-js");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb.js");
const language = require("@pulumi/pulumi/proto/language_pb.js");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");

const answers = {
    getPluginInfo: (_, reply) => {
        const info = new PluginInfo();
        info.setVersion("3.0.0");
        reply(null, info);
    },
    handshake: (_, reply) => reply(null, new language.LanguageHandshakeResponse()),
    runtimeOptionsPrompts: (_, reply) => reply(null, new language.RuntimeOptionsResponse()),
    getRequiredPackages: (_, reply) => reply(null, new language.GetRequiredPackagesResponse()),
    template: (_, reply) => reply(null, new language.TemplateResponse()),
    installDependencies: (call) => call.end(),
};
const refuse = (name) => (_, reply) =>
    reply({ code: grpc.status.UNIMPLEMENTED, message: `${name} is not for pulumi new` });

const server = new grpc.Server();
const methods = Object.keys(LanguageRuntimeService);
server.addService(
    LanguageRuntimeService,
    Object.fromEntries(methods.map((name) => [name, answers[name] ?? refuse(name)])),
);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
        throw error;
    }
    console.log(port); // where the engine finds it
});
