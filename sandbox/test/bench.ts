/** `npm run sandbox:bench`: what running the stack takes on this machine. */
import * as fs from "node:fs";
import { report, table } from "../../test/bench/table";
import { CopiedCheckout } from "./copiedCheckout";

async function sandbox(): Promise<void> {
    const checkout = new CopiedCheckout();
    const measure = async (what: string, script: string, bar: number) => {
        const { code, output, seconds: measured } = await checkout.run(script);
        if (code !== 0) {
            throw new Error(`npm run ${script} failed:\n${output}`);
        }
        report({ what, measured, bar, unit: "s" });
    };
    try {
        await measure("sandbox:up, new stack, engine built", "sandbox:up", 30);
        await measure("sandbox:up, no change", "sandbox:up", 12);
        checkout.edit("app/public/index.html", (html) => html.replace("</h1>", "!</h1>"));
        await measure("sandbox:release, from start to the new page", "sandbox:release", 30);
        await measure("sandbox:destroy", "sandbox:destroy", 30);
    } finally {
        if (fs.existsSync(checkout.folder)) {
            await checkout.remove();
        }
    }
}

void sandbox().then(table);
