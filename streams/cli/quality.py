"""The board's table of quality: what customers say of each queue, and what becomes of its tickets.

KPIs are divided here, from sums over all workers; of few there are counts instead of a share, and
a mark.
"""

from collections.abc import Callable
from typing import Final

from rich.table import Table

from streams.cli import quantities
from streams.cli.tables import Column, Where, asked_table, cut, label
from streams.core.formula import Term
from streams.core.kpis import BY_NAME
from streams.metrics.numbers import Numbers
from streams.metrics.scrape import Scrape
from streams.metrics.terms import metric_of

WINDOW: Final = "7d"
"""What is shown where there are KPIs of several windows."""


_JUDGED: Final = ("window_outcome", "window_csat", "window_touched", "window_conflict")
"""Where a queue has none of these, there is nothing to judge."""


def window_of(numbers: Numbers) -> str | None:
    """The window whose KPIs are shown; `None` where the workers export none."""
    windows = {window: None for name in _JUDGED for window in numbers.by(name, "window")}
    return WINDOW if WINDOW in windows else next(iter(windows), None)


def quality_queues(numbers: Numbers) -> list[str]:
    """The queues in which there was anything to judge, the most resolved first."""
    window = window_of(numbers)
    if window is None:
        return []
    judged: dict[str, float] = {}
    for name in _JUDGED:
        for queue, number in numbers.by(name, "queue", window=window).items():
            judged[queue] = judged.get(queue, 0) + number
    resolved = numbers.by("window_outcome", "queue", window=window)
    found = [queue for queue, number in judged.items() if number]
    return sorted(found, key=lambda queue: (-resolved.get(queue, 0), queue))


def quality_table(now: Scrape, width: int, rows: int | None) -> Table:
    """Queues and their total; at most `rows` lines of queues."""
    every = quality_queues(now.numbers)
    shown, hidden = cut(every, rows)
    lines: list[tuple[str, Where | None]] = [(label(name), {"queue": name}) for name in shown]
    if hidden:
        lines.append((f"+{hidden} more", None))
    lines.append(("total", {}))
    columns = _columns(now.numbers, window_of(now.numbers) or WINDOW)
    return asked_table("quality", lines, map(label, every), columns, width, total=True)


def _columns(numbers: Numbers, window: str) -> tuple[Column, ...]:
    def of(term: Term, where: Where) -> float:
        return numbers.value(metric_of(term), window=window, **where) or 0

    def share(name: str) -> Callable[[Where], str]:
        (top, *_), (bottom,) = BY_NAME[name].top, BY_NAME[name].bottom
        return lambda where: quantities.share(of(top, where), of(bottom, where))

    def mean(name: str) -> Callable[[Where], str]:
        (top,), (bottom,) = BY_NAME[name].top, BY_NAME[name].bottom
        return lambda where: quantities.mean(of(top, where), of(bottom, where))

    return (
        Column(f"CSAT\n{window}", 11, 0, share("csat")),
        Column("first\ncontact", 13, 1, share("fcr")),
        Column("\nreopened", 13, 2, share("reopen_rate")),
        Column("trans-\nferred", 13, 4, share("transfer_rate")),
        Column("handle\ntime", 7, 3, mean("handle_time")),
        Column("\nconflicts", 12, 5, share("conflict_rate")),
    )
