"""Stretches of time with something written on them, and the local days they fall on.

    painted      first   |aaaaaaaaaaaaaa|
                 then         |bbbb|
                 is      |aaaa|bbbb|aaaa|

All are half-open, in epoch milliseconds.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

_UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Span(NamedTuple, Generic[T]):
    """[start, end), and what holds in it."""

    start: int
    end: int
    value: T


def painted(spans: Iterable[Span[T]]) -> list[Span[T]]:
    """Disjoint spans in order of time: where some overlap, the one given last is seen.

    Empty ones paint nothing; neighbours that show the same are one.
    """
    layers = [span for span in spans if span.start < span.end]
    starts = sorted(range(len(layers)), key=lambda index: layers[index].start)
    edges = sorted({edge for span in layers for edge in span[:2]})
    seen: list[int] = []
    found: list[Span[T]] = []
    place = 0
    for start, end in pairwise(edges):
        while place < len(starts) and layers[starts[place]].start <= start:
            heappush(seen, -starts[place])
            place += 1
        while seen and layers[-seen[0]].end <= start:
            heappop(seen)
        if seen:
            value = layers[-seen[0]].value
            if found and found[-1].end == start and found[-1].value == value:
                found[-1] = Span(found[-1].start, end, value)
            else:
                found.append(Span(start, end, value))
    return found


def overlaps(one: Iterable[Span[T]], start: int, end: int) -> Iterator[Span[T]]:
    """What of these spans lies in [start, end), cut to it."""
    for span in one:
        low, high = max(start, span.start), min(end, span.end)
        if low < high:
            yield Span(low, high, span.value)


def local_day(at: int, zone: tzinfo) -> str:
    """The local date of an instant, as `2026-03-02`."""
    return (_UNIX + timedelta(milliseconds=at)).astimezone(zone).date().isoformat()


def month_of(day: str) -> str:
    """`2026-03` of `2026-03-02`."""
    return day[:7]


def midnight(day: str, zone: tzinfo) -> int:
    """The first instant of a local date; where midnight is skipped, the first after it."""
    return _midnight(date.fromisoformat(day).toordinal(), zone)


@lru_cache(maxsize=10_000)
def _midnight(ordinal: int, zone: tzinfo) -> int:
    at = datetime.combine(date.fromordinal(ordinal), time(), zone)
    return round((at - _UNIX) / timedelta(milliseconds=1))


def period_of(day: str, period: str) -> str:
    """The `month` (2026-03), `quarter` (2026-Q1) or `year` (2026) of a local date."""
    if period == "month":
        return day[:7]
    if period == "quarter":
        return f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"
    return day[:4]


def first_day(day: str, period: str) -> str:
    """The first local date of the period in which a date lies."""
    if period == "month":
        return f"{day[:7]}-01"
    if period == "quarter":
        return f"{day[:4]}-{(int(day[5:7]) - 1) // 3 * 3 + 1:02}-01"
    return f"{day[:4]}-01-01"


def day_before(day: str) -> str:
    """The local date before this one."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def at_hour(day: str, hour: int, zone: tzinfo) -> int:
    """The instant at which clocks of a local date show a full hour."""
    at = datetime.combine(date.fromisoformat(day), time(hour), zone)
    return round((at - _UNIX) / timedelta(milliseconds=1))


def by_day(start: int, end: int, zone: tzinfo) -> Iterator[tuple[str, int, int]]:
    """[start, end) cut at local midnights: the local date of each part, its start and end."""
    while start < end:
        day = local_day(start, zone)
        following = _midnight(date.fromisoformat(day).toordinal() + 1, zone)
        yield day, start, min(end, following)
        start = following
