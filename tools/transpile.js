// Runs TypeScript like `ts-node/register/transpile-only`, but keeps what it has compiled in the user's cache folder: every command
// starts several programs, and compiling was most of the time that took. Plain JavaScript, as it runs first.
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const { enableCompileCache } = require("node:module");
const os = require("node:os");
const path = require("node:path");

const folder = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "fargate-cicd", "transpiled");
const { version } = require("typescript/package.json");

process.setSourceMapsEnabled(true);
enableCompileCache?.(path.join(folder, "..", "compiled")); // the SDKs, which are most of what each of them loads

require.extensions[".ts"] = (module, file) => {
    const source = fs.readFileSync(file, "utf8");
    const key = createHash("sha256").update(`${version}\0${file}\0${source}`).digest("hex");
    module._compile(
        cached(path.join(folder, `${key}.js`), () => transpile(source, file)),
        file,
    );
};

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
        inlineSources: true,
    };
    return ts.transpileModule(source, { fileName, compilerOptions }).outputText;
}
