"""`deskpulse top --by`: the KPIs of the last days by agent, category or any other label.

Agents and categories are too many for labels of metrics, so this looks at what is committed, as
the report does, with the report's credit: a ticket to whoever resolved it, a first response to its
author, a survey to its agent.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from streams.cli import quantities
from streams.cli.people import whose, with_people
from streams.cli.tables import Column, Where, asked_table, label
from streams.config import Config
from streams.core import facts as fact
from streams.core import measures as me
from streams.core.clientele import Labels
from streams.core.contrast import Days
from streams.core.customers_report import CustomerBooks
from streams.core.entities import EntityBooks
from streams.core.goals import MEAN
from streams.core.instants import local_day
from streams.core.measures import MEASURES
from streams.core.recount import Books, Recount
from streams.core.sums import SLICED, Sums, counted_as
from streams.core.tally import Tally
from streams.wire import packing

LAST: Final = 7
"""How many local days are shown, today included."""
AGENT: Final = "agent"

_SHOWN: Final[tuple[tuple[str, str, int], ...]] = (
    ("volume", "created", 7),
    ("outflow", "resolved", 8),
    ("first_response", "first\nresponse", 8),
    ("csat", "\nCSAT", 11),
    ("fcr", "first\ncontact", 12),
    ("reopen_rate", "\nreopened", 10),
    ("handle_time", "handle\ntime", 7),
    ("quality_score", "quality\nscore", 12),
    ("transfer_rate", "trans-\nferred", 12),
    ("conflict_rate", "\nconflicts", 10),
)
"""Measure, title, width; the least important last."""
_OF_THE_CREATION: Final = frozenset({"volume", "conflict_rate"})
"""Counted where a ticket is created, which is nobody's credit."""


class Parts:
    """The sums of each value of one label over some days; told of tickets by a recount."""

    def __init__(self, by: str, days: Days) -> None:
        self.by = by
        self.days = days
        self.sums: dict[str, Sums] = {}
        self.whole = Sums()
        self._place = SLICED.index(by) if by in SLICED else None

    def add(self, tally: Tally, customer: Labels) -> None:
        """Count the facts of one ticket of such a customer."""
        for (kind, labels, day), count, amount, times in tally.rows():
            if self.days.first <= day <= self.days.last and len(labels) == len(SLICED):
                self.whole.add(kind, count, amount, times)
                value = customer[self.by] if self._place is None else labels[self._place]
                sums = self.sums.get(value)
                if sums is None:
                    sums = self.sums[value] = Sums()
                sums.add(counted_as(kind, (self.by,)), count, amount, times)


def pictured(
    by: str,
    books: Books,
    people: tuple[EntityBooks, CustomerBooks],
    config: Config,
    as_of: int,
    width: int,
) -> Iterator[Table | Text]:
    """The table, and below it what is known of agents and customers as a whole."""
    today = local_day(as_of, config.timezone)
    parts = Parts(by, Days(today - LAST + 1, today))
    known = whose(config, people[1], as_of)
    count = Recount(books, config.engine, packing, as_of, each=parts.add, clientele=known)
    first = date.fromordinal(parts.days.first).isoformat()
    found = with_people({}, count, config, *people, since=first)
    agents = found.get("people", {}).get("agents", {}) if by == AGENT else {}
    yield table(parts, agents, width)
    lines = list(summary(found))
    if lines:
        yield Text("\n".join(["", *lines]))


def table(parts: Parts, agents: Mapping[str, Any], width: int) -> Table:
    """One line for each value that anything happened under, the most resolved first, and all."""
    by_agent = parts.by == AGENT
    busy = (name for name, sums in parts.sums.items() if any(map(sums.counts.get, _BUSY)))
    names = [name for name in {*busy, *agents} if name or not by_agent]

    def of(where: Where) -> Sums:
        return parts.sums.get(where["name"], _NONE) if where else parts.whole

    def resolved(name: str) -> float:
        return of({"name": name}).counts[fact.RESOLVED]

    names.sort(key=lambda name: (-resolved(name), name))
    columns = [
        Column(title, width_, rank, _cell(measure, of))
        for rank, (measure, title, width_) in enumerate(_SHOWN)
        if not (by_agent and measure in _OF_THE_CREATION)
    ]
    if agents:
        columns += [
            Column("\npresent", 7, len(_SHOWN), _of_agent(agents, "present_s")),
            Column("adher-\nence", 6, len(_SHOWN) + 1, _of_agent(agents, "adherence")),
            Column("occu-\npied", 5, len(_SHOWN) + 2, _of_agent(agents, "occupancy")),
        ]
    lines: list[tuple[str, Where | None]] = [(label(name), {"name": name}) for name in names]
    lines.append(("total", {}))
    title = f"{parts.by}, {LAST} days"
    return asked_table(title, lines, map(label, names), columns, width, total=True)


_NONE: Final = Sums()
_BUSY: Final = (fact.CREATED, fact.RESOLVED, fact.FIRST_RESPONSE, fact.TOUCHED, fact.CSAT)
"""Where none of these happened there is no line."""


def _cell(name: str, of: Callable[[Where], Sums]) -> Callable[[Where], str]:
    measure = MEASURES[name]

    def cell(where: Where) -> str:
        if measure.kpi is None:
            found = me.read_times(measure.times, MEAN, None, of(where))
        else:
            found = me.read_kpi(measure.kpi, of(where))
        return quantities.reading(found, measure.unit)

    return cell


def _of_agent(agents: Mapping[str, Any], key: str) -> Callable[[Where], str]:
    def cell(where: Where) -> str:
        value = agents.get(where["name"], {}).get(key) if where else None
        if value is None:
            return quantities.NOTHING
        return quantities.span(value) if key.endswith("_s") else f"{value:.0%}"

    return cell


def summary(found: Mapping[str, Any]) -> Iterator[str]:
    """What agents and customers came to as a whole; nothing of whom nothing is known."""
    agents, customers = found.get("people"), found.get("customers")
    if agents is not None:
        adherence = agents["adherence"]
        yield (
            f"people, {LAST} days: present {quantities.span(agents['present_s'])}, "
            f"{quantities.span(agents['lost_s'])} lost of "
            f"{quantities.span(agents['scheduled_s'])} scheduled, "
            f"adherence {quantities.NOTHING if adherence is None else f'{adherence:.0%}'}"
        )
    if customers is not None:
        contacts, support = customers["contacts"], customers["retention_after_support"]
        judged = support["customers"] - support["pending"]
        yield (
            f"customers: answered after {quantities.span(contacts['speed_of_answer']['mean_s'])}, "
            f"gave up {quantities.share(contacts['abandoned'], contacts['queued'])}, "
            f"back after support {quantities.share(support['retained'], judged)}, "
            f"bought again {quantities.share(customers['repurchasers'], customers['purchasers'])}, "
            f"{quantities.count(customers['churned'])} churned"
        )
