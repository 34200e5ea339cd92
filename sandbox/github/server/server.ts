import { createHash } from "crypto";
import { randomUUID } from "node:crypto";
import * as http from "http";
import type { AddressInfo } from "net";
import { accountRoutes } from "./accounts";
import { adminRoutes } from "./admin";
import { environmentRoutes } from "./environments";
import { checkBody, checkQuery, notFound, Refusal, type Reply, type Route } from "./http";
import { oidcRoutes } from "./oidc";
import { fullNameOf, repositoryRoutes } from "./repositories";
import { sealedBoxReady } from "./sealedBox";
import { secretRoutes } from "./secrets";
import type { GitHubSettings } from "./settings";
import { Store } from "./state";
import { teamRoutes } from "./teams";
import { variableRoutes } from "./variables";
import { workflowRunRoutes } from "./workflowRuns";

const routes: readonly Route[] = [
    ...adminRoutes,
    ...workflowRunRoutes,
    ...oidcRoutes,
    ...accountRoutes,
    ...repositoryRoutes,
    ...environmentRoutes,
    ...secretRoutes,
    ...variableRoutes,
    ...teamRoutes,
];

const largestBody = 1 << 20;

export interface RunningGitHub {
    /** `http://127.0.0.1:PORT` */
    readonly url: string;
    close(): Promise<void>;
}

/**
 * Opens the state and listens on 127.0.0.1; port 0 takes a free one. `log` gets a line for each call.
 * @throws Error when the state file cannot be read or the port is taken
 */
export async function serveGitHub(settings: GitHubSettings, log = console.log): Promise<RunningGitHub> {
    await sealedBoxReady;
    const store = await Store.open(settings);
    const server = http.createServer((incoming, response) => {
        answer(store, incoming)
            .catch((error: unknown) => {
                if (error instanceof Refusal) {
                    return error.reply();
                }
                console.error(error);
                return new Refusal(500, "Server Error").reply();
            })
            .then((reply) => {
                log(`${new Date().toISOString()} ${incoming.method} ${incoming.url} ${reply.status}`);
                send(response, reply);
            })
            .catch(console.error);
    });
    await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(settings.port, "127.0.0.1", resolve);
    });
    return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () =>
            new Promise((resolve) => {
                server.close(() => resolve());
                server.closeAllConnections();
            }),
    };
}

/** Where GitHub Enterprise Server has the API. Go's client takes any server but api.github.com for one. */
const enterprise = "/api/v3";

async function answer(store: Store, incoming: http.IncomingMessage): Promise<Reply> {
    const { localPort } = incoming.socket;
    const server = `http://127.0.0.1:${localPort}`;
    const url = new URL(incoming.url ?? "/", server);
    const prefix = url.pathname.startsWith(`${enterprise}/`) ? enterprise : "";
    const path = byName(store, url.pathname.slice(prefix.length));
    const { authorization, "if-none-match": known } = incoming.headers;
    const found = findRoute(incoming.method ?? "", path);
    if (!found?.route.open) {
        checkToken(store, authorization);
    }
    if (!found) {
        throw new Refusal(501, `The sandbox's GitHub does not have ${incoming.method} ${path}.`);
    }
    const { route, params } = found;
    const body = await readBody(incoming);
    checkQuery(url.searchParams, route.query ?? []);
    checkBody(body, route.body ?? {});
    const origin = server + prefix;
    const reply = await route.handle({ store, params, query: url.searchParams, body, authorization, origin });
    if (route.method !== "GET") {
        store.save();
        return reply;
    }
    return withTag(reply, known);
}

/** The path of a repository by its name, where it is given by its number: `/repositories/1/…`. */
function byName(store: Store, path: string): string {
    return path.replace(/^\/repositories\/(\d+)(?=\/|$)/, (_, id) => {
        const found = Object.values(store.state.repositories).find((each) => each.id === Number(id));
        return `/repos/${found ? fullNameOf(found) : `-/${id}`}`; // nobody can be called -
    });
}

/** What a client has already is not sent again. */
function withTag(reply: Reply, known: string | undefined): Reply {
    if (reply.status !== 200) {
        return reply;
    }
    const etag = `W/"${createHash("sha256").update(JSON.stringify(reply.body)).digest("hex")}"`;
    const headers = { ...reply.headers, etag };
    return known === etag ? { status: 304, headers } : { ...reply, headers };
}

function findRoute(method: string, path: string) {
    for (const route of routes) {
        const params = route.method === method ? match(route.path, path) : undefined;
        if (params) {
            return { route, params: { ...params, path } };
        }
    }
    return undefined;
}

/** A literal segment comes before a varying one, since routes are listed that way (`secrets/public-key`). */
function match(pattern: string, path: string): Record<string, string> | undefined {
    const [wanted, given] = [pattern.split("/"), path.split("/")];
    if (wanted.length !== given.length) {
        return undefined;
    }
    const params: Record<string, string> = {};
    for (const [index, segment] of wanted.entries()) {
        const value = given[index]!;
        if (segment.startsWith(":")) {
            params[segment.slice(1)] = decode(value);
        } else if (segment !== value) {
            return undefined;
        }
    }
    return params;
}

function decode(segment: string): string {
    try {
        return decodeURIComponent(segment);
    } catch {
        throw notFound();
    }
}

function checkToken(store: Store, authorization: string | undefined): void {
    if (authorization === undefined) {
        throw new Refusal(401, "Requires authentication");
    }
    const [, token] = /^(?:bearer|token) (.+)$/i.exec(authorization) ?? [];
    if (token !== store.settings.token) {
        throw new Refusal(401, "Bad credentials");
    }
}

async function readBody(incoming: http.IncomingMessage): Promise<Record<string, unknown>> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > largestBody) {
            throw new Refusal(413, "Payload Too Large");
        }
        chunks.push(chunk);
    }
    if (size === 0) {
        return {};
    }
    let body: unknown;
    try {
        body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    } catch {
        throw new Refusal(400, "Problems parsing JSON");
    }
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
        throw new Refusal(400, "Body should be a JSON object");
    }
    return body as Record<string, unknown>;
}

function send(response: http.ServerResponse, { status, body, headers }: Reply): void {
    response.writeHead(status, {
        ...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
        "x-github-media-type": "github.v3; format=json",
        "x-github-request-id": randomUUID(), // by which the provider knows an answer that it was asked for as it is
        ...headers,
    });
    response.end(body === undefined ? undefined : JSON.stringify(body));
}
