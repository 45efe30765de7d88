"""Sums of facts under whatever they are asked for: everything, a queue, an agent, a month.

One class serves all-time totals, periods and slices of the report, and what dropped tickets
leave behind. Adding is all it can do, so the order of adding never matters.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from streams.core import facts as fact
from streams.core.tally import Distribution, Key, Tally
from streams.core.ticket import DIMENSIONS

SLICED: Final = (*DIMENSIONS, "agent")
"""What sums are kept by."""
CUSTOMER: Final = "customer_"
"""Prefix of the dimensions that are no label of a ticket, but an attribute of its requester."""

Scope = tuple[str, str]
"""A dimension and its value; `WHOLE` is all of it."""
WHOLE: Final[Scope] = ("", "")
_NOBODY: Final[Mapping[str, str]] = {}

PROMISES: Final = frozenset({fact.PROMISE, *fact.SPENT.values()})
PARTS: Final = PROMISES | fact.NAMED | {fact.ESCALATION}
"""Kinds whose labels are three of their own, not those of a ticket."""

_ALONE: Final[Mapping[str, tuple[str, int]]] = {
    kind: (of, place) for of, further in fact.FURTHER.items() for place, kind in enumerate(further)
}
"""Kinds that count under one label only, as what and which: the ticket has counted before."""


def counted_as(kind: str, dimensions: Collection[str]) -> str:
    """What a kind counts as in a slice of these dimensions: by agent, else by the first of them.

    Of a customer's attributes a ticket has one value each: what is further counts no more there.
    """
    alone = _ALONE.get(kind)
    if alone is None:
        return kind
    of, place = alone
    own = (name for name in dimensions if not name.startswith(CUSTOMER))
    by = "agent" if "agent" in dimensions else next(own, "")
    return of if SLICED[place] == by else kind


def period_of(day: int, period: str) -> str:
    """The name of the day, week, month, quarter or year that a day lies in (ISO 8601)."""
    local = date.fromordinal(day)
    if period == "day":
        return local.isoformat()
    if period == "week":
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02}"
    if period == "month":
        return f"{local.year}-{local.month:02}"
    if period == "quarter":
        return f"{local.year}-Q{(local.month + 2) // 3}"
    return str(local.year)


def next_period(name: str, period: str) -> int:
    """The first day after a period, as an ordinal."""
    if period == "day":
        return date.fromisoformat(name).toordinal() + 1
    if period == "week":
        year, week = name.split("-W")
        return (date.fromisocalendar(int(year), int(week), 7) + timedelta(days=1)).toordinal()
    if period == "year":
        return date(int(name) + 1, 1, 1).toordinal()
    year, part = name.split("-")
    month = int(part[1:]) * 3 if period == "quarter" else int(part)
    return date(int(year) + month // 12, month % 12 + 1, 1).toordinal()


class Sums:
    """How often each kind of fact happened, what its values add up to, how long they took."""

    __slots__ = ("amounts", "counts", "durations")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.amounts: Counter[str] = Counter()
        """Of kinds with values that are no times: thousandths, or as the kind says."""
        self.durations: dict[str, Distribution] = {}

    def add(self, kind: str, count: int, amount: int, times: Distribution | None) -> None:
        """Count so many facts of a kind."""
        self.counts[kind] += count
        if amount:
            self.amounts[kind] += amount
        if times is not None:
            self.duration(kind).merge(times)

    def merge(self, other: "Sums") -> None:
        """Count what other sums hold too."""
        self.counts.update(other.counts)
        self.amounts.update(other.amounts)
        for kind, times in other.durations.items():
            self.duration(kind).merge(times)

    def duration(self, kind: str) -> Distribution:
        """The distribution of a kind, to add to."""
        found = self.durations.get(kind)
        if found is None:
            found = self.durations[kind] = Distribution()
        return found

    def dump(self) -> list[list[Any]]:
        """Rows of kind, count, amount and (for times) sum, maximum, pairs of value and count."""
        rows: list[list[Any]] = []
        for kind, count in sorted(self.counts.items()):
            amount, times = self.amounts[kind], self.durations.get(kind)
            if times is not None:
                rows.append([kind, count, amount, times.dump()])
            elif count or amount:
                rows.append([kind, count, amount] if amount else [kind, count])
        return rows

    @classmethod
    def load(cls, rows: Iterable[list[Any]]) -> "Sums":
        """The sums that `dump` wrote."""
        sums = cls()
        for kind, count, *rest in rows:
            sums.counts[kind] = count
            if rest and rest[0]:
                sums.amounts[kind] = rest[0]
            if len(rest) > 1:
                sums.durations[kind] = Distribution.load(rest[1])
        return sums


class Slices:
    """Sums of everything and by each value of each dimension."""

    __slots__ = ("amounts", "by", "parts", "since")

    def __init__(self) -> None:
        self.by: dict[Scope, Sums] = {}
        self.parts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        """How often each of `PARTS` happened, by kind and labels."""
        self.amounts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        """What the values of those add up to."""
        self.since: int = 0
        """The first local day of any of them, as an ordinal; 0 where there is none."""

    def whole(self) -> Sums:
        """The sums of everything."""
        return self._at(WHOLE)

    def values(self, dimension: str) -> Iterator[tuple[str, Sums]]:
        """The sums of each value of a dimension, in order."""
        for scope in sorted(scope for scope in self.by if scope[0] == dimension):
            yield scope[1], self.by[scope]

    def add(self, tally: Tally) -> None:
        """Count what a tally holds, each fact under all its labels."""
        for key, count, amount, times in tally.rows():
            self.put(key, count, amount, times)

    def put(
        self,
        key: Key,
        count: int,
        amount: int,
        times: Distribution | None,
        customer: Mapping[str, str] = _NOBODY,
    ) -> None:
        """Count so many facts of a kind and labels, of the tickets of such a customer."""
        kind, labels, day = key
        self._begin(day)
        if kind in PARTS:
            self.parts[kind, labels] += count
            self.amounts[kind, labels] += amount
            return
        alone = _ALONE.get(kind)
        if alone is not None:
            of, place = alone
            self._at((SLICED[place], labels[place])).add(of, count, amount, times)
            return
        self._at(WHOLE).add(kind, count, amount, times)
        if len(labels) == len(SLICED):
            for scope in (*zip(SLICED, labels, strict=True), *customer.items()):
                self._at(scope).add(kind, count, amount, times)

    def merge(self, other: "Slices") -> None:
        """Count what other slices hold too."""
        self._begin(other.since)
        self.parts.update(other.parts)
        self.amounts.update(other.amounts)
        for scope, sums in other.by.items():
            self._at(scope).merge(sums)

    def _begin(self, day: int) -> None:
        if day and (day < self.since or not self.since):
            self.since = day

    def _at(self, scope: Scope) -> Sums:
        sums = self.by.get(scope)
        if sums is None:
            sums = self.by[scope] = Sums()
        return sums

    def dump(self) -> dict[str, Any]:
        """The slices as JSON values."""
        return {
            "since": self.since,
            "by": [[*scope, self.by[scope].dump()] for scope in sorted(self.by)],
            "parts": [
                [*key, number, self.amounts[key]] for key, number in sorted(self.parts.items())
            ],
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Slices":
        """The slices that `dump` wrote."""
        slices = cls()
        slices.since = dumped["since"]
        for dimension, value, rows in dumped["by"]:
            slices.by[dimension, value] = Sums.load(rows)
        for kind, labels, number, amount in dumped["parts"]:
            slices.parts[kind, tuple(labels)] = number
            slices.amounts[kind, tuple(labels)] = amount
        return slices

    def compact(self, most: int) -> None:
        """With more distinct times than `most`, keep three significant digits of each.

        Once done to a distribution it stays so; merging and compacting in any order gives the
        same result.
        """
        for sums in self.by.values():
            for times in sums.durations.values():
                if times.rounded or len(times.values) > most:
                    times.round_values()
