"""When the instances of each clock start, stop and run on: a matter of the steps alone.

Steps are named by their place in the list. What a policy may change about it is one question,
asked by the resolution clock at each reopening.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.reference.settings import Settings
from tests.reference.spans import first_response
from tests.reference.ticket import (
    Step,
    Steps,
    agent_replies,
    creation,
    opened_by_agent,
    reopens,
    requester_messages,
    resolutions,
)

Stretch = tuple[int, int | None]
"""From a step to the step that stops it; None if nothing has."""

OnReopen = Callable[[int, int], str]
"""`on_reopen` of an instance that started at a time (ms), read right after a step."""


class Run(NamedTuple):
    """One instance of a clock, whatever policy names it."""

    clock: str
    origin: int
    """The step whose time it counts from, and whose event it is called by."""
    begin: int
    """The step right after which it exists; later than its origin if it was not due before."""
    stretches: tuple[Stretch, ...]
    """The first begins at its origin; between two of them it is stopped."""
    at_once: bool = False
    """Its stop condition held before it began, although after its origin: span 0."""


def runs_of(steps: Steps, settings: Settings, on_reopen: OnReopen) -> list[Run]:
    """All instances of one ticket's clocks; an orphan has none that start at created_at."""
    return [
        *_first_response(steps, settings),
        *_pickup(steps),
        *_next_reply(steps, settings),
        *_updates("periodic_update", steps, settings),
        *_updates("pausable_update", steps, settings),
        *_resumed("requester_wait", steps, lambda _place, _start_ms: "resume"),
        *_resumed("agent_work", steps, lambda _place, _start_ms: "resume"),
        *_resumed("resolution", steps, on_reopen),
        *_ownership(steps),
    ]


# Places


def _places(steps: Steps, chosen: Iterable[Step | None]) -> list[int]:
    names = {step.event.name for step in chosen if step}
    return [place for place, step in enumerate(steps) if step.event.name in names]


def _creation(steps: Steps) -> int | None:
    return next(iter(_places(steps, [creation(steps)])), None)


def _resolutions(steps: Steps) -> list[int]:
    return _places(steps, resolutions(steps))


def _reopens(steps: Steps) -> list[int]:
    return _places(steps, reopens(steps))


def _first_after(places: Iterable[int], place: int) -> int | None:
    return min((p for p in places if p > place), default=None)


def _single(clock: str, steps: Steps, origin: int, begin: int, stops: Iterable[int]) -> Run:
    """An instance that is final once stopped: by the first of `stops` or a resolution.

    Stops before its beginning are given only if they count; a resolution before it counts if
    the ticket is still resolved.
    """
    done = steps[begin].after.done
    resolved = [r for r in _resolutions(steps) if r > begin or done]
    if done:
        resolved = [max(r for r in resolved if r <= begin)]
    stop = min([*stops, *resolved], default=None)
    if stop is not None and stop < begin:
        return Run(clock, origin, begin, ((origin, begin),), at_once=origin < begin)
    return Run(clock, origin, begin, ((origin, stop),))


# Clocks that start at created_at


def _first_response(steps: Steps, settings: Settings) -> list[Run]:
    created, response = _creation(steps), first_response(steps, settings)
    if created is None:
        return []
    stops = _places(steps, [response and response.step])
    if not opened_by_agent(steps[created]):
        return [_single("first_response", steps, created, created, stops)]
    message = _first_after(_places(steps, requester_messages(steps)), -1)
    if message is None:
        return []
    if not steps[message].after.done:
        return [_single("first_response", steps, message, max(created, message), stops)]
    reopened = _first_after(_reopens(steps), message)
    if reopened is None or any(message < stop < reopened for stop in stops):
        return []
    return [_single("first_response", steps, message, max(created, reopened), stops)]


def _pickup(steps: Steps) -> list[Run]:
    created = _creation(steps)
    taken = [s for s in steps if s.after.attributes.get("assignee") is not None]
    if created is None:
        return []
    return [_single("pickup", steps, created, created, _places(steps, taken[:1]))]


def _resumed(clock: str, steps: Steps, on_reopen: OnReopen) -> list[Run]:
    """From the creation to a resolution, and on (or anew) from each reopening."""
    created = _creation(steps)
    if created is None:
        return []
    found = [_single(clock, steps, created, created, [])]
    for place in _reopens(steps):
        if place <= created:
            continue
        latest = found[-1]
        stretch = (place, _first_after(_resolutions(steps), place))
        match on_reopen(place, steps[latest.origin].time_ms):
            case "resume":
                found[-1] = latest._replace(stretches=(*latest.stretches, stretch))
            case "restart":
                found.append(Run(clock, place, place, (stretch,)))
            case _:  # keep_first: nothing changes
                pass
    return found


# Clocks with many instances


def _next_reply(steps: Steps, settings: Settings) -> list[Run]:
    """One round from the oldest message that waits to what answers it.

    `waiting` is that message: on a resolved ticket a round begins only with a reopening.
    """
    created, reopened = _creation(steps), set(_reopens(steps))
    messages = set(_places(steps, requester_messages(steps)))
    answers = _places(steps, [*agent_replies(steps, settings), *resolutions(steps)])
    found: list[Run] = []
    waiting: int | None = None
    in_round = False
    for place, step in enumerate(steps):
        if place in answers:
            waiting, in_round = None, False
        if place == created and not opened_by_agent(step):
            earliest_ms = step.time_ms - settings.future_skew_ms
            if any(a <= place and steps[a].time_ms >= earliest_ms for a in answers):
                found.append(Run("next_reply", place, place, ((place, place),)))
            else:
                messages.add(place)
        if place in messages and waiting is None:
            waiting = place
        starts = not in_round and (place == waiting or place in reopened)
        if waiting is not None and starts and not step.after.done:
            in_round = True
            stop = _first_after(answers, place)
            found.append(Run("next_reply", waiting, place, ((waiting, stop),)))
    return found


def _updates(clock: str, steps: Steps, settings: Settings) -> list[Run]:
    """One instance per agent reply while the ticket is active, up to the next reply."""
    replies = _places(steps, agent_replies(steps, settings))
    return [
        _single(clock, steps, place, place, [later for later in replies if later > place])
        for place in replies
        if steps[place].after.active
    ]


def _ownership(steps: Steps) -> list[Run]:
    """One instance per stay of an active ticket in a queue."""
    queues = [(s.before.attributes.get("queue"), s.after.attributes.get("queue")) for s in steps]
    changes = [place for place, (before, after) in enumerate(queues) if before != after]
    starts = {place for place in changes if steps[place].after.active} | {*_reopens(steps)}
    return [
        _single("ownership", steps, place, place, [later for later in changes if later > place])
        for place in sorted(starts)
        if queues[place][1] is not None
    ]
