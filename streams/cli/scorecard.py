"""`deskpulse scorecard`: how goals stand, in the terminal, as Markdown, HTML or JSON."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from streams.cli.console import out, write_result
from streams.cli.moments import moment
from streams.cli.options import ConfigFolder, configuration
from streams.cli.records import LookAt, MoreFiles, ReplayFiles, looked_up, recorded
from streams.compare import judge
from streams.config import Config
from streams.config.problems import likely
from streams.config.sheets import SHEETS
from streams.core.instants import format_rfc3339
from streams.core.recount import Recount
from streams.core.report import Books, TooOldError
from streams.core.scorecards import Asked
from streams.core.settings import Settings
from streams.errors import UserError
from streams.scorecards.markdown import CHANGES, HEAD, Rows, changes, markdown, methods
from streams.scorecards.page import page
from streams.scorecards.words import cells
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
    books, at = looked_up(settings, recorded(replay, more), as_of)
    found = answer(books, engine, at)
    when = f"{moment(at, settings.timezone)} ({settings.timezone})"
    cards: Mapping[str, Rows] = found["scorecards"]
    if format_ is Format.TEXT and to is None:
        for each, rows in cards.items():
            out.print(f"scorecard {each}, as of {when}", markup=False)
            out.print(table(rows))
            _show_changes(rows, settings.timezone)
        return 0
    if format_ is Format.JSON:
        written = pretty(found)
    elif format_ is Format.HTML:
        written = page(cards, when, settings.timezone).encode()
    else:
        # Plain text in a file is Markdown: it can be read as it is.
        written = markdown(cards, when, settings.timezone).encode()
    write_result(written, to)
    return 0


def _named(settings: Config, name: str) -> Any:
    try:
        return settings.scorecard(name)
    except KeyError:
        known = [*settings.scorecards, *SHEETS]
        raise UserError(f"no scorecard {name}, {likely(name, known)}") from None


def answer(books: Books, settings: Settings, at: int) -> dict[str, Any]:
    """The scorecards of the settings, and what happened, as the report has them."""
    asked = Asked(settings, books, at)
    try:
        count = Recount(books, settings, packing, at, *asked.slices, each=asked.each)
    except TooOldError as error:
        raise UserError(f"--as-of: {error}") from None
    return {"as_of": format_rfc3339(at), **asked.answer(count, judge)}


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
    made = Table(box=None, pad_edge=False, header_style="bold")
    for title in CHANGES:
        made.add_column(title)
    for texts in changed:
        made.add_row(*map(Text, texts))
    out.print()
    out.print(made)
    for method in methods(rows):
        out.print(method, markup=False)
