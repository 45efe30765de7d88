"""How agents do, each against their own period before.

The last 30 local days, today included, stand beside the 30 before them; both for everything that is
credited to the agent, and for their hours. Who does what kind of work differs, so nobody is
compared with others here.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from streams.core.sums import Sums, counted_as
from streams.core.tally import Distribution

LENGTH: Final = 30
"""Local days of the period, and of the one before."""
SIDES: Final = ("now", "before")
_BY_AGENT: Final = ("agent",)


class Progress:
    """Facts by agent, of the last days and of those before."""

    def __init__(self, today: int) -> None:
        """`today` is the local day as of which it is asked, an ordinal."""
        self._today = today
        self.sums: dict[str, tuple[Sums, Sums]] = {}
        """By agent, in the order of `SIDES`; nobody is no agent."""

    def add(
        self, kind: str, agent: str, day: int, count: int, amount: int, times: Distribution | None
    ) -> None:
        """Count so many facts of a kind that are credited to an agent."""
        back = (self._today - day) // LENGTH
        if not agent or not 0 <= back < len(SIDES):
            return
        sides = self.sums.get(agent)
        if sides is None:
            sides = self.sums[agent] = (Sums(), Sums())
        sides[back].add(counted_as(kind, _BY_AGENT), count, amount, times)


def days_of(today: str) -> list[tuple[str, str]]:
    """First and last local day of each of `SIDES`, as of a day (`2026-03-02`)."""
    day = date.fromisoformat(today).toordinal()
    return [
        (
            str(date.fromordinal(max(1, day - (back + 1) * LENGTH + 1))),
            str(date.fromordinal(max(1, day - back * LENGTH))),
        )
        for back in range(len(SIDES))
    ]


def report(
    days: Iterable[tuple[str, str]],
    credited: Mapping[str, Iterable[dict[str, Any]]],
    hours: Mapping[str, Iterable[dict[str, Any]]],
) -> dict[str, Any]:
    """The report's `people.trend`: by agent what tickets and presence tell, for each of `SIDES`."""
    nothing: tuple[dict[str, Any], ...] = tuple({} for _ in SIDES)
    return {
        **{side: "..".join(ends) for side, ends in zip(SIDES, days, strict=True)},
        "agents": {
            name: {
                side: own | present
                for side, own, present in zip(
                    SIDES, credited.get(name, nothing), hours.get(name, nothing), strict=True
                )
            }
            for name in sorted({*credited, *hours})
        },
    }
