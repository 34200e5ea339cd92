/** How times and tables are written. */

/** `2026-01-31 12:00`, in UTC. */
export const time = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

/** `3 min`, `5 h`, `2 days`: how long something lasts. */
export function duration(milliseconds: number): string {
    const minutes = Math.max(0, Math.round(milliseconds / 60_000));
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.round(minutes / 60);
    return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** Lines whose columns are one below the other. */
export function table(rows: readonly (readonly string[])[]): string[] {
    const columns = Math.max(...rows.map((row) => row.length));
    const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
    return rows.map((row) =>
        row
            .map((text, at) => text.padEnd(widths[at]!))
            .join("  ")
            .trimEnd(),
    );
}
