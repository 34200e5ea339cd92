/** This process's environment variables, which the files of one worker share, set for a test and put back after it. */

/**
 * @param changes name to value
 * @returns what puts back those values that were there before
 */
export function setVariables(changes: Readonly<Record<string, string>>): () => void {
    const before = Object.keys(changes).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, changes);
    return () => {
        for (const [name, value] of before) {
            if (value === undefined) {
                delete process.env[name];
            } else {
                process.env[name] = value;
            }
        }
    };
}
