"""The right answers, computed ticket by ticket from the rows, without any program's code.

The peers drop an event whose sequence is not above the last one of its ticket. Deskpulse keeps
it and sorts it in by time, sequence and id. Both are right by their own rule, so each has an
answer of its own.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from tests.bench.peers.workload import Row, event_id, parts

BOUNDS_S: Final = (
    *(60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800),
    *(86_400, 172_800, 604_800, 2_592_000),
)
"""Upper edges of the histograms' buckets, seconds, inclusive; a last bucket has none."""
_DONE: Final = frozenset({"resolved", "closed"})

Answer = Mapping[str, Any]
"""Numbers, lists of numbers and maps of either; those of several logs add up."""


def expected(
    log: Sequence[Row], total: int, answer: Callable[[Iterable[Row]], Answer]
) -> dict[str, Any]:
    """The answer to `total` events of the workload."""
    whole, rest = parts(log, total)
    right: dict[str, Any] = _sum(_times(answer(log), whole), answer(rest))
    return right


def of_peers(rows: Iterable[Row]) -> dict[str, Any]:
    """What every peer reports: the fields of its result that are checked."""
    found: Counter[str] = Counter()
    open_now: Counter[str] = Counter()
    responses: dict[str, list[int]] = defaultdict(_histogram)
    resolutions: dict[str, list[int]] = defaultdict(_histogram)
    for ticket in _tickets(rows):
        kept = _rising(ticket)
        found.update(events=len(ticket), skipped=len(ticket) - len(kept))
        found["created"] += kept[0].type == "ticket.created"
        left = next((new for old, new in pairwise(kept) if _leaves_new(old, new)), None)
        if left is not None:
            found["responded"] += 1
            _observe(responses, left, kept[0])
        for row in _resolved(kept):
            found["resolved"] += 1
            _observe(resolutions, row, kept[0])
        found["reopened"] += _reopened(kept)
        if not _done(kept[-1]):
            open_now[str(kept[-1].data["queue"])] += 1
    names = ("events", "created", "responded", "resolved", "reopened", "skipped")
    histograms = {"fr": dict(responses), "res": dict(resolutions)}
    counts = {name: found[name] for name in names}
    return counts | {"open_sum": open_now.total(), "open": dict(open_now)} | histograms


def of_deskpulse(rows: Iterable[Row]) -> dict[str, Any]:
    """What a worker of ours is asked (`tests.bench.peers.ours`)."""
    found: Counter[str] = Counter()
    open_now: Counter[str] = Counter()
    for ticket in _tickets(rows):
        kept = sorted(ticket, key=_order)
        found.update(applied=len(kept), tickets=1)
        found["created"] += any(row.type == "ticket.created" for row in kept)
        found["responded"] += any(row.data["status"] != "new" for row in kept)
        found["resolved"] += len(_resolved(kept))
        found["reopened"] += _reopened(kept)
        if not _done(kept[-1]):
            open_now[str(kept[-1].data["queue"])] += 1
    names = ("applied", "tickets", "created", "responded", "resolved", "reopened")
    return {name: found[name] for name in names} | {"open": dict(open_now)}


def differences(right: Answer, found: Answer) -> str:
    """The fields of the right answer that were not found so; empty when there are none."""
    wrong = [
        f"{name}: expected {_short(value)}, found {_short(found.get(name))}"
        for name, value in right.items()
        if found.get(name) != value
    ]
    return "; ".join(wrong)


def _tickets(rows: Iterable[Row]) -> Iterable[list[Row]]:
    tickets: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        tickets[row.ticket].append(row)
    return tickets.values()


def _order(row: Row) -> tuple[int, int, str]:
    return row.at_s, row.sequence, event_id(row.number)


def _rising(ticket: list[Row]) -> list[Row]:
    kept: list[Row] = []
    for row in ticket:
        if not kept or row.sequence > kept[-1].sequence:
            kept.append(row)
    return kept


def _done(row: Row) -> bool:
    return row.data["status"] in _DONE


def _leaves_new(old: Row, new: Row) -> bool:
    return old.data["status"] == "new" != new.data["status"]


def _resolved(kept: list[Row]) -> list[Row]:
    first = kept[:1] if _done(kept[0]) else []
    return first + [new for old, new in pairwise(kept) if _done(new) and not _done(old)]


def _reopened(kept: list[Row]) -> int:
    return sum(_done(old) and not _done(new) for old, new in pairwise(kept))


def _histogram() -> list[int]:
    return [0] * (len(BOUNDS_S) + 1)


def _observe(histograms: dict[str, list[int]], row: Row, first: Row) -> None:
    histogram = histograms[str(row.data["priority"])]
    histogram[bisect_left(BOUNDS_S, row.at_s - first.at_s)] += 1


def _times(value: Any, number: int) -> Any:
    if isinstance(value, Mapping):
        return {name: _times(each, number) for name, each in value.items()} if number else {}
    if isinstance(value, list):
        return [_times(each, number) for each in value]
    return value * number


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping):
        both = {**other, **one}
        return {
            name: _sum(one[name], other[name]) if name in one and name in other else both[name]
            for name in both
        }
    if isinstance(one, list):
        return [_sum(a, b) for a, b in zip(one, other, strict=True)]
    return one + other


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
