"""What has moved most? Tickets created on as many days before and after, by values of labels.

A large queue moves by more tickets than a small question whenever it is Monday. So a value is held
against itself: how far it moved is counted in standard errors of the difference of its own days,
which is what the interval that is shown beside it is made of.
"""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple


class Moved(NamedTuple):
    """A value of a label, with the tickets created by day."""

    label: str
    value: str
    before: Counter[int]
    after: Counter[int]


class Movers:
    """Tickets created on two runs of days, by label and value."""

    def __init__(self, days: int) -> None:
        """`days` is the length of each of the two runs."""
        self._days = days
        self._created: dict[tuple[str, str], tuple[Counter[int], Counter[int]]] = {}

    def add(self, label: str, value: str, day: int, number: int, *, after: bool) -> None:
        """Count so many tickets of a day, whatever days are called."""
        own = self._created.setdefault((label, value), (Counter(), Counter()))
        numbers = own[1] if after else own[0]
        numbers[day] += number

    def every(self) -> Iterator[Moved]:
        """All, by label and value."""
        for (label, value), (before, after) in sorted(self._created.items()):
            yield Moved(label, value, before, after)

    def ranked(self) -> list[Moved]:
        """Those with another number than before, the one that moved farthest first."""
        found = [
            (-distance(before, after, self._days), label, value)
            for (label, value), (before, after) in self._created.items()
            if before.total() != after.total()
        ]
        return [
            Moved(label, value, *self._created[label, value]) for _, label, value in sorted(found)
        ]


def distance(before: Counter[int], after: Counter[int], days: int) -> Fraction:
    """How far a number moved: the square of its difference in standard errors, over days (Welch).

    Where days tell no spread - there is one only, or all are alike - it is that of so many
    chances: their number.
    """
    earlier, later = before.total(), after.total()
    spread = sum(
        days * sum(number * number for number in numbers.values()) - numbers.total() ** 2
        for numbers in (before, after)
    )
    if spread == 0:
        return Fraction((later - earlier) ** 2, later + earlier)
    return Fraction((later - earlier) ** 2 * (days - 1), spread)
