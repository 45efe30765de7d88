"""`deskpulse due`: the tickets to work off next."""

import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from streams.cli.console import out, write_result
from streams.cli.moments import moment, plain
from streams.cli.options import ConfigFolder, configuration
from streams.cli.quantities import span
from streams.cli.records import (
    WITHOUT_PROMISES,
    LookAt,
    MoreFiles,
    ReplayFiles,
    looked_up,
    recorded,
)
from streams.core import clocks as ck
from streams.core import promises
from streams.core.clocks import Clock
from streams.core.instants import DAY, HOUR, MINUTE, format_rfc3339
from streams.core.ledger import ticket_at
from streams.core.report import Books, TooOldError
from streams.core.settings import Settings
from streams.core.ticket import Ticket
from streams.errors import UserError
from streams.wire import packing
from streams.wire.codec import pretty

SOON: Final = 4 * HOUR
"""How far ahead it looks unless asked."""
_UNITS: Final = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY}
_OPEN: Final = frozenset({ck.RUNNING, ck.AT_RISK, ck.BREACHED_OPEN})


class Due(NamedTuple):
    """A clock that is past its deadline, or will be soon."""

    deadline: int
    ticket: str
    clock: str
    policy: str
    state: str
    queue: str | None
    priority: str | None
    status: str
    assignee: str | None
    left: int
    """Working time until the deadline, milliseconds; negative: used beyond the target."""


def due(
    more: MoreFiles = None,
    within: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How far to look ahead.", show_default="4h"),
    ] = None,
    breached: Annotated[
        bool, typer.Option("--breached", help="Only what is past its deadline and still open.")
    ] = False,
    queue: Annotated[
        str | None,
        typer.Option(metavar="Q", help='Only tickets of this queue; "" is without one.'),
    ] = None,
    replay: ReplayFiles = None,
    config: ConfigFolder = None,
    as_of: LookAt = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """List what to work off next: clocks past their deadline, and those due soon.

    The most overdue comes first. Paused clocks have no deadline until they run again.

    Example: deskpulse due --within 1h --queue billing --config conf
    """
    if breached and within is not None:
        raise UserError("--within and --breached: name one of them")
    settings = configuration(config)
    ahead = 0 if breached else _duration(within)
    if not settings.engine.policies:
        raise UserError(WITHOUT_PROMISES)
    books, at = looked_up(settings, recorded(replay, more), as_of)
    try:
        every = found(books, settings.engine, at)
    except TooOldError as error:
        raise UserError(f"--as-of {as_of}: {error}") from None
    until = at - 1 if breached else at + ahead
    listed = [one for one in every if one.deadline <= until and queue in {None, one.queue or ""}]
    if json:
        write_result(pretty(_json(listed, at)), None)
        return 0
    _show(listed, at, settings.timezone, "" if breached else span(ahead / 1000))
    return 0


def found(books: Books, settings: Settings, as_of: int) -> list[Due]:
    """Every clock that runs towards a deadline or is past it, in the order of the deadlines.

    Raises `TooOldError` where history does not reach back to `as_of`.
    """
    return sorted(
        one
        for name, record in books.records.items()
        for one in _of(name, ticket_at(record, settings, packing, as_of), settings, as_of)
    )


def _of(name: str, ticket: Ticket, settings: Settings, as_of: int) -> Iterator[Due]:
    if ticket.first_at is None or as_of - ticket.last_at > settings.forgotten:
        return
    for clock in promises.instances(ticket):
        state = clock.state(as_of)
        if state in _OPEN and clock.terms is not None and clock.deadline >= 0:
            left = clock.terms.target - clock.used_at(as_of)
            yield _due(name, ticket, clock, state, left)


def _due(name: str, ticket: Ticket, clock: Clock, state: str, left: int) -> Due:
    return Due(
        clock.deadline,
        name,
        clock.kind,
        clock.policy,
        state,
        ticket.queue,
        ticket.priority,
        ticket.status or "new",
        ticket.assignee,
        left,
    )


def _duration(text: str | None) -> int:
    if text is None:
        return SOON
    match = re.fullmatch("([0-9]{1,9})([smhd])", text)
    if match is None:
        raise UserError(f"--within {text!r}: write a duration such as 90s, 15m, 4h or 7d")
    return int(match[1]) * _UNITS[match[2]]


# -- showing it -------------------------------------------------------------------------------


def _json(listed: list[Due], as_of: int) -> dict[str, Any]:
    return {
        "as_of": format_rfc3339(as_of),
        "clocks": [
            {
                "ticket": one.ticket,
                "clock": one.clock,
                "policy": one.policy,
                "state": one.state,
                "queue": one.queue,
                "priority": one.priority,
                "status": one.status,
                "assignee": one.assignee,
                "deadline": format_rfc3339(one.deadline),
                "left": {
                    "working_s": one.left / 1000,
                    "wall_s": (one.deadline - as_of) / 1000,
                },
            }
            for one in listed
        ],
    }


_GAP: Final = "  "


class _Column(NamedTuple):
    title: str
    rank: int
    """When width is short, the highest goes first."""
    cells: list[str]

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.title, *self.cells)))


def _show(listed: list[Due], as_of: int, zone: tzinfo, ahead: str) -> None:
    columns = _columns(listed, as_of, zone)
    # Whoever reads it through a pipe gets every column.
    while out.is_terminal and len(columns) > 1 and _width(columns) > out.width:
        columns.remove(max(columns, key=lambda column: column.rank))
    if listed:
        out.print(
            Text(_joined(columns, [column.title for column in columns]), "bold"), soft_wrap=True
        )
    for one, *cells in zip(listed, *(column.cells for column in columns), strict=True):
        late = one.state == ck.BREACHED_OPEN
        out.print(Text(_joined(columns, cells), "red" if late else ""), soft_wrap=True)
    out.print(_total(listed, as_of, zone, ahead), markup=False, soft_wrap=True)


def _width(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1)


def _joined(columns: Sequence[_Column], cells: Sequence[str]) -> str:
    sized = (set_cell_size(cell, column.width) for column, cell in zip(columns, cells, strict=True))
    return _GAP.join(sized).rstrip()


def _columns(listed: list[Due], as_of: int, zone: tzinfo) -> list[_Column]:
    return [
        _Column("ticket", 0, [plain(one.ticket) for one in listed]),
        _Column("queue", 6, [plain(one.queue or "-") for one in listed]),
        _Column("priority", 5, [plain(one.priority or "-") for one in listed]),
        _Column("status", 7, [plain(one.status) for one in listed]),
        _Column("assignee", 4, [plain(one.assignee or "-") for one in listed]),
        _Column("clock", 2, [one.clock for one in listed]),
        _Column("policy", 8, [plain(one.policy) for one in listed]),
        _Column("deadline", 3, [moment(one.deadline, zone) for one in listed]),
        _Column("left", 1, [_left(one, as_of) for one in listed]),
    ]


def _left(one: Due, as_of: int) -> str:
    """Working time, and wall time where it is another one; `over` is past the deadline."""
    wall = one.deadline - as_of
    working, whole = span(abs(one.left) / 1000), span(abs(wall) / 1000)
    over = " over" if one.state == ck.BREACHED_OPEN else ""
    return f"{working}{over}" if one.left == wall else f"{working}{over} ({whole})"


def _total(listed: list[Due], as_of: int, zone: tzinfo, ahead: str) -> str:
    late = sum(one.state == ck.BREACHED_OPEN for one in listed)
    tickets = len({one.ticket for one in listed})
    soon = f", {len(listed) - late} due within {ahead}" if ahead else ""
    of = f" on {tickets} ticket{'s' if tickets > 1 else ''}" if tickets else ""
    return f"{late} breached{soon}{of}; as of {moment(as_of, zone)} ({zone})"
