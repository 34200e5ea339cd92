import type { Store } from "./state";

/** How one member of a JSON body has to look. `nullable`: null is as good as a value. */
export interface Field {
    readonly type: "string" | "boolean" | "integer" | "array" | "object";
    readonly required?: boolean;
    readonly nullable?: boolean;
    /** The only values that it can have. */
    readonly oneOf?: readonly string[];
}

export type Fields = Readonly<Record<string, Field>>;

export interface Request {
    readonly store: Store;
    /** The named segments of the path, decoded. */
    readonly params: Readonly<Record<string, string>>;
    readonly query: URLSearchParams;
    readonly body: Readonly<Record<string, any>>;
    readonly authorization: string | undefined;
    /** Where this API is, without a slash at the end. */
    readonly origin: string;
}

export interface Reply {
    readonly status: number;
    /** Without it the answer has no body. */
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
    readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    /** GitHub's path, with `:name` for a segment that varies. */
    readonly path: string;
    /** The body's members; a route without it takes no body. */
    readonly body?: Fields;
    /** The query's names. */
    readonly query?: readonly string[];
    /** The route does not ask for the API's token: it is public, or checks another token by itself. */
    readonly open?: true;
    /** Nothing that has to survive a restart is changed by a GET; every other method is followed by a save. */
    handle(request: Request): Reply | Promise<Reply>;
}

const documentation = "https://docs.github.com/rest";

/** An answer in the shape of GitHub's errors. */
export class Refusal extends Error {
    constructor(
        readonly status: number,
        message: string,
        readonly details: Readonly<Record<string, unknown>> = {},
    ) {
        super(message);
    }

    reply(): Reply {
        const body = { message: this.message, ...this.details, documentation_url: documentation };
        return { status: this.status, body: { ...body, status: String(this.status) } };
    }
}

/** GitHub's other kind of id. */
export const nodeId = (kind: string, id: number) => Buffer.from(`${kind}:${id}`).toString("base64");

export const notFound = () => new Refusal(404, "Not Found");
export const invalid = (what: string) => new Refusal(422, `Invalid request.\n\n${what}`);

/** @throws Refusal 422 that names every member that is unknown, missing or of the wrong type */
export function checkBody(body: Readonly<Record<string, unknown>>, fields: Fields): void {
    const problems: string[] = [];
    for (const name of Object.keys(body)) {
        if (!Object.prototype.hasOwnProperty.call(fields, name)) {
            problems.push(`"${name}" is not a permitted key.`);
        }
    }
    for (const [name, field] of Object.entries(fields)) {
        const value = body[name];
        if (value === undefined) {
            if (field.required) {
                problems.push(`"${name}" wasn't supplied.`);
            }
        } else if (!(value === null && field.nullable) && !isOf(field.type, value)) {
            problems.push(`For 'properties/${name}', ${JSON.stringify(value)} is not ${article(field.type)}.`);
        } else if (field.oneOf && value !== null && !field.oneOf.includes(value as string)) {
            const allowed = field.oneOf.map((each) => JSON.stringify(each)).join(", ");
            const must = `is not a possible value. Must be one of the following: ${allowed}.`;
            problems.push(`For 'properties/${name}', ${JSON.stringify(value)} ${must}`);
        }
    }
    if (problems.length > 0) {
        throw invalid(problems.join("\n"));
    }
}

/** @throws Refusal 422 that names every part of the query that the route does not know */
export function checkQuery(query: URLSearchParams, names: readonly string[]): void {
    const unknown = [...new Set(query.keys())].filter((name) => !names.includes(name));
    if (unknown.length > 0) {
        throw invalid(unknown.map((name) => `"${name}" is not a permitted query parameter.`).join("\n"));
    }
}

export const paging = ["per_page", "page"] as const;

/** One page of a list, with GitHub's Link header while there are more. `wrap` makes the body of the items. */
export function page<T>(request: Request, items: readonly T[], wrap: (page: T[]) => unknown): Reply {
    const size = Math.min(positive(request.query, "per_page", 30), 100);
    const number = positive(request.query, "page", 1);
    const body = wrap(items.slice((number - 1) * size, number * size));
    if (number * size >= items.length) {
        return { status: 200, body };
    }
    // A relative target would do for the standard, but clients of GitHub expect a whole address.
    const query = new URLSearchParams(request.query);
    query.set("page", String(number + 1));
    const next = `${request.origin}${request.params.path}?${query.toString()}`;
    return { status: 200, body, headers: { link: `<${next}>; rel="next"` } };
}

function positive(query: URLSearchParams, name: string, standard: number): number {
    const text = query.get(name) ?? String(standard);
    if (!/^[1-9]\d{0,8}$/.test(text)) {
        throw invalid(`For '${name}', "${text}" is not a positive integer.`);
    }
    return Number(text);
}

function isOf(type: Field["type"], value: unknown): boolean {
    switch (type) {
        case "integer":
            return Number.isSafeInteger(value);
        case "array":
            return Array.isArray(value);
        case "object":
            return typeof value === "object" && value !== null && !Array.isArray(value);
        default:
            return typeof value === type;
    }
}

const article = (type: string) => (/^[aio]/.test(type) ? `an ${type}` : `a ${type}`);
