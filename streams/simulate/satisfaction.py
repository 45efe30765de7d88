"""How content a customer is with a ticket, why, and what that is on a scale.

One cause, one grief: waiting, being sent around, coming back, an agent who does not know,
a dispute, too many questions. What is felt is the same number in [0, 1] for every kind of
survey, so that scores of any scale go together, and with the causes.
"""

from collections.abc import Mapping
from random import Random
from typing import Any, Final, NamedTuple

from streams.core.instants import HOUR, MINUTE
from streams.simulate.company import GRIEVANCES
from streams.simulate.ticket import Ticket

EXPECTED: Final[Mapping[str, int]] = {
    "phone": 2 * MINUTE,
    "chat": 6 * MINUTE,
    "social": HOUR,
    "web": 3 * HOUR,
    "email": 4 * HOUR,
}
"""The first answer is late after so long, by channel."""
CONTENT: Final = 0.91
"""What is felt without any grief."""
GRIEF: Final = 0.2
"""What one whole grief takes off."""
LUCK: Final = 0.15
"""Standard deviation of what somebody feels without any cause, and of each aspect."""
LOW: Final = 0.5
"""Below it somebody is dissatisfied."""
ASPECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "speed": ("long wait",),
    "competence": ("did not know", "not solved"),
    "friendliness": ("dispute",),
}
"""The griefs that spoil each aspect."""

Scale = tuple[int, int]
"""The lowest and the highest score."""


class Felt(NamedTuple):
    """What a customer feels about a ticket."""

    value: float
    """In [0, 1]; the aspects too."""
    reasons: tuple[str, ...]
    """The griefs, the worst first, or what was good."""
    aspects: Mapping[str, float]


def griefs(ticket: Ticket, now_ms: int) -> dict[str, float]:
    """What went wrong, each at least 0; a whole grief is 1."""
    waited = ((ticket.answered_ms or now_ms) - ticket.created_ms) / EXPECTED[ticket.channel]
    knowledge = ticket.assignee.knowledge if ticket.assignee else 0.8
    return {
        "long wait": 0.5 * min(max(waited - 1, 0.0), 5.0),
        "sent around": 0.6 * ticket.transfers,
        "not solved": 1.2 * ticket.reopens,
        "did not know": 3.0 * max(0.75 - knowledge, 0.0),
        "dispute": 0.8 * (ticket.kind in GRIEVANCES),
        "too many questions": 0.4 * max(ticket.rounds - 1, 0),
    }


def felt(rng: Random, ticket: Ticket, now_ms: int) -> Felt:
    """What the customer feels about the ticket at an instant."""
    wrong = griefs(ticket, now_ms)
    value = _clamp(CONTENT - GRIEF * sum(wrong.values()) + ticket.luck)
    worst = sorted((name for name, size in wrong.items() if size > 0.3), key=lambda n: -wrong[n])
    aspects = {
        name: _clamp(CONTENT - 2 * GRIEF * sum(wrong[each] for each in by) + rng.gauss(0, LUCK))
        for name, by in ASPECTS.items()
    }
    best = max(aspects, key=lambda name: aspects[name])
    return Felt(value, tuple(worst[:3]) if value < LOW and worst else (best,), aspects)


def score(value: float, scale: Scale) -> int:
    """The whole score of a scale that is nearest to what is felt."""
    low, high = scale
    return low + round(_clamp(value) * (high - low))


def on_scale(value: float, scale: Scale) -> dict[str, Any]:
    """The same as members of an event."""
    return {"score": score(value, scale), "scale": {"min": scale[0], "max": scale[1]}}


def _clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)
