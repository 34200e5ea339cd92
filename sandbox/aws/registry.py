"""ECR's registry under a name that Docker reaches on this machine, with the logins and permissions of ECR.

A login is a token that `GetAuthorizationToken` gave to a principal. Every push and pull is then checked against that
principal's policies; MiniStack's registry takes any login and checks nothing.
"""

import base64
import fnmatch
import os
import secrets
import time
from typing import Callable, NamedTuple

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.core.router import extract_access_key_id
from ministack.services import ecr

import record
from permissions import denial, permits
from replace import existing, replace

_LIFETIME = 12 * 3600  # seconds, as ECR's
_API_VERSION = {"Docker-Distribution-API-Version": "registry/2.0"}


class Login(NamedTuple):
    """Whom a token was given to. `principal` is asked each time: a policy may have changed since."""

    principal: Callable[[], "iam_evaluator.PrincipalInfo | iam_evaluator.AuthError"]
    account: str
    region: str
    expires: float


_logins: dict[str, Login] = {}


def host() -> str:
    """The registry's host, as image references name it."""
    return f"localhost:{os.environ['GATEWAY_PORT']}"


def repository_arn(image: str) -> str:
    """The ARN of the repository that an image reference of this registry names."""
    name = image.split("/", 1)[1].split("@", 1)[0].split(":", 1)[0]
    return f"arn:aws:ecr:{get_region()}:{get_account_id()}:repository/{name}"


def issue(principal: Callable) -> str:
    """A new password for the user `AWS`."""
    now = time.time()
    for stale in [token for token, login in _logins.items() if login.expires < now]:
        _logins.pop(stale, None)
    token = secrets.token_urlsafe(48)
    _logins[token] = Login(principal, get_account_id(), get_region(), now + _LIFETIME)
    return token


def login_of(authorization: str) -> Login | None:
    """The login of a Basic authorization header that is still good."""
    kind, _, value = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return None
    login = _logins.get(password) if kind.lower() == "basic" and user == "AWS" else None
    return login if login and login.expires > time.time() else None


def actions_of(verb: str, method: str, query: dict, body: bytes) -> list[str]:
    """The IAM actions behind a request to the registry; empty for one that ECR does not offer."""
    if verb == "blob_uploads":
        return ["InitiateLayerUpload", *(["UploadLayerPart", "CompleteLayerUpload"] if query.get("digest") else [])]
    if verb == "blob_upload_session":
        complete = ["CompleteLayerUpload"] if method == "PUT" else []
        return [*(["UploadLayerPart"] if method != "PUT" or body else []), *complete]
    return {
        ("blob", "HEAD"): ["BatchCheckLayerAvailability"],
        ("blob", "GET"): ["GetDownloadUrlForLayer"],
        ("manifest", "PUT"): ["PutImage"],
        ("manifest", "GET"): ["BatchGetImage"],
        ("manifest", "HEAD"): ["BatchGetImage"],
        ("tags_list", "GET"): ["ListImages"],
    }.get((verb, method), [])


def _unauthorized():
    status, headers, body = ecr._registry_error(401, "UNAUTHORIZED", "Not Authorized")
    challenge = f'Basic realm="http://{host()}/",service="ecr.amazonaws.com"'
    return status, {**headers, **_API_VERSION, "WWW-Authenticate": challenge}, body


def is_immutable(repository: dict, tag: str) -> bool:
    """Whether a tag of the repository can be set only once."""
    mutability = repository.get("imageTagMutability")
    excluded = any(fnmatch.fnmatchcase(tag, rule["filter"]) for rule in repository.get("exclusions") or [])
    return {"IMMUTABLE": True, "IMMUTABLE_WITH_EXCLUSION": not excluded, "MUTABLE_WITH_EXCLUSION": excluded}.get(
        mutability, False
    )


def _taken(repository: dict, tag: str, digest: str) -> bool:
    images = ecr._images.get(repository["repositoryName"], [])
    return any(tag in image.get("imageTags", []) and image["imageDigest"] != digest for image in images)


def install() -> None:
    existing(ecr, "_registry_error", "status code message detail")
    existing(ecr, "_parse_v2_path", "path")

    @replace(ecr, "_repo_uri", "name")
    def repo_uri(original, name):
        return f"{host()}/{name}"

    @replace(ecr, "handle_request", "method path headers body query_params")
    async def handle_request(original, method, path, headers, body, query_params):
        if headers.get("x-amz-target", "").endswith(".GetAuthorizationToken"):
            key, account = extract_access_key_id(headers, query_params), get_account_id()
            token = issue(lambda: iam_evaluator.resolve_principal(key, account))
            data = {
                "authorizationToken": base64.b64encode(f"AWS:{token}".encode()).decode(),
                "expiresAt": int(time.time()) + _LIFETIME,
                "proxyEndpoint": f"http://{host()}",
            }
            return ecr.json_response({"authorizationData": [data]})
        return await original(method, path, headers, body, query_params)

    @replace(ecr, "handle_registry_request", "method path headers body query_params")
    async def handle_registry_request(original, method, path, headers, body, query_params):
        login = login_of(headers.get("authorization", ""))
        principal = login.principal() if login else None
        if login is None or isinstance(principal, iam_evaluator.AuthError):
            return _unauthorized()
        set_request_account_id(login.account)
        set_request_region(login.region)
        verb, name, _ = ecr._parse_v2_path(path) or ("", "", "")
        if verb == "ping":
            return await original(method, path, headers, body, query_params)
        actions = actions_of(verb, method.upper(), query_params, body)
        if not actions:
            return ecr._registry_error(405, "UNSUPPORTED", f"ECR does not offer {method} {path}")
        repository = f"arn:aws:ecr:{login.region}:{login.account}:repository/{name}"
        for action in (f"ecr:{action}" for action in actions):
            record.permission(principal.arn, action, repository, {})
            if not permits(principal, action, repository, login.region):
                return ecr._registry_error(403, "DENIED", denial(principal.arn, action, repository))
        # Mounting a layer out of another repository would read it without a permission there.
        query = {key: value for key, value in query_params.items() if key not in ("mount", "from")}
        return await original(method, path, headers, body, query)

    @replace(ecr, "_v2_put_manifest", "name ref headers body")
    def v2_put_manifest(original, name, ref, headers, body):
        repository = ecr._repositories.get(name)
        if repository and not ref.startswith("sha256:") and is_immutable(repository, ref):
            if _taken(repository, ref, ecr._content_digest(body)):
                message = (
                    f"The image tag '{ref}' already exists in the '{name}' repository and cannot be overwritten "
                    "because the tag is immutable."
                )
                return ecr._registry_error(400, "TAG_INVALID", message)
        return original(name, ref, headers, body)

    @replace(ecr, "_create_repository", "data")
    def create_repository(original, data):
        response = original(data)
        repository = ecr._repositories.get(data.get("repositoryName", ""))
        if response[0] != 200 or repository is None:
            return response
        repository["exclusions"] = data.get("imageTagMutabilityExclusionFilters", [])
        return ecr.json_response({"repository": ecr._repo_shape(repository)})

    @replace(ecr, "_put_image_tag_mutability", "data")
    def put_image_tag_mutability(original, data):
        repository = ecr._repositories.get(data.get("repositoryName", ""))
        response = original(data)
        if response[0] == 200 and repository is not None:
            repository["exclusions"] = data.get("imageTagMutabilityExclusionFilters", [])
        return response

    @replace(ecr, "_repo_shape", "repo")
    def repo_shape(original, repo):
        exclusions = repo.get("exclusions")
        return {**original(repo), **({"imageTagMutabilityExclusionFilters": exclusions} if exclusions else {})}

    @replace(ecr, "_describe_images", "data")
    def describe_images(original, data):
        name = data.get("repositoryName", "")
        for wanted in data.get("imageIds") or [] if name in ecr._repositories else []:
            if ecr._find_image(name, wanted) is None:
                message = f"The image with imageId {wanted} does not exist within the repository with name '{name}'"
                return ecr.error_response_json("ImageNotFoundException", message, 400)
        return original(data)

    @replace(ecr, "reset", "")
    def reset(original):
        _logins.clear()
        return original()
