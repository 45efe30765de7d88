"""One picture of the support desk, drawn from the workers' numbers.

Numbers are those of CONTRACTS section 6, joined over all workers. Ages count from the
newest instant the data speak of, never from this machine's clock: where event time runs
faster or lies in the past (the demo, a recorded log) they are right all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from streams.cli import quantities
from streams.cli.goals import Standing, goal_table, standings
from streams.cli.tables import breakdowns, label, promise_table, promises, queue_table
from streams.metrics.scrape import Scrape, Worker

STRONG: Final = "bold"
WARNING: Final = "bold yellow"

# How many lines are what.
QUEUE_FRAME: Final = 4
"""Two lines of titles, the total, and the peak once there are two looks."""
MOST_NOTICES: Final = 4
FEWEST_QUEUES: Final = 3
BREAKDOWN_FRAME: Final = 2
"""A blank line and the titles."""
BREAKDOWN: Final = BREAKDOWN_FRAME + 5
PROMISE_FRAME: Final = 3
"""A blank line and two lines of titles."""
MOST_PROMISES: Final = 6
GOAL_FRAME: Final = 2
"""A blank line and the titles."""
MOST_GOALS: Final = 6


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
        height = options.height
        if height is None and console.is_alt_screen:
            # A live screen says how high it is at most, but a group inside it forgets it.
            height = options.max_height
        block = "#" if options.ascii_only else "\u2588"
        notices = list(self._notices())
        head = [*self._header(), *notices[:MOST_NOTICES]]
        if (hidden := len(notices) - MOST_NOTICES) > 0:
            head.append(_line((f"+{hidden} more notices", WARNING)))
        yield from head
        if self._ready()[0]:
            room = None if height is None else height - len(head) - 1
            goals = self._goals(room)
            if room is not None and goals:
                room -= len(goals) + GOAL_FRAME
            yield from self._tables(options.max_width, room, block)
            if goals:
                yield _line()
                yield goal_table(goals)
        else:
            yield _line("restoring: the numbers follow when a partition has been read back")
        yield self._footer(live=height is not None)

    def _goals(self, room: int | None) -> list[Standing]:
        """The goals there is room for beside the queues."""
        goals = standings(self.now.numbers)
        if room is None:
            return goals
        left = room - QUEUE_FRAME - FEWEST_QUEUES - GOAL_FRAME
        return goals[: max(0, min(MOST_GOALS, left))]

    def _header(self) -> Iterator[Text]:
        now, numbers = self.now, self.now.numbers
        up = sum(not worker.problem for worker in now.workers)
        ready, partitions = self._ready()
        yield _line(
            ("deskpulse top", STRONG),
            f"workers up {up}/{len(now.workers)}",
            f"partitions ready {ready}/{partitions}",
        )
        lag = numbers.value("consumer_lag_events")
        committed = numbers.value("last_commit_timestamp_seconds")
        yield _line(
            (f"data as of {quantities.instant(now.as_of_ms)}", STRONG),
            f"lag {quantities.count(lag)} events, "
            f"{quantities.span(numbers.value('consumer_lag_seconds'))}",
            f"committed {quantities.ago(committed, now.at_ms)}",
        )
        rate = now.events_per_second(self.before)
        yield _line(
            *([] if rate is None else [f"{quantities.rate(rate)} events/s"]),
            *(
                f"{name} {quantities.count(numbers.value(series))}"
                for name, series in (
                    ("dead letters", "dead_letters_total"),
                    ("late", "late_events_total"),
                    ("corrections", "corrections_total"),
                )
            ),
        )

    def _notices(self) -> Iterator[Text]:
        """What is not as it should be; nothing on a good day."""
        for worker in self.now.workers:
            if worker.problem:
                yield _line((_silence(worker), WARNING))
        ready, partitions = self._ready()
        if 0 < ready < partitions:
            missing = partitions - ready
            yield _line(
                (f"restoring {missing} of {partitions} partitions: numbers leave them out", WARNING)
            )
        numbers = self.now.numbers
        last = numbers.by("source_last_event_timestamp_seconds", "source")
        for source, silent in numbers.by("source_silent", "source").items():
            if silent:
                since = quantities.ago(last.get(source), self.now.as_of_ms)
                yield _line((f"source {label(source)} is silent, last event {since}", WARNING))

    def _ready(self) -> tuple[int, int]:
        """Partitions restored, and partitions the workers have."""
        ready = self.now.numbers.by("state_ready", "partition").values()
        return int(sum(ready)), len(ready)

    def _tables(self, width: int, room: int | None, block: str) -> Iterator[Table | Text]:
        """The queues; below them the breakdowns, if there are lines for both."""
        rows = left = None
        broken_down = True
        promised = min(MOST_PROMISES, len(promises(self.now.numbers)))
        below = promised + PROMISE_FRAME if promised else 0
        if room is not None:
            room -= QUEUE_FRAME
            if room < FEWEST_QUEUES + below:
                promised = below = 0
            broken_down = room >= FEWEST_QUEUES + below + BREAKDOWN
            rows = room - below - (BREAKDOWN if broken_down else 0)
        queues = queue_table(self.now, width, rows, block)
        yield queues
        if self.now is not self.before:
            yield self._peak()
        if promised:
            yield _line()
            yield promise_table(self.now, width, promised)
        if room is not None:
            left = room - below - (queues.row_count - 1) - BREAKDOWN_FRAME
        if broken_down:
            yield _line()
            yield breakdowns(self.now, width, left, block)

    def _peak(self) -> Text:
        peak = self.now.peak
        at = quantities.instant(peak.at_ms)
        return _line(f"peak  {quantities.count(peak.depth)} active at {at}, since top started")

    def _footer(self, *, live: bool) -> Text:
        few = f"{quantities.FEW} fewer than {quantities.MIN_SAMPLE} values"
        return _line(*(["Ctrl-C ends"] if live else []), "ages as of the data", few)


def _silence(worker: Worker) -> str:
    """Since when a worker has not answered; the wall clock's time, unlike the data's."""
    since = "" if worker.answered_ms is None else f" since {quantities.instant(worker.answered_ms)}"
    return f"no answer{since}: {worker.url} ({worker.problem})"


def _line(*parts: str | tuple[str, str]) -> Text:
    """Parts set apart on one line that is cut rather than wrapped."""
    line = Text(no_wrap=True, overflow="ellipsis")
    for number, part in enumerate(parts):
        line.append("   " if number else "")
        line.append(*([part] if isinstance(part, str) else part))
    return line
