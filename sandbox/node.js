// The Node.js that the sandbox runs on. Plain JavaScript that an old one reads as well: where the machine's is too old for Pulumi's
// SDK, the right one comes from npm, which has Node.js as a package.
//
//     node sandbox/node.js          prints the folder with a fitting `node`, for the PATH
"use strict";
const { execFileSync } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

/** Of @pulumi/pulumi. */
const oldest = 22;
/** What is fetched where the machine's is older, and the oldest that can fetch it: what npm's own releases of this time run on. */
const fetched = "24.21.0";
const oldestWithNpm = 20;

const major = Number(process.versions.node.split(".")[0]);
const advice =
    `The sandbox needs Node.js ${oldest} or newer, and this is ${process.version}. Install Node.js 24, from ` +
    "https://nodejs.org/en/download or with a version manager (nvm install 24), and run this again.";

/**
 * The folder with a fitting `node`, fetched if need be.
 * @throws Error that says which Node.js is needed and how to get it
 */
function folder() {
    if (major >= oldest) {
        return path.dirname(process.execPath);
    }
    if (major < oldestWithNpm || process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
        throw new Error(advice);
    }
    const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
    const home = path.join(cache, "fargate-cicd", `node-${fetched}-${process.arch}`);
    const bin = path.join(home, "bin");
    if (!fs.existsSync(path.join(bin, "node"))) {
        fetch(home);
    }
    return bin;
}

/** Puts Node.js into `home`, complete or not at all. */
function fetch(home) {
    const name = `node-linux-${process.arch}`;
    console.error(
        `This machine has Node.js ${process.version}, the sandbox runs on ${fetched}: it is fetched from npm.`,
    );
    fs.mkdirSync(path.dirname(home), { recursive: true });
    const scratch = fs.mkdtempSync(`${home}.`);
    try {
        const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"];
        // npm's own settings of the script that this runs in are about another package.
        const env = Object.fromEntries(
            Object.entries(process.env).filter(([key]) => !/^npm_(package|config_local|lifecycle)/i.test(key)),
        );
        execFileSync("npm", ["install", ...quiet, "--prefix", scratch, `${name}@${fetched}`], {
            cwd: scratch,
            env,
            stdio: ["ignore", "ignore", "inherit"],
        });
        const unpacked = path.join(scratch, "node_modules", name);
        const version = execFileSync(path.join(unpacked, "bin", "node"), ["--version"])
            .toString()
            .trim();
        if (version !== `v${fetched}`) {
            throw new Error(`npm's ${name}@${fetched} says that it is ${version}`);
        }
        fs.renameSync(unpacked, home);
    } catch (error) {
        if (!fs.existsSync(path.join(home, "bin", "node"))) {
            throw new Error(`${advice} Fetching it did not work: ${error.message}`);
        } // else another command was quicker
    } finally {
        fs.rmSync(scratch, { recursive: true, force: true });
    }
}

module.exports = { folder, oldest, fetched };

if (require.main === module) {
    try {
        console.log(folder());
    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;
    }
}
