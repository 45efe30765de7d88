"""Sums of facts: how often each happened, and how long each took.

One class serves three places: what a checkpoint remembers of its squashed events, the
all-time totals of dropped tickets, and the report. Adding is all it can do, so the order
of adding never matters.
"""

from collections import Counter
from collections.abc import Iterable
from math import ceil
from typing import Any, Final

from streams.core.facts import AMOUNTS, Fact
from streams.core.ticket import Cell

EXACT_VALUES: Final = 20_000
"""A settled tally with more distinct durations than this keeps three significant digits."""

Key = tuple[str, Cell]


class Distribution:
    """Durations in milliseconds: exact count, sum and maximum, percentiles by nearest rank.

    Percentiles are exact until `round_values` was called, then within 0.5 %.
    """

    __slots__ = ("max", "sum", "values")

    def __init__(self) -> None:
        self.values: Counter[int] = Counter()
        self.sum: int = 0
        self.max: int = 0

    @property
    def count(self) -> int:
        """How many durations."""
        return self.values.total()

    def add(self, value: int) -> None:
        """Count one duration."""
        self.values[value] += 1
        self.sum += value
        self.max = max(self.max, value)

    def merge(self, other: "Distribution") -> None:
        """Count the durations of another distribution too."""
        self.values.update(other.values)
        self.sum += other.sum
        self.max = max(self.max, other.max)

    def round_values(self) -> None:
        """Keep three significant digits of each value; count, sum and maximum stay exact."""
        rounded: Counter[int] = Counter()
        for value, count in self.values.items():
            rounded[_three_digits(value)] += count
        self.values = rounded

    def percentiles(self, *ranks: float) -> list[int]:
        """The ceil(rank * count)-th smallest duration for each rank in (0, 1], ascending."""
        wanted = [max(1, ceil(rank * self.count)) for rank in ranks]
        found: list[int] = []
        seen = 0
        for value in sorted(self.values):
            seen += self.values[value]
            while len(found) < len(wanted) and seen >= wanted[len(found)]:
                # Rounding may have lifted a value above the exact maximum.
                found.append(min(value, self.max))
        return found


def _three_digits(value: int) -> int:
    unit = int(10 ** max(0, len(str(value)) - 3))
    return (value + unit // 2) // unit * unit


class Tally:
    """Counts per kind of fact and labels, and distributions of those that take time."""

    __slots__ = ("counts", "durations", "rounded")

    def __init__(self) -> None:
        self.counts: Counter[Key] = Counter()
        self.durations: dict[Key, Distribution] = {}
        self.rounded: bool = False

    def add(self, facts: Iterable[Fact]) -> None:
        """Count each fact, and its duration where it has one."""
        for fact in facts:
            key = (fact.kind, fact.cell)
            if fact.kind in AMOUNTS:
                self.counts[key] += fact.value or 0
                continue
            self.counts[key] += 1
            if fact.value is not None:
                self._durations(key).add(fact.value)

    def merge(self, other: "Tally") -> None:
        """Count what another tally counted too."""
        self.counts.update(other.counts)
        for key, durations in other.durations.items():
            self._durations(key).merge(durations)
        self.rounded = self.rounded or other.rounded

    def compact(self) -> None:
        """Bound the tally: past `EXACT_VALUES` durations, three significant digits are kept.

        Once rounded it stays so; merging and compacting in any order gives the same result.
        """
        distinct = sum(len(durations.values) for durations in self.durations.values())
        if self.rounded or distinct > EXACT_VALUES:
            self.rounded = True
            for durations in self.durations.values():
                durations.round_values()

    def _durations(self, key: Key) -> Distribution:
        durations = self.durations.get(key)
        if durations is None:
            durations = self.durations[key] = Distribution()
        return durations

    def dump(self) -> dict[str, Any]:
        """The tally as JSON values."""
        return {
            "rounded": self.rounded,
            "counts": [[kind, *cell, count] for (kind, cell), count in sorted(self.counts.items())],
            "durations": [
                [kind, *cell, values.sum, values.max, sorted(values.values.items())]
                for (kind, cell), values in sorted(self.durations.items())
            ],
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Tally":
        """The tally that `dump` wrote."""
        tally = cls()
        tally.rounded = dumped["rounded"]
        for kind, queue, priority, channel, count in dumped["counts"]:
            tally.counts[kind, (queue, priority, channel)] = count
        for kind, queue, priority, channel, total, highest, values in dumped["durations"]:
            durations = tally._durations((kind, (queue, priority, channel)))
            durations.sum, durations.max = total, highest
            durations.values.update(dict(values))
        return tally
