import * as fs from "fs";
import * as path from "path";
import { serveGitHub } from "./server";
import { settingsFromEnv } from "./settings";

/** The log ends with the sandbox; a folder that is named for them keeps the calls. */
function log(line: string): void {
    console.log(line);
    const folder = process.env.SANDBOX_RECORD_CALLS;
    if (folder) {
        fs.appendFileSync(path.join(folder, "github.log"), `${line}\n`);
    }
}

async function main(): Promise<void> {
    const github = await serveGitHub(settingsFromEnv(process.env), log);
    console.log(`GitHub emulator at ${github.url}`);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
        process.once(signal, () => void github.close().then(() => process.exit(0)));
    }
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
