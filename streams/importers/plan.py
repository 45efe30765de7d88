"""A mapping made ready for speed: names of columns become places in a row's cells."""

from dataclasses import dataclass
from typing import NamedTuple

from streams.importers.mapping import Activity, Attributes, ByColumn, LogMapping, Reply
from streams.importers.values import Columns, Lookup, Reader, readers


class ActivityPlan(NamedTuple):
    """What one activity sets and says."""

    attributes: tuple[Reader, ...] = ()
    reply: tuple[Reader, ...] = ()
    """Author, role, visibility; empty where the activity is no message."""


class BirthPlan(NamedTuple):
    """A creation of its own, at the instant in a column."""

    time: int
    attributes: tuple[Reader, ...]
    hashed: tuple[int, ...]
    """The cells that make its id."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read from a row, and where; `None` is a part the mapping does not have."""

    columns: tuple[str, ...]
    """What a row's cells hold: the columns the mapping names, and no others."""
    ticket: int
    time: int | None
    sequence: int | None
    id: int | None
    activity: int | None
    attributes: tuple[Reader, ...]
    activities: Lookup[ActivityPlan]
    hashed: tuple[int, ...]
    """The cells that make the id of the row's event, where it has none of its own."""
    birth: BirthPlan | None


def plan_of(mapping: LogMapping) -> Plan:
    """Compile a mapping. The order in which it places columns is part of every hashed id."""
    columns = Columns()
    ticket = columns.place(mapping.ticket)
    time = columns.place_if(mapping.time)
    sequence = columns.place_if(mapping.sequence)
    own_id = columns.place_if(mapping.id)
    activity = columns.place_if(mapping.activity.column if mapping.activity else None)
    attributes = _attributes(mapping.attributes, columns)
    activities = _activities(mapping.activity, columns)
    of_the_row = tuple(range(len(columns.names)))
    hashed = tuple(map(columns.place, mapping.hash)) if mapping.hash else of_the_row
    birth = None
    if isinstance(mapping.created, ByColumn):
        birth = _birth(mapping.created, ticket, columns)
    return Plan(
        columns=tuple(columns.names),
        ticket=ticket,
        time=time,
        sequence=sequence,
        id=own_id,
        activity=activity,
        attributes=attributes,
        activities=activities,
        hashed=hashed,
        birth=birth,
    )


def _attributes(attributes: Attributes, columns: Columns) -> tuple[Reader, ...]:
    return readers(attributes, Attributes.model_fields, columns)


def _activities(activity: Activity | None, columns: Columns) -> Lookup[ActivityPlan]:
    plans = {}
    for name, effects in (activity.values if activity else {}).items():
        said = readers(effects.reply, Reply.model_fields, columns) if effects.reply else ()
        plans[name] = ActivityPlan(_attributes(effects, columns), said)
    return Lookup(plans)


def _birth(created: ByColumn, ticket: int, columns: Columns) -> BirthPlan:
    time = columns.place(created.column)
    attributes = _attributes(created.attributes, columns)
    read = (reader.place for reader in attributes if reader.place is not None)
    return BirthPlan(time, attributes, (ticket, time, *read))
