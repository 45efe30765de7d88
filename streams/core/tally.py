"""A tally of facts: how often each happened, how long it took, under which labels and which day.

It holds what a checkpoint remembers of its squashed events, and what the report counts of one
ticket. Adding is all it can do, so the order of adding never matters.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from math import ceil
from typing import Any, Final

from streams.core.facts import DURATIONS, NAMED, Fact

Key = tuple[str, tuple[str, ...], int]
"""Kind, labels with the agent last (of SLA clocks: policy, clock, value), and local day."""

DayOf = Callable[[int], int]
"""The local day of an instant."""


class Distribution:
    """Durations in milliseconds: exact count, sum and maximum, percentiles by nearest rank.

    Percentiles are exact until `round_values` was called, then within 0.5 %. What is taken back
    may be added later: only then all is as it should be.
    """

    __slots__ = ("_highest", "rounded", "sum", "values")

    def __init__(self) -> None:
        self.values: dict[int, int] = {}
        self.sum: int = 0
        self.rounded: bool = False
        self._highest: int = 0
        """Of all that were rounded."""

    @property
    def max(self) -> int:
        """The highest duration; 0 where there is none."""
        exact = [value for value, times in self.values.items() if times > 0]
        return self._highest if self.rounded else max(exact, default=0)

    @property
    def count(self) -> int:
        """How many durations."""
        return sum(self.values.values())

    def add(self, value: int, times: int = 1) -> None:
        """Count a duration so many times; -1 takes it back."""
        self.sum += times * value
        number = self.values.get(value, 0) + times
        if number:
            self.values[value] = number
        else:
            del self.values[value]

    def merge(self, other: "Distribution") -> None:
        """Count the durations of another distribution too."""
        if self.rounded or other.rounded:
            self._highest = max(self.max, other.max)
            self.rounded = True
        self.sum += other.sum
        for value, times in other.values.items():
            number = self.values.get(value, 0) + times
            if number:
                self.values[value] = number
            else:
                del self.values[value]

    def round_values(self) -> None:
        """Keep three significant digits of each value; count, sum and maximum stay exact."""
        self._highest = self.max
        self.rounded = True
        rounded: dict[int, int] = {}
        for value, times in self.values.items():
            near = _three_digits(value)
            rounded[near] = rounded.get(near, 0) + times
        self.values = rounded

    def percentiles(self, *ranks: float) -> list[int]:
        """The ceil(rank * count)-th smallest duration for each rank in (0, 1], ascending."""
        count = self.count
        wanted = [max(1, ceil(rank * count)) for rank in ranks]
        found: list[int] = []
        seen, highest = 0, self.max
        for value in sorted(self.values):
            seen += self.values[value]
            while len(found) < len(wanted) and seen >= wanted[len(found)]:
                # Rounding may have lifted a value above the exact maximum.
                found.append(min(value, highest))
        return found

    def dump(self) -> list[Any]:
        """As JSON values: sum, maximum, whether rounded, pairs of value and count."""
        return [self.sum, self.max, self.rounded, sorted(self.values.items())]

    @classmethod
    def load(cls, dumped: list[Any]) -> "Distribution":
        """The distribution that `dump` wrote."""
        times = cls()
        times.sum, times._highest, times.rounded, pairs = dumped
        times.values = dict(pairs)
        return times


def _three_digits(value: int) -> int:
    unit = int(10 ** max(0, len(str(value)) - 3))
    return (value + unit // 2) // unit * unit


class Tally:
    """Counts, amounts and times per kind of fact, labels and local day."""

    __slots__ = ("amounts", "counts", "durations")

    def __init__(self) -> None:
        self.counts: Counter[Key] = Counter()
        self.amounts: Counter[Key] = Counter()
        """What values that are no times add up to."""
        self.durations: dict[Key, Distribution] = {}

    def add(self, facts: Iterable[Fact], day_of: DayOf) -> None:
        """Count each fact, and its value where it has one."""
        for kind, at, cell, value, agent, sign in facts:
            # The labels of SLA clocks are whole as they are.
            labels = (*cell, agent) if len(cell) > _OF_CLOCKS else cell
            key = (kind, labels, day_of(at))
            self.counts[key] += sign
            if value is None:
                continue
            if kind in DURATIONS:
                self._durations(key).add(value, sign)
            else:
                self.amounts[key] += sign * value

    def merge(self, other: "Tally") -> None:
        """Count what another tally counted too."""
        self.counts.update(other.counts)
        self.amounts.update(other.amounts)
        for key, durations in other.durations.items():
            self._durations(key).merge(durations)

    def rows(self) -> Iterator[tuple[Key, int, int, Distribution | None]]:
        """Each key with its count, amount and times; what came to nothing is left out."""
        for key, count in self.counts.items():
            amount, times = self.amounts[key], self.durations.get(key)
            if count or amount or (times is not None and times.values):
                yield key, count, amount, times

    def anonymous(self) -> "Tally":
        """The same without names: credited to nobody, and nothing that sources named."""
        nameless = Tally()
        for (kind, labels, day), count, amount, times in self.rows():
            if len(labels) <= _OF_CLOCKS:
                labels = labels if kind not in NAMED else ("",) * len(labels)  # noqa: PLW2901
            else:
                labels = (*labels[:-1], "")  # noqa: PLW2901
            key = (kind, labels, day)
            nameless.counts[key] += count
            nameless.amounts[key] += amount
            if times is not None:
                nameless._durations(key).merge(times)
        return nameless

    def _durations(self, key: Key) -> Distribution:
        durations = self.durations.get(key)
        if durations is None:
            durations = self.durations[key] = Distribution()
        return durations

    def dump(self) -> list[list[Any]]:
        """The tally as JSON values: rows of kind, labels, day, count, amount, times."""
        return [
            [*key, count, amount, None if times is None else times.dump()]
            for key, count, amount, times in sorted(self.rows(), key=lambda row: row[0])
        ]

    @classmethod
    def load(cls, dumped: list[list[Any]]) -> "Tally":
        """The tally that `dump` wrote."""
        tally = cls()
        for kind, labels, day, count, amount, times in dumped:
            key = (kind, tuple(labels), day)
            tally.counts[key] = count
            if amount:
                tally.amounts[key] = amount
            if times is not None:
                tally.durations[key] = Distribution.load(times)
        return tally


_OF_CLOCKS: Final = 3
"""Labels of a fact of an SLA clock: policy, clock, value."""
