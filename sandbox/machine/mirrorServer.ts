/** A registry that serves the images of some OCI layouts and takes none: https://github.com/opencontainers/distribution-spec */
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { type Descriptor, imagesOf, manifestType } from "./ociLayout";

const manifestPath = /^\/v2\/(.+)\/manifests\/([\w][\w.-]*|sha256:[0-9a-f]{64})$/;
const blobPath = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/;

interface Found {
    readonly file: string;
    readonly digest: string;
    readonly type: string;
}

/** The blob that a path of the registry's API names, in the images that the layout has under that name. */
function find(layout: string, url: string): Found | undefined {
    if (!fs.existsSync(layout)) return undefined; // its image has not been made yet
    const found = named([...imagesOf(layout)], url);
    const file = found && path.join(layout, "blobs", found.digest.replace(":", "/"));
    return file && fs.existsSync(file) ? { ...found, file } : undefined;
}

function named(images: readonly (readonly [string, Descriptor])[], url: string): Omit<Found, "file"> | undefined {
    const [, manifestOf, tagOrDigest] = manifestPath.exec(url) ?? [];
    const [, blobOf, blob] = blobPath.exec(url) ?? [];
    const known = images.filter(([name]) => name.slice(0, name.lastIndexOf(":")) === (manifestOf ?? blobOf));
    const manifest = known.find(([name, { digest }]) => name.endsWith(`:${tagOrDigest}`) || digest === tagOrDigest);
    if (manifest) {
        return { digest: manifest[1].digest, type: manifestType };
    }
    return blob && known.length > 0 ? { digest: blob, type: "application/octet-stream" } : undefined;
}

function refuse(response: http.ServerResponse, status: number, code: string, message: string): void {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** The server, not yet listening. */
export function mirrorServer(layouts: readonly string[]): http.Server {
    return http.createServer((request, response) => {
        const url = new URL(request.url ?? "/", "http://mirror").pathname;
        if (request.method !== "GET" && request.method !== "HEAD") {
            response.setHeader("Allow", "GET, HEAD");
            return refuse(response, 405, "UNSUPPORTED", "this registry is read-only");
        }
        if (url === "/v2/") {
            response.writeHead(200, { "Content-Type": "application/json" });
            response.end("{}");
            return undefined;
        }
        const found = layouts.map((layout) => find(layout, url)).find(Boolean);
        if (!found) {
            return refuse(response, 404, "NAME_UNKNOWN", `this registry has no ${url}`);
        }
        response.writeHead(200, {
            "Content-Type": found.type,
            "Content-Length": fs.statSync(found.file).size,
            "Docker-Content-Digest": found.digest,
        });
        if (request.method === "HEAD") {
            response.end();
        } else {
            fs.createReadStream(found.file).pipe(response);
        }
        return undefined;
    });
}

/** True when a mirror answers on this port of loopback and has the image `name:tag`. */
export async function isMirrorOf(port: number, reference: string): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${port}/v2/${reference.replace(/:([^:]*)$/, "/manifests/$1")}`, {
        method: "HEAD",
        signal: AbortSignal.timeout(2_000),
    });
    return response.ok;
}
