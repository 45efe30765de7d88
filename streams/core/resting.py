"""Tickets that nobody touches: the bytes the changelog keeps of them, pressed.

Most open tickets wait for hours, and as objects they take several times what their record
takes pressed. One that an event or a timer needs is loaded as at a restart
(docs/decisions/0025).
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Final, NamedTuple, Protocol

from streams.core.record import Record

_UNKEPT: Final = Struct("<qq")
"""What a record knows and the changelog does not keep: its timer, when an event arrived."""


class Press(Protocol):
    """Makes bytes smaller; `streams.wire.pressing` is the real one."""

    def press(self, raw: bytes) -> bytes:
        """Smaller bytes."""

    def open(self, pressed: bytes) -> bytes:
        """What was pressed."""


class Rested(NamedTuple):
    """A ticket as it went to rest."""

    raw: bytes
    """Its record, as `streams.core.record.dump` wrote it."""
    timer: int
    arrived_at: int


class Resting:
    """The resting tickets of one partition."""

    __slots__ = ("_press", "_quiet_from", "_round", "_round_at", "_tickets")

    def __init__(self, press: Press) -> None:
        self._press = press
        self._tickets: dict[str, bytes] = {}
        self._round: list[str] = []
        """Who is still to be looked at."""
        self._round_at: int = 0
        """The partition's position when the round began."""
        self._quiet_from: int = 0
        """And when the round before did."""

    def __len__(self) -> int:
        return len(self._tickets)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tickets)

    def look(self, awake: Mapping[str, Record], position: int) -> None:
        """Begin a round, unless one goes on: who has had no event since the last one may rest."""
        if not self._round:
            self._quiet_from, self._round_at = self._round_at, position
            self._round = [name for name, one in awake.items() if self._is_quiet(one)]

    def quiet(self, awake: Mapping[str, Record], most: int) -> Iterator[tuple[str, Record]]:
        """The next of the round, at most so many; none when it is over."""
        for _ in range(most):
            if not self._round:
                return
            ticket = self._round.pop()
            record = awake.get(ticket)
            if record is not None and self._is_quiet(record):
                yield ticket, record

    @property
    def goes_on(self) -> bool:
        """Whether somebody is still to be looked at."""
        return bool(self._round)

    def _is_quiet(self, record: Record) -> bool:
        return record.offset < self._quiet_from

    def put(self, ticket: str, rested: Rested) -> None:
        """Lay a ticket down."""
        unkept = _UNKEPT.pack(rested.timer, rested.arrived_at)
        self._tickets[ticket] = self._press.press(unkept + rested.raw)

    def find(self, ticket: str) -> Rested | None:
        """A ticket that rests; `None` where it does not."""
        pressed = self._tickets.get(ticket)
        if pressed is None:
            return None
        raw = self._press.open(pressed)
        timer, arrived_at = _UNKEPT.unpack_from(raw)
        return Rested(raw[_UNKEPT.size :], timer, arrived_at)

    def leave(self, ticket: str) -> None:
        """Let go of a ticket that is awake now."""
        del self._tickets[ticket]
