/** Writes a container image as an OCI image layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export interface Descriptor {
    readonly mediaType: string;
    readonly digest: string;
    readonly size: number;
}

/** The part of an image's configuration that says how to run it. */
export interface ImageConfig {
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly WorkingDir?: string;
    readonly ExposedPorts?: Readonly<Record<string, object>>;
    readonly StopSignal?: string;
}

export const manifestType = "application/vnd.oci.image.manifest.v1+json";
const nameAnnotation = "org.opencontainers.image.ref.name";

/** The architecture's name in images, for Node's name of it. */
export function imageArchitecture(nodeArch: string): string {
    return nodeArch === "x64" ? "amd64" : nodeArch;
}

const sha256 = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

function addBlob(layout: string, mediaType: string, content: Buffer): Descriptor {
    const digest = sha256(content);
    fs.writeFileSync(path.join(layout, "blobs", "sha256", digest.slice("sha256:".length)), content);
    return { mediaType, digest, size: content.length };
}

const addJson = (layout: string, mediaType: string, value: unknown) =>
    addBlob(layout, mediaType, Buffer.from(JSON.stringify(value)));

/** Packs a folder so that equal content gives equal bytes, whenever and by whom it was made; all may read it. */
async function packLayer(root: string): Promise<{ layer: Buffer; diffId: string }> {
    const same = [
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mode=a+rX",
        "--format=posix",
    ];
    const noTimes = "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime";
    const tar = spawn("tar", ["--create", ...same, noTimes, "--directory", root, "."], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<number | null>((resolve, reject) => tar.on("close", resolve).on("error", reject));
    const hash = createHash("sha256");
    const plain = new PassThrough().on("data", (chunk: Buffer) => hash.update(chunk));
    const packed: Buffer[] = [];
    await pipeline(tar.stdout, plain, createGzip(), async (source) => {
        for await (const chunk of source) {
            packed.push(chunk as Buffer);
        }
    });
    if ((await ended) !== 0) {
        throw new Error(`tar could not pack ${root}`);
    }
    return { layer: Buffer.concat(packed), diffId: `sha256:${hash.digest("hex")}` };
}

/**
 * Writes an image of one layer.
 * @param layout an existing folder
 * @param reference the name under which the image is found, such as `docker/library/httpd:2.4-alpine`
 * @param root the folder that becomes the image's file system
 */
export async function writeImage(layout: string, reference: string, root: string, config: ImageConfig): Promise<void> {
    fs.mkdirSync(path.join(layout, "blobs", "sha256"), { recursive: true });
    const { layer, diffId } = await packLayer(root);
    const configuration = addJson(layout, "application/vnd.oci.image.config.v1+json", {
        created: new Date(0).toISOString(),
        architecture: imageArchitecture(process.arch),
        os: "linux",
        config,
        rootfs: { type: "layers", diff_ids: [diffId] },
        history: [{ created: new Date(0).toISOString(), created_by: "fargate-cicd sandbox" }],
    });
    const manifest = addJson(layout, manifestType, {
        schemaVersion: 2,
        mediaType: manifestType,
        config: configuration,
        layers: [addBlob(layout, "application/vnd.oci.image.layer.v1.tar+gzip", layer)],
    });
    const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations: { [nameAnnotation]: reference } }] };
    fs.writeFileSync(path.join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    fs.writeFileSync(path.join(layout, "index.json"), JSON.stringify(index));
}

/** The images of a layout: descriptor of the manifest by `name:tag`. */
export function imagesOf(layout: string): Map<string, Descriptor> {
    const { manifests } = JSON.parse(fs.readFileSync(path.join(layout, "index.json"), "utf8")) as {
        manifests: (Descriptor & { annotations: Record<string, string> })[];
    };
    return new Map(manifests.map((manifest) => [manifest.annotations[nameAnnotation]!, manifest]));
}
