"""What is known of one ticket: the state that the fold of its events carries along.

A `Ticket` is a plain value. `streams.core.fold` moves it from event to event; nothing
else writes to it. Every field is a function of the ticket's set of events in order-key
order (KPIS.md, "Facts of a ticket"), so a ticket can be dumped, loaded and folded on.

Times are epoch milliseconds; `None` means "never".
"""

from collections.abc import Sequence
from sys import intern
from typing import Any, Final

from streams.core.case import Case
from streams.core.clocks import Clock, Stretch, Timeline
from streams.core.events import DONE
from streams.core.policies import SOURCE, Policies

Cell = tuple[str, ...]
"""The labels a fact is counted under: values of `DIMENSIONS`, "" where the ticket has none.

Not typed by its length: the compiled core would take it apart and put it together again."""

End = tuple[int, Cell, int, str]
"""When a resolution or close was, under which labels, the working time since the creation
(milliseconds; 0 for an orphan), and whom it is credited to ("" is nobody)."""

DIMENSIONS: Final = ("queue", "priority", "channel", "segment", "product", "category", "kind")
NOWHERE: Final[Cell] = ("",) * len(DIMENSIONS)


_SLOTS: Final[tuple[str, ...]] = (
    "agent_replies",
    "answered_at",
    "assignee",
    "case",
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


class Ticket:
    """The folded state of one ticket."""

    __slots__ = _SLOTS

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
        self.signal: End | None = None
        """The response signal, when it came before the start of the clock: after no time."""
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
        self.case: Case | None = None
        """What the catalogue of KPIs needs beyond all this."""
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

    def dump(self, policies: Policies) -> dict[str, Any]:  # noqa: C901, PLR0912, PLR0915 - as above
        """The state as JSON values, fields at their initial value left out.

        Field by field: each changed ticket comes by here, and to ask for them by name takes
        several times as long.
        """
        state: dict[str, Any] = {"last_at": self.last_at}
        if self.first_at is not None:
            state["first_at"] = self.first_at
        if self.first_in != NOWHERE:
            state["first_in"] = _packed_cell(self.first_in, self.cell)
        if self.last_sequence:
            state["last_sequence"] = self.last_sequence
        if self.created_at is not None:
            state["created_at"] = self.created_at
        if self.source is not None:
            state["source"] = self.source
        if self.opened_by_agent:
            state["opened_by_agent"] = self.opened_by_agent
        if self.existed:
            state["existed"] = self.existed
        if self.status is not None:
            state["status"] = self.status
        if self.priority is not None:
            state["priority"] = self.priority
        if self.queue is not None:
            state["queue"] = self.queue
        if self.assignee is not None:
            state["assignee"] = self.assignee
        if self.channel is not None:
            state["channel"] = self.channel
        if self.extra is not None:
            state["extra"] = self.extra
        if self.deleted is not None:
            state["deleted"] = self.deleted
        if self.deleted_in != NOWHERE:
            state["deleted_in"] = _packed_cell(self.deleted_in, self.cell)
        if self.merged_into is not None:
            state["merged_into"] = self.merged_into
        if self.merged_in != NOWHERE:
            state["merged_in"] = _packed_cell(self.merged_in, self.cell)
        if self.picked_up is not None:
            state["picked_up"] = _packed_moment(self.picked_up, self.cell)
        if self.requested_at is not None:
            state["requested_at"] = self.requested_at
        if self.signal is not None:
            state["signal"] = _packed_end(self.signal, self.cell)
        if self.first_response_at is not None:
            state["first_response_at"] = self.first_response_at
        if self.first_resolved is not None:
            state["first_resolved"] = _packed_end(self.first_resolved, self.cell)
        if self.last_resolved is not None:
            state["last_resolved"] = _packed_end(self.last_resolved, self.cell)
        if self.first_closed is not None:
            state["first_closed"] = _packed_end(self.first_closed, self.cell)
        if self.last_closed is not None:
            state["last_closed"] = _packed_end(self.last_closed, self.cell)
        if self.resolutions:
            state["resolutions"] = self.resolutions
        if self.reopens:
            state["reopens"] = self.reopens
        if self.agent_replies:
            state["agent_replies"] = self.agent_replies
        if self.handled_ms:
            state["handled_ms"] = self.handled_ms
        if self.waiting_since is not None:
            state["waiting_since"] = self.waiting_since
        if self.held_since is not None:
            state["held_since"] = self.held_since
        if self.answered_at is not None:
            state["answered_at"] = self.answered_at
        if self.timeline:
            state["timeline"] = [tuple(stretch) for stretch in self.timeline]
        if self.clocks:
            state["clocks"] = [clock.dump(policies.number) for clock in self.clocks]
        if self.finished:
            state["finished"] = [clock.dump(policies.number) for clock in self.finished]
        if self.held_by is not None:
            state["held_by"] = self.held_by
        if self.question is not None:
            state["question"] = self.question
        if self.case is not None:
            state["case"] = self.case.dump()
        return state

    @classmethod
    def load(cls, state: dict[str, Any], policies: Policies) -> "Ticket":  # noqa: PLR0915 - as above
        """The ticket that `dump` wrote, with the same policies.

        A field this version does not know is left out.
        """
        # Field by field as in `dump`: at a restart each ticket comes by here.
        ticket = cls()
        get = state.get
        ticket.first_at = get("first_at")
        ticket.last_at = state["last_at"]
        ticket.last_sequence = get("last_sequence", 0)
        ticket.created_at = get("created_at")
        ticket.source = _interned(get("source"))
        ticket.opened_by_agent = get("opened_by_agent", False)
        ticket.existed = get("existed", False)
        ticket.status = _interned(get("status"))
        ticket.priority = _interned(get("priority"))
        ticket.queue = _interned(get("queue"))
        ticket.assignee = _interned(get("assignee"))
        ticket.channel = _interned(get("channel"))
        ticket.extra = get("extra")
        ticket.cell = cell = cell_of(ticket)
        ticket.first_in = _cell(get("first_in", NOWHERE), cell)
        ticket.deleted = get("deleted")
        if "deleted_in" in state:
            ticket.deleted_in = _cell(state["deleted_in"], cell)
        ticket.merged_into = get("merged_into")
        if "merged_in" in state:
            ticket.merged_in = _cell(state["merged_in"], cell)
        ticket.picked_up = _moment(get("picked_up"), cell)
        ticket.requested_at = get("requested_at")
        ticket.signal = _end(get("signal"), cell)
        ticket.first_response_at = get("first_response_at")
        ticket.first_resolved = _end(get("first_resolved"), cell)
        ticket.last_resolved = _end(get("last_resolved"), cell)
        ticket.first_closed = _end(get("first_closed"), cell)
        ticket.last_closed = _end(get("last_closed"), cell)
        ticket.resolutions = get("resolutions", 0)
        ticket.reopens = get("reopens", 0)
        ticket.agent_replies = get("agent_replies", 0)
        ticket.handled_ms = get("handled_ms", 0)
        ticket.waiting_since = get("waiting_since")
        ticket.held_since = get("held_since")
        ticket.answered_at = get("answered_at")
        if "timeline" in state:
            ticket.timeline = tuple([_stretch(*stretch) for stretch in state["timeline"]])
        if "clocks" in state:
            ticket.clocks = tuple([Clock.load(one, policies.terms) for one in state["clocks"]])
        if "finished" in state:
            ticket.finished = tuple([Clock.load(one, policies.terms) for one in state["finished"]])
        if "held_by" in state:
            source, event = state["held_by"]
            ticket.held_by = source, event
        if "question" in state:
            at, source, event, waits = state["question"]
            ticket.question = at, source, event, waits
        if "case" in state:
            ticket.case = Case.load(state["case"])
        return ticket


def _interned(text: str | None) -> str | None:
    return None if text is None else intern(text)


def _cell(labels: Sequence[str] | None, now: Cell) -> Cell:
    """The labels of a time; `None` are those of now."""
    return now if labels is None else tuple(labels)


def _moment(value: Any, now: Cell) -> tuple[int, Cell] | None:
    return None if value is None else (value[0], _cell(value[1], now))


def _end(value: Any, now: Cell) -> End | None:
    return None if value is None else (value[0], _cell(value[1], now), value[2], value[3])


def _packed_cell(labels: Cell, now: Cell) -> Cell | None:
    return None if labels == now else labels


def _packed_moment(moment: tuple[int, Cell], now: Cell) -> tuple[int, Cell | None]:
    return moment[0], _packed_cell(moment[1], now)


def _packed_end(end: End, now: Cell) -> tuple[int, Cell | None, int, str]:
    return end[0], _packed_cell(end[1], now), end[2], end[3]


def _stretch(at: int, status: str, queue: str | None, assignee: str | None) -> Stretch:
    made: Stretch = tuple.__new__(
        Stretch, (at, intern(status), _interned(queue), _interned(assignee))
    )
    return made


def cell_of(ticket: Ticket) -> Cell:
    """The labels a fact of this ticket is counted under right now; equal ones are one object."""
    extra = ticket.extra
    if extra is None:
        cell = (ticket.queue or "", ticket.priority or "", ticket.channel or "", "", "", "", "")
    else:
        cell = (
            ticket.queue or "",
            ticket.priority or "",
            ticket.channel or "",
            extra.get("segment") or "",
            extra.get("product") or "",
            extra.get("category") or "",
            extra.get("kind") or "",
        )
    known = _cells.get(cell)
    if known is None:
        if len(_cells) >= _MAX_CELLS:
            _cells.clear()
        known = _cells[cell] = cell
    return known


_cells: Final[dict[Cell, Cell]] = {}
_MAX_CELLS: Final = 10_000


_ATTRIBUTES: Final = frozenset({"priority", "queue", "assignee", "channel", SOURCE})
