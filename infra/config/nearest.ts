/** The one of `names` that `mistyped` is nearest to, if no more than a third of its letters differ; capitals do not count. */
export function nearest(mistyped: string, names: readonly string[]): string | undefined {
    const [first] = names
        .map((name) => ({ name, distance: distance(mistyped.toLowerCase(), name.toLowerCase()) }))
        .sort((a, b) => a.distance - b.distance);
    return first && first.distance <= Math.ceil(mistyped.length / 3) ? first.name : undefined;
}

/** How many letters must be put in, taken away or changed to make `to` of `from`: Levenshtein's distance. */
function distance(from: string, to: string): number {
    let row = Array.from({ length: to.length + 1 }, (_, column) => column);
    for (const [line, letter] of [...from].entries()) {
        const above = row;
        row = [line + 1];
        for (let column = 1; column <= to.length; column++) {
            const changed = above[column - 1]! + (letter === to[column - 1] ? 0 : 1);
            row.push(Math.min(changed, above[column]! + 1, row[column - 1]! + 1));
        }
    }
    return row.at(-1)!;
}
