"""How long tickets waited, were worked on, and stayed with a team: by what the three clocks say."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from tests.reference import credit
from tests.reference.runs import runs_of
from tests.reference.settings import Settings
from tests.reference.ticket import Step, Steps, creation, resolutions

RUNS_IN = {"requester_wait": {"new", "open", "on_hold"}, "agent_work": {"new", "open"}}


class Elapsed(NamedTuple):
    """What a time is made of, and where it counts."""

    name: str
    stop: Step
    queue: str
    """The queue it counts under."""
    pieces: list[tuple[int, int]]
    """In milliseconds, from and to, in order."""
    agent: str


def elapsed(steps: Steps, settings: Settings) -> Iterator[Elapsed]:
    """The times of one ticket whose clocks have stopped, whether anybody promised them or not."""
    yield from _until_resolved(steps, settings)
    yield from _stays(steps, settings)


def _until_resolved(steps: Steps, settings: Settings) -> Iterator[Elapsed]:
    """From the creation on, as often as it is resumed; only of a ticket that is done now."""
    created = creation(steps)
    if created is None or not steps[-1].after.done:
        return
    last = resolutions(steps)[-1]
    agent = credit.of_resolution(steps, last, settings)
    queue = str(last.after.attributes.get("queue") or "")
    for name, statuses in RUNS_IN.items():
        pieces = [
            (max(step.time_ms, created.time_ms), following.time_ms)
            for step, following in pairwise(steps)
            if step.after.status in statuses and following.time_ms > created.time_ms
        ]
        yield Elapsed(name, last, queue, pieces, agent)


def _stays(steps: Steps, settings: Settings) -> Iterator[Elapsed]:
    for run in runs_of(steps, settings, lambda _place, _start_ms: "resume"):
        ((start, stop),) = run.stretches if run.clock == "ownership" else ((0, None),)
        if stop is None:
            continue
        within = steps[start:stop]
        queue = str(within[0].after.attributes["queue"])
        had = [credit.assignee(step) for step in within]
        agent = next((agent for agent in reversed(had) if agent), "")
        if steps[stop].after.done:
            agent = credit.of_resolution(steps, steps[stop], settings)
        piece = (steps[start].time_ms, steps[stop].time_ms)
        yield Elapsed("ownership", steps[stop], queue, [piece], agent)
