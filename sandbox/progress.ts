/** What the sandbox tells its user while it works. */

/** Something the user can act on. The command prints the message alone, without a stack. */
export class UserError extends Error {
    override readonly name = "UserError";
}

const remindEveryMs = 30_000;

function seconds(since: number): string {
    return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/**
 * Runs `work` and prints one line with its title, the result's `detail` and the time it took.
 * Work that takes longer than half a minute says so while it runs, so that a first build does not look stuck.
 * @returns what `work` returns; its errors pass through after the line with the cross.
 */
export async function step<T>(title: string, work: () => Promise<T>, detail?: (result: T) => string): Promise<T> {
    const start = Date.now();
    const reminder = setInterval(() => console.log(`  … ${title}, for ${seconds(start)} so far`), remindEveryMs);
    try {
        const result = await work();
        const more = detail?.(result);
        console.log(`  ✓ ${title}${more ? ` (${more})` : ""} ${seconds(start)}`);
        return result;
    } catch (error) {
        console.log(`  ✗ ${title} ${seconds(start)}`);
        throw error;
    } finally {
        clearInterval(reminder);
    }
}
