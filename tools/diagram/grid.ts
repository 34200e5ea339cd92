/** The measures of the network's part of the picture, in pixels. */
import type { Box } from "./shapes";

/** The columns, from the left edge to the right. */
export const columns = {
    outside: { x: 10, width: 80 },
    gateway: { x: 144, width: 74 },
    vpc: { x: 179, width: 517 },
    zone: { x: 224, width: 452 },
    public: { x: 234, width: 164 },
    balancer: { x: 244, width: 144 },
    service: { x: 466, width: 200 },
    private: { x: 474, width: 184 },
    tasks: { x: 484, width: 164 },
} as const;

export const rows = {
    header: 66,
    zoneTitle: 24,
    subnetTitle: 42,
    upper: 46,
    between: 12,
    lower: 34,
    pad: 10,
    zoneGap: 10,
    /** Below the zones, for the S3 endpoint. */
    strip: 66,
    /** A subnet in which nothing runs, and one with nothing but a NAT gateway. */
    idle: 32,
    gateway: 92,
} as const;

export interface ZoneLayout {
    readonly index: number;
    readonly zone: Box;
    readonly balancer: Box;
    readonly nat?: Box;
    readonly tasks: Box;
    /** Where requests come to the tasks, and where theirs leave. */
    readonly in: number;
    readonly out: number;
    readonly frames: readonly Box[];
    readonly nodes: readonly Box[];
}
