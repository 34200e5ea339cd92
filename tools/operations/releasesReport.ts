import type { Release } from "./releases";
import { table, time } from "./text";

/** The last releases of a service, as a page of their own. */
export function report(service: string, releases: readonly Release[]): string {
    return releases.length === 0
        ? `${service} has no release that AWS remembers.`
        : [`The last releases of ${service}`, "", ...releaseLines(releases)].join("\n");
}

/** A line for each release, the newest first, with a mark at the one that is live. */
export function releaseLines(releases: readonly Release[]): string[] {
    const rows = releases.map(({ startedAt, commit, run, revision, status, reason, live, share, image }) => [
        live ? "→" : "",
        time(startedAt),
        shortCommit(commit),
        revision,
        run ?? (image === undefined ? "?" : "pulumi up"), // of a revision that is deleted nobody knows
        [[status, shareOf(share), live && "live"].filter(Boolean).join(", "), reason].filter(Boolean).join(": "),
    ]);
    return table([["", "when (UTC)", "commit", "revision", "by", "how it ended"], ...rows]);
}

/** Of the visitors' requests. */
export const shareOf = (percent?: number): string | undefined =>
    percent === undefined ? undefined : `${Math.round(percent)} % of the requests`;

export const shortCommit = (commit = ""): string => commit.slice(0, 12);
