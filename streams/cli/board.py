"""One picture of the support desk, drawn from the workers' numbers.

Numbers are those of CONTRACTS section 6, joined over all workers. Ages count from the
newest instant the data speak of, never from this machine's clock: where event time runs
faster or lies in the past (the demo, a recorded log) they are right all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from streams.cli import quantities
from streams.cli.tables import breakdowns, label, queue_table
from streams.metrics.scrape import Scrape, Worker

WARNING: Final = "bold yellow"
SEPARATOR: Final = "   "
FEWEST_QUEUES: Final = 3
BREAKDOWN_LINES: Final = 7
"""A blank line, the titles and five values."""


def board(now: Scrape, before: Scrape) -> "Board":
    """The picture of `now`; the event rate is that since `before`, an earlier look.

    Fills the width it is given. Where a height is given too (a full screen, a part of a
    `Layout`), it drops lines to fit and says how to end; in a plain print it shows all.
    """
    return Board(now, before)


@dataclass(frozen=True, slots=True)
class Board:
    """The picture, for rich to print."""

    now: Scrape
    before: Scrape

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Header, queues, breakdowns and footer, in the room there is."""
        width, height = options.max_width, options.height
        block = "#" if options.ascii_only else "█"
        head = [*self._header(), *self._notices()]
        foot = list(self._footer(live=height is not None))
        yield from head
        if self._ready[0]:
            room = None if height is None else height - len(head) - len(foot)
            yield from self._tables(width, room, block)
        else:
            yield _line(Text("restoring: numbers follow once a partition is read back"))
        yield from foot
