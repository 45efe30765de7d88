"""What one ticket adds to the totals: named facts, each with its attributes and time."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from tests.reference import credit
from tests.reference.calendars import ALWAYS, Calendar
from tests.reference.elapsed import elapsed
from tests.reference.policies import Policies
from tests.reference.settings import Settings
from tests.reference.spans import (
    first_response,
    next_replies,
    pickup,
    resolution_times,
    response_signal,
    time_to_close,
)
from tests.reference.ticket import (
    Span,
    State,
    Step,
    Steps,
    agent_replies,
    assignments,
    creation,
    deletion,
    merger,
    priority_changes,
    reopens,
    requester_messages,
    resolutions,
    transfers,
)

LABELS = ("queue", "priority", "channel", "segment", "product", "category", "kind", "agent")
DURATIONS = (
    *("first_response", "pickup", "next_reply"),
    *("requester_wait", "agent_work", "ownership"),
    *("first_resolution", "full_resolution", "time_to_close"),
)
NOW = ("orphan", "closed", "deleted", "merged", "skew")
RESOLUTIONS = ("first_resolution", "full_resolution", "each_resolution", "time_to_close")


class Fact(NamedTuple):
    """Something that counts once, under the attributes right after its event."""

    name: str
    attributes: Mapping[str, Any]
    time_ms: int
    ms: int = 0
    working_ms: int = 0
    """The same span in the calendar of the policy that matches right after the event."""
    agent: str = ""
    """Whom it is credited to; `""` is nobody."""
    value: Fraction = Fraction(0)
    """What is added up: seconds, points, money."""
    part: tuple[str, ...] = ()
    """What sources gave a name to: from and to, an aspect, a currency."""

    def key(self, attribute: str) -> str:
        """The value it counts under; a missing one is `""`."""
        return self.agent if attribute == "agent" else str(self.attributes.get(attribute) or "")


def facts_of(
    steps: Steps, settings: Settings, as_of: int | None, policies: Policies | None = None
) -> Iterator[Fact]:
    """All facts of one ticket whose steps end at or before `as_of`."""
    for name, at, _ in (*_of_tickets(steps, as_of, settings), *_of_counts(steps, settings)):
        # What a ticket is now stands at its newest event; that it is active, at any instant.
        time_ms = steps[-1].time_ms if name in NOW else at.time_ms
        time_ms = as_of if name == "active" and as_of is not None else time_ms
        agent = _credited(name, at, steps, settings)
        yield Fact(name, at.after.attributes, time_ms, agent=agent)
    for name, at, ms in _of_durations(steps, settings):
        working_ms = _working(steps, at, ms, policies) if policies else ms
        agent = _credited(name, at, steps, settings)
        yield Fact(name, at.after.attributes, at.time_ms, ms, working_ms, agent)
    for name, at, queue, pieces, agent in elapsed(steps, settings):
        ms = sum(end_ms - start_ms for start_ms, end_ms in pieces)
        calendar = _calendar(steps, at, pieces[0][0] if pieces else at.time_ms, policies)
        working_ms = sum(calendar.working(*piece) for piece in pieces) if policies else ms
        attributes = {**at.after.attributes, "queue": queue}
        yield Fact(name, attributes, at.time_ms, ms, working_ms, agent)


def _credited(name: str, at: Step, steps: Steps, settings: Settings) -> str:
    """Whose it is: who did it, or who has the ticket; nobody's, what a ticket is now.

    Of a resolution, and of the reopening that undoes it, the settings say it.
    """
    if name in {"resolved", "resolutions", *RESOLUTIONS}:
        return credit.of_resolution(steps, at, settings)
    if name == "reopens":
        undone = resolutions(credit.until(steps, at))[-1]
        return credit.of_resolution(steps, undone, settings)
    if name == "agent_replies":
        return credit.author(at)
    if name == "next_reply":
        return _answerer(at, steps, settings)
    if name == "first_response":
        return _responder(at, steps, settings)
    return "" if name in NOW else credit.assignee(at)


def _answerer(at: Step, steps: Steps, settings: Settings) -> str:
    """Who wrote the reply, or resolved it; of what was answered before the creation, nobody."""
    if at is creation(steps):
        return ""
    if at in resolutions(steps):
        return credit.of_resolution(steps, at, settings)
    return credit.author(at)


def _responder(at: Step, steps: Steps, settings: Settings) -> str:
    """Who wrote the reply, who picked it up, or who made the event that left `new`."""
    match response_signal(steps, settings):
        case "reply":
            return credit.author(at)
        case "pickup":
            return credit.assignee(at)
        case _:
            return credit.doer(at)


def _working(steps: Steps, stop: Step, ms: int, policies: Policies) -> int:
    """Working time in the last `ms` before the stop."""
    start_ms = stop.time_ms - ms
    return _calendar(steps, stop, start_ms, policies).working(start_ms, stop.time_ms)


def _calendar(steps: Steps, stop: Step, start_ms: int, policies: Policies | None) -> Calendar:
    """That of the policy which matches right after the stop; of an orphan, from the start on."""
    created = creation(steps)
    source, since = ("", start_ms)
    if created is not None:
        source, since = created.event.source, created.time_ms
    found = policies.match(stop.after.attributes, source, since) if policies else None
    return found.calendar if found else ALWAYS


Named = Iterator[tuple[str, Step, int]]


def _of_tickets(steps: Steps, as_of: int | None, settings: Settings) -> Named:
    now, last = steps[-1].after, steps[-1]
    forgotten = as_of is not None and as_of - last.time_ms > settings.forgotten_ms
    created = creation(steps)
    once = {
        "created": created,
        "orphan": None if created else steps[0],
        "resolved": next(iter(resolutions(steps)), None),
        "deleted": deletion(steps),
        "merged": merger(steps),
        # Of now: the last step carries the attributes of now.
        "active": last if now.active and not forgotten else None,
        "closed": last if _is_closed(now) else None,
    }
    for name, step in once.items():
        if step:
            yield name, step, 0


def _is_closed(now: State) -> bool:
    return now.status == "closed" and not now.deleted and not now.merged


def _of_counts(steps: Steps, settings: Settings) -> Named:
    every = {
        "reopens": reopens(steps),
        "transfers": transfers(steps),
        "assignments": assignments(steps),
        "priority_changes": priority_changes(steps),
        "agent_replies": agent_replies(steps, settings),
        "requester_messages": requester_messages(steps),
        "resolutions": resolutions(steps),
    }
    for name, found in every.items():
        for step in found:
            yield name, step, 0


def _of_durations(steps: Steps, settings: Settings) -> Named:
    created = creation(steps)
    spans: dict[str, Span | None] = {"first_response": first_response(steps, settings)}
    spans["pickup"] = pickup(steps)
    if times := resolution_times(steps, settings):
        spans["first_resolution"], spans["full_resolution"] = times
    if closed := time_to_close(steps):
        spans["time_to_close"] = closed
    for name, span in spans.items():
        if span:
            yield name, span.step, span.ms
    for answered in next_replies(steps, settings):
        yield "next_reply", answered.step, answered.ms
    if created is None:
        return
    for step in resolutions(steps):
        yield "each_resolution", step, max(0, step.time_ms - created.time_ms)
    stops = [span.step for span in spans.values() if span]
    if any(stop.time_ms < created.time_ms for stop in stops):
        yield "skew", created, 0
