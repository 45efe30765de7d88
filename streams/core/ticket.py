"""What is known of one ticket: the state that the fold of its events carries along.

A `Ticket` is a plain value. `streams.core.fold` moves it from event to event; nothing
else writes to it. Every field is a function of the ticket's set of events in order-key
order (KPIS.md, "Facts of a ticket"), so a ticket can be dumped, loaded and folded on.

Times are epoch milliseconds; `None` means "never".
"""

from operator import attrgetter
from typing import Any, Final

from streams.core.clocks import Clock, Stretch, Timeline
from streams.core.events import DONE
from streams.core.policies import SOURCE, Policies

Cell = tuple[str, str, str]
"""The labels a fact is counted under: values of `DIMENSIONS`, "" where the ticket has none."""

End = tuple[int, Cell, int]
"""When a resolution or close was, under which labels, and the working time since the creation
(milliseconds; 0 for an orphan)."""

DIMENSIONS: Final = ("queue", "priority", "channel")
NOWHERE: Final[Cell] = ("", "", "")


class Ticket:
    """The folded state of one ticket."""

    __slots__ = (
        "agent_replies",
        "answered_at",
        "assignee",
        "cell",
        "channel",
        "clocks",
        "created_at",
        "deleted",
        "deleted_in",
        "existed",
        "extra",
        "finished",
        "first_at",
        "first_closed",
        "first_in",
        "first_resolved",
        "first_response_at",
        "handled_ms",
        "held_by",
        "held_since",
        "last_at",
        "last_closed",
        "last_resolved",
        "last_sequence",
        "merged_in",
        "merged_into",
        "moved",
        "opened_by_agent",
        "picked_up",
        "priority",
        "question",
        "queue",
        "reopens",
        "requested_at",
        "resolutions",
        "signal",
        "source",
        "status",
        "timeline",
        "waiting_since",
    )

    def __init__(self) -> None:  # noqa: PLR0915 - one line for each field
        # Where the fold stands.
        self.first_at: int | None = None
        """Time of the earliest event."""
        self.first_in: Cell = NOWHERE
        """Labels right after the earliest event."""
        self.last_at: int = -1
        """Time of the newest event; -1 before the first."""
        self.last_sequence: int = 0

        # How it began; known before the fold starts (streams.core.fold.begin).
        self.created_at: int | None = None
        """`None` is an orphan."""
        self.source: str | None = None
        self.opened_by_agent: bool = False
        self.existed: bool = False
        """The creation has been stepped over."""

        # Attributes now.
        self.status: str | None = None
        self.priority: str | None = None
        self.queue: str | None = None
        self.assignee: str | None = None
        self.channel: str | None = None
        self.extra: dict[str, Any] | None = None
        """The attributes no clock and no dimension needs, by name."""
        self.cell: Cell = NOWHERE
        self.deleted: str | None = None
        """The reason, while it is deleted."""
        self.deleted_in: Cell = NOWHERE
        self.merged_into: str | None = None
        self.merged_in: Cell = NOWHERE

        # Facts.
        self.picked_up: tuple[int, Cell] | None = None
        self.requested_at: int | None = None
        """The requester's first public message."""
        self.signal: tuple[int, Cell] | None = None
        """The response signal, when it came before the start of the clock."""
        self.first_response_at: int | None = None
        self.first_resolved: End | None = None
        self.last_resolved: End | None = None
        self.first_closed: End | None = None
        self.last_closed: End | None = None
        self.resolutions: int = 0
        self.reopens: int = 0
        self.agent_replies: int = 0
        self.handled_ms: int = 0
        self.waiting_since: int | None = None
        self.held_since: int | None = None
        """A requester's message on a resolved ticket: waits only once it is reopened."""
        self.answered_at: int | None = None
        """Latest agent reply or resolution before the creation."""

        # Clocks; all of this stays empty while no policy names one.
        self.timeline: Timeline = ()
        """What the ticket was like, from when on."""
        self.clocks: tuple[Clock, ...] = ()
        """The newest instance of each clock."""
        self.finished: tuple[Clock, ...] = ()
        """Earlier instances; all of them have stopped for good."""
        self.held_by: tuple[str, str] | None = None
        """Source and id of the message that `held_since` is the time of."""
        self.question: tuple[int, str, str, bool] | None = None
        """The first message of a requester whose ticket an agent opened, until its clock can
        start: time, source, id, and whether it waits for a reopening."""
        self.moved: bool = False
        """The log of a clock has changed since this was last set back; not kept."""

    @property
    def done(self) -> bool:
        """Resolved or closed now."""
        return self.status in DONE

    @property
    def gone(self) -> bool:
        """Deleted or merged: it leaves every count of now."""
        return self.deleted is not None or self.merged_into is not None

    @property
    def active(self) -> bool:
        """Somebody still owes this ticket something (KPIS.md, `active`)."""
        return not (self.status in DONE or self.gone or self.first_at is None)

    @property
    def orphan(self) -> bool:
        """Seen without its creation."""
        return self.created_at is None

    @property
    def response_start(self) -> int | None:
        """When the first-response clock starts; `None` while it has not."""
        return self.requested_at if self.opened_by_agent else self.created_at

    @property
    def unanswered_since(self) -> int | None:
        """The start of a first response that is still owed."""
        return self.response_start if self.first_response_at is None else None

    def attribute(self, name: str) -> Any:
        """An attribute as policies compare it: text, `None`, or a tuple of tags."""
        if name == "status":
            return self.status or "new"
        if name in _ATTRIBUTES:
            return getattr(self, name)
        value = (self.extra or {}).get(name)
        return tuple(value) if isinstance(value, list) else value

    def dump(self, policies: Policies) -> dict[str, Any]:
        """The state as JSON values, fields at their initial value left out."""
        state = {
            name: value
            for name, value, initial in zip(_FIELDS, _VALUES(self), _INITIALS, strict=True)
            if value is not None and value is not False and value != initial
        }
        if self.timeline:
            state["timeline"] = [tuple(stretch) for stretch in self.timeline]
        for name in _CLOCKS & state.keys():
            state[name] = [clock.dump(policies.number) for clock in state[name]]
        return state

    @classmethod
    def load(cls, state: dict[str, Any], policies: Policies) -> "Ticket":
        """The ticket that `dump` wrote, with the same policies.

        A field this version does not know is left out.
        """
        ticket = cls()
        for name, value in state.items():
            if name in _MOMENTS:
                setattr(ticket, name, (value[0], tuple(value[1]), *value[2:]))
            elif name in _TUPLES:
                setattr(ticket, name, tuple(value))
            elif name in _CLOCKS:
                clocks = tuple(Clock.load(clock, policies.terms) for clock in value)
                setattr(ticket, name, clocks)
            elif name == "timeline":
                ticket.timeline = tuple(Stretch(*stretch) for stretch in value)
            elif name in _KNOWN:
                setattr(ticket, name, value)
        ticket.cell = cell_of(ticket)
        return ticket


def cell_of(ticket: Ticket) -> Cell:
    """The labels a fact of this ticket is counted under right now."""
    return (ticket.queue or "", ticket.priority or "", ticket.channel or "")


_MOMENTS: Final = frozenset(
    {"picked_up", "signal", "first_resolved", "last_resolved", "first_closed", "last_closed"}
)
"""Fields that hold a time with the labels of that time (and, of an end, the working time)."""
_TUPLES: Final = frozenset({"first_in", "deleted_in", "merged_in", "held_by", "question"})
_CLOCKS: Final = frozenset({"clocks", "finished"})
_ATTRIBUTES: Final = frozenset({"priority", "queue", "assignee", "channel", SOURCE})
_FIELDS: Final = tuple(name for name in Ticket.__slots__ if name not in {"cell", "moved"})
_KNOWN: Final = frozenset(_FIELDS)
_VALUES: Final = attrgetter(*_FIELDS)
_INITIALS: Final = _VALUES(Ticket())
"""What a ticket of no events has."""
