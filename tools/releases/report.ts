import type { Release } from "./releases";

/** A line for each release, the newest first, with a mark at the one that is live. */
export function report(service: string, releases: readonly Release[]): string {
    if (releases.length === 0) {
        return `${service} has no release that AWS remembers.`;
    }
    const rows = releases.map(({ startedAt, commit, run, revision, status, reason, live }) => [
        live ? "→" : "",
        startedAt.toISOString().slice(0, 16).replace("T", " "),
        commit?.slice(0, 12) ?? "",
        revision,
        run ?? "pulumi up",
        [live ? `${status}, live` : status, reason].filter(Boolean).join(": "),
    ]);
    const all = [["", "when (UTC)", "commit", "revision", "by", "how it ended"], ...rows];
    const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
    const lines = all.map((row) => row.map((text, column) => text.padEnd(widths[column]!)).join("  "));
    return `The last releases of ${service}\n\n${lines.map((line) => line.trimEnd()).join("\n")}`;
}
