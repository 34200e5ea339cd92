"""CloudWatch's own protocol, Smithy's rpc-v2-cbor, as its SDKs for Go and Python speak it; others speak JSON.

MiniStack decodes and answers it, and authorises every such call as if it had no arguments. Its errors have the code of the
old query protocol where AWS has the name of the error's shape, with that code in a header beside it.
"""

import json

import cbor2
from ministack.services import cloudwatch

from replace import replace

# "awsQueryError" in CloudWatch's model: what the query protocol calls these.
_SHAPES = {
    "InvalidParameterValue": "InvalidParameterValueException",
    "ValidationError": "ValidationException",
    "MissingParameter": "MissingRequiredParameterException",
}
_CODES = {"DashboardNotFoundError": "ResourceNotFound"}


def action(headers: dict, path: str) -> str:
    """The operation that MiniStack dispatches to: a header's, else the path's; empty for the query protocol."""
    named = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    operation = path.partition("/operation/")[2].partition("/")[0]
    return named or operation


def arguments(headers: dict, body: bytes) -> dict | None:
    """The decoded arguments, {} where they cannot be decoded; None for the query protocol."""
    content_type = headers.get("content-type", "")
    try:
        if "cbor" in content_type or "cbor" in headers.get("smithy-protocol", ""):
            decoded = cbor2.loads(body) if body else {}
        elif "json" in content_type or headers.get("x-amz-target"):
            decoded = json.loads(body) if body else {}
        else:
            return None
    except Exception:  # whatever is wrong with it, MiniStack takes it for empty too
        return {}
    return decoded if isinstance(decoded, dict) else {}


def install() -> None:
    @replace(cloudwatch, "_error", "code message status use_json use_cbor")
    def error(original, code, message, status, use_json=False, use_cbor=False):
        if message.startswith("Dashboard ") and code == "ResourceNotFound":
            code = "DashboardNotFoundError"
        shape, old = _SHAPES.get(code, code), _CODES.get(code, code)
        if not (use_json or use_cbor):
            return original(old, message, status)
        status, headers, body = original(shape, message, status, use_json, use_cbor)
        fault = "Sender" if status < 500 else "Receiver"
        return status, {**headers, "x-amzn-query-error": f"{old};{fault}"}, body
