"""Did the requester come again about the same? What only several tickets together can tell.

A *repeat contact* is a ticket whose requester had another one of the same category resolved
within `repeat_window` before its creation. A first contact is none after which the requester
came again about the same category within `fcr_window`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from streams.core import facts as fact
from streams.core.clientele import NOBODY, Clientele, Labels
from streams.core.facts import Fact
from streams.core.journey import FIRST_CONTACT, created_in
from streams.core.requesters import requester_of
from streams.core.settings import Settings
from streams.core.ticket import End, Ticket


class _Visit(NamedTuple):
    """One ticket of a requester in a category."""

    name: str
    created_at: int | None
    """`None` is an orphan: nobody knows whether it is a repeat, but others may be one of it."""
    cell: tuple[str, ...]
    agent: str
    resolved: tuple[int, ...]
    """First and last resolution."""
    first_contact: End | None
    """The resolution that counts as one, if any."""


class Repeats:
    """The tickets of each requester and category."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._visits: dict[tuple[str, str], list[_Visit]] = {}

    def add(self, name: str, ticket: Ticket) -> None:
        """Take a ticket in; without requester or category it is no repeat, and none is of it."""
        case = ticket.case
        requester, category = requester_of(ticket), (ticket.extra or {}).get("category")
        if case is None or requester is None or not category:
            return
        ends = (ticket.first_resolved, ticket.last_resolved)
        visit = _Visit(
            name,
            ticket.created_at,
            created_in(ticket, case),
            case.created_for,
            tuple(sorted({end[0] for end in ends if end is not None})),
            ticket.first_resolved if case.verdict == FIRST_CONTACT else None,
        )
        self._visits.setdefault((requester, category), []).append(visit)

    def facts(self, clientele: Clientele = NOBODY) -> Iterable[tuple[Labels, list[Fact]]]:
        """The repeat contacts, and the first contacts that were none, of all alike customers."""
        found: dict[tuple[str, ...], tuple[Labels, list[Fact]]] = {}
        for (requester, _), visits in self._visits.items():
            if len(visits) > 1:
                labels = clientele.of(requester)
                found.setdefault(tuple(labels.values()), (labels, []))[1].extend(self._of(visits))
        return found.values()

    def _of(self, visits: list[_Visit]) -> Iterator[Fact]:
        window, again = self._settings.repeat_window, self._settings.fcr_window
        resolved = sorted((at, visit.name) for visit in visits for at in visit.resolved)
        created = sorted(
            (visit.created_at, visit.name) for visit in visits if visit.created_at is not None
        )
        for visit in visits:
            came = visit.created_at
            if came is not None and _other(resolved, visit.name, came - window, came):
                yield Fact(fact.REPEAT_CONTACT, came, visit.cell, None, visit.agent)
            if visit.first_contact is not None:
                at, cell, _, agent = visit.first_contact
                if _other(created, visit.name, at + 1, at + again):
                    yield Fact(fact.REPEATED, at, cell, None, agent)


def _other(instants: list[tuple[int, str]], name: str, since: int, until: int) -> bool:
    """Whether another ticket has an instant in [since, until]."""
    first = bisect_left(instants, (since, ""))
    last = bisect_right(instants, (until, chr(0x10FFFF)))
    return any(instants[place][1] != name for place in range(first, last))
