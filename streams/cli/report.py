"""`deskpulse report`: the report of a running application, from its changelog."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import note, progress, write_result
from streams.cli.options import AsOf, ConfigFolder, configuration, instant
from streams.cli.people import elsewhere, whose, with_people
from streams.clock import wall_ms
from streams.compare import judge
from streams.config import Config
from streams.core.customers_report import CustomerBooks
from streams.core.entities import EntityBooks
from streams.core.report import Books, TooOldError, recounted, report_of
from streams.errors import UserError
from streams.wire import packing
from streams.wire.codec import pretty


def report(
    config: ConfigFolder = None,
    as_of: AsOf = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT.json", help="Where the report goes."),
    ] = None,
) -> int:
    """Write the report of everything committed so far, read from the changelog topics.

    It equals the report of `replay` on the same events. Looks back from --as-of; without it
    from now (with `time: event`: from the highest event time).

    Example: deskpulse report --config conf --out report.json
    """
    settings = configuration(config)
    at = None if as_of is None else instant(as_of)
    books = Books()
    asyncio.run(read_changelog(settings, books))
    if at is None:
        newest = books.newest if settings.time == "event" else None
        at = wall_ms() if newest is None else newest
    people = asyncio.run(read_people(settings))
    try:
        count, asked = recounted(
            books, settings.engine, packing, at, whose(settings, people[1], at)
        )
    except TooOldError as error:
        raise UserError(f"--as-of {as_of}: {error}") from None
    others = elsewhere(count, settings, *people)
    found = report_of(count, asked, books, judge=judge, elsewhere=others)
    found = with_people(found, count, settings, *people)
    write_result(pretty(found), out)
    return 0


async def read_changelog(config: Config, books: Books, only: str | None = None) -> None:
    """Fill `books` with everything committed so far, or with the records of one ticket."""
    from streams.kafka.books import read_books

    with progress("read changelog") as meter:
        # Where there are no transactions everything counts as committed.
        async for tickets in read_books(config, books, only, read_committed=True):
            meter.at(tickets)


async def read_people(config: Config) -> tuple[EntityBooks, CustomerBooks]:
    """What is committed of agents and customers; nothing where they have no topics."""
    from streams.kafka.books import read_entities
    from streams.kafka.diagnosis import hidden
    from streams.kafka.topics import existing

    there = await existing(config)
    without = list[str]()
    agents, customers = EntityBooks(), CustomerBooks()
    for kind, books in (
        (config.agents, agents),
        (config.customers, customers.customers),
        (config.requesters, customers.requesters),
    ):
        if f"{config.app}-{kind.name}-changelog" in there:
            async for _ in read_entities(config, kind, books, read_committed=True):
                pass
        else:
            without.append(kind.name)
    if without:
        note(f"no topics for {', '.join(without)}: left out" + hidden(config.kafka))
    return agents, customers
