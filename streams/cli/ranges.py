"""Runs of days as a command line names them: `2026-03-01..2026-03-14`, `2026-W10`, `2026-Q1`."""

import re
from datetime import date, tzinfo
from typing import Final

from streams.core.contrast import Days
from streams.core.instants import local_day, parse_rfc3339
from streams.core.sums import next_period
from streams.errors import UserError

_PERIODS: Final = {
    "day": r"\d{4}-\d{2}-\d{2}",
    "week": r"\d{4}-W\d{2}",
    "month": r"\d{4}-\d{2}",
    "quarter": r"\d{4}-Q[1-4]",
    "year": r"\d{4}",
}
"""As the report names them."""


def days(option: str, text: str, zone: tzinfo) -> Days:
    """The local days of A..B, both included, or of one period.

    An instant stands for its local day; B itself, if it is a midnight, for the day that ends.
    """
    start, dots, end = text.partition("..")
    try:
        first, _ = _named(start, zone)
        _, last = _named(end if dots else start, zone)
    except ValueError:
        raise UserError(
            f"{option} {text!r} is no run of days; write it like 2026-03-01..2026-03-14, 2026-W10, "
            "2026-03, 2026-Q1 or 2026"
        ) from None
    if last < first:
        raise UserError(f"{option} {text}: ends before it begins")
    return Days(first, last)


def _named(text: str, zone: tzinfo) -> tuple[int, int]:
    """The first and the last day of a period, or of an instant as a start and as an end."""
    for period, pattern in _PERIODS.items():
        if re.fullmatch(pattern, text):
            return _first(text, period), next_period(text, period) - 1
    at = parse_rfc3339(text)
    return local_day(at, zone), local_day(at - 1, zone)


def _first(text: str, period: str) -> int:
    if period == "day":
        return date.fromisoformat(text).toordinal()
    year, _, part = text.partition("-")
    if period == "week":
        return date.fromisocalendar(int(year), int(part[1:]), 1).toordinal()
    month = {"month": part, "quarter": str(int(part[1:] or 0) * 3 - 2), "year": "1"}[period]
    return date(int(year), int(month), 1).toordinal()
