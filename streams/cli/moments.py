"""Instants and amounts of time as a ledger writes them: exact, so that a reader can add them."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Final

from streams.core.calendars import FOREVER, Interval

_SLICES: Final = 6
"""So many open intervals are written out: two working days and more."""
UNPRINTABLE: Final = "�"


def plain(text: str) -> str:
    """Text of an event without what would move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() else UNPRINTABLE for c in text)


def amount(ms: int) -> str:
    """Hours, minutes and seconds, with milliseconds only where there are any: `26:04:00`."""
    seconds, rest = divmod(abs(ms), 1000)
    fraction = f".{rest:03}" if rest else ""
    sign = "-" if ms < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def moment(at: int | None, zone: tzinfo, otherwise: str = "never") -> str:
    """Weekday, date and time of the zone: `Mon 2026-03-02 10:02:00`."""
    if at is None or at >= FOREVER:
        return otherwise
    return f"{_local(at, zone):%a %Y-%m-%d} {_clock(at, zone, seconds=True)}"


def slices(intervals: Sequence[Interval], zone: tzinfo) -> str:
    """Open time, day by day: `Mon 10:02-12:00, 13:00-18:00; Tue 08:00-09:30`."""
    parts: list[str] = []
    day = None
    for start, end in islice(intervals, _SLICES):
        local = _local(start, zone)
        if local.date() == day:
            parts[-1] += f", {_slice(start, end, zone)}"
        else:
            parts.append(f"{local:%a} {_slice(start, end, zone)}")
        day = local.date()
    more = len(intervals) - _SLICES
    tail = [f"and {more} more open intervals"] if more > 0 else []
    return "; ".join([*parts, *tail])


def _slice(start: int, end: int, zone: tzinfo) -> str:
    ends = _local(end, zone)
    same = ends.date() == _local(start, zone).date()
    named = "" if same else f"{ends:%a %Y-%m-%d} "
    return f"{_clock(start, zone)}-{named}{_clock(end, zone)}"


def _clock(at: int, zone: tzinfo, *, seconds: bool = False) -> str:
    local = _local(at, zone)
    fraction = f".{at % 1000:03}" if at % 1000 else ""
    return f"{local:%H:%M:%S}{fraction}" if seconds or at % 60_000 else f"{local:%H:%M}"


def _local(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC).astimezone(zone)
