import assert from "node:assert/strict";
import { load, refusal, type Values } from "./settings";

const expression =
    'a schedule such as "cron(0 3 * * ? *)", of minute, hour, day of the month, month, day of the week and year, or "rate(12 hours)"';
const words = 'words such as ["node", "clean.js"]';
const daily = "cron(0 3 * * ? *)";

const schedules = (entries: unknown, more: Values = {}) =>
    load({ schedules: JSON.stringify(entries), ...more }).schedules;
const hours = (entries: unknown, more: Values = {}) =>
    load({ scaleSchedule: JSON.stringify(entries), ...more }).scaleSchedule;

/** What is wrong, each with its fix, without the line above. */
const problems = (values: Values) =>
    refusal(values)
        .split("\n  - ")
        .slice(1)
        .map((problem) => problem.split("\n    fix: "));
const problemsOf = (key: "schedules" | "scaleSchedule", entries: unknown, more: Values = {}) =>
    problems({ [key]: JSON.stringify(entries), ...more });

describe("configuration: schedules", () => {
    it("are none where they are not set", () => {
        const { schedules: none, scaleSchedule } = load();
        assert.deepEqual([none, scaleSchedule], [{}, {}]);
    });

    it("take a command as YAML has a list, and as the text that the command line makes of one", () => {
        const nightly = { schedule: daily, command: ["node", "clean.js"], timezone: "Europe/Berlin" };
        assert.deepEqual(schedules({ nightly, "Every_6-hours": { schedule: "rate(6 hours)", command: '["true"]' } }), {
            nightly,
            "Every_6-hours": { schedule: "rate(6 hours)", command: ["true"] },
        });
    });

    it("take every expression that EventBridge Scheduler does", () => {
        for (const schedule of [
            "cron(* * * * ? *)",
            "cron(0/5 8-17 ? * MON-FRI *)",
            "cron(15,45 0 1,15 JAN,jul ? 2027-2030)",
            "cron(0 10 L * ? *)",
            "cron(0 10 3W * ? *)",
            "cron(0 10 ? * 6L *)",
            "cron(0 10 ? * L *)",
            "cron(0 10 ? * FRI#2 *)",
            "rate(1 minute)",
            "rate(90 days)",
        ]) {
            assert.deepEqual(schedules({ job: { schedule, command: ["true"] } }).job!.schedule, schedule);
        }
    });

    it("refuse every other expression, and say how one looks", () => {
        for (const schedule of [
            "",
            "0 3 * * ? *",
            "cron(0 3 * * ?)",
            "cron(0 3 * * * *)", // a day is told by the month or by the week
            "cron(0 3 ? * ? *)",
            "cron(? 3 * * ? *)",
            "cron(60 3 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 3 0 * ? *)",
            "cron(0 3 32 * ? *)",
            "cron(0 3 * FOO ? *)",
            "cron(0 3 ? * MON#6 *)",
            "cron(0 3 ? * 3#1,6#3 *)", // "you can only have one expression in the field" with #: EventBridge's cron reference
            "cron(0 3 ? * MON,FRI#2 *)",
            "cron(0 3 ? * MON,L *)",
            "cron(0 3 ? * 8 *)",
            "cron(0 3 * * ? 1969)",
            "cron(0/0 3 * * ? *)",
            "cron(0/5/5 3 * * ? *)",
            "cron(1-2-3 3 * * ? *)",
            "cron(0 3 * * ? *) ",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(5 seconds)",
            "rate(1.5 hours)",
            "at(2027-01-01T00:00:00)",
            5,
        ]) {
            assert.deepEqual(
                problemsOf("schedules", { job: { schedule, command: ["true"] } }),
                [[`schedules.job.schedule: expected ${expression}`, "pulumi config set --path schedules.job.schedule"]],
                String(schedule),
            );
        }
    });

    it("refuse a time zone that AWS does not know, and name the nearest", () => {
        const zones = (timezone: unknown) =>
            problemsOf("schedules", { job: { schedule: daily, command: ["true"], timezone } });
        for (const [timezone, meant] of [
            ["Europe/Berln", "Europe/Berlin"],
            ["europe/berlin", "Europe/Berlin"],
            ["+02:00", "Europe/Berlin"],
            ["", "Europe/Berlin"],
            [5, "Europe/Berlin"],
            ["America/NewYork", "America/New_York"],
        ] as const) {
            const [[problem]] = zones(timezone) as [[string]];
            assert.equal(problem, `schedules.job.timezone: expected a time zone such as "${meant}"`, String(timezone));
        }
        for (const timezone of [
            "UTC",
            "Asia/Kolkata",
            "Asia/Calcutta",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+3",
        ]) {
            assert.equal(schedules({ job: { schedule: daily, command: ["true"], timezone } }).job!.timezone, timezone);
        }
    });

    it("refuse a command that is no list of words", () => {
        for (const command of [undefined, "", "node clean.js", "[]", [], [""], ["sleep", 5], {}]) {
            assert.deepEqual(problemsOf("schedules", { job: { schedule: daily, command } }), [
                [`schedules.job.command: expected ${words}`, "pulumi config set --path schedules.job.command"],
            ]);
        }
    });

    it("name every bad name and member, with the nearest one of a mistyped", () => {
        const entries = {
            "a b": { schedule: daily, command: ["true"] },
            job: { shedule: daily, command: ["true"] },
            n: 1,
        };
        assert.deepEqual(problemsOf("schedules", entries), [
            [
                `schedules["a b"]: expected a name of letters, digits, hyphens and underscores, at most 64 characters`,
                `pulumi config rm --path 'schedules["a b"]'`,
            ],
            [`schedules.job.schedule: expected ${expression}`, "pulumi config set --path schedules.job.schedule"],
            [
                "schedules.job.shedule: expected schedule, got an unknown key",
                "pulumi config rm --path schedules.job.shedule",
            ],
            ["schedules.n: expected an object of schedule, command, timezone", "pulumi config set --path schedules.n"],
        ]);
        const long = "x".repeat(65);
        const [[problem]] = problemsOf("schedules", { [long]: { schedule: daily, command: ["true"] } }) as [[string]];
        assert.match(problem, /at most 64 characters$/);
    });

    it("refuse what is no set of schedules", () => {
        const fix =
            "pulumi config rm schedules, then set each as " +
            "pulumi config set --path schedules.nightly.schedule 'cron(0 3 * * ? *)'";
        for (const value of ["nightly", "[]", "null", "{"]) {
            assert.deepEqual(problems({ schedules: value }), [
                [
                    "schedules: expected objects of schedule, command and timezone, by names of letters, digits, hyphens and underscores",
                    fix,
                ],
            ]);
        }
    });

    it("have a group with the stack's name, which AWS limits to 64 characters", () => {
        const job = { job: { schedule: daily, command: ["true"] } };
        assert.doesNotThrow(() => schedules(job, { name: "x".repeat(64) }));
        assert.doesNotThrow(() => load({ name: "x".repeat(65) }));
        const [[problem, fix]] = problemsOf("schedules", job, { name: "x".repeat(65) }) as [[string, string]];
        assert.match(problem, /^schedules: expected none under a name of more than 64 characters/);
        assert.equal(fix, "pulumi config rm schedules");
    });
});

describe("configuration: hours", () => {
    it("take bounds as numbers and as texts, and leave out what is to be the settings' own", () => {
        assert.deepEqual(hours({ night: { schedule: daily, minTasks: 0, maxTasks: "0" }, day: { schedule: daily } }), {
            night: { schedule: daily, minTasks: 0, maxTasks: 0 },
            day: { schedule: daily },
        });
    });

    it("refuse bounds that are no numbers of tasks", () => {
        for (const minTasks of [-1, 1001, 1.5, "", "two", null, [1]]) {
            assert.deepEqual(problemsOf("scaleSchedule", { night: { schedule: daily, minTasks } }), [
                [
                    "scaleSchedule.night.minTasks: expected a whole number from 0 to 1000",
                    "pulumi config set --path scaleSchedule.night.minTasks",
                ],
            ]);
        }
    });

    it("refuse bounds that contradict each other, with those of the settings in place of what is left out", () => {
        assert.deepEqual(problemsOf("scaleSchedule", { sale: { schedule: daily, minTasks: 9 } }, { maxTasks: "4" }), [
            [
                "scaleSchedule.sale: expected maxTasks of at least minTasks (9), got 4",
                "pulumi config set --path 'scaleSchedule.sale.maxTasks' 9",
            ],
        ]);
        assert.doesNotThrow(() => hours({ sale: { schedule: daily, minTasks: 9 } }, { maxTasks: "9" }));
    });

    it("refuse no task as the least where there may be more, as autoscaling never comes back from none", () => {
        assert.deepEqual(problemsOf("scaleSchedule", { night: { schedule: daily, minTasks: 0 } }), [
            [
                "scaleSchedule.night: expected maxTasks 0 with minTasks 0, from which no load leads back, got 4",
                "pulumi config set --path 'scaleSchedule.night.maxTasks' 0",
            ],
        ]);
    });
});
