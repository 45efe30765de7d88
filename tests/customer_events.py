"""Hypothesis strategies: what customers do, and what is told of their tickets.

Hours on a few days around the turn of a year, so that months, quarters and years change.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

CloudEvent = dict[str, Any]

START = datetime(2025, 12, 30, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
HOUR_MS = 3_600_000
DAYS = (0, 1, 2, 5, 6)
MONTHS = (0, 1, 2, 31, 33, 70, 74, 100, 104, 150, 190)


def at_ms(day: int, hour: int) -> int:
    """Epoch milliseconds."""
    return START_MS + (24 * day + hour) * HOUR_MS


def text(at: int) -> str:
    """RFC 3339."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def customer_events(
    days: Sequence[int] = DAYS, *, customers: int = 2, most: int = 14
) -> SearchStrategy[list[CloudEvent]]:
    """Up to `most` public events; some share an id."""
    one = st.builds(
        lambda customer, number, day, hour, sequence, content: {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "shop",
            "type": content[0],
            "subject": f"C{customer}",
            "time": text(at_ms(day, hour)),
            "sequence": sequence,
            "data": content[1],
        },
        st.integers(1, customers),
        st.integers(0, 40),
        st.sampled_from(days),
        st.sampled_from((9, 10, 11, 15, 23, 0)),
        st.sampled_from((0, 0, 1)),
        _content(),
    )
    return st.lists(one, max_size=most).map(_told_apart)


def _content() -> SearchStrategy[tuple[str, dict[str, Any]]]:
    contact = st.builds(
        lambda end, channel, queue: (f"contact.{end}", {"channel": channel, "queue": queue}),
        st.sampled_from(("queued", "queued", "answered", "abandoned")),
        st.sampled_from(("phone", "chat")),
        st.sampled_from(("billing", "tech")),
    )
    active = st.sampled_from(("purchase", "login", "purchase", "visit", "renewal")).map(
        lambda activity: ("customer.active", {"activity": activity})
    )
    updated = st.fixed_dictionaries(
        {},
        optional={
            "segment": st.sampled_from(("pro", "basic", None)),
            "region": st.sampled_from(("north", None)),
        },
    ).map(lambda data: ("customer.updated", data))
    session = st.booleans().map(lambda helped: ("selfservice.session", {"resolved": helped}))
    answer = st.builds(
        lambda survey, score: (
            "survey.responded",
            {"survey": survey, "kind": "nps", "score": score, "scale": {"min": 0, "max": 10}},
        ),
        st.sampled_from(("q1", "q2")),
        st.integers(0, 10),
    )
    review = st.builds(
        lambda score: (
            "feedback.received",
            {"channel": "store", "score": score, "scale": {"min": 1, "max": 5}, "sentiment": -0.5},
        ),
        st.integers(1, 5),
    )
    churned: SearchStrategy[tuple[str, dict[str, Any]]] = st.just(("customer.churned", {}))
    return st.one_of(active, contact, active, contact, updated, session, answer, review, churned)


def tellings(
    days: Sequence[int] = DAYS, *, customers: int = 2, tickets: int = 3, most: int = 10
) -> SearchStrategy[list[CloudEvent]]:
    """What requesters are told of tickets; the version of a ticket is its place in the list."""
    one = st.builds(
        lambda customer, ticket, day, hours, category, band, conflict: (
            f"C{customer}",
            f"T{ticket}",
            at_ms(day, hours[-1]),
            {
                "ticket": f"T{ticket}",
                **({"created": at_ms(day, hours[0])} if hours[0] >= 0 else {}),
                "resolved": [at_ms(day, hour) for hour in hours[1:]],
                **({"category": category} if category else {}),
                "band": band,
                "conflict": conflict,
            },
        ),
        st.integers(1, customers),
        st.integers(1, tickets),
        st.sampled_from(days),
        st.sampled_from(((9,), (9, 12), (9, 12, 23), (-1, 12))),
        st.sampled_from(("refund", "refund", "login", "")),
        st.sampled_from(("none", "satisfied", "dissatisfied")),
        st.booleans(),
    )
    return st.lists(one, max_size=most).map(_versions)


def _versions(told: Sequence[tuple[str, str, int, dict[str, Any]]]) -> list[CloudEvent]:
    return [
        {
            "specversion": "1.0",
            "id": f"{ticket}@{version}",
            "source": "deskpulse/tickets",
            "type": "requester.ticket",
            "subject": customer,
            "time": text(at),
            "sequence": version,
            "data": data,
        }
        for version, (customer, ticket, at, data) in enumerate(told, 1)
    ]


def _told_apart(events: list[CloudEvent]) -> list[CloudEvent]:
    """Of events of one customer with one order key there is one: nothing else could decide."""
    found: dict[tuple[Any, ...], CloudEvent] = {}
    for event in events:
        key = tuple(event[name] for name in ("subject", "source", "id", "time", "sequence"))
        found.setdefault(key, event)
    return list(found.values())
