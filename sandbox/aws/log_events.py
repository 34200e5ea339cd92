"""FilterLogEvents of the streams whose names begin alike. MiniStack leaves `logStreamNamePrefix` out, and searches them all."""

from ministack.services import cloudwatch_logs

from replace import existing, replace


def install() -> None:
    existing(cloudwatch_logs, "_resolve_log_group_name", "data")

    @replace(cloudwatch_logs, "_filter_log_events", "data")
    def filter_log_events(original, data):
        prefix = data.get("logStreamNamePrefix")
        group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(data))
        if not prefix or not group:
            return original(data)
        named = [each for each in group["streams"] if each.startswith(prefix)]
        return original({**data, "logStreamNames": named or [prefix]})  # an empty list would be all of them
