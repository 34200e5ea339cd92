"""Dashboards whose time is a number where a client speaks JSON, as in every time of CloudWatch; MiniStack lists a text."""

import json

from ministack.services import cloudwatch

from replace import replace


def install() -> None:
    @replace(cloudwatch, "_list_dashboards", "params cbor_data is_cbor is_json")
    def list_dashboards(original, params, cbor_data, is_cbor, is_json=False):
        status, headers, body = original(params, cbor_data, is_cbor, is_json)
        if is_json and status == 200:
            listed = json.loads(body)
            for entry in listed["DashboardEntries"]:
                entry["LastModified"] = cloudwatch._dashboards[entry["DashboardName"]]["LastModified"]
            body = json.dumps(listed).encode()
        return status, headers, body
