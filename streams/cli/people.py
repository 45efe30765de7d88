"""What the report says of agents and customers, wherever their records come from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from streams.cli.console import progress
from streams.config import Config
from streams.core.attained import of_promises
from streams.core.clientele import Clientele, clientele
from streams.core.contrast import Elsewhere
from streams.core.customers_report import CustomerBooks, customers_report
from streams.core.elsewhere import of_agents, of_customers
from streams.core.entities import EntityBooks
from streams.core.entity import Kind, SettledError
from streams.core.events import AGENT_TYPES, CUSTOMER_TYPES, REQUESTER_TYPES
from streams.core.people_report import people_report
from streams.core.recount import Recount
from streams.core.report import figures_of_agents
from streams.core.sums import CUSTOMER, SLICED
from streams.errors import UserError
from streams.replay import OnVerdict, Replay, ReplayEntities, open_lines
from streams.wire import packing

AgentFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--agents",
        metavar="FILE",
        help="Recorded events of agents (shifts, presence).",
        show_default=False,
    ),
]
CustomerFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--customers",
        metavar="FILE",
        help="Recorded events of customers.",
        show_default=False,
    ),
]


def labels_of(config: Config) -> tuple[str, ...]:
    """By what KPIs of tickets can be told apart: labels of tickets, attributes of customers."""
    return (*SLICED, *(CUSTOMER + name for name in config.customer_attributes))


def whose(config: Config, customers: CustomerBooks, as_of: int) -> Clientele:
    """What the attributes of customers tell of their tickets; nothing where none are known."""
    return clientele(customers.customers, config.customers, config.engine, packing, as_of)


def with_people(
    found: dict[str, Any],
    tickets: Recount,
    config: Config,
    agents: EntityBooks,
    customers: CustomerBooks,
    *,
    since: str = "",
) -> dict[str, Any]:
    """The report with its keys `people` and `customers`, where anything is known of them.

    Hours and work of agents are those from the local day `since` on.
    """
    settings, as_of = config.engine, tickets.as_of
    try:
        known = tickets.workdays.tickets(tickets.settled)
        if agents.outcomes or known.work:
            found["people"] = people_report(
                agents,
                config.agents,
                settings,
                packing,
                as_of,
                tickets=known,
                min_staff=config.min_staff,
                since=since,
                credited=figures_of_agents(tickets),
            )
        if customers.customers.outcomes or customers.requesters.outcomes:
            found["customers"] = customers_report(
                customers,
                config.customers,
                config.requesters,
                settings,
                packing,
                as_of,
                return_within=config.return_within,
            )
    except SettledError as error:
        raise UserError(f"--as-of lies too far back for agents or customers: {error}") from None
    return found


def elsewhere(
    tickets: Recount, config: Config, agents: EntityBooks, customers: CustomerBooks
) -> dict[str, Elsewhere]:
    """What is known of SLA clocks, agents and customers, for goals and comparisons."""
    settings, as_of = config.engine, tickets.as_of
    known = tickets.workdays.tickets(tickets.settled)
    try:
        return {
            **of_promises(tickets),
            **of_agents(agents, config.agents, settings, packing, as_of, known, config.min_staff),
            **of_customers(
                customers,
                config.customers,
                settings,
                packing,
                as_of,
                config.return_within,
                repeat_window=config.requesters.repeat_window,
                clientele=tickets.clientele,
            ),
        }
    except SettledError as error:
        raise UserError(f"--as-of lies too far back for agents or customers: {error}") from None


class PeopleReplay:
    """Recorded events of agents and customers beside those of tickets."""

    def __init__(self, config: Config, on_verdict: OnVerdict, as_of: int | None) -> None:
        def run(kind: Kind, types: frozenset[str]) -> ReplayEntities:
            return ReplayEntities(kind, types, config.engine, on_verdict, as_of=as_of)

        self._agents = run(config.agents, AGENT_TYPES)
        self._customers = run(config.customers, CUSTOMER_TYPES)
        self._requesters = run(config.requesters, REQUESTER_TYPES)

    def feed(self, agents: list[Path], customers: list[Path]) -> None:
        """Read all files, with a progress bar for each."""
        for run, path in _each(self._agents, agents, self._customers, customers):
            with open_lines(path) as lines, progress(f"replay {path.name}") as meter:
                meter.along(run.feed(lines))

    @property
    def customers(self) -> EntityBooks:
        """What is known of customers by their own events."""
        return self._customers.books()

    def books(self, tickets: Replay) -> tuple[EntityBooks, CustomerBooks]:
        """What is known of agents and customers, with what tickets tell of them."""
        self._requesters.hear(tickets.told)
        customers = CustomerBooks(self._customers.books(), self._requesters.books())
        return self._agents.books(), customers


def _each(
    agents: ReplayEntities, of_agents: list[Path], customers: ReplayEntities, others: list[Path]
) -> Iterator[tuple[ReplayEntities, Path]]:
    for path in of_agents:
        yield agents, path
    for path in others:
        yield customers, path
