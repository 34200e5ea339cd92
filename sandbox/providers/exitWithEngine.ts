/** A plugin whose engine was killed would wait for calls for ever. */
export function exitWithEngine(): void {
    const engine = process.ppid;
    setInterval(() => {
        if (process.ppid !== engine) process.exit(1);
    }, 500).unref();
}
