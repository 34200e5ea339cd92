import * as fs from "node:fs";
import type { CopiedCheckout } from "../checkouts/copiedCheckout";

/** Starts a release, and kills it once it has printed this, or once what is done then is done. */
export async function releaseKilledAt(
    checkout: CopiedCheckout,
    when: RegExp,
    meanwhile = (): Promise<unknown> => Promise.resolve(),
): Promise<void> {
    const { process: child, finished } = checkout.start("sandbox:release");
    let printed = "";
    await new Promise<void>((resolve, reject) => {
        child.stdout!.on("data", (chunk) => when.test((printed += chunk)) && resolve());
        child.on("close", () => reject(new Error(`it ended without ${when}:\n${printed}`)));
    });
    await meanwhile();
    const command = JSON.parse(fs.readFileSync(checkout.path(".sandbox/command.lock"), "utf8")).pid as number;
    process.kill(command, "SIGKILL");
    await finished;
}
