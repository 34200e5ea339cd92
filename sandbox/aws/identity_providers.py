"""Changing an OIDC provider: MiniStack can create, read and delete one only."""

from ministack.services import iam

from replace import existing


class Refused(Exception):
    """The error code of AWS, and its message."""


def _provider(params: dict) -> dict:
    arn = iam._p(params, "OpenIDConnectProviderArn")
    if arn not in iam._oidc_providers:
        raise Refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}")
    return iam._oidc_providers[arn]


def _members(params: dict, name: str) -> list[str]:
    found = []
    while value := iam._p(params, f"{name}.member.{len(found) + 1}"):
        found.append(value)
    return found


def _tag(params: dict) -> str:
    provider, tags = _provider(params), iam._extract_tags(params)
    changed = {tag["Key"] for tag in tags}
    provider["Tags"] = [tag for tag in provider.get("Tags", []) if tag["Key"] not in changed] + tags
    return ""


def _untag(params: dict) -> str:
    provider, keys = _provider(params), _members(params, "TagKeys")
    provider["Tags"] = [tag for tag in provider.get("Tags", []) if tag["Key"] not in keys]
    return ""


def _list_tags(params: dict) -> str:
    tags = _provider(params).get("Tags", [])
    members = "".join(f"<member><Key>{tag['Key']}</Key><Value>{tag['Value']}</Value></member>" for tag in tags)
    return f"<Tags>{members}</Tags><IsTruncated>false</IsTruncated>"


def _add_client(params: dict) -> str:
    provider, client = _provider(params), iam._p(params, "ClientID")
    provider["ClientIDList"] = list(dict.fromkeys([*provider["ClientIDList"], client]))
    return ""


def _remove_client(params: dict) -> str:
    provider, client = _provider(params), iam._p(params, "ClientID")
    provider["ClientIDList"] = [known for known in provider["ClientIDList"] if known != client]
    return ""


def _update_thumbprints(params: dict) -> str:
    _provider(params)["ThumbprintList"] = _members(params, "ThumbprintList")
    return ""


_ACTIONS = {
    "TagOpenIDConnectProvider": _tag,
    "UntagOpenIDConnectProvider": _untag,
    "ListOpenIDConnectProviderTags": _list_tags,
    "AddClientIDToOpenIDConnectProvider": _add_client,
    "RemoveClientIDFromOpenIDConnectProvider": _remove_client,
    "UpdateOpenIDConnectProviderThumbprint": _update_thumbprints,
}


def _handler(action: str):
    def handle(params: dict):
        try:
            result = _ACTIONS[action](params)
        except Refused as refused:
            return iam._error(404, *refused.args, ns="iam")
        return iam._xml(200, f"{action}Response", f"<{action}Result>{result}</{action}Result>", ns="iam")

    return handle


def install() -> None:
    existing(iam, "_create_oidc_provider", "p")
    existing(iam, "_extract_tags", "p")
    iam._IAM_HANDLERS.update({action: _handler(action) for action in _ACTIONS if action not in iam._IAM_HANDLERS})
