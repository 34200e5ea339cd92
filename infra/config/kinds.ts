import * as v from "valibot";
import { nearest } from "./nearest";

/** What a setting accepts. */
export interface Kind<T> {
    readonly type: "text" | "choice" | "number" | "flag" | "entries";
    /** Reads the text that Pulumi hands over, whatever the type. Its messages follow the word "expected". */
    readonly schema: v.GenericSchema<string, T>;
    /** The accepted values in the words of docs/settings/. */
    readonly values: string;
    /** An acceptable value, shown in the fix of another; for entries the command that sets one. By default the setting's default. */
    readonly example?: string;
}

/** A text that `schema` accepts; `expected` is said of every other, unless a check of it has words of its own. */
export const text = <T>(
    schema: v.GenericSchema<string, T>,
    { expected, ...words }: { readonly expected: string; readonly values: string; readonly example?: string },
): Kind<T> => ({ type: "text", schema: v.message(schema, expected), ...words });

export const oneOf = <const T extends readonly string[]>(...values: T): Kind<T[number]> => ({
    type: "choice",
    schema: v.message(v.pipe(v.string(), v.picklist(values)), values.map((value) => `"${value}"`).join(" or ")),
    values: code(values),
});

export const flag: Kind<boolean> = {
    type: "flag",
    schema: v.message(
        v.pipe(
            v.string(),
            v.picklist(["true", "false"]),
            v.transform((value) => value === "true"),
        ),
        "true or false",
    ),
    values: code(["true", "false"]),
    example: "false",
};

/** A whole number from `least` to `most`, both included. */
export const integer = (least: number, most: number): Kind<number> => ({
    type: "number",
    schema: v.message(
        v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number), v.minValue(least), v.maxValue(most)),
        `a whole number from ${least} to ${most}`,
    ),
    values: `${least} to ${most}`,
});

/** One of some numbers, written as they are here. */
export const numberOf = (numbers: readonly number[], expected: string): Kind<number> => ({
    type: "number",
    schema: v.message(v.pipe(v.string(), v.picklist(numbers.map(String)), v.transform(Number)), expected),
    values: numbers.join(", "),
});

/** `kind`, or nothing at all: an empty text. */
export const optional = <T>(kind: Kind<T>): Kind<T | undefined> => ({
    ...kind,
    schema: v.pipe(
        v.string(messageOf(kind)),
        v.transform((value) => value || undefined),
        v.optional(kind.schema),
    ),
});

/** Texts with commas between them, each as `entry` reads it: none where it is empty. */
export const listOf = <T>(entry: v.GenericSchema<string, T>) =>
    v.pipe(
        v.string(messageOf({ schema: entry })),
        v.transform((given) => (given.trim() === "" ? [] : given.split(","))),
        v.array(entry),
    );

interface EntriesOf {
    /** What the value as a whole should be, for the message where it is malformed. */
    readonly expected: string;
    readonly name: v.GenericSchema<string>;
    readonly value: v.GenericSchema<string>;
    /** Why an entry must not be there at all, whose name and value are fine by themselves. */
    readonly refused?: (name: string, value: unknown) => string | undefined;
    readonly values: string;
    /** The command that sets an entry. */
    readonly example: string;
}

/** A JSON object, read as a map: of an object valibot leaves out entries such as "constructor". */
const jsonMap = v.pipe(
    v.string(),
    v.parseJson(),
    v.custom<object>((parsed) => typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)),
    v.transform((parsed) => new Map<string, unknown>(Object.entries(parsed))),
);

/** A JSON object of texts by name; numbers and booleans, as YAML has them, are taken as text. A problem's path is the entry's name. */
export const entries = ({ expected, name, value, refused = () => undefined, ...words }: EntriesOf) =>
    ({
        type: "entries",
        schema: v.message(
            v.pipe(
                jsonMap,
                v.map(name, scalarThen(value)),
                v.rawCheck(({ dataset, addIssue }) => {
                    for (const [key, entry] of dataset.value as ReadonlyMap<string, unknown>) {
                        const message = refused(key, entry);
                        if (message !== undefined) {
                            const item = { type: "map", origin: "key", input: dataset.value, key, value: entry };
                            addIssue({ message, path: [item as v.MapPathItem] });
                        }
                    }
                }),
                v.transform((map): Readonly<Record<string, string>> => Object.fromEntries(map)),
            ),
            expected,
        ),
        ...words,
    }) satisfies Kind<Readonly<Record<string, string>>>;

type Members = Readonly<Record<string, v.GenericSchema>>;

interface GroupsOf<M extends Members> {
    /** What the value as a whole should be, for the message where it is malformed. */
    readonly expected: string;
    readonly name: v.GenericSchema<string>;
    readonly members: M;
    readonly values: string;
    /** The command that sets a member of an entry. */
    readonly example: string;
}

/** A JSON object of objects by name, each with these members. A problem's path is the entry's name, and the member's. */
export const groups = <const M extends Members>({ expected, name, members, ...words }: GroupsOf<M>) => {
    const known = Object.keys(members);
    const member = v.strictObject(members, ({ expected: wanted, input }) => {
        if (wanted === "never") {
            const meant = nearest(String(input), known);
            return `${meant ?? `one of ${known.join(", ")}`}, got an unknown key`;
        }
        const missing = known.find((key) => wanted === `"${key}"`);
        return missing === undefined ? `an object of ${known.join(", ")}` : messageOf({ schema: members[missing]! });
    });
    return {
        type: "entries",
        schema: v.message(
            v.pipe(
                jsonMap,
                v.map(name, member),
                v.transform((map): Readonly<Record<string, v.InferOutput<typeof member>>> => Object.fromEntries(map)),
            ),
            expected,
        ),
        ...words,
    } satisfies Kind<unknown>;
};

export const scalarThen = (value: v.GenericSchema<string>) =>
    v.pipe(v.union([v.string(), v.number(), v.boolean()], messageOf({ schema: value })), v.transform(String), value);

/** What is said where there is no text at all. */
export function messageOf({ schema }: { readonly schema: v.GenericSchema | v.GenericSchema<string> }): string {
    return v.safeParse(schema, undefined).issues![0].message;
}

/** `a`, `b` */
export function code(values: readonly string[]): string {
    return values.map((value) => `\`${value}\``).join(", ");
}
