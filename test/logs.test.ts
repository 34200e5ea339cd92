import {
    CloudWatchLogs,
    type FilterLogEventsCommandInput,
    type FilteredLogEvent,
} from "@aws-sdk/client-cloudwatch-logs";
import assert from "node:assert/strict";
import { mock } from "node:test";
import { linesOf, milliseconds, streamsOf } from "../tools/operations/logs";
import { operations } from "../tools/operations/operations";
import { aStack } from "./operated";

const start = Date.UTC(2026, 0, 1);
const event = (eventId: string, seconds: number, task = "a"): FilteredLogEvent => ({
    ...{ eventId, timestamp: start + seconds * 1000, message: `line ${eventId}\n` },
    logStreamName: `app/app/${task.repeat(32)}`,
});

/** A log group that answers each look with these events, in pages of two. */
function group(...looks: FilteredLogEvent[][]) {
    const asked: FilterLogEventsCommandInput[] = [];
    const filterLogEvents = async (request: FilterLogEventsCommandInput) => {
        asked.push(request);
        const events = request.nextToken ? looks.shift()!.slice(2) : looks[0]!.slice(0, 2);
        return { events, nextToken: request.nextToken || looks[0]!.length <= 2 ? (looks.shift(), undefined) : "more" };
    };
    return { asked, logs: { filterLogEvents } as unknown as Parameters<typeof linesOf>[0] };
}

const request = { logGroupName: "/ecs/shop", startTime: start };

/** The pattern that the command asks CloudWatch with. */
async function askedWith(filter: string): Promise<string | undefined> {
    let asked: FilterLogEventsCommandInput | undefined;
    const calls = CloudWatchLogs.prototype;
    const filterLogEvents: unknown = Reflect.get(calls, "filterLogEvents");
    const print = console.error.bind(console);
    console.error = () => undefined;
    Object.assign(calls, { filterLogEvents: async (request: FilterLogEventsCommandInput) => ((asked = request), {}) });
    try {
        await operations.logs.run(aStack, { ...operations.logs.defaults, filter });
    } finally {
        Object.assign(calls, { filterLogEvents });
        console.error = print;
    }
    return asked!.filterPattern;
}

describe("the log of a stack", () => {
    before(() => mock.timers.enable({ apis: ["Date"], now: start + 70_000 }));
    after(() => mock.timers.reset());

    it("has every page's lines, with their time and task", async () => {
        const { logs, asked } = group([event("1", 0), event("2", 1, "b"), event("3", 2)], []);
        const lines: string[] = [];
        for await (const line of linesOf(logs, request)) lines.push(line);
        assert.deepEqual(lines, [
            "2026-01-01T00:00:00Z aaaaaaaa line 1",
            "2026-01-01T00:00:01Z bbbbbbbb line 2",
            "2026-01-01T00:00:02Z aaaaaaaa line 3",
        ]);
        assert.deepEqual(
            asked.map(({ nextToken }) => nextToken),
            [undefined, "more"],
        );
    });

    it("is followed with each line once, and with those that come late", async () => {
        const { logs, asked } = group(
            [event("1", 0), event("3", 60)],
            [event("2", 55, "b"), event("3", 60)],
            [event("2", 55, "b"), event("4", 61)],
        );
        const lines: string[] = [];
        for await (const line of linesOf(logs, request, 0)) {
            lines.push(line.split(" line ")[1]!);
            if (lines.length === 4) break;
        }
        assert.deepEqual(lines, ["1", "3", "2", "4"]);
        assert.deepEqual(
            asked.map(({ startTime }) => (startTime! - start) / 1000),
            [0, 50, 50],
        );
    });

    it("is searched once, and not again and again, where what is searched for is rare", async () => {
        const { logs, asked } = group([], [], [event("1", 69)]);
        const day = 86_400_000;
        for await (const line of linesOf(logs, { ...request, startTime: start - day }, 0)) {
            assert.match(line, /line 1$/);
            break;
        }
        assert.deepEqual(
            asked.map(({ startTime }) => startTime! - start),
            [-day, 10_000, 10_000],
        );
    });

    it("is followed however much there is at first", async () => {
        const many = Array.from({ length: 150_000 }, (_, index) => event(String(index), index / 1000));
        const { logs, asked } = group(many, [], [event("late", 151)]);
        let lines = 0;
        for await (const line of linesOf(logs, request, 0)) {
            lines++;
            if (line.endsWith("late")) break;
        }
        assert.equal(lines, many.length + 1);
        assert.equal((asked.at(-1)!.startTime! - start) / 1000, 139.999);
    });

    it("reaches back for seconds, minutes, hours or days", () => {
        assert.deepEqual(["90s", "10m", "1h", "2d"].map(milliseconds), [90_000, 600_000, 3_600_000, 172_800_000]);
        for (const since of ["", "10", "1w", "h", "-1h"]) {
            assert.throws(() => milliseconds(since), /^Error: --since: expected a duration such as /);
        }
    });

    // As quoteTerm of aws-cdk (aws-cdk-lib/aws-logs/lib/pattern.ts) does it. Of other characters than letters, digits and underscores CloudWatch
    // takes only what is in quotes, and it looks for each word by itself: "Filter pattern syntax" in its Logs User Guide.
    it("is searched for a text as it stands, or with a pattern of CloudWatch's", async () => {
        for (const [text, pattern] of [
            ["ERROR", '"ERROR"'],
            ["GET /cart", '"GET /cart"'],
            ["status=500", '"status=500"'],
            ["1f0c-9a", '"1f0c-9a"'],
            ['say "no\\"', '"say \\"no\\\\\\""'],
        ] as const) {
            assert.equal(await askedWith(text), pattern);
        }
        for (const pattern of [
            ...["{ $.status = 500 }", "[ip, user, status=5*]", "%5\\d\\d%"],
            ...['"GET /cart" "500"', "?ERROR ?WARN", "-GET"],
        ]) {
            assert.equal(await askedWith(pattern), pattern);
        }
        assert.equal(await askedWith(""), undefined);
    });

    it("is of one task where that is asked for, by the beginning of its id", async () => {
        const logConfiguration = { options: { "awslogs-stream-prefix": "web" } };
        const ecs = {
            describeTaskDefinition: async ({ taskDefinition }: { taskDefinition: string }) => ({
                taskDefinition:
                    taskDefinition === "shop"
                        ? { containerDefinitions: [{ name: "app", logConfiguration }] }
                        : undefined,
            }),
        } as unknown as Parameters<typeof streamsOf>[0];
        assert.equal(await streamsOf(ecs, aStack, "1234"), "web/app/1234");
    });
});
