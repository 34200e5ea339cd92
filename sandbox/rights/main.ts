/**
 * `npm run sandbox:rights`: runs a stack's life with every right, says what the tables of rights lack and what they have too much,
 * and writes docs/deployer/. With `-- --documents` it writes only.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { write } from "../../tools/rendered";
import { brief } from "../checkouts/copiedCheckout";
import { TwoStacks } from "../checkouts/twoStacks";
import { differences } from "./calls";
import { renderers } from "./documents";
import { steps } from "./scenario";

const everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';

async function record(): Promise<boolean> {
    const calls = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-calls-"));
    const checkout = new TwoStacks(brief);
    fs.writeFileSync(checkout.path("docs/deployer/everything.json"), everything);
    try {
        for (const { name, run } of steps) {
            const { code, output, seconds } = await run(checkout, { SANDBOX_RECORD_CALLS: calls });
            console.log(`${name}: ${code === 0 ? `${seconds.toFixed(0)} s` : `failed\n${output}`}`);
            if (code !== 0) return false;
        }
        const { missing, unused } = differences(calls);
        missing.forEach((what) => console.log(`missing in sandbox/rights: ${what}`));
        unused.forEach((what) => console.log(`not called any more: ${what}`));
        return missing.length + unused.length === 0;
    } finally {
        await checkout.remove();
        fs.rmSync(calls, { recursive: true });
    }
}

async function main(): Promise<void> {
    const complete = process.argv.includes("--documents") || (await record());
    write(renderers);
    process.exitCode = complete ? 0 : 1;
}

main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
});
