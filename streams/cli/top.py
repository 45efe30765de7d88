"""`deskpulse top`: the live numbers in a terminal, read from the workers' /metrics."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.live import Live

from streams.access import authorization
from streams.cli.board import board
from streams.cli.console import out
from streams.cli.options import configuration
from streams.cli.parts import LAST, pictured
from streams.cli.people import labels_of
from streams.cli.report import read_changelog, read_people
from streams.config.model import Config, Metrics
from streams.config.problems import likely
from streams.core.recount import Books
from streams.core.sums import CUSTOMER, SLICED
from streams.errors import UserError
from streams.metrics.scrape import Fetch, NoAnswerError, Scrape, fetch, scrape

DEFAULT: Final = "http://127.0.0.1:9108/metrics"
RATE_OVER: Final = 5
"""Looks the event rate is taken over: counters move with each commit, about once a second."""


def top(
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="URL", help="One per worker.", show_default=DEFAULT),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="DIR",
            help="Folder whose section metrics says where a worker of this machine listens, and "
            "with which user or token /metrics is read.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        float, typer.Option(min=0.2, metavar="SECONDS", help="How often to look.")
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end.")] = False,
    quality: Annotated[
        bool,
        typer.Option(
            "--quality", help="Only the service quality: by queue, and every KPI of the catalogue."
        ),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Once, from what is committed: KPIs of the last {LAST} days by one of "
            f"{', '.join(SLICED)}, or {CUSTOMER}NAME of customer_attributes.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Show queues, depth, response times, who waits longest, lag and freshness, live.

    Below, where there is room: promises, quality by queue, breakdowns. Several workers are added
    up. Agents are no labels of metrics: `--by agent` reads the changelog. Ctrl-C ends it.
    Certificates are verified; another authority than those of the system is named in the variable
    SSL_CERT_FILE.

    Example: deskpulse top http://worker-1:9108/metrics http://worker-2:9108/metrics
    """
    settings = configuration(config)
    if by is not None:
        names = labels_of(settings)
        if by not in names:
            raise UserError(f"--by {by}: {likely(by, names)}")
        return _by(by, settings)
    metrics = settings.metrics
    targets = urls or [DEFAULT if config is None else _here(metrics)]
    credentials = authorization(metrics.username, metrics.password, metrics.token)
    ask = partial(fetch, credentials=credentials)
    first = _first(targets, ask)
    if once or not out.is_terminal:
        out.print(board(first, first, quality=quality))
        return 0
    with suppress(KeyboardInterrupt):
        _watch(targets, ask, first, every, quality=quality)
    return 0


def _by(name: str, config: Config) -> int:
    """Print the KPIs by a label."""
    books = Books()
    asyncio.run(read_changelog(config, books))
    if books.newest is None:
        raise UserError("no ticket yet: start a worker, and publish events to it")
    people = asyncio.run(read_people(config))
    # Like all ages of the live view, days count from the data.
    for part in pictured(name, books, people, config, books.newest, out.width):
        out.print(part)
    return 0


def _here(metrics: Metrics) -> str:
    """Where a worker with this configuration is asked on its own machine."""
    bind = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(metrics.bind, metrics.bind)  # noqa: S104
    scheme = "http" if metrics.certfile is None else "https"
    return f"{scheme}://{f'[{bind}]' if ':' in bind else bind}:{metrics.port}/metrics"


def _first(urls: list[str], ask: Fetch) -> Scrape:
    try:
        return scrape(urls, fetch=ask)
    except NoAnswerError as error:
        raise UserError(
            f"no worker answers ({error}); start one with `deskpulse worker`, "
            "or name its address like http://worker-1:9108/metrics"
        ) from None


def _watch(urls: list[str], ask: Fetch, first: Scrape, every: float, *, quality: bool) -> None:
    """Draw until interrupted."""
    looks = deque([first], maxlen=RATE_OVER)
    picture = board(first, first, quality=quality)
    with Live(picture, console=out, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            looks.append(scrape(urls, looks[-1], ask))
            live.update(board(looks[-1], looks[0], quality=quality), refresh=True)
