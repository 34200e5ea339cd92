/** What the steps of the scenario called, held against the tables of rights. */
import * as fs from "node:fs";
import * as path from "node:path";
import { deployer } from "./aws";
import { callsIn, routeOf, routes } from "./github";

/** Never denied to anybody: AWS asks for no permission. */
const unasked = new Set(["sts:GetCallerIdentity"]);

export interface Permission {
    readonly caller: string;
    readonly action: string;
    readonly resource: string;
}

export interface Differences {
    /** What is called and in no table, with what it is called on. */
    readonly missing: string[];
    /** What is in a table and never called. */
    readonly unused: string[];
}

const linesOf = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : []);

/** @param folder the one that SANDBOX_RECORD_CALLS named */
export const permissionsIn = (folder: string): Permission[] =>
    linesOf(path.join(folder, "aws.jsonl")).map((line) => JSON.parse(line) as Permission);

/** @param folder the one that SANDBOX_RECORD_CALLS named */
export function differences(folder: string): Differences {
    const permissions = permissionsIn(folder).filter(
        ({ caller, action }) => caller.includes("/deployer/") && !unasked.has(action),
    );
    const called = new Set(permissions.map(({ action }) => action));
    const rights = deployer.flatMap((policy) => policy.rights);
    const listed = new Set<string>(rights.flatMap(({ actions }) => actions));
    const shown = rights.filter(({ source }) => source === undefined).flatMap(({ actions }) => actions);

    const calls = callsIn(linesOf(path.join(folder, "github.log")).join("\n"));
    const served = new Set(calls.map(({ method, path }) => routeOf(method, path)?.route));
    return {
        missing: [
            ...new Set([
                ...permissions
                    .filter(({ action }) => !listed.has(action))
                    .map(({ action, resource }) => `${action} on ${resource}`),
                ...calls
                    .filter(({ method, path }) => !routeOf(method, path))
                    .map(({ method, path }) => `${method} ${path}`),
            ]),
        ],
        unused: [
            ...new Set(shown.filter((action) => !called.has(action))),
            ...routes.flatMap(({ route, source }) => (source || served.has(route) ? [] : [route])),
        ],
    };
}
