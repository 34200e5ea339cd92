import { invalid, notFound, page, paging, Refusal, type Request, type Route } from "./http";
import { now, own, type Variable } from "./state";
import { checkedName, checkRoom, largestValue, scopes, type Scope } from "./vaults";

const variableJson = (name: string, { value, createdAt, updatedAt }: Variable) => ({
    name,
    value,
    created_at: createdAt,
    updated_at: updatedAt,
});

function checkedValue(value: string): string {
    if (value === "" || Buffer.byteLength(value) > largestValue) {
        throw invalid(`The value of a variable must have 1 byte to 48 KB; got ${Buffer.byteLength(value)} bytes.`);
    }
    return value;
}

function list(scope: Scope, request: Request) {
    const all = Object.entries(scope.vault(request).variables);
    return page(request, all, (some) => ({
        total_count: all.length,
        variables: some.map(([name, variable]) => variableJson(name, variable)),
    }));
}

function existing(scope: Scope, request: Request) {
    const { variables } = scope.vault(request);
    const name = request.params.name!.toUpperCase();
    const variable = own(variables, name);
    if (!variable) {
        throw notFound();
    }
    return { variables, name, variable };
}

function get(scope: Scope, request: Request) {
    const { name, variable } = existing(scope, request);
    return { status: 200, body: variableJson(name, variable) };
}

function checkFree(variables: Readonly<Record<string, Variable>>, name: string): void {
    if (own(variables, name)) {
        throw new Refusal(409, "Already exists - Variable already exists");
    }
}

function create(scope: Scope, request: Request) {
    const { variables } = scope.vault(request);
    const name = checkedName("Variable", request.body.name);
    checkFree(variables, name);
    checkRoom("Variable", scope, variables);
    variables[name] = { value: checkedValue(request.body.value), createdAt: now(), updatedAt: now() };
    return { status: 201, body: {} };
}

function update(scope: Scope, request: Request) {
    const { variables, name, variable } = existing(scope, request);
    const renamed = request.body.name === undefined ? name : checkedName("Variable", request.body.name);
    const value = request.body.value === undefined ? variable.value : checkedValue(request.body.value);
    if (renamed !== name) {
        checkFree(variables, renamed);
        delete variables[name];
    }
    variables[renamed] = { value, createdAt: variable.createdAt, updatedAt: now() };
    return { status: 204 };
}

function remove(scope: Scope, request: Request) {
    const { variables, name } = existing(scope, request);
    delete variables[name];
    return { status: 204 };
}

/** Actions variables of repositories and environments. */
export const variableRoutes: readonly Route[] = scopes.flatMap((scope): Route[] => {
    const all = `${scope.path}/variables`;
    const creation = { name: { type: "string", required: true }, value: { type: "string", required: true } } as const;
    const change = { name: { type: "string" }, value: { type: "string" } } as const;
    return [
        { method: "GET", path: all, query: paging, handle: (r) => list(scope, r) },
        { method: "POST", path: all, body: creation, handle: (r) => create(scope, r) },
        { method: "GET", path: `${all}/:name`, handle: (r) => get(scope, r) },
        { method: "PATCH", path: `${all}/:name`, body: change, handle: (r) => update(scope, r) },
        { method: "DELETE", path: `${all}/:name`, handle: (r) => remove(scope, r) },
    ];
});
