"""The findings of ECR's scans, of which MiniStack has none: DescribeImageScanFindings, for basic scans on push.

Nothing here knows what is wrong with a package. An image says itself what a scan is to find, in a label, for whoever tries out what
a pipeline does then:

    LABEL fargate-cicd.sandbox.findings="CVE-2026-0001=CRITICAL CVE-2026-0002=LOW"

An image that was pushed while its repository did not scan has no scan, which is refused as on AWS. So is an index, which ECR does not
scan: each image in it has a scan of its own.
"""

import json
from collections import Counter

from ministack.services import ecr

from replace import existing, replace

LABEL = "fargate-cicd.sandbox.findings"


def _manifest(image: dict) -> dict:
    return json.loads(image["imageManifest"])


def _labels(repository: str, image: dict) -> dict[str, str]:
    config = _manifest(image).get("config", {}).get("digest")
    blob = ecr._layer_blobs.get(repository, {}).get(config, b"{}")
    return json.loads(blob).get("config", {}).get("Labels") or {}


def _findings(repository: str, image: dict) -> list[dict]:
    named = [each.rpartition("=") for each in _labels(repository, image).get(LABEL, "").split()]
    return [{"name": name, "severity": severity, "attributes": []} for name, _, severity in named]


def _describe_image_scan_findings(data: dict):
    name, wanted = data.get("repositoryName", ""), data.get("imageId") or {}
    repository = ecr._repositories.get(name)
    if repository is None:
        message = f"The repository with name '{name}' does not exist in the registry"
        return ecr.error_response_json("RepositoryNotFoundException", message, 400)
    image = ecr._find_image(name, wanted)
    if image is None:
        message = f"The image with imageId {wanted} does not exist within the repository with name '{name}'"
        return ecr.error_response_json("ImageNotFoundException", message, 400)
    if not repository["imageScanningConfiguration"].get("scanOnPush") or "manifests" in _manifest(image):
        return ecr.error_response_json("ScanNotFoundException", f"Image scan does not exist for the image with '{wanted}'", 400)
    findings = _findings(name, image)
    return ecr.json_response({
        "registryId": repository["registryId"],
        "repositoryName": name,
        "imageId": {"imageDigest": image["imageDigest"], **wanted},
        "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
        "imageScanFindings": {
            "imageScanCompletedAt": image["imagePushedAt"],
            "findings": findings,
            "findingSeverityCounts": Counter(each["severity"] for each in findings),
        },
    })  # fmt: skip


def install() -> None:
    existing(ecr, "_find_image", "repo_name image_id")

    @replace(ecr, "handle_request", "method path headers body query_params")
    async def handle_request(original, method, path, headers, body, query_params):
        if headers.get("x-amz-target", "").endswith(".DescribeImageScanFindings"):
            return _describe_image_scan_findings(json.loads(body or b"{}"))
        return await original(method, path, headers, body, query_params)
