"""The port to whatever folds a partition: `Processor` of tickets, or `Entities`."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from streams.core.events import Arrival
from streams.core.processor import Cut, Mark, Verdict
from streams.core.refusals import Excess


class Engine(Protocol):
    """What drives the state of one source partition: `Processor`, or `Entities`."""

    position: int
    """The next offset to read."""
    mark: Mark | None
    """The record read last."""
    newest: int | None
    """Highest event time applied."""
    excess: Excess | None
    """The record that would be refused too many: it is not read, nor anything behind it."""

    @property
    def speaks(self) -> bool:
        """Whether something is to be said at once."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to make durable."""

    @property
    def pending(self) -> int:
        """How many records have changed since the last cut."""

    @property
    def kept(self) -> int:
        """How many records there are."""

    @property
    def awake(self) -> int:
        """How many of them do not rest."""

    def apply(self, arrivals: Sequence[tuple[int, Arrival]]) -> list[Verdict]:
        """Judge arrivals, given as (offset, arrival) in offset order."""

    def advance(self, now: int, most: int | None = None) -> bool:
        """Move effective now forward; true when more is due than could act."""

    def look_for_rest(self) -> None:
        """Begin a round: what has not changed since the last one began may rest."""

    def rest(self, most: int) -> bool:
        """Go on with a round; at most so many are looked at, and true while it goes on."""

    def cut(self) -> Cut:
        """Take all that changed since the last cut."""

    def restore(self, changelog: dict[bytes, bytes | None]) -> Iterator[int]:
        """Take over what a changelog says; it must be exhausted."""
