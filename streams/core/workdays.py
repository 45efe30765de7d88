"""What agents did with tickets, day by day, and when tickets came: what stands beside the hours.

Kept apart from presence, which lives in other records: `streams.core.people_report` puts the two
together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from streams.core import facts as fact
from streams.core.instants import DAY
from streams.core.settled import Settled
from streams.core.sums import SLICED
from streams.core.tally import DayOf, Tally
from streams.core.ticket import Ticket

LOOKS_BACK: Final = 35 * DAY
"""For so long cover is counted, and arrivals are told one by one."""


class Work(NamedTuple):
    """What one agent did with tickets on one local day, or in a month."""

    handled_ms: int = 0
    touched: int = 0
    """Tickets worked on for the first time."""
    resolved: int = 0
    """Tickets resolved for the first time."""


@dataclass(frozen=True, slots=True)
class Tickets:
    """What is known of tickets and belongs beside the hours."""

    work: Mapping[tuple[str, str], Work] = field(default_factory=dict)
    """By agent and local day (`2026-03-02`); of forgotten tickets by month (`2026-03`)."""
    arrivals: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """When tickets were created, by queue; those of the last `LOOKS_BACK` are enough."""


_PLACES: Final[Mapping[str, int]] = {
    fact.HANDLED: 0,
    fact.TOUCHED: 1,
    fact.FURTHER[fact.TOUCHED][-1]: 1,
    fact.RESOLVED_ONCE: 2,
}
"""Kind of fact -> its place in `Work`."""
_QUEUE: Final = SLICED.index("queue")


class Workdays:
    """Adds up what single tickets say."""

    def __init__(self, as_of: int, day_of: DayOf) -> None:
        self._day_of = day_of
        self._since = as_of - LOOKS_BACK
        self._work: dict[tuple[str, int], list[int]] = {}
        self._arrivals: dict[str, list[int]] = {}

    def add(self, ticket: Ticket, tally: Tally) -> None:
        """Count one ticket, given with all its facts."""
        created_at, came = ticket.created_at, -1
        if created_at is not None and created_at >= self._since:
            came = self._day_of(created_at)
        for (kind, labels, day), count, amount, _ in tally.rows():
            place = _PLACES.get(kind)
            if place is not None and labels[-1]:
                work = self._work.setdefault((labels[-1], day), [0, 0, 0])
                work[place] += count if place else amount
            elif kind == fact.CREATED and day == came and created_at is not None:
                # A forgotten ticket of the same name came on another day.
                self._arrivals.setdefault(labels[_QUEUE], []).append(created_at)

    def tickets(self, settled: Settled) -> Tickets:
        """What was added, and what forgotten tickets left behind."""
        work = {
            (agent, date.fromordinal(day).isoformat()): Work(*parts)
            for (agent, day), parts in self._work.items()
        }
        for month, slices in settled.months.items():
            for agent, sums in slices.values("agent"):
                done = Work(
                    sums.amounts[fact.HANDLED],
                    sums.counts[fact.TOUCHED],
                    sums.counts[fact.RESOLVED_ONCE],
                )
                if agent and any(done):
                    work[agent, month] = done
        return Tickets(work, self._arrivals)
