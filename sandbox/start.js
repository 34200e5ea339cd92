// `npm run sandbox:<command>`: runs main.ts on a Node.js that is recent enough. Like node.js, an old one reads it.
"use strict";
const { spawnSync } = require("child_process");
const { constants } = require("os");
const path = require("path");
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
        process.exitCode = status === null ? 128 + constants.signals[signal] : status;
    }
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
