import { Properties, unknown } from "./standIn";

export interface Difference {
    /** As the engine writes paths: `tags.Name`, `subnets[0]`. */
    readonly path: string;
    readonly kind: "add" | "delete" | "update";
}

/** True for the same JSON value; the order of an object's keys does not matter, that of a list does. */
export function sameValue(a: unknown, b: unknown): boolean {
    return differences(a, b, "value").length === 0;
}

/** True for two JSON documents of the same value, such as policies that are spelt differently. */
export function sameJson(a: unknown, b: unknown): boolean {
    try {
        return sameValue(JSON.parse(String(a)), JSON.parse(String(b)));
    } catch {
        return a === b;
    }
}

/** True for lists with the same values in any order: what AWS treats as a set. */
export function sameSet(a: unknown, b: unknown): boolean {
    const sorted = (list: unknown) => (Array.isArray(list) ? list.map((item) => JSON.stringify(item)).sort() : list);
    return sameValue(sorted(a), sorted(b));
}

/** Every place where two values differ. A value that is not known yet differs from any that is. */
export function differences(old: unknown, now: unknown, path: string): Difference[] {
    if (old === now || (old == null && now == null)) return [];
    if (old == null) return [{ path, kind: "add" }];
    if (now == null) return [{ path, kind: "delete" }];
    if (now === unknown || typeof old !== "object" || typeof now !== "object") return [{ path, kind: "update" }];
    if (Array.isArray(old) !== Array.isArray(now)) return [{ path, kind: "update" }];
    const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
    return [...keys].flatMap((key) =>
        differences(
            (old as Properties)[key],
            (now as Properties)[key],
            Array.isArray(old) ? `${path}[${key}]` : step(path, key),
        ),
    );
}

function step(path: string, key: string): string {
    return /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}["${key}"]`;
}
