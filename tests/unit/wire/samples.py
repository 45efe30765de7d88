"""Events to decode, and short ways to decode them."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from streams.core.events import (
    AGENT_TYPES,
    CUSTOMER_TYPES,
    REQUESTER_TYPES,
    TICKET_TYPES,
    Accepted,
    Arrival,
    Refused,
)
from streams.core.instants import parse_rfc3339
from streams.wire.cloudevents import decode

NOW = parse_rfc3339("2026-03-02T12:00:00Z")
FUTURE_SKEW = 5 * 60_000

PAYLOADS: dict[str, Any] = {
    "ticket.created": {
        "actor": {"id": "c-7", "role": "requester"},
        "status": "new",
        "queue": "payments",
        "tags": ["refund"],
    },
    "ticket.updated": {"status": "open", "assignee": "a-3", "queue": None},
    "ticket.replied": {
        "author": {"id": "a-3", "role": "agent"},
        "visibility": "public",
        "automatic": True,
        "channel": "email",
    },
    "ticket.worked": {
        "agent": "a-3",
        "seconds": 60,
        "activity": "talk",
        "cost": {"amount": 4, "currency": "EUR"},
    },
    "ticket.merged": {"into": "T-2"},
    "ticket.deleted": {"reason": "spam"},
    "ticket.restored": {},
    "ticket.cost": {"amount": -3, "currency": "EUR", "type": "parts"},
    "ticket.reviewed": {
        "reviewer": "a-9",
        "agent": "a-3",
        "form": "standard",
        "criteria": {"accuracy": {"score": 1, "max": 2}},
        "errors": ["tone"],
    },
    "survey.sent": {"survey": "s-1", "kind": "csat", "via": "email", "touchpoint": "closed"},
    "survey.responded": {
        "survey": "s-1",
        "kind": "csat",
        "score": 4,
        "scale": {"min": 1, "max": 5},
        "aspects": {"speed": 5},
        "reasons": ["fast"],
    },
    "agent.scheduled": {
        "shift": "s-1",
        "start": "2026-03-02T08:00:00Z",
        "end": "2026-03-02T16:00:00+01:00",
        "queue": "payments",
        "cancelled": False,
    },
    "agent.absent": {
        "start": "2026-03-02T08:00:00Z",
        "end": "2026-03-02T16:00:00Z",
        "reason": "sick",
    },
    "agent.presence": {"state": "online", "queue": "payments"},
    "customer.active": {"activity": "purchase", "value": 3},
    "customer.churned": {},
    "customer.updated": {"segment": "enterprise", "region": None, "plan": "gold"},
    "contact.queued": {"channel": "phone", "queue": "payments", "ticket": "T-2"},
    "contact.answered": {"channel": "phone", "queue": "payments"},
    "contact.abandoned": {"channel": "phone", "queue": "payments"},
    "feedback.received": {
        "channel": "store",
        "score": 4,
        "scale": {"min": 1, "max": 5},
        "sentiment": -1,
    },
    "selfservice.session": {"resolved": True, "article": "refunds"},
    "requester.ticket": {
        "ticket": "T-9",
        "created": 1_772_442_000_000,
        "resolved": [1_772_445_600_000],
        "queue": "payments",
        "band": "none",
        "conflict": False,
    },
}

ALL_TYPES = TICKET_TYPES | AGENT_TYPES | CUSTOMER_TYPES | REQUESTER_TYPES
"""The types of all topics: how an event is read does not depend on its topic."""


def event(event_type: str = "ticket.updated", **changes: Any) -> dict[str, Any]:
    """A clean event of T-1; `changes` replace attributes, `None` takes one away."""
    made = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "desk/acme",
        "type": event_type,
        "subject": "T-1",
        "time": "2026-03-02T09:00:00Z",
        "sequence": 7,
        "data": copy.deepcopy(PAYLOADS.get(event_type, {})),
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def arrival(
    value: dict[str, Any] | bytes | None,
    *,
    key: bytes | None = b"T-1",
    headers: Sequence[tuple[str, bytes | None]] = (),
) -> Arrival:
    """What a record is at `NOW`."""
    raw = json.dumps(value).encode() if isinstance(value, dict) else value
    return decode(key, raw, headers, now_ms=NOW, future_skew_ms=FUTURE_SKEW, types=ALL_TYPES)


def accepted(value: dict[str, Any] | bytes, **record: Any) -> Accepted:
    """The accepted event of a record that must be accepted."""
    found = arrival(value, **record)
    assert isinstance(found, Accepted), found
    return found


def reason(value: dict[str, Any] | bytes | None, **record: Any) -> str:
    """The reason of a record that must be refused."""
    found = arrival(value, **record)
    assert isinstance(found, Refused), found
    return found.reason


ODD: Sequence[Any] = (
    *(None, True, False, 0, -1, 7, 1.5, 5.0, -0.0, 2**53, 2**53 + 1, 2**63, 10**30, 1e300),
    *("", "x", "1", "-0", "open", "other", "csat", "agent", "T-1", "1.0", "ü", "\x00", "😀"),
    *("2026-03-02T09:00:00Z", "2016-12-31T23:59:60Z", "1999-12-31T23:59:59Z", "2026-02-30"),
    *("urn:deskpulse:event:1", "urn:deskpulse:event:1.2", "urn:deskpulse:event:2"),
    *("x" * 128, "x" * 129, "x" * 16_384, "x" * 16_385),
    *([], ["a"], [1], [None], ["a"] * 257, [[[[]]]]),
    *({}, {"id": "a"}, {"min": 1, "max": 5}, {"a": {"score": 1, "max": 1}}, {"a": 1}),
    {f"k{i}": 1 for i in range(257)},
)
"""What a field may hold that should not."""

_odd = st.sampled_from(ODD).map(copy.deepcopy)
NAMES = ("data", "time", "sequence", "id", "tags", "status", "extra", "traceparent", "role")


def paths(node: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else ()
    """Where every value of nested objects is, itself included, as a tuple of names."""
    return [here, *(path for name, item in below for path in paths(item, (*here, name)))]


@st.composite
def nearly_valid(draw: st.DrawFn, *, most: int = 3) -> dict[str, Any]:
    """A clean event of any type after up to `most` changes: a value, a name, an absence."""
    made = event(draw(st.sampled_from(sorted(PAYLOADS))))
    for _ in range(draw(st.integers(0, most))):
        path = draw(st.sampled_from(paths(made)))
        parent: Any = made
        for name in path[:-1]:
            parent = parent[name]
        inside = parent[path[-1]] if path else made
        change = draw(st.sampled_from(("replace", "add", "remove")))
        if change == "add" and isinstance(inside, dict):
            inside[draw(st.sampled_from(NAMES))] = draw(_odd)
        elif path and change == "replace":
            parent[path[-1]] = draw(_odd)
        elif path:
            del parent[path[-1]]
    return made
