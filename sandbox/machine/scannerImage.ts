/** The image with the scanner that BuildKit runs for an SBOM, for machines that reach no image registry: Syft, as in the official one. */
import * as fs from "node:fs";
import * as path from "node:path";
import { cachedFolder, shortHash } from "./cached";
import { type ImageConfig, writeImage } from "./ociLayout";
import { recipes } from "./recipes";
import { keyOf } from "./toolchain";

/** What BuildKit pulls from Docker Hub where no other is named (frontend/attestations/sbom of moby/buildkit). */
const scanner = "docker/buildkit-syft-scanner:stable-1";

const config: ImageConfig = { Entrypoint: ["/sbom"] };

/** What decides, beside the scanner, what is in the image: an edit makes another one. */
const code = [__filename, require.resolve("./ociLayout")].map((file) => fs.readFileSync(file));

/** The folder of the cache that has it, once it was made. */
export const scannerLayout = (): string => path.join("images", `sbom-${keyOf(recipes.sbom)}-${shortHash(...code)}`);

/** @param binFolder has the scanner itself */
export async function ensureScannerImage(binFolder: string): Promise<void> {
    await cachedFolder(scannerLayout(), async (layout) => {
        const root = path.join(layout, "root");
        fs.mkdirSync(path.join(root, "tmp"), { recursive: true }); // where it keeps what it unpacks
        fs.copyFileSync(path.join(binFolder, "sbom"), path.join(root, "sbom"));
        await writeImage(layout, scanner, root, config);
        fs.rmSync(root, { recursive: true });
    });
}
