"""A row -> the ticket events it stands for.

Every row makes one event: `ticket.updated`, or `ticket.created` where the mapping says
that the row is a creation. Beside it may stand a `ticket.created` of its own (an opening
time in a column) and a `ticket.replied` (an activity that is a message; then an update
that would set nothing is left out). A row with a mistake is refused whole.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from streams.core.events import CREATED, OTHER, REPLIED, UPDATED
from streams.importers.instants import instant_reader
from streams.importers.mapping import ByActivity, FirstRow, LogMapping
from streams.importers.plan import ActivityPlan, BirthPlan, plan_of
from streams.importers.rows import Row
from streams.importers.summary import Reason, RowRefusedError, Summary, shown
from streams.importers.values import CLOSED, Reader
from streams.wire.codec import dumps
from streams.wire.reasons import MAX_ID

ID_LENGTH: Final = 32
"""Hexadecimal digits of a hashed id: 128 bits."""

FIRST: Final = "0-"
"""Before every hash in the order of ids: of equal times, the creation comes before its row."""

SEQUENCE: Final = re.compile(r"-?[0-9]{1,18}")

UNLISTED: Final = ActivityPlan()
"""An activity that the mapping does not name sets and says nothing."""

Event = dict[str, Any]
"""A CloudEvent in its JSON form, keys in the order of the contract."""


def event_id(parts: Sequence[str]) -> str:
    """The id of an event whose source gives it none: equal parts, equal id.

    The parts are hashed as a JSON array, so that no two lists of parts look alike.
    """
    return hashlib.sha256(dumps(parts)).hexdigest()[:ID_LENGTH]


class _Stamp(NamedTuple):
    """What the events of one row share."""

    ticket: str
    time: str
    sequence: int | None


class Translator:
    """Turns the rows of one log, in file order, into events; knows which tickets have begun."""

    def __init__(self, mapping: LogMapping, summary: Summary) -> None:
        self._plan = plan_of(mapping)
        self._source = mapping.source
        self._created = mapping.created
        self._snapshot_at = mapping.snapshot_at
        self._instant = instant_reader(mapping.time_format, mapping.timezone)
        self._missing = frozenset({"", *mapping.missing_markers})
        self._clears = mapping.missing == "cleared"
        self._summary = summary
        self._begun: set[str] = set()

    @property
    def columns(self) -> tuple[str, ...]:
        """What a row's cells have to hold, in this order."""
        return self._plan.columns

    def events(self, row: Row) -> list[Event]:
        """The events of one row; raises `RowRefusedError` if it has none."""
        plan, cells = self._plan, row.cells
        ticket = self._short(cells[plan.ticket], Reason.TICKET)
        name = "" if plan.activity is None else cells[plan.activity]
        # Before anything else can be wrong: a ticket whose first row is refused has begun
        # all the same, and its second row is not its creation.
        creation = self._is_creation(ticket, name)
        stamp = _Stamp(ticket, self._time(cells), self._sequence(cells))
        activity = plan.activities.find(name) or UNLISTED
        parts = self._parts(cells)
        own_id = event_id(parts) if plan.id is None else self._short(cells[plan.id], Reason.ID)
        replied = self._reply(stamp, parts, activity, cells)
        events = self._birth(plan.birth, ticket, row) if plan.birth else []
        data = self._data(plan.attributes + activity.attributes, row)
        if creation:
            events.append(self._event(own_id, CREATED, stamp, _given(data)))
        elif data or not replied:
            events.append(self._event(own_id, UPDATED, stamp, data))
        return events + replied

    def _is_creation(self, ticket: str, activity: str) -> bool:
        match self._created:
            case FirstRow(activities=only):
                first = ticket not in self._begun
                self._begun.add(ticket)
                return first and (only is None or activity in only)
            case ByActivity(activities=these):
                return activity in these
            case _:
                return False

    def _birth(self, birth: BirthPlan, ticket: str, row: Row) -> list[Event]:
        opened = row.cells[birth.time]
        if ticket in self._begun or opened in self._missing:
            return []
        stamp = _Stamp(ticket, self._read_time(opened, Reason.CREATED_TIME), None)
        self._begun.add(ticket)
        # The type is a part, so that it never shares the id of its row's update.
        parts = [CREATED, *(row.cells[place] for place in birth.hashed)]
        data = _given(self._data(birth.attributes, row))
        return [self._event(FIRST + event_id(parts), CREATED, stamp, data)]

    def _reply(
        self, stamp: _Stamp, parts: list[str], activity: ActivityPlan, cells: tuple[str, ...]
    ) -> list[Event]:
        if not activity.reply:
            return []
        author, role, visibility = (self._said(reader, cells) for reader in activity.reply)
        data = {"author": {"id": author, "role": role}, "visibility": visibility}
        return [self._event(event_id([REPLIED, *parts]), REPLIED, stamp, data)]

    def _said(self, reader: Reader, cells: tuple[str, ...]) -> str:
        cell = "" if reader.place is None else cells[reader.place]
        if reader.place is not None and cell in self._missing:
            raise RowRefusedError(Reason.REPLY, f"{reader.name} is missing")
        value: str = reader.convert(cell)
        if value == OTHER and reader.name in CLOSED:
            raise RowRefusedError(Reason.REPLY, f"{reader.name} {shown(cell)} is unknown")
        return value

    def _data(self, readers: tuple[Reader, ...], row: Row) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, place, convert in readers:
            if place is None:
                data[name] = convert("")
            elif (cell := row.cells[place]) not in self._missing:
                data[name] = value = convert(cell)
                if value == OTHER and name in CLOSED:
                    self._summary.became_other(row.line, name, cell)
            elif self._clears:
                data[name] = None
        return data

    def _parts(self, cells: tuple[str, ...]) -> list[str]:
        """What makes the id: the export's instant is no column, yet tells two exports apart."""
        parts = [] if self._snapshot_at is None else [self._snapshot_at]
        return parts + [cells[place] for place in self._plan.hashed]

    def _time(self, cells: tuple[str, ...]) -> str:
        if self._plan.time is None:
            return self._snapshot_at or ""
        return self._read_time(cells[self._plan.time], Reason.TIME)

    def _read_time(self, text: str, reason: Reason) -> str:
        if text in self._missing:
            raise RowRefusedError(reason, "is missing")
        try:
            return self._instant(text)
        except ValueError as e:
            raise RowRefusedError(reason, f"{shown(text)}: {e}") from e

    def _sequence(self, cells: tuple[str, ...]) -> int | None:
        text = "" if self._plan.sequence is None else cells[self._plan.sequence]
        if self._plan.sequence is None or text in self._missing:
            return None
        if not SEQUENCE.fullmatch(text):
            raise RowRefusedError(Reason.SEQUENCE, f"{shown(text)} is no whole number")
        return int(text)

    def _short(self, text: str, reason: Reason) -> str:
        if text in self._missing:
            raise RowRefusedError(reason, "is missing")
        if len(text) > MAX_ID:
            raise RowRefusedError(reason, f"{shown(text)} is longer than {MAX_ID} characters")
        return text

    def _event(self, id_: str, type_: str, stamp: _Stamp, data: dict[str, Any]) -> Event:
        event: Event = {
            "specversion": "1.0",
            "id": id_,
            "source": self._source,
            "type": type_,
            "subject": stamp.ticket,
            "time": stamp.time,
        }
        if stamp.sequence is not None:
            event["sequence"] = stamp.sequence
        event["data"] = data
        return event


def _given(data: dict[str, Any]) -> dict[str, Any]:
    """A creation's data: there is nothing yet that it could clear."""
    return {name: value for name, value in data.items() if value is not None}
