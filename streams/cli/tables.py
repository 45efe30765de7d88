"""The tables of the board, cut to the width and the rows there are.

A column that does not fit is left out whole, the least important first; what width is left
over becomes bars. Widths do not follow the numbers, so that the picture stands still.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from streams.cli import quantities
from streams.metrics.numbers import Numbers
from streams.metrics.scrape import Scrape

Where = Mapping[str, str]
"""Labels that narrow a question; none of them asks for everything."""

UNNAMED: Final = "(none)"
"""Tickets without a queue, a priority or a channel."""
NAME_WIDTHS: Final = (10, 30)
BAR_WIDTHS: Final = (4, 24)
STATUSES: Final = ("new", "open", "pending", "on_hold")
PRIORITIES: Final = ("urgent", "high", "normal", "low")


class Column(NamedTuple):
    """One column of the queue table."""

    title: str
    width: int
    """At least so wide, whatever it shows."""
    rank: int
    """When width is short, the highest goes first."""
    cell: Callable[[Where], str]


class _Drawn(NamedTuple):
    """A column with its cells."""

    title: str
    width: int
    cells: Sequence[str]


def queue_table(now: Scrape, width: int, rows: int | None, block: str) -> Table:
    """Queues, the deepest first, and their total; at most `rows` lines of queues."""
    depths = _depths(now.numbers)
    shown, hidden = cut(sorted(depths, key=lambda name: (-depths[name], name)), rows)
    lines: list[tuple[str, Where | None]] = [(label(name), {"queue": name}) for name in shown]
    if hidden:
        lines.append((f"+{hidden} more", None))
    lines.append(("total", {}))
    names = _name_column("queue", [name for name, _ in lines], map(label, depths))
    drawn = _fitting(_columns(now), [where for _, where in lines], width - names.width)
    room = width - names.width - sum(column.width + 1 for column in drawn) - 1
    if room >= BAR_WIDTHS[0]:
        bars = _bars([depths[name] for name in shown], min(room, BAR_WIDTHS[1]), block)
        # Beside the depths they show.
        drawn.insert(1, bars._replace(cells=[*bars.cells, *[""] * (len(lines) - len(shown))]))
    return _table([names, *drawn], total=True)


def breakdowns(now: Scrape, width: int, rows: int | None, block: str) -> Table:
    """Active tickets by status, by priority and by channel, side by side."""
    numbers = now.numbers
    parts = (
        ("by status", _in_order(numbers.by("tickets_active", "status"), STATUSES)),
        ("by priority", _in_order(numbers.by("tickets_active", "priority"), PRIORITIES)),
        ("by channel", _in_order(numbers.by("channel_tickets_active", "channel"), ())),
    )
    gap = 3
    part_width = (width - (len(parts) - 1) * gap) // len(parts)
    beside = Table.grid(padding=(0, gap, 0, 0))
    beside.add_row(*(_breakdown(*part, part_width, rows, block) for part in parts))
    return beside


def promise_table(now: Scrape, width: int, rows: int) -> Table:
    """SLA clocks by policy and clock, the most overdue first; at most `rows` lines."""
    numbers = now.numbers
    pairs = sorted(promises(numbers), key=lambda pair: _pressure(numbers, pair), reverse=True)
    shown, hidden = pairs[:rows], pairs[rows:]
    titles = [f"{label(policy)} {clock}" for policy, clock in shown]
    if hidden:
        shown, titles = shown[:-1], titles[:-1]
        titles.append(f"+{len(hidden) + 1} more")
    asked: list[Where | None] = [{"policy": policy, "clock": clock} for policy, clock in shown]
    asked += [None] * (len(titles) - len(shown))
    every = (f"{label(p)} {c}" for p, c in pairs)
    return asked_table(
        "promise", list(zip(titles, asked, strict=True)), every, _promised(now), width
    )


def asked_table(
    title: str,
    lines: Sequence[tuple[str, Where | None]],
    every: Iterable[str],
    columns: Sequence[Column],
    width: int,
    *,
    total: bool = False,
) -> Table:
    """What the columns answer for each line: its name, and where to ask; `None` asks nothing.

    The names' column is as wide as `every` name needs. The last line may be the `total`.
    """
    names = _name_column(title, [name for name, _ in lines], every)
    drawn = _fitting(columns, [where for _, where in lines], width - names.width)
    return _table([names, *drawn], total=total)


def promises(numbers: Numbers) -> list[tuple[str, str]]:
    """The (policy, clock) there are."""
    policies = numbers.by("sla_due", "policy")
    return [(p, c) for p in policies for c in numbers.by("sla_due", "clock", policy=p)]


def _pressure(numbers: Numbers, pair: tuple[str, str]) -> tuple[float, ...]:
    where = {"policy": pair[0], "clock": pair[1]}
    states = (numbers.value("sla_clocks", state=s, **where) for s in ("breached_open", "at_risk"))
    return tuple(value or 0 for value in states)


def _promised(now: Scrape) -> tuple[Column, ...]:
    """What is asked of each promise."""
    numbers = now.numbers

    def clocks(state: str) -> Callable[[Where], str]:
        return lambda where: quantities.count(
            numbers.value("sla_clocks", state=state, **where) or 0
        )

    def due(where: Where) -> str:
        return quantities.count(numbers.value("sla_due", within="1h", **where))

    def kept(where: Where) -> str:
        outcomes = numbers.by("sla_window", "outcome", window="24h", time="wall", **where)
        return quantities.share(outcomes.get("met", 0), sum(outcomes.values()))

    return (
        Column("overdue", 7, 0, clocks("breached_open")),
        Column("at risk", 7, 1, clocks("at_risk")),
        Column("due\n1h", 6, 3, due),
        Column("running", 7, 4, clocks("running")),
        Column("paused", 7, 5, clocks("paused")),
        Column("kept\n24h", 16, 2, kept),
    )


def label(text: str) -> str:
    """A label's value as it may be shown: whoever names a queue must not drive the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text) or UNNAMED


def _depths(numbers: Numbers) -> dict[str, float]:
    """Active tickets by queue, with those queues that were busy within the hour."""
    busy = [numbers.by(f"window_{what}", "queue", window="1h") for what in ("created", "resolved")]
    return {name: 0.0 for by in busy for name in by} | numbers.by("tickets_active", "queue")


def _columns(now: Scrape) -> tuple[Column, ...]:
    """What is asked of each queue and of all together, from left to right."""
    numbers = now.numbers

    def tickets(name: str, **fixed: str) -> Callable[[Where], str]:
        return lambda where: quantities.count(numbers.value(name, **fixed, **where))

    def times(name: str, window: str, *shares: float) -> Callable[[Where], str]:
        return lambda where: quantities.percentiles(
            numbers.distribution(f"window_{name}_seconds", window=window, **where), *shares
        )

    def oldest(where: Where) -> str:
        since = numbers.value("oldest_unanswered_timestamp_seconds", **where)
        if since is None or now.as_of_ms is None:
            return quantities.NOTHING
        return quantities.span(now.as_of_ms / 1000 - since)

    return (
        Column("active", 6, 0, tickets("tickets_active")),
        Column("un-\nassigned", 8, 6, tickets("tickets_unassigned")),
        Column("un-\nanswered", 8, 2, tickets("tickets_unanswered")),
        Column("waiting", 7, 7, tickets("tickets_unattended")),
        Column("oldest\nunansw.", 7, 1, oldest),
        Column("created\n1h", 7, 4, tickets("window_created", window="1h")),
        Column("resolved\n1h", 8, 5, tickets("window_resolved", window="1h")),
        Column("1st response\np50/p90 1h", 13, 3, times("first_response", "1h", 0.5, 0.9)),
        Column("resolution\np50 24h", 10, 8, times("resolution", "24h", 0.5)),
    )


def _fitting(columns: Sequence[Column], asked: Sequence[Where | None], width: int) -> list[_Drawn]:
    """The columns there is room for, in their order."""
    kept: dict[int, _Drawn] = {}
    for place in sorted(range(len(columns)), key=lambda place: columns[place].rank):
        column = columns[place]
        cells = ["" if where is None else column.cell(where) for where in asked]
        drawn = _Drawn(column.title, max(column.width, _widest(cells)), cells)
        width -= drawn.width + 1
        if width < 0:
            break
        kept[place] = drawn
    return [kept[place] for place in sorted(kept)]


def _breakdown(
    title: str, found: Mapping[str, float], width: int, rows: int | None, block: str
) -> Table:
    shown, hidden = cut(list(found), rows)
    names = [label(name) for name in shown]
    counts = [quantities.count(found[name]) for name in shown]
    if hidden:
        names.append(f"+{hidden} more")
        counts.append(quantities.count(sum(found.values()) - sum(found[name] for name in shown)))
    columns = [
        _name_column(title, names, map(label, found)),
        _Drawn("active", max(6, _widest(counts)), counts),
    ]
    room = width - sum(column.width + 1 for column in columns)
    if room >= BAR_WIDTHS[0]:
        bars = _bars([found[name] for name in shown], min(room, BAR_WIDTHS[1]), block)
        columns.append(bars._replace(cells=[*bars.cells, *[""] * bool(hidden)]))
    return _table(columns)


def _in_order(found: Mapping[str, float], known: Sequence[str]) -> dict[str, float]:
    """Known values first, even without tickets, then the others by depth."""
    others = sorted(found.keys() - set(known), key=lambda name: (-found[name], name))
    return {name: found.get(name, 0) for name in (*known, *others)}


def cut(names: list[str], rows: int | None) -> tuple[list[str], int]:
    """The names there are lines for, and how many are left to one last line."""
    if rows is None or len(names) <= rows:
        return names, 0
    shown = names[: max(0, rows - 1)]
    return shown, len(names) - len(shown)


def _name_column(title: str, names: Sequence[str], every: Iterable[str]) -> _Drawn:
    """A column as wide as `every` name there is needs, cut away or not."""
    least, most = NAME_WIDTHS
    return _Drawn(title, min(most, max(least, len(title), _widest(every))), names)


def _bars(values: Sequence[float], width: int, block: str) -> _Drawn:
    """Lengths in proportion to the greatest one; what is there at all has one block."""
    most = max(values, default=0) or 1
    cells = [block * (max(1, round(width * value / most)) if value else 0) for value in values]
    return _Drawn("", width, cells)


def _widest(cells: Iterable[str]) -> int:
    return max(map(cell_len, cells), default=0)


def _table(columns: Sequence[_Drawn], *, total: bool = False) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_footer=False)
    for place, column in enumerate(columns):
        table.add_column(
            Text(column.title),
            width=column.width,
            justify="right" if place and column.title else "left",
            vertical="bottom",
            no_wrap=True,
        )
    lines = list(zip(*(column.cells for column in columns), strict=True))
    for number, line in enumerate(lines, 1):
        bold = total and number == len(lines)
        table.add_row(*map(Text, line), style="bold" if bold else "")
    return table
