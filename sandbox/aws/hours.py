"""What comes at set times, as EventBridge Scheduler and Application Auto Scaling tell it: `cron(…)` and `rate(…)`.

A minute of the calendar lasts as long as one of CloudWatch's (`metrics.MINUTE` seconds), from the emulator's start on: with a second
for a minute, three in the morning comes every 24 minutes.
"""

import re
import threading
import time
from calendar import monthrange
from datetime import datetime, timedelta, timezone
from typing import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from metrics import MINUTE

_BEGAN = time.time()
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_UNITS = {"minute": 1, "hour": 60, "day": 1440}


def minute_of(moment: float) -> int:
    """The minute of the calendar, counted from 1970, that a moment of this machine's clock is in."""
    return int(_BEGAN // 60 + (moment - _BEGAN) // MINUTE)


def _number(text: str, names: list[str]) -> int:
    return int(text) if text.isdigit() else 1 + names.index(text.upper())


def _part(part: str, value: int, least: int, most: int, names: list[str]) -> bool:
    """Whether a value, a range, or steps of either have the value."""
    whole, _, step = part.partition("/")
    first, _, last = ("", "", "") if whole == "*" else whole.partition("-")
    start = _number(first, names) if first else least
    end = _number(last, names) if last else most if step or not first else start
    within = start <= value <= end if start <= end else value >= start or value <= end
    return within and (not step or (value - start) % int(step) == 0)


def _day_of_month(part: str, at: datetime) -> bool:
    last = monthrange(at.year, at.month)[1]
    if part == "L":
        return at.day == last
    if not part.endswith("W"):
        return _part(part, at.day, 1, 31, [])
    meant = at.replace(day=min(int(part[:-1]), last))
    shift = {5: -1 if meant.day > 1 else 2, 6: 1 if meant.day < last else -2}.get(meant.weekday(), 0)
    return at.day == meant.day + shift


def _day_of_week(part: str, at: datetime) -> bool:
    today = at.isoweekday() % 7 + 1
    if "#" in part:
        day, _, count = part.partition("#")
        return today == _number(day, _DAYS) and (at.day - 1) // 7 + 1 == int(count)
    if part.endswith("L"):
        return today == (_number(part[:-1], _DAYS) if part[:-1] else 7) and at.day + 7 > monthrange(at.year, at.month)[1]
    return _part(part, today, 1, 7, _DAYS)


_FIELDS: list[Callable[[str, datetime], bool]] = [
    lambda part, at: _part(part, at.minute, 0, 59, []),
    lambda part, at: _part(part, at.hour, 0, 23, []),
    _day_of_month,
    lambda part, at: _part(part, at.month, 1, 12, _MONTHS),
    _day_of_week,
    lambda part, at: _part(part, at.year, 1970, 2199, []),
]


def due(expression: str, zone: str, minute: int, since: int) -> bool:
    """Whether an expression names this minute; a rate counts from the minute `since` on. An hour that comes twice counts once."""
    kind, inner = re.fullmatch(r"(cron|rate)\((.*)\)", expression).groups()
    if kind == "rate":
        count, unit = inner.split(" ")
        return minute > since and (minute - since) % (int(count) * _UNITS[unit.rstrip("s")]) == 0
    at = datetime.fromtimestamp(minute * 60, timezone.utc).astimezone(ZoneInfo(zone))
    fields = inner.split()
    named = [
        field == "?" or any([matches(part, at) for part in field.split(",")])
        for matches, field in zip(_FIELDS, fields, strict=True)
    ]
    return at.fold == 0 and all(named)


def problem(expression: str, zone: str) -> str | None:
    """What of an expression or its time zone is not understood."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return f"Invalid timezone: {zone}"
    try:
        at = minute_of(time.time())
        due(expression, zone, at, at - 1)
        fields = expression[5:-1].split()
        days = [fields[2], fields[4]].count("?") if expression.startswith("cron") else 1
    except (AttributeError, ValueError, KeyError, IndexError):
        days = 0
    return None if days == 1 else f"Invalid Schedule Expression {expression}."


def each_minute(then: Callable[[int], None], name: str, log) -> None:
    """Calls `then` with each minute of the calendar that begins, none left out."""

    def run() -> None:
        minute = minute_of(time.time())
        while True:
            time.sleep(MINUTE / 4)
            while minute < minute_of(time.time()):
                minute += 1
                try:
                    then(minute)
                except Exception:
                    log.exception(name)

    threading.Thread(target=run, daemon=True, name=name).start()


def text_of(minute: int) -> str:
    """A minute as AWS writes a time."""
    return (datetime.fromtimestamp(0, timezone.utc) + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
