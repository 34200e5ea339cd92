import { setTimeout as sleep } from "node:timers/promises";

const cancellation = new AbortController();

/** Ends every wait with an error: the user has interrupted the run. */
export function cancelWaits(): void {
    cancellation.abort();
}

/**
 * Asks until there is an answer.
 *
 * @param what as in "what did not happen in time"
 * @param ask undefined: not yet
 * @throws Error with `what` when `within` (ms) has passed, or on cancellation
 */
export async function until<T>(
    what: string,
    ask: () => Promise<T | undefined>,
    within: number,
    every = 500,
): Promise<T> {
    const deadline = Date.now() + within;
    for (;;) {
        const found = await ask();
        if (found !== undefined) return found;
        if (cancellation.signal.aborted) throw new Error(`${what}: interrupted while waiting`);
        if (Date.now() > deadline) throw new Error(`${what}: did not happen within ${Math.round(within / 1000)} s`);
        await sleep(every, undefined, { signal: cancellation.signal }).catch(() => undefined);
    }
}
