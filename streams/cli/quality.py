"""The board's tables of quality: the most important KPIs by queue, and every KPI of the catalogue.

KPIs are divided here, from sums over all workers; of few there are counts instead of a share, and
a mark.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from rich.table import Table

from streams.cli import quantities
from streams.cli.tables import Column, Where, asked_table, cut, label
from streams.core import facts, people
from streams.core.formula import COUNT, SECONDS, Kpi, Term
from streams.core.kpis import BY_NAME, DURATIONS, KPIS
from streams.core.measures import SHARE, Reading
from streams.metrics.numbers import Numbers
from streams.metrics.scrape import Scrape
from streams.metrics.terms import metric_of
from streams.scorecards import words

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


def catalogue_table(numbers: Numbers, width: int, rows: int | None) -> Table:
    """Every KPI that there is anything to go by, side by side; at most `rows` lines.

    KPIs and times of tickets; below them what workers show of agents and customers. Costs are in
    reports only: fixed ones are spread over days.
    """
    window = window_of(numbers) or WINDOW
    cells = [
        (name, quantities.reading(found, unit))
        for name, unit, found in _readings(numbers, window)
        if found.value is not None
    ]
    names, values = (max(map(len, column), default=0) for column in zip(*cells, strict=True))
    beside = max(1, (width + GAP) // (names + 1 + values + GAP))
    lines = -(-len(cells) // beside)
    table = Table.grid(padding=(0, 1, 0, 0))
    for place in range(beside):
        table.add_column(width=names, no_wrap=True)
        table.add_column(width=values + (GAP - 1 if place < beside - 1 else 0), no_wrap=True)
    for line in range(lines if rows is None else min(lines, rows)):
        row = cells[line::lines]
        table.add_row(*(text for pair in row for text in pair))
    return table


GAP: Final = 3
"""Between two KPIs that stand side by side."""


def _read(kpi: Kpi, numbers: Numbers, window: str) -> Reading:
    """A KPI over all queues, from the sums that workers export."""

    def total(terms: tuple[Term, ...]) -> float:
        return sum(
            term.times * (numbers.value(metric_of(term), window=window) or 0)
            for term in terms
            if term.kind in facts.WINDOWED
        )

    top, bottom = total(kpi.top), total(kpi.bottom)
    value = kpi.factor * top / bottom if bottom else None
    return Reading(value, round(bottom), top, bottom)


def _readings(numbers: Numbers, window: str) -> Iterator[tuple[str, str, Reading]]:
    """Everything with a single value: its name, its unit, and what it came to."""
    for kpi in KPIS:
        if kpi.in_windows:
            yield words.name(kpi.name), kpi.unit, _read(kpi, numbers, window)
    for one in DURATIONS:
        if one.kind in facts.CATALOGUED:
            took, number = (
                numbers.value(metric_of(Term("", one.kind, of)), window=window)
                for of in (SECONDS, COUNT)
            )
            yield words.name(one.name), SECONDS, _fraction(took, number)
    for name, unit, tops, bottoms, where in _OTHERS:
        labels = {"window": window} if where == _IN_WINDOW else dict(where)
        top, bottom = (
            [numbers.value(metric, **labels) for metric in metrics] for metrics in (tops, bottoms)
        )
        if None not in (*top, *bottom):
            yield name, unit, _fraction(_sum(top), _sum(bottom))
    yield "covered queues now", SHARE, _covered(numbers)


_IN_WINDOW: Final = (("window", ""),)
_MONTH: Final = (("period", "month"),)
_WITHIN, _OVERTIME = "window_within_shift_seconds", "window_overtime_seconds"
_Other = tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]
_OTHERS: Final[tuple[_Other, ...]] = (
    ("adherence", SHARE, (_WITHIN,), ("window_scheduled_seconds",), _IN_WINDOW),
    ("occupancy", SHARE, ("window_handled_seconds",), (_WITHIN, _OVERTIME), _IN_WINDOW),
    ("retention this month", SHARE, ("customers_retained",), ("customers_before",), _MONTH),
    ("repurchase", SHARE, ("customers_repurchased",), ("customers_purchased",), ()),
    ("repeat requesters", SHARE, ("requesters_repeated",), ("requesters",), ()),
    ("speed of answer", SECONDS, ("contacts_waited_seconds",), ("contacts_answered",), ()),
    ("abandonment", SHARE, ("contacts_abandoned",), ("contacts_queued",), ()),
)
"""Name, unit, metrics above and below the line, and their labels: of agents and customers, where
workers are asked to show them (`metrics.agents`, `metrics.customers`)."""


def _sum(values: Iterable[float | None]) -> float:
    return sum(value or 0.0 for value in values)


def _fraction(top: float | None, bottom: float | None) -> Reading:
    if top is None or not bottom:
        return Reading(None, 0)
    return Reading(top / bottom, round(bottom), top, bottom)


def _covered(numbers: Numbers) -> Reading:
    """Of the queues that are promised to be open now, those with enough agents."""
    least = numbers.value("cover_min_staff")
    promised = [queue for queue, one in numbers.by("cover_promised", "queue").items() if one]
    if least is None:
        return Reading(None, 0)
    enough = sum(
        _sum(numbers.value("agents", queue=queue, state=state) for state in people.WORKING) >= least
        for queue in promised
    )
    return _fraction(enough, len(promised))


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
