import * as assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { choosePackages, imageConfig, reference } from "../machine/apacheImage";
import { mirrorServer } from "../machine/mirrorServer";
import { imagesOf, writeImage } from "../machine/ociLayout";

describe("the sandbox's images", () => {
    let scratch: string;
    beforeEach(() => (scratch = fs.mkdtempSync(path.join(os.tmpdir(), "sandbox-machine-"))));
    afterEach(() => fs.rmSync(scratch, { recursive: true }));

    describe("the base image", () => {
        it("takes what Apache links to under the names of old and new releases, and no more", () => {
            const listed = [
                "apache2-bin",
                "  Depends: libapr1t64",
                "libapr1t64",
                "perl",
                "libcurl4",
                "<perl:any>",
                "libc6",
            ];
            const chosen = choosePackages([...listed, "libc6"].join("\n"));
            assert.deepEqual(chosen, ["apache2-bin", "libapr1t64", "libc6", "busybox-static", "dash", "media-types"]);
        });

        async function layout(): Promise<string> {
            const [root, images] = [path.join(scratch, "root"), path.join(scratch, "images")];
            fs.mkdirSync(root, { recursive: true });
            fs.mkdirSync(images, { recursive: true });
            fs.writeFileSync(path.join(root, "page"), "hello");
            await writeImage(images, reference, root, imageConfig);
            return images;
        }

        it("is the same image whenever it is made", async () => {
            const first = imagesOf(await layout()).get(reference);
            fs.utimesSync(path.join(scratch, "root", "page"), 1, 1);
            assert.deepEqual(imagesOf(await layout()).get(reference), first);
        });

        it("is served with its manifest, configuration and layer, and nothing else is", async () => {
            const server = mirrorServer([path.join(scratch, "later"), await layout()]).listen(0, "127.0.0.1");
            await once(server, "listening");
            const base = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/v2`;
            const httpd = `${base}/docker/library/httpd`;
            const status = async (url: string, method = "GET") => (await fetch(url, { method })).status;
            try {
                const response = await fetch(`${httpd}/manifests/2.4-alpine?ns=public.ecr.aws`);
                const text = await response.text();
                const digest = response.headers.get("docker-content-digest");
                assert.equal(digest, `sha256:${createHash("sha256").update(text).digest("hex")}`);
                assert.equal(response.headers.get("content-type"), "application/vnd.oci.image.manifest.v1+json");
                const manifest = JSON.parse(text) as { config: { digest: string }; layers: { digest: string }[] };
                const config = (await (await fetch(`${httpd}/blobs/${manifest.config.digest}`)).json()) as {
                    config: unknown;
                };
                assert.deepEqual(config.config, imageConfig);
                assert.equal(await status(`${httpd}/blobs/${manifest.layers[0]!.digest}`, "HEAD"), 200);
                assert.equal(await status(`${httpd}/manifests/${digest}`, "HEAD"), 200);
                assert.equal(await status(`${base}/`), 200);
                assert.equal(await status(`${httpd}/manifests/2.2`), 404);
                assert.equal(await status(`${base}/docker/library/nginx/manifests/2.4-alpine`), 404);
                assert.equal(await status(`${base}/docker/library/nginx/blobs/${manifest.config.digest}`), 404);
                assert.equal(await status(`${httpd}/blobs/sha256:${"0".repeat(64)}`), 404);
                assert.equal(await status(`${httpd}/blobs/..%2f..%2findex.json`), 404);
                for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
                    assert.equal(await status(`${httpd}/blobs/uploads/`, method), 405);
                }
            } finally {
                server.closeAllConnections();
                server.close();
            }
        });
    });
});
