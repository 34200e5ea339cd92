// `npm run sandbox:<command>`: runs main.ts on a Node.js that is recent enough.
"use strict";
const { spawnSync } = require("node:child_process");
const { constants } = require("node:os");
const path = require("node:path");
const node = require("./node.js");

try {
    const folder = node.folder();
    process.env.PATH = [folder, process.env.PATH].join(path.delimiter); // the engine starts plugins with it, too
    if (folder === path.dirname(process.execPath)) {
        require("../tools/transpile.js");
        require("./main.ts");
    } else {
        // Ctrl-C goes to the whole group, and the program decides when it has ended.
        for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
        const { status, signal } = spawnSync("node", process.argv.slice(1), { stdio: "inherit" });
        process.exitCode = status ?? 128 + constants.signals[signal];
    }
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
