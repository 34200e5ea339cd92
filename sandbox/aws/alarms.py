"""CloudWatch alarms that are evaluated each minute, over the metric that they name, with arithmetic and missing data.

MiniStack evaluates an alarm when somebody publishes data, over a metric's data of every dimension, as one period; and it
drops metric math and what is to be made of missing data. AWS looks a few periods further back where data is missing.
"""

import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

import arithmetic
import metrics
from replace import existing, replace

_COMPARED = {
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", lambda value, threshold: value >= threshold),
    "GreaterThanThreshold": ("greater than", lambda value, threshold: value > threshold),
    "LessThanThreshold": ("less than", lambda value, threshold: value < threshold),
    "LessThanOrEqualToThreshold": ("less than or equal to", lambda value, threshold: value <= threshold),
}


def _statistic(namespace: str, name: str, dimensions: list[dict], statistic: str, first: int, last: int) -> float | None:
    """A metric's statistic over these minutes, both included; None where nothing was published."""
    key = (namespace, name, cloudwatch._dims_key(cloudwatch._dims_from_list(dimensions)))
    start, end = first * metrics.MINUTE, (last + 1) * metrics.MINUTE
    points = [each for each in list(cloudwatch._metrics.get(key) or []) if start <= each["Timestamp"] < end]
    return cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points) if points else None


def _period(alarm: dict) -> int:
    """How many minutes one data point covers."""
    periods = [query["MetricStat"]["Period"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    return max(1, int(max(periods, default=alarm.get("Period") or 60)) // 60)


def minutes(alarm: dict) -> int:
    """How many minutes an alarm looks back on."""
    return _period(alarm) * alarm["EvaluationPeriods"]


def _data_point(alarm: dict, first: int, last: int) -> float | None:
    if "Metrics" not in alarm:
        named = (alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"])
        return _statistic(*named, alarm.get("ExtendedStatistic") or alarm["Statistic"], first, last)
    queries = {query["Id"]: query for query in alarm["Metrics"]}

    def value_of(query_id: str) -> float | None:
        query = queries[query_id]
        if "Expression" in query:
            return arithmetic.value(query["Expression"], value_of)
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        named = (metric["Namespace"], metric["MetricName"], metric.get("Dimensions", []))
        return _statistic(*named, stat["Stat"], first, last)

    return value_of(next(query["Id"] for query in alarm["Metrics"] if query.get("ReturnData", True)))


def _state(alarm: dict, minute: int) -> tuple[str, str]:
    """The state after this minute, and why."""
    length, count = _period(alarm), alarm["EvaluationPeriods"]
    ends = [minute - back * length for back in range(count)]
    points = [_data_point(alarm, end - length + 1, end) for end in ends]
    known = [point for point in points if point is not None]
    missing = alarm["TreatMissingData"]
    if not known and missing in ("missing", "ignore"):
        return ("INSUFFICIENT_DATA" if missing == "missing" else alarm["StateValue"]), "Insufficient Data: no datapoints were received"
    words, breaches = _COMPARED[alarm["ComparisonOperator"]]
    breaching = [point for point in known if breaches(point, alarm["Threshold"])]
    silent = len(points) - len(known) if missing == "breaching" else 0
    if len(breaching) + silent >= alarm.get("DatapointsToAlarm", count):
        none = f", {silent} missing" if silent else ""
        return "ALARM", f"Threshold Crossed: {len(breaching)} datapoints {breaching}{none} were {words} the threshold ({alarm['Threshold']})."
    return "OK", f"Threshold Crossed: the datapoints {known} were not {words} the threshold ({alarm['Threshold']})."


def evaluate(minute: int) -> None:
    """Brings the state of every alarm up to date after a minute."""
    for (account, region, name), alarm in cloudwatch._alarms.all_items():
        with request_scope(account, region):
            before = alarm["StateValue"]
            state, reason = _state(alarm, minute)
            if state != before:
                now = int(time.time())
                alarm.update(
                    StateValue=state, StateReason=reason, StateUpdatedTimestamp=now, StateTransitionedTimestamp=now
                )
                cloudwatch._record_history(name, before, state, reason)
                cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
                cloudwatch._evaluate_parent_alarms(alarm)


def _problem(request: dict) -> str | None:
    """What CloudWatch refuses in an alarm, and what it would know and this emulator does not."""
    queries = request.get("Metrics") or []
    if bool(queries) == bool(request.get("MetricName")):
        return "Exactly one of MetricName and Metrics must be specified"
    if request.get("ComparisonOperator") not in _COMPARED:
        return f"The emulator does not know the comparison {request.get('ComparisonOperator')}"
    if not queries:
        return None
    ids = {query["Id"] for query in queries}
    if sum(1 for query in queries if query.get("ReturnData", True)) != 1:
        return "Exactly one element of the metrics list should return data."
    for query in [query for query in queries if "Expression" in query]:
        try:
            unknown = arithmetic.names(query["Expression"]) - ids
        except arithmetic.Unsupported as unsupported:
            return f"Error in expression '{query['Id']}': the emulator does not know {unsupported}"
        if unknown:
            return f"Error in expression '{query['Id']}': Unrecognized ids {', '.join(sorted(unknown))}"
    return None


def install() -> None:
    existing(cloudwatch, "_calc_stats", "points")
    existing(cloudwatch, "_stat_value", "stats stat_name points")
    existing(cloudwatch, "_dispatch_alarm_actions", "alarm old_state new_state reason")
    existing(cloudwatch, "_evaluate_parent_alarms", "child seen")

    @replace(cloudwatch, "_evaluate_alarm", "alarm")
    def evaluate_alarm(original, alarm):
        pass  # its next minute is near

    @replace(cloudwatch, "_put_metric_alarm", "params cbor_data is_cbor is_json")
    def put_metric_alarm(original, params, cbor_data, is_cbor, is_json=False):
        if not (is_cbor or is_json):
            message = "The emulator takes alarms as JSON, which is what current SDKs send"
            return cloudwatch._error("ValidationError", message, 400)
        problem = _problem(cbor_data)
        if problem:
            return cloudwatch._error("ValidationError", problem, 400, use_json=is_json, use_cbor=is_cbor)
        response = original(params, cbor_data, is_cbor, is_json)
        alarm = cloudwatch._alarms.get(cbor_data["AlarmName"])
        if response[0] == 200 and alarm and cbor_data.get("Metrics"):
            for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit"):
                alarm.pop(name, None)
            alarm["Metrics"] = cbor_data["Metrics"]
        return response

    metrics.start(evaluate)
