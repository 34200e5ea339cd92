/** What attests to an image, fetched from the registry as a verifier does: https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
import type { ImageIdentifier } from "@aws-sdk/client-ecr";
import assert from "node:assert/strict";
import { root } from "../checkouts/awsClients";

interface Described {
    readonly digest: string;
    readonly platform: { readonly os: string };
    readonly annotations?: Readonly<Record<string, string>>;
}

/** Of an index, or of an image. */
interface Manifest {
    readonly manifests?: readonly Described[];
    readonly layers?: readonly Described[];
}

/** https://github.com/in-toto/attestation/blob/main/spec/v0.1.0/statement.md */
export interface Statement {
    readonly predicateType: string;
    readonly predicate: any;
}

/**
 * The statements about the one image that a tag names, by how their type begins.
 * @param repositoryUrl `host:port/name`
 */
export async function attestationsOf(repositoryUrl: string, imageTag: string): Promise<readonly Statement[]> {
    const { ecr } = root();
    const [registry, repositoryName] = repositoryUrl.split("/") as [string, string];
    const stored = async (imageId: ImageIdentifier) => {
        const { images } = await ecr.batchGetImage({ repositoryName, imageIds: [imageId] });
        return JSON.parse(images![0]!.imageManifest!) as Manifest;
    };
    const [image, attestation, ...more] = (await stored({ imageTag })).manifests!;
    assert.deepEqual([image!.platform.os, attestation!.platform.os, more], ["linux", "unknown", []]);
    assert.equal(attestation!.annotations!["vnd.docker.reference.digest"], image!.digest);
    const { layers } = await stored({ imageDigest: attestation!.digest });
    const { authorizationData } = await ecr.getAuthorizationToken();
    const headers = { authorization: `Basic ${authorizationData![0]!.authorizationToken}` };
    return Promise.all(
        layers!.map(async ({ digest, annotations }) => {
            const blob = await fetch(`http://${registry}/v2/${repositoryName}/blobs/${digest}`, { headers });
            const statement = (await blob.json()) as Statement;
            assert.equal(statement.predicateType, annotations!["in-toto.io/predicate-type"]);
            return statement;
        }),
    );
}
