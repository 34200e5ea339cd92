import sodium from "libsodium-wrappers";

/** A key pair for sealed boxes, both halves in base64; `id` is what callers quote as `key_id`. */
export interface BoxKey {
    readonly id: string;
    readonly publicKey: string;
    readonly privateKey: string;
}

/** Resolves once the library can be used; every other function here needs that. */
export const sealedBoxReady: Promise<void> = sodium.ready;

const base64 = sodium.base64_variants;

export function newBoxKey(): BoxKey {
    const { publicKey, privateKey } = sodium.crypto_box_keypair();
    // GitHub's key ids are strings of 18 digits or more.
    const id = Array.from(sodium.randombytes_buf(18), (byte) => byte % 10).join("");
    return { id, publicKey: encode(publicKey), privateKey: encode(privateKey) };
}

/** Seals text for the holder of the private key, as a client of GitHub does. */
export function seal(text: string, publicKey: string): string {
    return encode(sodium.crypto_box_seal(sodium.from_string(text), decode(publicKey)));
}

/** The text in a sealed box, or undefined when it was not sealed for this key (or is no box at all). */
export function unseal(sealed: string, key: BoxKey): string | undefined {
    try {
        const bytes = sodium.crypto_box_seal_open(decode(sealed), decode(key.publicKey), decode(key.privateKey));
        return sodium.to_string(bytes);
    } catch {
        return undefined;
    }
}

const encode = (bytes: Uint8Array) => sodium.to_base64(bytes, base64.ORIGINAL);
const decode = (text: string) => sodium.from_base64(text, base64.ORIGINAL);
