"""How many refused records in a row, or in so many, are too many to go on.

A partition whose records are refused one after the other is not fed badly, it is misread: the
wrong topic, a source that was changed, an engine too old for it. Going on would move the topic
to the dead letters, record by record. So a partition stops before the record that exceeds the
bound. Nothing but its records decides that, in the order of their offsets, and the count is kept
with its totals: no restart, batch or worker moves the place.

    max_run 3      ok ok R R R | R     stops before the fourth in a row
    window 4       R ok ok R . R R | R    of each 4 records read, at most 2 where max_refused is 2
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Bound:
    """What a partition may refuse; `None` is no bound."""

    max_run: int | None = None
    """In a row."""
    window: int = 1
    """Records; the first window begins with the first record, the next one behind it."""
    max_refused: int | None = None
    """Of the records of one window."""


UNBOUNDED = Bound()


class Excess(NamedTuple):
    """A record that would have exceeded the bound; it was not read."""

    offset: int
    reason: str
    run: int
    """Refused in a row before it."""
    refused: int
    read: int
    """Refused and read before it, in its window."""
    in_a_row: bool
    """Whether it is the run that is too long; else the share is too large."""


class Refusals:
    """What one partition has refused lately."""

    __slots__ = ("_bound", "_read", "_refused", "_run")

    def __init__(self, bound: Bound) -> None:
        self._bound = bound
        self._run: int = 0
        self._refused: int = 0
        self._read: int = 0

    def passed(self, number: int) -> None:
        """Count records that were not refused."""
        if number:
            self._run = 0
            self._count(number)

    def refuse(self, offset: int, reason: str) -> Excess | None:
        """Count a record that is refused; if it is one too many, count nothing and say so."""
        bound = self._bound
        in_a_row = bound.max_run is not None and self._run >= bound.max_run
        if in_a_row or (bound.max_refused is not None and self._refused >= bound.max_refused):
            return Excess(offset, reason, self._run, self._refused, self._read, in_a_row)
        self._run += 1
        self._refused += 1
        self._count(1)
        return None

    def _count(self, number: int) -> None:
        self._read += number
        if self._read >= self._bound.window:
            self._read %= self._bound.window
            self._refused = 0

    def dump(self) -> list[int]:
        """Run, refused and read as JSON values."""
        return [self._run, self._refused, self._read]

    def load(self, dumped: Sequence[int]) -> None:
        """Go on from what `dump` wrote, perhaps under another bound."""
        self._run, self._refused, self._read = dumped
        self._count(0)
