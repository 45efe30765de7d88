"""`deskpulse scorecard`: how goals stand, in the terminal, as Markdown, HTML or JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table
from rich.text import Text

from streams.cli.console import out, write_result
from streams.cli.moments import moment
from streams.cli.options import ConfigFolder, configuration
from streams.cli.people import AgentFiles, CustomerFiles, elsewhere, whose
from streams.cli.records import LookAt, MoreFiles, ReplayFiles, looked_at, recorded
from streams.compare import judge
from streams.config import Config
from streams.config.problems import likely
from streams.config.sheets import SHEETS
from streams.core.attained import sla_rows
from streams.core.goals import Scorecard
from streams.core.instants import format_rfc3339
from streams.core.recount import Recount
from streams.core.report import TooOldError
from streams.core.scorecards import Asked
from streams.errors import UserError
from streams.scorecards.markdown import CHANGES, HEAD, Rows, changes, markdown, methods
from streams.scorecards.page import page
from streams.scorecards.words import PROMISES, cells, promise
from streams.wire import packing
from streams.wire.codec import pretty

STYLES: Final = {
    "met": "green",
    "missed": "bold red",
    "at risk": "yellow",
    "met at a cost": "yellow",
}
"""Colours of a status; every other one is told by its word alone."""


class Format(StrEnum):
    """How a scorecard is written."""

    TEXT = "text"
    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"


def scorecard(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help=f"One of scorecards.yml, or a shipped one: {', '.join(SHEETS)}. Without it those "
            "of scorecards.yml, or `starter`.",
            show_default=False,
        ),
    ] = None,
    more: MoreFiles = None,
    format_: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TEXT,
    to: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where it goes.", show_default=False),
    ] = None,
    replay: ReplayFiles = None,
    agents: AgentFiles = None,
    customers: CustomerFiles = None,
    config: ConfigFolder = None,
    as_of: LookAt = None,
) -> int:
    """Show goals with what they came to: Goal, Actual, Trend, Status, Action.

    A goal looks at its last period: 1, 7, 30, 91 or 365 days up to today.

    Example: deskpulse scorecard conflicts --config conf --format html --out conflicts.html
    """
    settings = configuration(config)
    names = [name] if name else list(settings.scorecards) or [SHEETS[0]]
    engine = replace(settings.engine, scorecards=tuple(_named(settings, each) for each in names))
    files = recorded(replay, more)
    if not files and (agents or customers):
        raise UserError("--agents and --customers go with --replay")
    books, people, at = looked_at(settings, files, agents or [], customers or [], as_of)
    requesters = whose(settings, people[1], at)
    asked = Asked(engine, books, at, requesters)
    try:
        count = Recount(
            books, engine, packing, at, *asked.slices, each=asked.each, clientele=requesters
        )
    except TooOldError as error:
        raise UserError(f"--as-of: {error}") from None
    known = elsewhere(count, settings, *people)
    sla = sla_rows(count, known)
    found = asked.answer(count, judge, known)
    when = f"{moment(at, settings.timezone)} ({settings.timezone})"
    cards: Mapping[str, Rows] = found["scorecards"]
    if format_ is Format.TEXT and to is None:
        for each, rows in cards.items():
            out.print(f"scorecard {each}, as of {when}", markup=False)
            out.print(table(rows))
            _show_changes(rows, settings.timezone)
        if sla:
            out.print()
            out.print(_plain(PROMISES, map(promise, sla)))
        return 0
    if format_ is Format.JSON:
        written = pretty({"as_of": format_rfc3339(at), **found, "sla": sla})
    elif format_ is Format.HTML:
        written = page(cards, when, settings.timezone, sla).encode()
    else:
        # Plain text in a file is Markdown: it can be read as it is.
        written = markdown(cards, when, settings.timezone, sla).encode()
    write_result(written, to)
    return 0


def _named(settings: Config, name: str) -> Scorecard:
    try:
        return settings.scorecard(name)
    except KeyError:
        known = [*settings.scorecards, *SHEETS]
        raise UserError(f"no scorecard {name}, {likely(name, known)}") from None


def table(rows: Rows) -> Table:
    """The rows of a scorecard, for rich to print."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title in HEAD:
        made.add_column(title)
    for row in rows:
        words = cells(row)
        status = Text(words.status, STYLES.get(row["status"], ""))
        made.add_row(
            Text(words.goal), Text(words.actual), Text(words.trend), status, Text(words.action)
        )
    return made


def _show_changes(rows: Rows, zone: tzinfo) -> None:
    changed = list(changes(rows, zone))
    if not changed:
        return
    out.print()
    out.print(_plain(CHANGES, changed))
    for method in methods(rows):
        out.print(method, markup=False)


def _plain(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title in head:
        made.add_column(title)
    for texts in rows:
        made.add_row(*map(Text, texts))
    return made
