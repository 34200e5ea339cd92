// Runs TypeScript like `ts-node/register/transpile-only`, but keeps what it has compiled in the user's cache folder: every command
// starts several programs, and compiling was most of the time that took. Plain JavaScript, as it runs first.
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const os = require("node:os");
const path = require("node:path");

const folder = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "fargate-cicd", "transpiled");
const { version } = require("typescript/package.json");

Module.enableCompileCache?.(path.join(folder, "..", "compiled")); // the SDKs, which are most of what each of them loads

const { _load: load } = Module;

/** What the SDK loads and is not to have: */
const replaced = {
    // All of npm, which takes as long as the rest of it and is for functions alone that become Lambdas: not before it is asked for.
    "@npmcli/arborist": (...asked) =>
        Object.defineProperty({ __esModule: true }, "Arborist", { get: () => load(...asked).Arborist }),
    // Another Error.prepareStackTrace than the one below, which takes a third of a provider's time.
    "source-map-support": () => ({ install: () => undefined }),
};

Module._load = (request, ...others) => replaced[request]?.(request, ...others) ?? load(request, ...others);

/** What was compiled, by file, and the map of what has been asked about. */
const compiled = new Map();
const maps = new Map();

require.extensions[".ts"] = (module, file) => {
    const source = fs.readFileSync(file, "utf8");
    const key = createHash("sha256").update(`${version}\0${file}\0${source}`).digest("hex");
    const code = cached(path.join(folder, `${key}.js`), () => transpile(source, file));
    compiled.set(file, code);
    module._compile(code, file);
};

// In place of process.setSourceMapsEnabled and of source-map-support, with which the SDK spends up to a third of a program's time: it takes
// a stack of each promise that it makes, and shows that of one which leaks alone. Such an error has no message, and gets one line of its
// stack, as it is: where our code was.
Error.prepareStackTrace = (error, frames) =>
    [
        Error.prototype.toString.call(error),
        ...(error.message === "" ? frames.filter(isOurs).slice(0, 1).map(String) : frames.map(asWritten)),
    ].join("\n    at ");

function isOurs(frame) {
    return compiled.has(frame.getFileName());
}

function asWritten(frame) {
    const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
    const { lineNumber, columnNumber } = mapOf(file)?.findOrigin(line, column) ?? {};
    const text = String(frame);
    return lineNumber ? text.replace(`${file}:${line}:${column}`, `${file}:${lineNumber}:${columnNumber}`) : text;
}

function mapOf(file) {
    if (compiled.has(file) && !maps.has(file)) {
        const [, data] = /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(compiled.get(file));
        maps.set(file, new Module.SourceMap(JSON.parse(Buffer.from(data, "base64").toString())));
    }
    return maps.get(file);
}

function cached(entry, make) {
    try {
        return fs.readFileSync(entry, "utf8");
    } catch {
        const made = make();
        try {
            fs.mkdirSync(folder, { recursive: true });
            // Two plugins may compile the same file at once, and either may be killed: no one must read half of it.
            const own = `${entry}.${process.pid}`;
            fs.writeFileSync(own, made);
            fs.renameSync(own, entry);
        } catch {
            // A cache that cannot be written, such as another user's, costs time alone.
        }
        return made;
    }
}

function transpile(source, fileName) {
    const ts = require("typescript");
    const compilerOptions = {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        esModuleInterop: true,
        inlineSourceMap: true,
    };
    return ts.transpileModule(source, { fileName, compilerOptions }).outputText;
}
