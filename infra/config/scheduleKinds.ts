import * as v from "valibot";
import { areWords } from "./containerKinds";
import { groups, scalarThen } from "./kinds";
import { nearest } from "./nearest";

/** Whether a part of a field of a cron expression is a value, a range, or steps of either; the numbers are those that AWS takes. */
const within = (least: number, most: number, names: readonly string[] = []) => {
    const value = (given: string) => {
        const number = /^\d{1,4}$/.test(given) ? Number(given) : least + names.indexOf(given.toUpperCase());
        return number >= least && number <= most;
    };
    return (part: string): boolean => {
        const [range = "", step, ...more] = part.split("/");
        const ends = range === "*" ? [] : range.split("-");
        const isStep = step === undefined || (/^\d{1,4}$/.test(step) && Number(step) > 0);
        return more.length === 0 && isStep && ends.length <= 2 && ends.every(value);
    };
};

const weekdays = within(1, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]);
const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const days = within(1, 31);

/** Minutes, hours, days of the month, months, days of the week, years: "Cron-based schedules" in the EventBridge Scheduler User Guide. */
const fields: readonly ((part: string) => boolean)[] = [
    within(0, 59),
    within(0, 23),
    (part) => part === "L" || days(part.replace(/(?<=^\d{1,2})W$/, "")),
    within(1, 12, months),
    (part) => weekdays(part.replace(/(?<=^(\d|[A-Z]{3}))(L|#[1-5])$/i, "")),
    within(1970, 2199),
];

function isCron(given: string): boolean {
    const parts = given.split(/ +/);
    const [, , dayOfMonth, , dayOfWeek] = parts;
    // A day is told either by the month or by the week; the other one has a question mark. A week of the month stands alone.
    const told = (dayOfMonth === "?") !== (dayOfWeek === "?");
    return (
        told &&
        !/#.*,|,.*#/.test(dayOfWeek!) &&
        parts.length === fields.length &&
        parts.every(
            (part, index) =>
                (part === "?" && [2, 4].includes(index)) ||
                (part === "L" && index === 4) ||
                part.split(",").every(fields[index]!),
        )
    );
}

function isExpression(given: string): boolean {
    const [, kind, inner = ""] = /^(cron|rate)\((.*)\)$/.exec(given) ?? [];
    return kind === "cron"
        ? isCron(inner)
        : /^(1 (minute|hour|day)|(?!1 )[1-9]\d{0,3} (minute|hour|day)s)$/.test(inner);
}

/** What EventBridge Scheduler and Application Auto Scaling both take. `at(…)`, which comes once, is no setting. */
const expression = v.message(
    v.pipe(v.string(), v.check(isExpression)),
    'a schedule such as "cron(0 3 * * ? *)", of minute, hour, day of the month, month, day of the week and year, or "rate(12 hours)"',
);

/** Node lists one name of each zone and takes all of its names, in any case; AWS takes all of them as well, written in this case only. */
function isZone(given: string): boolean {
    try {
        new Intl.DateTimeFormat("en", { timeZone: given });
        return /^(UTC|[A-Z]\w+(\/[A-Za-z][\w+-]*)+)$/.test(given);
    } catch {
        return false;
    }
}

const timezone = v.optional(
    v.pipe(
        v.string('a time zone such as "Europe/Berlin"'),
        v.check(isZone, ({ input }) => {
            const meant = nearest(input, Intl.supportedValuesOf("timeZone")) ?? "Europe/Berlin";
            return `a time zone such as "${meant}"`;
        }),
    ),
);

/** Those of schedules: "CreateSchedule" in the EventBridge Scheduler API Reference. */
const name = v.message(
    v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/)),
    "a name of letters, digits, hyphens and underscores, at most 64 characters",
);
const byName = "by names of letters, digits, hyphens and underscores";

const someWords = 'words such as ["node", "clean.js"]';
/** As YAML has a list, or as the text that `pulumi config set` makes of one. */
const command = v.message(
    v.union([
        v.custom<readonly string[]>(areWords),
        v.pipe(v.string(), v.parseJson(), v.custom<readonly string[]>(areWords)),
    ]),
    someWords,
);

const setSchedule = "pulumi config set --path schedules.nightly.schedule 'cron(0 3 * * ? *)'";

/** Tasks of their own, by name. */
export const schedules = groups({
    expected: `objects of schedule, command and timezone, ${byName}`,
    name,
    members: { schedule: expression, command, timezone },
    values: `\`<name>: {schedule, command, timezone}\`, each set as \`${setSchedule}\`: see [schedules](../schedules.md)`,
    example: setSchedule,
});

const numberOfTasks = "a whole number from 0 to 1000";
const bound = v.optional(
    v.message(
        v.pipe(
            scalarThen(v.pipe(v.string(numberOfTasks), v.regex(/^\d{1,4}$/))),
            v.transform(Number),
            v.maxValue(1000),
        ),
        numberOfTasks,
    ),
);

const setHours = "pulumi config set --path scaleSchedule.night.schedule 'cron(0 20 * * ? *)'";

/** From when on other bounds hold, by name. */
export const scaleSchedule = groups({
    expected: `objects of schedule, minTasks, maxTasks and timezone, ${byName}`,
    name,
    members: { schedule: expression, minTasks: bound, maxTasks: bound, timezone },
    values: `\`<name>: {schedule, minTasks, maxTasks, timezone}\`, each set as \`${setHours}\`: see [schedules](../schedules.md)`,
    example: setHours,
});
