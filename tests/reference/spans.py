"""First response, pickup, resolution times and the oldest unanswered message of one ticket."""

from collections.abc import Iterator

from tests.reference.settings import Settings
from tests.reference.ticket import (
    Span,
    Step,
    Steps,
    agent_replies,
    closings,
    creation,
    opened_by_agent,
    requester_messages,
    resolutions,
)


def response_start(steps: Steps) -> Step | None:
    """The step that starts the first-response clock; None if there is none yet.

    The creation, or, if an agent opened the ticket, the requester's first public message.
    """
    created = creation(steps)
    if created is None or not opened_by_agent(created):
        return created
    return next(iter(requester_messages(steps)), None)


def response_signal(steps: Steps, settings: Settings) -> str:
    """What the source of the ticket has for a first response; an orphan's is nobody's."""
    created = creation(steps)
    return settings.of_source(created.event.source if created else "", "response_signal", "reply")


def first_response(steps: Steps, settings: Settings) -> Span | None:
    """The first response and its time, floored at 0."""
    created, start = creation(steps), response_start(steps)
    if created is None or start is None:
        return None
    signal = response_signal(steps, settings)
    if signal == "pickup":
        stop = _first_with_assignee(steps)
    elif signal == "left_new":
        stop = _first_left_new(steps)
    else:
        stop = _first_reply(steps, created, start, settings)
    return stop and _span(start, stop)


def pickup(steps: Steps) -> Span | None:
    """From the creation to the first event after which there is an assignee."""
    created, stop = creation(steps), _first_with_assignee(steps)
    return _span(created, stop) if created and stop else None


def resolution_times(steps: Steps, settings: Settings) -> tuple[Span, Span] | None:
    """(first, full): from the creation to the first and to the last resolution.

    Only of a ticket that is done now. Where the source's resolutions count at `closed`, the
    first and last closing of a ticket that is closed now.
    """
    created = creation(steps)
    if created is None or not steps[-1].after.done:
        return None
    stops = resolutions(steps)
    if settings.of_source(created.event.source, "resolution_at", "resolved") == "closed":
        stops = closings(steps) if steps[-1].after.status == "closed" else []
    return (_span(created, stops[0]), _span(created, stops[-1])) if stops else None


def time_to_close(steps: Steps) -> Span | None:
    """From the creation to the last close, of a ticket that is closed now."""
    created, stops = creation(steps), closings(steps)
    if created is None or not stops or steps[-1].after.status != "closed":
        return None
    return _span(created, stops[-1])


def next_replies(steps: Steps, settings: Settings) -> Iterator[Span]:
    """Each wait of the requester that an agent reply or a resolution ended."""
    answers = [*agent_replies(steps, settings), *resolutions(steps)]
    for place, step in enumerate(steps):
        before = waiting_since(steps[:place], settings) if place else None
        if step in answers and before is not None:
            yield Span(step, max(0, step.time_ms - before))
    created = creation(steps)
    if created is None or opened_by_agent(created):
        return
    # Answered before it was asked, a little, or right then: at once.
    earliest_ms = created.time_ms - settings.future_skew_ms
    early = [a for a in answers if a.event <= created.event and a.time_ms >= earliest_ms]
    if early:
        yield Span(created, 0)


def waiting_since(steps: Steps, settings: Settings) -> int | None:
    """Time of the oldest message that no agent reply and no resolution has answered.

    On a resolved ticket nothing waits; what was written there waits once it is reopened.
    """
    if steps[-1].after.done:
        return None
    answers = [*agent_replies(steps, settings), *resolutions(steps)]
    waits = [
        message.time_ms
        for message in requester_messages(steps)
        if not any(answer.event > message.event for answer in answers)
    ]
    created = creation(steps)
    if created and not opened_by_agent(created):
        # From a little before the creation on; also the creation itself may be a resolution.
        earliest_ms = created.time_ms - settings.future_skew_ms
        if not any(answer.time_ms >= earliest_ms for answer in answers):
            waits.append(created.time_ms)
    return min(waits, default=None)


def _first_reply(steps: Steps, created: Step, start: Step, settings: Settings) -> Step | None:
    """The first agent reply after the start, or up to `future_skew` before the creation."""
    earliest_ms = created.time_ms - settings.future_skew_ms
    for reply in agent_replies(steps, settings):
        after_start = start is created or reply.event > start.event
        if after_start and reply.time_ms >= earliest_ms:
            return reply
    return None


def _first_with_assignee(steps: Steps) -> Step | None:
    return next((s for s in steps if s.after.attributes.get("assignee") is not None), None)


def _first_left_new(steps: Steps) -> Step | None:
    return next((s for s in steps if s.after.status != "new"), None)


def _span(start: Step, stop: Step) -> Span:
    return Span(stop, max(0, stop.time_ms - start.time_ms))
