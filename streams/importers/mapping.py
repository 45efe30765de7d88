"""What the columns of a log mean: the shape of a mapping.

One mapping serves a table (CSV) and an XES log. For XES, a column is the key of an
attribute: of the event, or of its trace with `case:` in front. The names of structure
(`ticket`, `time`, ...) are always columns; for an attribute of a ticket a bare text is
a constant, and `{column: NAME}` is read from the row.

`mapping_file` reads a mapping from YAML and checks what concerns more than one key.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from streams.core.events import KINDS, OTHER, PRIORITIES, ROLES, STATUSES
from streams.importers.instants import ISO, instant_reader

VISIBILITIES: Final = frozenset({"public", "private"})
"""Who can read a reply."""

PROBE: Final = datetime(2016, 2, 29, tzinfo=UTC)
"""A day that a usable `time_format` writes and reads back."""


def _one_of(allowed: frozenset[str]) -> Callable[[str], str]:
    def check(given: str) -> str:
        if given not in allowed:
            raise ValueError(f"one of {', '.join(sorted(allowed))}")
        return given

    return check


def _time_format(given: str) -> str:
    try:
        day = PROBE.isoformat() if given == ISO else PROBE.strftime(given)
        read_back = instant_reader(given, "UTC")(day)
    except ValueError:
        read_back = ""
    # A format without a year or a day reads another day than it wrote.
    if not read_back.startswith(PROBE.date().isoformat()):
        raise ValueError(f"`{ISO}` or a strptime format such as `%d/%m/%Y %H:%M`")
    return given


def _timezone(given: str) -> str:
    try:
        ZoneInfo(given)
    except (OSError, ValueError, KeyError):
        raise ValueError("a time zone by its IANA name, such as Europe/Rome") from None
    return given


def _instant(given: str) -> str:
    try:
        if datetime.fromisoformat(given).tzinfo is not None:
            return instant_reader(ISO, "UTC")(given)
    except ValueError:
        pass
    raise ValueError("an instant with its offset, such as 2026-01-05T08:00:00Z")


def _encoding(given: str) -> str:
    try:
        "".encode(given)
    except LookupError:
        raise ValueError("a text encoding such as utf-8 or cp1252") from None
    return given


def _delimiter(given: str) -> str:
    if len(given) != 1 or given in '"\r\n':
        raise ValueError("one character, neither a quote nor a line break")
    return given


def _form(given: object) -> str:
    return "<column>" if isinstance(given, dict | BaseModel) else "<constant>"


T = TypeVar("T")
Text = Annotated[str, StringConstraints(min_length=1)]
Column = Text
Columns = Annotated[tuple[Column, ...], Field(min_length=1)]
Status = Annotated[str, AfterValidator(_one_of(STATUSES | {OTHER}))]
Priority = Annotated[str, AfterValidator(_one_of(PRIORITIES | {OTHER}))]
Kind = Annotated[str, AfterValidator(_one_of(KINDS | {OTHER}))]
Role = Annotated[str, AfterValidator(_one_of(ROLES))]
Visibility = Annotated[str, AfterValidator(_one_of(VISIBILITIES))]


class Model(BaseModel):
    """What every part of a mapping shares: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(Model, Generic[T]):
    """A value read from a column."""

    column: Column
    values: dict[str, T] = {}
    """The log's value -> ours. In a key `*` matches any text; an exact key goes first."""
    default: T | None = None
    """What a value outside `values` becomes. Without it: the value as given, see `values`."""


class Tags(Model):
    """A list read from one column."""

    column: Column
    split: Text
    """What stands between two tags."""


# A value is a constant or a cell. (Pydantic does not fill in a generic alias of the two.)
CONSTANT, COLUMN, FORM = Tag("<constant>"), Tag("<column>"), Discriminator(_form)

TextValue = Annotated[Annotated[Text, CONSTANT] | Annotated[Cell[Text], COLUMN], FORM]
StatusValue = Annotated[Annotated[Status, CONSTANT] | Annotated[Cell[Status], COLUMN], FORM]
PriorityValue = Annotated[Annotated[Priority, CONSTANT] | Annotated[Cell[Priority], COLUMN], FORM]
KindValue = Annotated[Annotated[Kind, CONSTANT] | Annotated[Cell[Kind], COLUMN], FORM]
RoleValue = Annotated[Annotated[Role, CONSTANT] | Annotated[Cell[Role], COLUMN], FORM]
VisibilityValue = Annotated[
    Annotated[Visibility, CONSTANT] | Annotated[Cell[Visibility], COLUMN], FORM
]


class Attributes(Model):
    """Attributes of a ticket (CONTRACTS section 1) and where each comes from."""

    status: StatusValue | None = None
    priority: PriorityValue | None = None
    queue: TextValue | None = None
    assignee: TextValue | None = None
    channel: TextValue | None = None
    category: TextValue | None = None
    kind: KindValue | None = None
    complexity: TextValue | None = None
    wait_reason: TextValue | None = None
    requester: TextValue | None = None
    organization: TextValue | None = None
    segment: TextValue | None = None
    product: TextValue | None = None
    language: TextValue | None = None
    tags: Tags | None = None


class Reply(Model):
    """A row that is a message: `ticket.replied` at the row's time."""

    author: TextValue
    role: RoleValue = "agent"
    visibility: VisibilityValue = "public"


class Effects(Attributes):
    """What an activity sets, beside the attributes of every row and stronger than them."""

    reply: Reply | None = None


class Activity(Model):
    """The column that says what happened, and what it means."""

    column: Column
    values: dict[str, Effects] = {}
    """In a key `*` matches any text; an activity that is not listed sets nothing more."""


class FirstRow(Model):
    """A ticket's first row, in file order, is its `ticket.created`."""

    by: Literal["first_row"]
    activities: Columns | None = None
    """Only if the row's activity is one of these; else the ticket has no creation."""


class ByActivity(Model):
    """Every row with one of these activities is a `ticket.created`."""

    by: Literal["activity"]
    activities: Columns


class ByColumn(Model):
    """A `ticket.created` of its own, at the instant in a column.

    Made by the ticket's first row in which that column is not missing; each row still
    is a `ticket.updated`.
    """

    by: Literal["column"]
    column: Column
    attributes: Attributes = Attributes()


class Csv(Model):
    """How a table is written; an XES log says so itself."""

    delimiter: Annotated[str, AfterValidator(_delimiter)] = ","
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8-sig"
    """The default is UTF-8 with or without a byte order mark."""


class LogMapping(Model):
    """What a log's columns mean."""

    source: Text
    """The CloudEvents `source` of every event."""
    ticket: Column
    time: Column | None = None
    """The column with the event time. Either this or `snapshot_at`."""
    snapshot_at: Annotated[str, AfterValidator(_instant)] | None = None
    """The instant at which the whole table was exported: the time of every row."""
    time_format: Annotated[str, AfterValidator(_time_format)] = ISO
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    """Of readings without an offset."""
    sequence: Column | None = None
    id: Column | None = None
    """The column with the source's own event id. Without it, an id is a hash ..."""
    hash: Columns | None = None
    """... of these columns, or of all columns that the row's event is made from."""
    missing: Literal["cleared", "unchanged"]
    """What a missing value says: the attribute is empty now, or nothing."""
    missing_markers: tuple[str, ...] = ()
    """Values that stand for a missing one, beside the empty cell."""
    created: Annotated[FirstRow | ByActivity | ByColumn, Field(discriminator="by")] | None = None
    """Which rows are creations; without it every ticket of the log is an orphan."""
    activity: Activity | None = None
    attributes: Attributes = Attributes()
    """Read from every row."""
    csv: Csv = Csv()
