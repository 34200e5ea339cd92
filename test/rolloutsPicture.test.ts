import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { rolloutMinutes, type Rollout } from "../infra/config";
import { drawRollouts, rolloutsPicture, sharesOf } from "../tools/diagram/rollouts";
import { projectFolder } from "./settings";

describe("the picture of how a release goes live", () => {
    const canary: Rollout = { rollout: "canary", bakeMinutes: 3, rolloutPercent: 30, rolloutStepMinutes: 7 };

    it("is the one that the settings' defaults give: where this fails, run npm run diagram", () => {
        assert.equal(fs.readFileSync(path.join(projectFolder, rolloutsPicture), "utf8"), drawRollouts());
    });

    it("has a row for each strategy, and in it the moment at which the old tasks leave", () => {
        const rows = [...drawRollouts().matchAll(/<g id="([\w-]+)">(.*?)<\/g>/g)];
        assert.deepEqual(
            rows.map(([, strategy]) => strategy),
            ["rolling", "blue-green", "canary", "linear"],
        );
        const leaves = rows.map(([, , drawn]) => Number(/<path d="M(\d+) \d+V\d+" stroke/.exec(drawn!)![1]));
        for (const [index, x] of leaves.slice(1).entries()) {
            assert.ok(x > leaves[index]!, `by default each takes longer than the one before: ${leaves.join(", ")}`);
        }
    });

    it("shows the shares that ECS gives, the last step of linear being what is left", () => {
        assert.deepEqual(sharesOf(canary), [
            { minute: 0, share: 30 },
            { minute: 7, share: 100 },
        ]);
        const linear = sharesOf({ ...canary, rollout: "linear" });
        assert.deepEqual(
            linear.map(({ minute, share }) => `${minute}: ${share}`),
            ["0: 30", "7: 60", "14: 90", "21: 100"],
        );
        assert.equal(linear.at(-1)!.minute + 3, rolloutMinutes({ ...canary, rollout: "linear" }));
    });
});
