"""The fold: one event after the other, in order-key order, onto a ticket.

Theory of operation. `fold(events)` sorts a ticket's events, cuts the run wherever two
neighbours are more than `forgotten` apart (those are two tickets that share an id), and
for each part *begins* and then *steps*:

* begin - the earliest `ticket.created` of the part says when the ticket was created, by
  whom and where. It is looked up before the first step, because a creation may stand
  after other events in the order key (clock skew, a queue assigned a second too early);
* step - one event: attributes change all at once, then transitions are derived by
  comparing the state before with the state after. Facts go to a list the caller owns; the
  SLA clocks follow (`streams.core.promises`), where a policy names any.

An event that is newer than all others of a ticket may be stepped onto the ticket at once
(`extends`); every other one needs a new fold. Both give the same ticket and the same
facts: that is law 1, and the whole reason the engine may work incrementally.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from sys import intern
from typing import Any, Final

from streams.core import catalogue, conflicts, promises
from streams.core import events as ev
from streams.core import facts as fact
from streams.core.elapsed import calendar_of
from streams.core.events import DONE, Event
from streams.core.facts import Fact
from streams.core.occasions import Before
from streams.core.settings import Credit, ResolutionAt, ResponseSignal, Settings
from streams.core.ticket import DIMENSIONS, Cell, End, Ticket, cell_of

MAX_HANDLED: Final = 2**53
"""More handling time than a number in JSON can hold exactly is no more."""

CORE_ATTRIBUTES: Final = ("status", "priority", "queue", "assignee", "channel")
"""Attributes with a field of their own; the rest is kept in `Ticket.extra`."""


def fold(
    events: Iterable[Event], settings: Settings, facts: list[Fact], onto: Ticket | None = None
) -> Ticket:
    """The ticket that these events make, after `onto` (a checkpoint older than all of them).

    Appends the facts of these events to `facts`; those of the checkpoint are not repeated.
    `onto` is used up: it becomes the result.
    """
    ticket = Ticket() if onto is None else onto
    for _, after in walk(events, settings, facts, ticket):
        ticket = after
    return ticket


def walk(
    events: Iterable[Event], settings: Settings, facts: list[Fact], ticket: Ticket
) -> Iterator[tuple[Event, Ticket]]:
    """`fold` one event at a time: each in order, with the ticket right after it.

    It is one ticket that moves on, and another one after a gap of more than `forgotten`.
    """
    ordered = sorted(events)
    for index, event in enumerate(ordered):
        if ticket.last_at >= 0 and event.at - ticket.last_at > settings.forgotten:
            settle(ticket, settings, facts)
            ticket = Ticket()
        if ticket.last_at < 0 or (ticket.orphan and index == 0):
            begin(ticket, _part(ordered[index:], settings.forgotten))
        step(ticket, event, settings, facts)
        yield event, ticket


def extends(ticket: Ticket, event: Event, settings: Settings) -> bool:
    """Whether `step` alone is enough: the event is the newest, and no fact looks back.

    A creation that reaches an orphan changes what its earlier events mean, and an event
    beyond `forgotten` starts a new ticket: both need a fold.
    """
    if ticket.last_at < 0:
        return True
    if event.at == ticket.last_at:
        in_order = event.sequence > ticket.last_sequence
    else:
        in_order = ticket.last_at < event.at <= ticket.last_at + settings.forgotten
    return in_order and not (event.type == ev.CREATED and ticket.orphan)


def _part(ordered: Sequence[Event], forgotten: int) -> Iterable[Event]:
    """The events up to the first gap that makes the rest another ticket."""
    last = ordered[0].at
    for event in ordered:
        if event.at - last > forgotten:
            return
        last = event.at
        yield event


def begin(ticket: Ticket, part: Iterable[Event]) -> None:
    """Set what the whole fold depends on: the earliest creation, its source and its opener."""
    for event in part:
        if event.type == ev.CREATED:
            ticket.created_at = event.at
            ticket.source = intern(event.source)
            actor = event.data.get("actor")
            ticket.opened_by_agent = actor is not None and actor.get("role") == "agent"
            return


def step(ticket: Ticket, event: Event, settings: Settings, facts: list[Fact]) -> None:
    """Apply the next event in order-key order; the ticket has begun."""
    was_active, queue, cell = ticket.active, ticket.queue, ticket.cell
    first = ticket.first_at is None
    at = event.at
    if first:
        ticket.first_at = at
        if ticket.created_at is None and event.type == ev.CREATED:
            begin(ticket, (event,))
    ticket.last_at = at
    ticket.last_sequence = event.sequence
    was = Before(ticket, settings.policies) if settings.policies else None
    since = len(facts)
    _STEPS[event.type](ticket, event, settings, facts)
    if was is not None:
        promises.follow(ticket, event, was, settings)
    if first:
        ticket.first_in = ticket.cell
    if settings.catalogue:
        catalogue.follow(ticket, event, facts, since, settings)
    active = ticket.active
    if active != was_active or (active and ticket.queue != queue):
        # Depth is that of a queue: who is handed over leaves one and enters another.
        if was_active:
            facts.append(fact.new(fact.LEFT, at, cell))
        if active:
            facts.append(fact.new(fact.ENTERED, at, ticket.cell))


def settle(ticket: Ticket, settings: Settings, facts: list[Fact]) -> None:
    """Turn what a forgotten ticket is into facts, so that it can be dropped.

    A tombstone of a ticket that nobody ever saw leaves none.
    """
    if ticket.first_at is None:
        return
    if ticket.active:
        # Forgotten is "silent for longer": at exactly `forgotten` it is still there.
        facts.append(fact.new(fact.LEFT, ticket.last_at + settings.forgotten + 1, ticket.cell))
    facts.extend(state_facts(ticket, settings))
    facts.extend(promises.settled(ticket, ticket.last_at + settings.forgotten + 1))


def state_facts(ticket: Ticket, settings: Settings) -> list[Fact]:
    """The facts that stand only as long as the ticket is as it is.

    Its state, its durations, and of a conflict what it has come to.
    """
    closed = ticket.status == "closed" and not ticket.gone
    times = resolution_times(ticket, settings)
    states = (
        (fact.ORPHAN, ticket.first_in, ticket.orphan),
        (fact.DELETED, ticket.deleted_in, ticket.deleted is not None),
        (fact.MERGED, ticket.merged_in, ticket.merged_into is not None),
        (fact.CLOSED, ticket.cell, closed),
        (fact.SKEWED, ticket.cell, _skewed(ticket, times)),
    )
    found = [Fact(kind, ticket.last_at, cell) for kind, cell, stands in states if stands]
    return [*found, *times, *conflicts.in_all(ticket)]


def _skewed(ticket: Ticket, times: tuple[Fact, ...]) -> bool:
    """Whether a duration was floored at 0 because it ends before the creation."""
    if ticket.created_at is None:
        return False
    ends = [ticket.first_response_at, *(item.at for item in times)]
    if ticket.picked_up is not None:
        ends.append(ticket.picked_up[0])
    return any(end is not None and end < ticket.created_at for end in ends)


def resolution_times(ticket: Ticket, settings: Settings) -> tuple[Fact, ...]:
    """First and full resolution time: they stand only while the ticket is resolved or closed.

    Beside them the time to close, while it is closed.
    """
    if ticket.created_at is None:
        return ()
    if settings.source(ticket.source or "").resolution_at is ResolutionAt.CLOSED:
        stands, first, last = ticket.status == "closed", ticket.first_closed, ticket.last_closed
    else:
        stands, first, last = ticket.done, ticket.first_resolved, ticket.last_resolved
    if not stands:
        first = last = None
    closed = ticket.last_closed if ticket.status == "closed" else None
    times = []
    for kind, end in (
        (fact.FIRST_RESOLUTION, first),
        (fact.FULL_RESOLUTION, last),
        (fact.TIME_TO_CLOSE, closed),
    ):
        if end is None:
            continue
        at, cell, working, agent = end
        times.append(Fact(kind, at, cell, max(0, at - ticket.created_at), agent))
        if settings.policies:
            times.append(Fact(fact.WORKING[kind], at, cell, working, agent))
    return tuple(times)


def _took(
    kind: str,
    start: int,
    at: int,
    ticket: Ticket,
    cell: Cell,
    agent: str,
    settings: Settings,
    facts: list[Fact],
) -> None:
    """How long something took that has just ended, in wall and in working time."""
    facts.append(fact.new(kind, at, cell, max(0, at - start), agent))
    if settings.policies:
        working = _working(ticket, start, at, settings)
        facts.append(fact.new(fact.WORKING[kind], at, cell, working, agent))


def _working(ticket: Ticket, start: int, end: int, settings: Settings) -> int:
    """Working time between two instants in the calendar of the ticket as it is now."""
    if not settings.policies:
        return max(0, end - start)
    return max(0, calendar_of(ticket, start, settings).between(start, end))


def _ended(ticket: Ticket, event: Event, settings: Settings) -> End:
    """A resolution or a close: when, under which labels, the working time until then, and whose."""
    at = event.at
    start = at if ticket.created_at is None else ticket.created_at
    return (
        at,
        ticket.cell,
        _working(ticket, start, at, settings),
        _credited(ticket, event, settings),
    )


def _credited(ticket: Ticket, event: Event, settings: Settings) -> str:
    """Whose a resolution is (`credit`); "" is nobody's."""
    if settings.credit is Credit.FIRST_RESPONDER and ticket.case and ticket.case.responder:
        return ticket.case.responder
    if settings.credit is Credit.LAST_ASSIGNEE:
        return ticket.assignee or (ticket.case.assignee if ticket.case else "")
    return _doer(ticket, event)


def _doer(ticket: Ticket, event: Event) -> str:
    """The agent who made an event, or else who has the ticket after it; "" is nobody."""
    actor = event.data.get("actor")
    if actor and actor.get("role") == "agent" and actor.get("id"):
        return intern(actor["id"])
    return ticket.assignee or ""


def _created(ticket: Ticket, event: Event, settings: Settings, facts: list[Fact]) -> None:
    """The ticket exists, and its requester waits; a second creation is an update."""
    was_done = ticket.done
    _attributes(ticket, event, settings, facts)
    if ticket.existed:
        return
    ticket.existed = True
    facts.append(fact.new(fact.CREATED, event.at, ticket.cell, None, ticket.assignee or ""))
    answered = ticket.answered_at
    if ticket.opened_by_agent:
        return
    if answered is not None and answered >= event.at - settings.future_skew:
        # Before it was asked: at once, and nobody knows any more by whom.
        _took(fact.NEXT_REPLY, event.at, event.at, ticket, ticket.cell, "", settings, facts)
        return
    if was_done or not ticket.done:
        _wait(ticket, event.at)


def _attributes(ticket: Ticket, event: Event, settings: Settings, facts: list[Fact]) -> None:
    """All attributes of the event at once, then the transitions between before and after."""
    status, queue, assignee = ticket.status, ticket.queue, ticket.assignee
    priority = ticket.priority
    _write(ticket, event.data)
    at = event.at
    if ticket.queue != queue and queue is not None and ticket.queue is not None:
        facts.append(fact.new(fact.TRANSFERRED, at, ticket.cell, None, ticket.assignee or ""))
    if ticket.priority != priority and priority is not None and ticket.priority is not None:
        facts.append(fact.new(fact.PRIORITY_CHANGED, at, ticket.cell, None, ticket.assignee or ""))
    if ticket.assignee != assignee and ticket.assignee is not None:
        _assigned(ticket, at, settings, facts)
    if ticket.status != status:
        _status_changed(ticket, status, event, settings, facts)
    if ticket.status is not None and ticket.status != "new" and ticket.first_response_at is None:
        _respond_by(ResponseSignal.LEFT_NEW, ticket, at, _doer(ticket, event), settings, facts)


def _write(ticket: Ticket, data: Mapping[str, Any]) -> None:  # noqa: C901, PLR0912 - see below
    """Last writer wins, attribute by attribute; `None` clears."""
    labels = False
    for name, value in data.items():
        # One by one, and only what is new: each event comes by here.
        if name == "status":
            if value != ticket.status:
                ticket.status = _kept(value)
        elif name == "priority":
            if value != ticket.priority:
                ticket.priority, labels = _kept(value), True
        elif name == "queue":
            if value != ticket.queue:
                ticket.queue, labels = _kept(value), True
        elif name == "assignee":
            if value != ticket.assignee:
                ticket.assignee = _kept(value)
        elif name == "channel":
            if value != ticket.channel:
                ticket.channel, labels = _kept(value), True
        elif name != "actor":
            extra = dict(ticket.extra or ())
            before = extra.pop(name, None)
            if value is not None:
                extra[name] = value
            ticket.extra = extra or None
            labels = labels or (name in DIMENSIONS and value != before)
    if labels:
        ticket.cell = cell_of(ticket)


def _kept(value: str | None) -> str | None:
    """The same text once, however many tickets have it."""
    return None if value is None else intern(value)


def _assigned(ticket: Ticket, at: int, settings: Settings, facts: list[Fact]) -> None:
    agent = ticket.assignee or ""
    facts.append(fact.new(fact.ASSIGNED, at, ticket.cell, None, agent))
    if ticket.picked_up is None:
        ticket.picked_up = (at, ticket.cell)
        if ticket.created_at is not None:
            _took(fact.PICKUP, ticket.created_at, at, ticket, ticket.cell, agent, settings, facts)
        _respond_by(ResponseSignal.PICKUP, ticket, at, agent, settings, facts)


def _status_changed(
    ticket: Ticket, before: str | None, event: Event, settings: Settings, facts: list[Fact]
) -> None:
    was_done, done = before in DONE, ticket.done
    if done and not was_done:
        _resolved(ticket, event, settings, facts)
    elif was_done and not done:
        ticket.reopens += 1
        resolver = "" if ticket.last_resolved is None else ticket.last_resolved[3]
        facts.append(fact.new(fact.REOPENED, event.at, ticket.cell, None, resolver))
        ticket.waiting_since, ticket.held_since = ticket.held_since, None
    if ticket.status == "closed":
        ticket.last_closed = _ended(ticket, event, settings)
        ticket.first_closed = ticket.first_closed or ticket.last_closed


def _resolved(ticket: Ticket, event: Event, settings: Settings, facts: list[Fact]) -> None:
    at, cell = event.at, ticket.cell
    ticket.resolutions += 1
    end = ticket.last_resolved = _ended(ticket, event, settings)
    agent = end[3]
    facts.append(fact.new(fact.RESOLVED, at, cell, None, agent))
    if ticket.created_at is not None:
        facts.append(fact.new(fact.RESOLUTION, at, cell, max(0, at - ticket.created_at), agent))
    if ticket.first_resolved is None:
        ticket.first_resolved = end
        facts.append(fact.new(fact.RESOLVED_ONCE, at, cell, None, agent))
    _answer(ticket, at, agent, settings, facts)


def _replied(ticket: Ticket, event: Event, settings: Settings, facts: list[Fact]) -> None:
    """One message: an answer, a question, or neither (private, automatic, system)."""
    data = event.data
    if data["visibility"] != "public":
        return
    role, automatic = data["author"]["role"], bool(data.get("automatic"))
    if role == "requester":
        if not automatic:
            _requested(ticket, event.at, settings, facts)
        return
    if role == "bot" and not automatic:
        facts.append(fact.new(fact.BOT_REPLY, event.at, ticket.cell))
    human = role == "agent" or (role == "bot" and settings.count_bots)
    if human and (settings.count_automatic or not automatic):
        ticket.agent_replies += 1
        author = intern(data["author"]["id"])
        facts.append(fact.new(fact.AGENT_REPLY, event.at, ticket.cell, None, author))
        _answer(ticket, event.at, author, settings, facts)
        _respond_by(ResponseSignal.REPLY, ticket, event.at, author, settings, facts)


def _requested(ticket: Ticket, at: int, settings: Settings, facts: list[Fact]) -> None:
    facts.append(fact.new(fact.REQUESTER_MESSAGE, at, ticket.cell, None, ticket.assignee or ""))
    _wait(ticket, at)
    if ticket.requested_at is None:
        ticket.requested_at = at
        if ticket.opened_by_agent and ticket.signal is not None:
            since, cell, _, agent = ticket.signal
            _first_response(ticket, since, cell, agent, settings, facts)


def _wait(ticket: Ticket, since: int) -> None:
    """The requester waits; on a resolved ticket only once it is reopened."""
    if ticket.done:
        ticket.held_since = since if ticket.held_since is None else ticket.held_since
    elif ticket.waiting_since is None:
        ticket.waiting_since = since


def _answer(ticket: Ticket, at: int, agent: str, settings: Settings, facts: list[Fact]) -> None:
    since = ticket.waiting_since
    if since is not None:
        _took(fact.NEXT_REPLY, since, at, ticket, ticket.cell, agent, settings, facts)
    ticket.waiting_since = ticket.held_since = None
    if not ticket.existed:
        ticket.answered_at = at


def _respond_by(
    signal: ResponseSignal,
    ticket: Ticket,
    at: int,
    agent: str,
    settings: Settings,
    facts: list[Fact],
) -> None:
    """Take a signal that was seen: it is the first response if the ticket's source says so."""
    created_at = ticket.created_at
    if (
        ticket.first_response_at is not None
        or created_at is None
        or settings.source(ticket.source or "").response_signal is not signal
    ):
        return
    if ticket.response_start is None:
        # Opened by an agent, and the requester has not written yet: a reply is no
        # response before there is a question; another signal counts from it, floored at 0.
        if signal is not ResponseSignal.REPLY and ticket.signal is None:
            ticket.signal = (at, ticket.cell, 0, agent)
        return
    if signal is not ResponseSignal.REPLY or at >= created_at - settings.future_skew:
        _first_response(ticket, at, ticket.cell, agent, settings, facts)


def _first_response(
    ticket: Ticket, at: int, cell: Cell, agent: str, settings: Settings, facts: list[Fact]
) -> None:
    start = ticket.response_start
    if start is None:
        raise AssertionError("a first response without a start")
    ticket.first_response_at = at
    _took(fact.FIRST_RESPONSE, start, at, ticket, cell, agent, settings, facts)


def _worked(ticket: Ticket, event: Event, _settings: Settings, _facts: list[Fact]) -> None:
    worked = round(event.data["seconds"] * 1000)
    ticket.handled_ms = min(ticket.handled_ms + worked, MAX_HANDLED)


def _merged(ticket: Ticket, event: Event, _settings: Settings, _facts: list[Fact]) -> None:
    if ticket.merged_into is None:
        ticket.merged_in = ticket.cell
    ticket.merged_into = event.data["into"]


def _deleted(ticket: Ticket, event: Event, _settings: Settings, _facts: list[Fact]) -> None:
    if ticket.deleted is None:
        ticket.deleted_in = ticket.cell
    ticket.deleted = event.data["reason"]


def _restored(ticket: Ticket, _event: Event, _settings: Settings, _facts: list[Fact]) -> None:
    ticket.deleted = None


def _recorded(_ticket: Ticket, _event: Event, _settings: Settings, _facts: list[Fact]) -> None:
    """Kept in the history; no fact of the ticket depends on it."""


Step = Callable[[Ticket, Event, Settings, list[Fact]], None]
_STEPS: Final[Mapping[str, Step]] = {
    ev.CREATED: _created,
    ev.UPDATED: _attributes,
    ev.REPLIED: _replied,
    ev.WORKED: _worked,
    ev.MERGED: _merged,
    ev.DELETED: _deleted,
    ev.RESTORED: _restored,
    ev.COST: _recorded,
    ev.REVIEWED: _recorded,
    ev.SURVEY_SENT: _recorded,
    ev.SURVEY_RESPONDED: _recorded,
}
