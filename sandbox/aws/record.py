"""Writes down which permission each call took, of whoever has a session: what a policy for it has to allow."""

import json
import os

from ministack.core import iam_evaluator

# A folder, in which aws.jsonl gets a line for each new permission; where it is not named nothing is kept.
_folder = os.environ.get("SANDBOX_RECORD_CALLS")
_written: set[str] = set()


def check(access_key_id: str, action: str, resource: str, context: dict) -> None:
    """The caller is one with a session: the account's root, as which the sandbox itself asks, is left out."""
    if _folder and access_key_id and not iam_evaluator.is_root_access_key(access_key_id):
        caller = iam_evaluator.resolve_caller_identity(access_key_id) or {}
        permission(caller.get("userArn", ""), action, resource, context)


def permission(caller: str, action: str, resource: str, context: dict) -> None:
    if not _folder or ":assumed-role/" not in caller:
        return
    line = json.dumps({"caller": caller, "action": action, "resource": resource, "context": context}, default=str)
    if line not in _written:
        _written.add(line)
        with open(os.path.join(_folder, "aws.jsonl"), "a") as file:
            file.write(line + "\n")
