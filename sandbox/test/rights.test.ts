/** A stack's life with exactly the rights of docs/deployer/, on the real providers and an emulator that enforces IAM. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { differences } from "../rights/calls";
import { steps } from "../rights/scenario";
import { brief } from "../checkouts/copiedCheckout";
import { TwoStacks } from "../checkouts/twoStacks";

/** Each alone, as what fails first ends the rest; and what is made before comes first, as it is there the next time. */
const taken = ["iam:CreateRole", "elasticloadbalancing:CreateListener", "ecs:CreateService"];

describe("whoever runs pulumi up, with the rights of docs/deployer/ and no others", () => {
    const checkout = new TwoStacks(brief);
    const calls = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-calls-"));
    const env = { SANDBOX_RECORD_CALLS: calls }; // from the start: an emulator that runs goes on as it was started

    after(async () => {
        await checkout.remove();
        fs.rmSync(calls, { recursive: true });
    });

    for (const action of taken) {
        it(`is told by AWS that ${action} is missing, where it is`, async () => {
            const folder = checkout.path("docs/deployer");
            const files = fs.readdirSync(folder).filter((file) => file.endsWith(".json"));
            const documents = files.map((file) => {
                const at = path.join(folder, file);
                return { at, text: fs.readFileSync(at, "utf8") };
            });
            for (const { at, text } of documents) {
                const without = text.replaceAll(new RegExp(` *"${action}",?\n`, "g"), "").replace(/,(\s*\])/g, "$1");
                fs.writeFileSync(at, without);
            }
            const { code, output } = await checkout.run("sandbox:up -- --as-deployer", env);
            documents.forEach(({ at, text }) => fs.writeFileSync(at, text));
            assert.equal(code, 1);
            const message = `assumed-role/deployer/pulumi is not authorized to perform: ${action} on resource: arn:aws:`;
            assert.ok(output.includes(message), output);
        });
    }

    for (const { name, run } of steps) {
        it(`can do it: ${name}`, async () => {
            const { code, output } = await run(checkout, env);
            assert.equal(code, 0, output);
        });
    }

    it("has no right that nothing needs: where this fails, run npm run sandbox:rights", () => {
        assert.deepEqual(differences(calls), { missing: [], unused: [] });
    });
});
