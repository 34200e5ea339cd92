/** What a recorded program has written, as the engine would be given it. */
import * as pulumi from "@pulumi/pulumi";

/**
 * `value` without the wrapping that marks a secret.
 * @param secrets gets the paths of those that were wrapped
 */
export function reveal(value: unknown, secrets: string[], at: readonly string[] = []): unknown {
    if (Array.isArray(value)) {
        return value.map((item, index) => reveal(item, secrets, [...at, String(index)]));
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const { [secretMark]: mark, ...properties } = value as Record<string, unknown>;
    if (mark === secretSignature) {
        secrets.push(at.join("."));
        return reveal(properties.value, secrets, at);
    }
    return Object.fromEntries(
        Object.entries(properties).map(([key, item]) => [key, reveal(item, secrets, [...at, key])]),
    );
}

/** How the engine's protocol marks a secret: see the constants of the same values in the SDK's runtime/rpc. */
const secretMark = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** What a text must not hold: a value that is missing, unknown, or an object or Output that was put into a string as it is. */
const mistakes = ["undefined", "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[object Object]", "Calling [to"];

/** Where in a resource's inputs a text has what nobody could have meant, with what it has. */
export function unresolved(value: unknown, at = ""): string[] {
    if (typeof value === "string") {
        return mistakes.filter((mistake) => value.includes(mistake)).map((mistake) => `${at} contains "${mistake}"`);
    }
    if (typeof value !== "object" || value === null) {
        return [];
    }
    return Object.entries(value)
        .filter(([key]) => key !== "__provider") // a dynamic resource's source code
        .flatMap(([key, item]) => unresolved(item, at === "" ? key : `${at}.${key}`));
}

/** The outputs that are secret, by their names. */
export async function secretKeys(exported: unknown): Promise<string[]> {
    const outputs = Object.entries((exported ?? {}) as Record<string, unknown>);
    const secret = await Promise.all(
        outputs.map(async ([key, value]) =>
            pulumi.Output.isInstance(value) && (await pulumi.isSecret(value)) ? [key] : [],
        ),
    );
    return secret.flat();
}
