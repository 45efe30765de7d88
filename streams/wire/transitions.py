"""Records for `sla-transitions`: what is said of one instance of an SLA clock, as JSON."""

from typing import Any, NamedTuple

from streams.core.announcing import Transition
from streams.core.instants import format_rfc3339
from streams.wire.codec import dumps


class Written(NamedTuple):
    """A record to be written to `sla-transitions`."""

    key: bytes
    value: bytes


def written(transition: Transition, *, detected_at: int) -> Written:
    """The record of a transition (schemas/sla-transition.json); `detected_at` is the wall clock.

    A deadline and what remains until it are null while a paused clock has none.
    """
    one, deadline = transition, transition.deadline
    told: dict[str, Any] = {
        "id": one.id,
        "ticket": one.ticket,
        "clock": one.clock,
        "instance": {"source": one.source, "id": one.event},
        "policy": one.policy,
        "transition": one.transition,
        "time": format_rfc3339(one.at),
        "started_at": format_rfc3339(one.start),
        "target_s": one.target / 1000,
        "deadline": None if deadline is None else format_rfc3339(deadline),
        "elapsed": {
            "working_s": one.used / 1000,
            "wall_s": (one.at - one.start) / 1000,
        },
        "remaining": {
            "working_s": (one.target - one.used) / 1000,
            "wall_s": None if deadline is None else (deadline - one.at) / 1000,
        },
        "attributes": one.attributes,
        "detected_at": format_rfc3339(detected_at),
    }
    if one.level:
        told["level"] = one.level
    if one.refers_to is not None:
        told["refers_to"] = one.refers_to
    return Written(one.ticket.encode(), dumps(told))
