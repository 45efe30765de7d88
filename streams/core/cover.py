"""Cover: whether enough agents were there in the hours that were promised.

    promised    |==========================|
    present 1   |----------|     |----------------|
    present 2        |-----------|
    min_staff 1 |ccccccccccccccccccccccccccc|        covered
    min_staff 2 |    |ccccc|                |        gaps before and after

Several agents have to be looked at together, so cover is counted from the presence that is still
kept, over the last `LOOKS_BACK` (streams.core.workdays) at most.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from typing import Any, Final, NamedTuple

from streams.core.calendars import Interval
from streams.core.instants import format_rfc3339
from streams.core.spans import Span, at_hour, by_day

MAX_GAPS: Final = 100
"""The longest of a queue that are listed; all of them are counted."""

BANDS: Final = ("office", "evening", "night", "weekend")
"""Parts of the week by local time: Monday to Friday 8 to 18, to 22, the rest; Saturday, Sunday."""
_EDGES: Final[tuple[tuple[int, str], ...]] = (
    (0, "night"),
    (8, "office"),
    (18, "evening"),
    (22, "night"),
)


def by_band(start: int, end: int, zone: tzinfo) -> Iterator[tuple[str, int, int]]:
    """[start, end) cut where one band ends and another begins."""
    for day, low, high in by_day(start, end, zone):
        weekend = date.fromisoformat(day).weekday() >= 5
        edges = ((0, "weekend"),) if weekend else _EDGES
        for place, (hour, band) in enumerate(edges):
            last = place + 1 == len(edges)
            begins = low if hour == 0 else at_hour(day, hour, zone)
            ends = high if last else at_hour(day, edges[place + 1][0], zone)
            if max(low, begins) < min(high, ends):
                yield band, max(low, begins), min(high, ends)


def band_of(at: int, zone: tzinfo) -> str:
    """The band in which an instant lies, by the zone's clock."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    if local.weekday() >= 5:
        return "weekend"
    return next(band for hour, band in reversed(_EDGES) if local.hour >= hour)


class Cover(NamedTuple):
    """How well one queue was staffed."""

    promised: Counter[str]
    """Time by band, milliseconds."""
    covered: Counter[str]
    hours: list[Interval]
    """What was promised, in order."""
    gaps: list[Interval]
    """Promised time without enough agents, in order."""
    arrivals: int
    """In promised time."""
    uncovered: int
    """Of these, those in a gap."""


def cover(
    promised: Iterable[Interval],
    present: Iterable[Span[str]],
    min_staff: int,
    arrivals: Iterable[int],
    zone: tzinfo,
) -> Cover:
    """The cover of one queue: `promised` is disjoint, of each agent there are disjoint spans."""
    hours = sorted(promised)
    gaps = list(_gaps(hours, _levels(present), min_staff))
    found = Cover(Counter(), Counter(), hours, gaps, *_arrived(hours, gaps, arrivals))
    for start, end in hours:
        for band, low, high in by_band(start, end, zone):
            found.promised[band] += high - low
            found.covered[band] += high - low
    for start, end in gaps:
        for band, low, high in by_band(start, end, zone):
            found.covered[band] -= high - low
    return found


def _levels(present: Iterable[Span[str]]) -> list[tuple[int, int]]:
    """(instant, how many are there from then on), in order."""
    steps: Counter[int] = Counter()
    for span in present:
        steps[span.start] += 1
        steps[span.end] -= 1
    level, found = 0, []
    for at in sorted(steps):
        level += steps[at]
        found.append((at, level))
    return found


def _gaps(
    hours: Sequence[Interval], levels: Sequence[tuple[int, int]], min_staff: int
) -> Iterator[Interval]:
    place = level = 0
    for start, end in hours:
        while place < len(levels) and levels[place][0] <= start:
            level = levels[place][1]
            place += 1
        since = start if level < min_staff else None
        while place < len(levels) and levels[place][0] < end:
            at, level = levels[place]
            place += 1
            if level >= min_staff and since is not None:
                yield since, at
                since = None
            elif level < min_staff and since is None:
                since = at
        if since is not None:
            yield since, end


def _arrived(
    hours: Sequence[Interval], gaps: Sequence[Interval], arrivals: Iterable[int]
) -> tuple[int, int]:
    inside = uncovered = 0
    for at in arrivals:
        inside += _holds(hours, at)
        uncovered += _holds(gaps, at)
    return inside, uncovered


def _holds(intervals: Sequence[Interval], at: int) -> bool:
    low, high = 0, len(intervals)
    while low < high:
        middle = (low + high) // 2
        if intervals[middle][1] <= at:
            low = middle + 1
        else:
            high = middle
    return low < len(intervals) and intervals[low][0] <= at


def figures(found: Cover) -> dict[str, Any]:
    """The cover of a queue as JSON values, seconds."""
    promised, covered = found.promised.total(), found.covered.total()
    longest = sorted(found.gaps, key=lambda gap: gap[0] - gap[1])[:MAX_GAPS]
    return {
        "promised_s": promised / 1000,
        "covered_s": covered / 1000,
        "value": covered / promised if promised else None,
        "bands": {
            band: _band(found.promised[band], found.covered[band])
            for band in BANDS
            if found.promised[band]
        },
        "gaps": len(found.gaps),
        "gaps_s": (promised - covered) / 1000,
        "longest_gaps": [
            {"from": format_rfc3339(start), "to": format_rfc3339(end)}
            for start, end in sorted(longest)
        ],
        "arrivals": found.arrivals,
        "arrivals_without_cover": found.uncovered,
    }


def _band(promised: int, covered: int) -> Mapping[str, Any]:
    return {
        "promised_s": promised / 1000,
        "covered_s": covered / 1000,
        "value": covered / promised,
    }


def union(spans: Iterable[Interval]) -> list[Interval]:
    """Disjoint intervals that cover the same time."""
    edges: Counter[int] = Counter()
    for start, end in spans:
        edges[start] += 1
        edges[end] -= 1
    found: list[Interval] = []
    level = 0
    for at, following in pairwise(sorted(edges)):
        level += edges[at]
        if level and found and found[-1][1] == at:
            found[-1] = (found[-1][0], following)
        elif level:
            found.append((at, following))
    return found
