"""`deskpulse top`: the live numbers in a terminal, read from the workers' /metrics."""

import time
from typing import Annotated

import typer
from rich.live import Live

from streams.cli.board import board
from streams.cli.console import out
from streams.errors import UserError
from streams.metrics.scrape import Scrape, scrape

DEFAULT = "http://127.0.0.1:9108/metrics"


def top(
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL]...", help="One per worker.", show_default=DEFAULT),
    ] = None,
    every: Annotated[float, typer.Option(min=0.2, metavar="SECONDS")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end.")] = False,
) -> int:
    """Show queues, depth, response times, who waits longest, lag and freshness, live.

    Several workers are added up. Ctrl-C ends it.

    Example: deskpulse top http://worker-1:9108/metrics http://worker-2:9108/metrics
    """
    targets = urls or [DEFAULT]
    first = _read(targets)
    if once:
        out.print(board(first, first))
        return 0
    before = first
    with Live(board(first, first), console=out, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            now = _read(targets)
            live.update(board(now, before), refresh=True)
            before = now


def _read(urls: list[str]) -> Scrape:
    try:
        return scrape(urls)
    except OSError as error:
        raise UserError(
            f"{', '.join(urls)}: no worker answers ({error}); start one with `deskpulse worker`, "
            "or name its address"
        ) from None
