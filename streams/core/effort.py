"""What did it take? Handling time, money, and what quality reviews found.

Money is exact: whole millionths of its currency, which are put into the report's currency only
when they are shown.
"""

from fractions import Fraction
from typing import Any, Final

from streams.core import events as ev
from streams.core import facts as fact
from streams.core.case import Case, Labels
from streams.core.events import Event
from streams.core.facts import Fact, new
from streams.core.instants import HOUR
from streams.core.settings import Settings
from streams.core.ticket import Ticket

MICRO: Final = 1_000_000
"""Parts of a unit of currency that money is counted in."""
MAX_PLACES: Final = 100
"""Labels and agents under which work on a ticket is told apart."""
_INTERACTIONS: Final = frozenset({"talk", "hold"})
_SPENT: Final = frozenset({fact.HANDLED, fact.LABOUR})
"""With recorded costs: what adds up to the cost of a ticket."""
_RECORDED: Final = f"{fact.COST}:"


def follow(
    ticket: Ticket, case: Case, event: Event, _news: list[Fact], settings: Settings
) -> list[Fact]:
    """What one event says of the effort."""
    found: list[Fact] = []
    if event.type == ev.WORKED:
        _worked(ticket, case, event, settings, found)
    elif event.type == ev.COST:
        found.append(_money(ticket, event.at, event.data, ticket.assignee or ""))
    elif event.type == ev.REVIEWED:
        _reviewed(ticket, case, event, found)
    for one in found:
        if one.value and (one.kind in _SPENT or one.kind.startswith(_RECORDED)):
            case.spent = case.spent or {}
            case.spent[one.kind] = case.spent.get(one.kind, 0) + one.value
    return found


def _worked(
    ticket: Ticket, case: Case, event: Event, settings: Settings, found: list[Fact]
) -> None:
    data, at, cell = event.data, event.at, ticket.cell
    agent = data["agent"]
    worked = round(data["seconds"] * 1000)
    found.append(new(fact.HANDLED, at, cell, worked, agent))
    if not case.worked:
        _recorded(ticket, case, found)
    labels = (*cell, agent)
    case.worked = _touch(fact.TOUCHED, case.worked, at, labels, found)
    if data.get("activity") in _INTERACTIONS:
        found.append(new(fact.INTERACTION, at, cell, worked, agent))
        case.talked = _touch(fact.TALKED, case.talked, at, labels, found)
    rate = settings.hourly_rate(agent)
    if rate:
        found.append(new(fact.LABOUR, at, cell, round(Fraction(rate * worked, HOUR)), agent))
    if "cost" in data:
        found.append(_money(ticket, at, data["cost"], agent))


def _touch(
    kind: str, known: tuple[Labels, ...], at: int, labels: Labels, found: list[Fact]
) -> tuple[Labels, ...]:
    """Count the ticket once, and once under each of its labels and for each of its agents."""
    if labels in known or len(known) >= MAX_PLACES:
        return known
    cell, agent = labels[:-1], labels[-1]
    if not known:
        found.append(new(kind, at, cell, None, agent))
    else:
        for place, further in enumerate(fact.FURTHER[kind]):
            if all(labels[place] != other[place] for other in known):
                found.append(new(further, at, cell, None, agent))
    return (*known, labels)


def _recorded(ticket: Ticket, case: Case, found: list[Fact]) -> None:
    """Handling is recorded after all: what was estimated at the resolution is taken back."""
    end, outcome = ticket.last_resolved, case.outcome
    if end is not None and outcome is not None and outcome.unrecorded_ms >= 0:
        at, cell, _, agent = end
        found.append(new(fact.UNRECORDED, at, cell, outcome.unrecorded_ms, agent, -1))
        case.outcome = outcome._replace(unrecorded_ms=-1)


def _money(ticket: Ticket, at: int, money: Any, agent: str) -> Fact:
    amount = round(Fraction(str(money["amount"])) * MICRO)
    return new(f"{_RECORDED}{money['currency'].upper()}", at, ticket.cell, amount, agent)


def _reviewed(ticket: Ticket, case: Case, event: Event, found: list[Fact]) -> None:
    data, at, cell = event.data, event.at, ticket.cell
    agent = data["agent"]
    found.append(new(fact.REVIEW, at, cell, None, agent))
    if not case.reviewed:
        case.reviewed = True
        found.append(new(fact.REVIEWED_TICKET, at, cell, None, agent))
    for name, criterion in sorted(data["criteria"].items()):
        share = round(1_000 * criterion["score"] / criterion["max"])
        found.append(new(fact.REVIEWED_CRITERION, at, cell, share, agent))
        found.append(new(fact.CRITERION, at, (agent, name, cell[0]), share))
    errors = data.get("errors", 0)
    number = len(errors) if isinstance(errors, (list, tuple)) else errors
    if number:
        found.append(new(fact.REVIEW_ERRORS, at, cell, round(number * 1_000), agent))
