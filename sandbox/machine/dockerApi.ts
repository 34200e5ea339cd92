/** The few calls of the Docker Engine API that the sandbox makes, over the engine's socket: no client to install. */
import * as http from "node:http";

export interface Container {
    readonly id: string;
    readonly name: string;
    readonly image: string;
    /** Such as `running` or `exited`. */
    readonly state: string;
    readonly labels: Readonly<Record<string, string>>;
}

export interface Image {
    readonly id: string;
    /** Every name that it has, by tag and by digest. */
    readonly references: readonly string[];
}

interface Answer {
    readonly status: number;
    readonly body: string;
}

const callWithinMs = 60_000;

export class DockerApi {
    /** @param host such as `unix:///var/run/docker.sock` */
    constructor(readonly host: string) {}

    /** True when an engine answers. */
    async ping(): Promise<boolean> {
        return this.call("GET", "/_ping", 3_000).then(
            ({ status }) => status === 200,
            () => false,
        );
    }

    /**
     * Containers in every state.
     * @param label `key` or `key=value`; all containers without it
     */
    async containers(label?: string): Promise<Container[]> {
        const filters = encodeURIComponent(JSON.stringify(label === undefined ? {} : { label: [label] }));
        const found = await this.json<any[]>("GET", `/containers/json?all=true&filters=${filters}`);
        return found.map(({ Id, Names, Image: image, State, Labels }) => ({
            id: Id,
            name: String(Names?.[0] ?? Id).replace(/^\//, ""),
            image,
            state: State,
            labels: Labels ?? {},
        }));
    }

    /** Stops and removes a container with its anonymous volumes. One that is gone, or is being removed, is fine. */
    async removeContainer(id: string): Promise<void> {
        await this.json("DELETE", `/containers/${encodeURIComponent(id)}?force=true&v=true`, [404, 409]);
    }

    /** @param reference a name with or without tag; `*` matches within one part of it, as in `localhost:4566/*` */
    async images(reference: string): Promise<Image[]> {
        const filters = encodeURIComponent(JSON.stringify({ reference: [reference] }));
        const found = await this.json<any[]>("GET", `/images/json?filters=${filters}`);
        return found.map(({ Id, RepoTags, RepoDigests }) => ({
            id: Id,
            references: [...(RepoTags ?? []), ...(RepoDigests ?? [])].filter((name) => !name.startsWith("<none>")),
        }));
    }

    /** Removes an image, all its names included. One that is gone is fine; one that a container uses is an error. */
    async removeImage(id: string): Promise<void> {
        await this.json("DELETE", `/images/${encodeURIComponent(id)}?force=true`, [404]);
    }

    private async json<T = unknown>(method: string, url: string, accepted: readonly number[] = []): Promise<T> {
        const { status, body } = await this.call(method, url);
        if (status >= 300 && !accepted.includes(status)) {
            throw new Error(`Docker refused ${method} ${url}: ${status} ${body.trim()}`);
        }
        return (body && status < 300 ? JSON.parse(body) : undefined) as T;
    }

    private async call(method: string, url: string, within = callWithinMs): Promise<Answer> {
        return new Promise((resolve, reject) => {
            const request = http.request(
                {
                    socketPath: this.host.replace(/^unix:\/\//, ""),
                    method,
                    path: url,
                    headers: { Host: "docker" },
                    timeout: within,
                    agent: false, // a kept connection would keep the command from ending
                },
                (response) => {
                    const chunks: Buffer[] = [];
                    response.on("data", (chunk: Buffer) => chunks.push(chunk));
                    response.on("error", reject);
                    response.on("end", () =>
                        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
                    );
                },
            );
            request.on("error", reject);
            request.on("timeout", () => request.destroy(new Error(`Docker did not answer ${method} ${url} in time`)));
            request.end();
        });
    }
}
