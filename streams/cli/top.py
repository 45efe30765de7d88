"""`deskpulse top`: the live numbers in a terminal, read from the workers' /metrics."""

import time
from collections import deque
from contextlib import suppress
from typing import Annotated, Final

import typer
from rich.live import Live

from streams.cli.board import board
from streams.cli.console import out
from streams.errors import UserError
from streams.metrics.scrape import NoAnswerError, Scrape, scrape

DEFAULT: Final = "http://127.0.0.1:9108/metrics"
RATE_OVER: Final = 5
"""Looks the event rate is taken over: counters move with each commit, about once a second."""


def top(
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="URL", help="One per worker.", show_default=DEFAULT),
    ] = None,
    every: Annotated[
        float, typer.Option(min=0.2, metavar="SECONDS", help="How often to look.")
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end.")] = False,
) -> int:
    """Show queues, depth, response times, who waits longest, lag and freshness, live.

    Several workers are added up. Ctrl-C ends it.

    Example: deskpulse top http://worker-1:9108/metrics http://worker-2:9108/metrics
    """
    targets = urls or [DEFAULT]
    first = _first(targets)
    if once or not out.is_terminal:
        out.print(board(first, first))
        return 0
    with suppress(KeyboardInterrupt):
        _watch(targets, first, every)
    return 0


def _first(urls: list[str]) -> Scrape:
    try:
        return scrape(urls)
    except NoAnswerError as error:
        raise UserError(
            f"no worker answers ({error}); start one with `deskpulse worker`, "
            "or name its address like http://worker-1:9108/metrics"
        ) from None


def _watch(urls: list[str], first: Scrape, every: float) -> None:
    """Draw until interrupted."""
    looks = deque([first], maxlen=RATE_OVER)
    with Live(board(first, first), console=out, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            looks.append(scrape(urls, looks[-1]))
            live.update(board(looks[-1], looks[0]), refresh=True)
