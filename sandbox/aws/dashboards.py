"""Dashboards whose time is of the type that every time of CloudWatch has, in JSON and in CBOR; MiniStack lists a text."""

from ministack.services import cloudwatch

from replace import existing, replace


def _entry(name: str, dashboard: dict) -> dict:
    return {
        "DashboardArn": dashboard["DashboardArn"],
        "DashboardName": name,
        "LastModified": dashboard["LastModified"],
        "Size": len(dashboard["DashboardBody"].encode()),
    }


def install() -> None:
    existing(cloudwatch, "_cbor_ok", "data")
    existing(cloudwatch, "_cbor_timestamp", "value")
    existing(cloudwatch, "_json_ok", "data")

    @replace(cloudwatch, "_list_dashboards", "params cbor_data is_cbor is_json")
    def list_dashboards(original, params, cbor_data, is_cbor, is_json=False):
        if not (is_cbor or is_json):
            return original(params, cbor_data, is_cbor, is_json)
        prefix = cbor_data.get("DashboardNamePrefix") or ""
        entries = [_entry(*each) for each in sorted(cloudwatch._dashboards.items()) if each[0].startswith(prefix)]
        if is_json:
            return cloudwatch._json_ok({"DashboardEntries": entries})
        entries = [{**each, "LastModified": cloudwatch._cbor_timestamp(each["LastModified"])} for each in entries]
        return cloudwatch._cbor_ok({"DashboardEntries": entries})
