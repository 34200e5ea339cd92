/** `+` made, `~` changed in place, `+-` replaced, `-` deleted; then the type as the engine shows it, and the name. */
export type Plan = readonly string[];

export const named = (kind: string, names: readonly string[]): string[] => names.map((name) => `${kind} ${name}`);

/**
 * What a preview says that it would do, or an `up` that it has done; without components, which are nothing by themselves. The engine
 * says it once more where a message of the provider comes late, and in another way where something goes with what is replaced. What an
 * `up` begins it ends, as it passes.
 */
export function planOf(output: string): string[] {
    const lines = output.matchAll(
        /^ (\+|~|--?|\+-) +((?!fargate-cicd:)[\w-]+(?:[:/][\w-]+)+ \S+) (?:creat|updat|delet|replac)(?:e|ed|ing)\b/gm,
    );
    const all = new Set([...lines].map(([, symbol, what]) => `${symbol} ${what}`));
    const goes = [...all].filter((line) => line.startsWith("--"));
    goes.forEach((line) => all.delete(line));
    const gone = goes.map((line) => line.slice(1)).filter((line) => !all.has(`+${line}`));
    return [...new Set([...all, ...gone])].sort();
}

export const inverse = (plan: Plan): string[] =>
    plan.map((line) =>
        line.startsWith("+ ") ? `-${line.slice(1)}` : line.startsWith("- ") ? `+${line.slice(1)}` : line,
    );
