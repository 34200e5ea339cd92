import * as path from "node:path";

interface Pattern {
    /** It begins with an exclamation mark. */
    readonly exception: boolean;
    readonly matches: (file: string) => boolean;
    /** The pattern up to its first wildcard, and whether it has one. */
    readonly literal: string;
    readonly wild: boolean;
}

/**
 * What a `.dockerignore` leaves out of what `docker build` sends: as github.com/moby/patternmatcher 0.6.1 does, which BuildKit's clients
 * ask. Paths are relative to the context and have forward slashes; patterns, too, and on every system.
 */
export class DockerIgnore {
    private readonly patterns: readonly Pattern[];

    /** @throws Error that names a pattern which Docker refuses, too. */
    constructor(text: string) {
        this.patterns = patternsOf(text).map(compile);
    }

    /** Whether a file or folder is left out, itself or with a folder that it is in. The last pattern that matches decides. */
    ignores(file: string): boolean {
        const names = file.split("/");
        const above = names.map((_, index) => names.slice(0, index + 1).join("/"));
        return this.patterns.reduce(
            (ignored, { exception, matches }) => (exception === ignored && above.some(matches) ? !exception : ignored),
            false,
        );
    }

    /** Whether anything in a folder that is left out can be an exception from that. */
    mayHaveExceptions(folder: string): boolean {
        return this.patterns.some(
            ({ exception, literal, wild }) =>
                exception && (literal.startsWith(`${folder}/`) || (wild && `${folder}/`.startsWith(literal))),
        );
    }
}

/** The file's lines without comments, in their shortest form. */
function patternsOf(text: string): string[] {
    return text
        .replace(/^\uFEFF/, "")
        .split("\n")
        .filter((line) => !line.startsWith("#"))
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .map((line) => (line.startsWith("!") ? `!${clean(line.slice(1).trim())}` : clean(line)));
}

/** Without `.`, `..`, doubled slashes, one at either end, and blanks beside that. */
function clean(pattern: string): string {
    const shortest = pattern && path.posix.normalize(pattern);
    return shortest
        .replace(/(?<=.)\/$/, "")
        .replace(/^\/(?=.)/, "")
        .trim();
}

function compile(given: string): Pattern {
    const exception = given.startsWith("!");
    const pattern = exception ? given.slice(1) : given;
    const literal = /^[^*?[\\]*/.exec(pattern)![0];
    const wild = literal !== pattern;
    try {
        if (given === "!" || given === "!/") {
            throw new Error(given);
        }
        return { exception, literal, wild, matches: wild ? matcher(pattern) : (file) => file === pattern };
    } catch {
        throw new Error(`Docker does not understand the pattern "${given}"`);
    }
}

/** Where `**` is the only wildcard, and at an end, Docker compares without regard to where a name begins: `**log` matches `catalog`. */
function matcher(pattern: string): (file: string) => boolean {
    const rest = pattern.replace(/^\*\*/, "");
    if (rest !== pattern && !/[*?[\]\\]/.test(rest)) {
        return (file) => file.endsWith(rest) || file === rest.replace(/^\//, "");
    }
    const start = pattern.replace(/\*\*$/, "");
    if (start !== pattern && !/[*?[\]\\]/.test(start)) {
        return (file) => file.startsWith(start);
    }
    const expression = new RegExp(`^${[...tokens(pattern)].join("")}$`, "su");
    return (file) => expression.test(file);
}

const token = /\*\*\/?$|\*\*\/?|\*|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|\\(.)|([^*?[\\])/gsuy;

/** The parts of a pattern as parts of a regular expression. */
function* tokens(pattern: string): Generator<string> {
    let end = 0;
    for (const { 0: text, index, 1: not, 2: set, 3: escaped, 4: plain } of pattern.matchAll(token)) {
        end = index + text.length;
        if (set !== undefined) {
            yield `[${not}${set.replace(/\\(.)/gsu, (_, char: string) => literally(char))}]`;
        } else if (escaped !== undefined || plain !== undefined) {
            yield literally(escaped ?? plain!);
        } else if (text.startsWith("**")) {
            yield end === pattern.length ? ".*" : "(?:.*/)?";
        } else {
            yield text === "*" ? "[^/]*" : "[^/]";
        }
    }
    if (end !== pattern.length) {
        throw new Error(pattern); // a set that does not end, or a backslash with nothing behind it
    }
}

const literally = (char: string): string => `\\u{${char.codePointAt(0)!.toString(16)}}`;
