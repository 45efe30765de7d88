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
from streams.cli.quality import catalogue_table, quality_queues, quality_table
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
QUALITY_FRAME: Final = 4
"""A blank line, two lines of titles, and the total."""
MOST_JUDGED: Final = 8


def board(now: Scrape, before: Scrape, *, quality: bool = False) -> "Board":
    """The picture of `now`; the event rate is that since `before`, an earlier look.

    With `quality` it is about KPIs only. Fills the width it is given. Where a height is given too
    (a full screen, a part of a `Layout`), it drops lines to fit and says how to end; in a plain
    print it shows all.
    """
    return Board(now, before, quality)


@dataclass(frozen=True, slots=True)
class Board:
    """The picture, for rich to print."""

    now: Scrape
    before: Scrape
    quality: bool

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
            goals = [] if self.quality else self._goals(room)
            if room is not None and goals:
                room -= len(goals) + GOAL_FRAME
            tables = self._judged if self.quality else self._tables
            yield from tables(options.max_width, room, block)
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
        """The queues; below them what there are lines for: promises, quality, breakdowns."""
        promised = min(MOST_PROMISES, len(promises(self.now.numbers)))
        judged = min(MOST_JUDGED, len(quality_queues(self.now.numbers)))
        # How many lines each of them takes, the most important first.
        wanted = {
            "promises": promised and promised + PROMISE_FRAME,
            "quality": judged and judged + QUALITY_FRAME,
            "breakdowns": BREAKDOWN,
        }
        rows = None
        if room is not None:
            rows = room - QUEUE_FRAME
            for name, lines in wanted.items():
                wanted[name] = lines if rows - lines >= FEWEST_QUEUES else 0
                rows -= wanted[name]
        queues = queue_table(self.now, width, rows, block)
        yield queues
        if self.now is not self.before:
            yield self._peak()
        if wanted["promises"]:
            yield _line()
            yield promise_table(self.now, width, promised)
        if wanted["quality"]:
            yield _line()
            yield quality_table(self.now, width, judged)
        if wanted["breakdowns"]:
            # What queues leave over.
            left = (
                None
                if rows is None
                else rows - (queues.row_count - 1) + BREAKDOWN - BREAKDOWN_FRAME
            )
            yield _line()
            yield breakdowns(self.now, width, left, block)

    def _judged(self, width: int, room: int | None, _: str) -> Iterator[Table | Text]:
        """Quality alone: by queue, and below it every KPI there is room for."""
        numbers = self.now.numbers
        if queues := quality_queues(numbers):
            every = None if room is None else max(0, room - QUALITY_FRAME)
            shown = None if every is None else min(len(queues), max(FEWEST_QUEUES, every // 2))
            yield quality_table(self.now, width, shown)
            yield _line()
            left = None if every is None or shown is None else every - shown - 1
            yield catalogue_table(numbers, width, left)
        else:
            yield _line("nothing to judge yet, or no metrics.kpi_windows")

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
