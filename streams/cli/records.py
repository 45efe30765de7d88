"""The records a command looks into: of recorded events, or of a running application."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from streams.cli.options import instant
from streams.cli.people import PeopleReplay
from streams.cli.replay import feed
from streams.cli.report import read_changelog, read_people
from streams.clock import wall_ms
from streams.config import Config
from streams.core.customers_report import CustomerBooks
from streams.core.entities import EntityBooks
from streams.core.report import Books
from streams.errors import UserError
from streams.replay import Replay

ReplayFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--replay",
        metavar="FILE...",
        help="Recorded events, JSON Lines, plain or .gz; - is standard input. Without it the "
        "records are read from the changelog topics.",
        show_default=False,
    ),
]
MoreFiles = Annotated[list[Path] | None, typer.Argument(hidden=True, metavar="FILE")]
"""What follows `--replay FILE`, so that a shell's `*.jsonl` works."""
LookAt = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="RFC 3339 instant (2026-03-01T18:00:00Z) to look at. Without it now, of recorded "
        "events the highest event time.",
        show_default=False,
    ),
]

WITHOUT_PROMISES: Final = (
    "no policies, so no clocks: write a sla.yml and name its folder with --config DIR"
)


def recorded(replay: list[Path] | None, more: list[Path] | None) -> list[Path]:
    """The files to replay; none means the changelog."""
    if more and not replay:
        raise UserError(f"{more[0]}: a file goes behind --replay")
    return [*(replay or ()), *(more or ())]


def looked_up(
    config: Config, files: list[Path], as_of: str | None, ticket: str | None = None
) -> tuple[Books, int]:
    """The records of these files, or of the changelog, and the instant to look at them.

    All records, or of the changelog one ticket's alone. The instant is the one asked for, or
    now as these records know it.
    """
    at = None if as_of is None else instant(as_of)
    if files:
        # A ticket that is explained keeps all of its events.
        run = Replay(config.engine, as_of=at if ticket is None else 0)
        for path in files:
            feed(run, path)
        books = run.books()
    else:
        books = Books()
        # With `time: event` the newest of all tickets says what time it is.
        only = None if config.time == "event" else ticket
        asyncio.run(read_changelog(config, books, only))
    if at is None and (files or config.time == "event"):
        at = books.newest
    return books, wall_ms() if at is None else at


def looked_at(
    settings: Config,
    files: list[Path],
    agents: list[Path],
    customers: list[Path],
    as_of: str | None,
    *,
    others: bool = True,
) -> tuple[Books, tuple[EntityBooks, CustomerBooks], int]:
    """The records of tickets, agents and customers, and the instant to look at them.

    Without `others` those of tickets only.
    """
    if not files:
        books, at = looked_up(settings, files, as_of)
        people = asyncio.run(read_people(settings)) if others else (EntityBooks(), CustomerBooks())
        return books, people, at
    asked = None if as_of is None else instant(as_of)
    run = Replay(settings.engine, as_of=asked, telling=bool(customers))
    for path in files:
        feed(run, path)
    told = PeopleReplay(settings, lambda _line, _verdict: None, asked)
    told.feed(agents, customers)
    books = run.books()
    newest = books.newest if asked is None else asked
    if newest is None:
        raise UserError(f"{', '.join(map(str, files))}: no ticket event")
    return books, told.books(run), newest
