"""sts:AssumeRoleWithWebIdentity: who signed the token, for whom, and is that provider known to the account.

MiniStack evaluates the role's trust policy against the token's claims, but believes any token.
"""

import base64
import json
import os
import time
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ministack.services import iam, sts

import permissions
from replace import existing, replace

_CLOCK_SKEW = 60  # seconds

# The claims of GitHub's tokens that a trust policy may name beside `aud` and `sub`, since January 2026: "Available keys for AWS OIDC
# federation" in the IAM User Guide.
_GITHUB_KEYS = (
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "workflow",
)

_keys: dict[str, dict] = {}
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the issuer is on this machine


class Refused(Exception):
    """The token is not accepted. Arguments: the error code of AWS and its message."""


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _number(value: str) -> int:
    return int.from_bytes(_decoded(value), "big")


def _published_key(key_id: str, jwks_url: str) -> rsa.RSAPublicKey:
    """The issuer's key; asked for again when the id is new, since issuers rotate their keys."""
    if key_id not in _keys:
        try:
            with _direct.open(jwks_url, timeout=3) as response:
                published = json.load(response)["keys"]
        except Exception as error:
            raise Refused("IDPCommunicationError", f"Couldn't retrieve verification key from {jwks_url}: {error}") from error
        _keys.clear()
        _keys.update({key["kid"]: key for key in published if key.get("kty") == "RSA"})
    if key_id not in _keys:
        raise Refused("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
    key = _keys[key_id]
    return rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()


def verified(token: str, jwks_url: str, now: float) -> dict:
    """The claims of a token whose RS256 signature and times hold.

    :raises Refused: for any other.
    """
    try:
        header, payload, signature = token.split(".")
        algorithm, claims = json.loads(_decoded(header)), json.loads(_decoded(payload))
        signed = _decoded(signature)
        issued_for, expires = claims["iss"], float(claims["exp"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("InvalidIdentityToken", "The ID Token provided is not a valid JWT") from error
    if algorithm.get("alg") != "RS256" or not issued_for:
        raise Refused("InvalidIdentityToken", "The ID Token must be signed with RS256")
    key = _published_key(str(algorithm.get("kid")), jwks_url)
    try:
        key.verify(signed, f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise Refused("InvalidIdentityToken", "Provided Token is invalid: its signature does not match") from error
    if expires <= now:
        raise Refused("ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time")
    if max(float(claims.get("nbf", 0)), float(claims.get("iat", 0))) > now + _CLOCK_SKEW:
        raise Refused("InvalidIdentityToken", "The ID Token is not valid yet")
    return claims


def check_provider(claims: dict, account: str) -> None:
    """The account must know the issuer, and accept tokens that are meant for this audience.

    :raises Refused: otherwise.
    """
    host = str(claims["iss"]).split("://", 1)[-1].rstrip("/")
    provider = iam._oidc_providers.get_scoped(account, None, f"arn:aws:iam::{account}:oidc-provider/{host}")
    if provider is None:
        raise Refused("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {claims['iss']}")
    audiences = claims.get("aud")
    if not set(audiences if isinstance(audiences, list) else [audiences]) & set(provider["ClientIDList"]):
        raise Refused("InvalidIdentityToken", "Incorrect token audience")


def check_duration(role: dict | None, seconds: str) -> None:
    longest = int((role or {}).get("MaxSessionDuration") or 3600)
    if seconds and not 900 <= int(seconds) <= longest:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise Refused("ValidationError", message)


def install() -> None:
    existing(iam, "_create_oidc_provider", "p")
    jwks_url, issuer = os.environ.get("SANDBOX_OIDC_JWKS_URL"), os.environ["SANDBOX_OIDC_ISSUER"]

    @replace(sts, "_web_identity_principal", "token provider_id role_arn")
    def web_identity_principal(original, token, provider_id, role_arn):
        principal, keys = original(token, provider_id, role_arn)
        claims = json.loads(_decoded(token.split(".")[1]))
        host = issuer.split("://", 1)[-1]
        return principal, {**keys, **{f"{host}:{name}": claims[name] for name in _GITHUB_KEYS if name in claims}}

    @replace(sts, "_web_identity_trust_denied", "role_arn params use_json")
    def trust_denied(original, role_arn, params, use_json):
        try:
            token = sts._p(params, "WebIdentityToken")
            if not jwks_url:
                raise Refused("IDPCommunicationError", "The emulator was started without SANDBOX_OIDC_JWKS_URL")
            claims = verified(token, jwks_url, time.time())
            if claims["iss"] != issuer:
                raise Refused("InvalidIdentityToken", f"The keys that the emulator knows are those of {issuer}")
            check_provider(claims, role_arn.split(":")[4])
            check_duration(permissions.role_named(role_arn), sts._p(params, "DurationSeconds"))
        except Refused as refused:
            code, message = refused.args
            if use_json:
                return sts.error_response_json(code, message, 400)
            return sts._error(400, code, message, ns="sts")
        # An id of the provider is for OAuth tokens; with it MiniStack would take the issuer's name from the caller.
        return original(role_arn, {name: value for name, value in params.items() if name != "ProviderId"}, use_json)
