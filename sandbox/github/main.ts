import { serveGitHub } from "./server";
import { settingsFromEnv } from "./settings";

async function main(): Promise<void> {
    const github = await serveGitHub(settingsFromEnv(process.env));
    console.log(`GitHub emulator at ${github.url}`);
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
        process.once(signal, () => void github.close().then(() => process.exit(0)));
    }
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
