import assert from "node:assert/strict";
import { standard } from "./scenarios";
import { serializedProvider } from "./serializedProvider";

describe("the secrets that tasks may read", () => {
    let provider: ReturnType<typeof serializedProvider>;
    before(async () => {
        const { inputs } = (await standard()).one("pulumi-nodejs:dynamic/ecs:ReadableSecrets");
        provider = serializedProvider(inputs);
    });

    /** What may be read after an update, where `before` could be read before. */
    async function readable(before: readonly string[] | undefined, configured: string[], inUse: string[]) {
        const { inputs } = (await provider.check(before ? { arns: before } : {}, { configured, inUse })) as {
            inputs: { arns: string[] };
        };
        assert.deepEqual(Object.keys(inputs), ["arns"]);
        assert.deepEqual(await provider.create(inputs), { id: "secrets", outs: inputs });
        assert.deepEqual(await provider.update("secrets", { arns: before ?? [] }, inputs), { outs: inputs });
        const { changes } = await provider.diff("secrets", { arns: before ?? [] }, inputs);
        assert.equal(changes, JSON.stringify(before ?? []) !== JSON.stringify(inputs.arns));
        return inputs.arns;
    }

    it("are those of the configuration, each once, in one order", async () => {
        assert.deepEqual(await readable(["a"], ["b", "a", "b"], ["a"]), ["a", "b"]);
    });

    it("stay those that a release still names, and no longer", async () => {
        assert.deepEqual(await readable(["a", "former"], ["a"], ["former"]), ["a", "former"]);
        assert.deepEqual(await readable(["a", "former"], ["a"], ["a"]), ["a"]);
    });

    it("do not become what a release names and the configuration never has: whoever releases would choose", async () => {
        assert.deepEqual(await readable(["a"], ["a"], ["a", "prod's"]), ["a"]);
        assert.deepEqual(await readable([], [], ["prod's"]), []);
    });

    it("are unknown in the preview of what makes a secret, whose ARN is not known yet", async () => {
        const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"; // unknownValue of @pulumi/pulumi/runtime/rpc
        const checked = (configured: unknown, inUse: unknown) => provider.check({ arns: ["a"] }, { configured, inUse });
        for (const result of [await checked(unknown, ["a"]), await checked(["a"], unknown)]) {
            assert.deepEqual(result, { inputs: { arns: unknown }, failures: [] });
        }
    });

    it("are what a release names where it is not known yet what could be read", async () => {
        assert.deepEqual(await readable(undefined, ["a"], ["former"]), ["a", "former"]);
    });
});
