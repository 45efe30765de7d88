"""Hypothesis strategies: small sets of events of agents that hit every rule often.

Half hours on a few days around the night of 29 March 2026, when Berlin loses an hour.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

CloudEvent = dict[str, Any]

START = datetime(2026, 3, 27, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
DAYS = (0, 1, 2, 3)
"""The third of them begins with the change to summer time."""


def instant(day: int, half_hours: int) -> str:
    """RFC 3339 text."""
    at = START + timedelta(days=day, minutes=30 * half_hours)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def agent_events(
    days: Sequence[int] = DAYS, *, agents: int = 2, most: int = 12
) -> SearchStrategy[list[CloudEvent]]:
    """Up to `most` events; some share an id, some the whole order key but their data."""
    return st.lists(_event(days, agents), max_size=most).map(_told_apart)


def _event(days: Sequence[int], agents: int) -> SearchStrategy[CloudEvent]:
    return st.builds(
        lambda agent, source, number, day, half_hours, sequence, content: {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": source,
            "type": content[0],
            "subject": f"A{agent}",
            "time": instant(day, half_hours),
            "sequence": sequence,
            "data": content[1],
        },
        st.integers(1, agents),
        st.sampled_from(("wfm", "acd")),
        st.integers(0, 30),
        st.sampled_from(days),
        st.sampled_from((16, 18, 24, 36, 0, 46)),
        st.sampled_from((0, 0, 1)),
        _content(days),
    )


def _content(days: Sequence[int]) -> SearchStrategy[tuple[str, dict[str, Any]]]:
    queues = st.sampled_from(("billing", "tech"))
    presence = st.builds(
        lambda state, queue: ("agent.presence", {"state": state, "queue": queue}),
        st.sampled_from(("online", "busy", "offline", "away", "break")),
        queues,
    )
    scheduled = st.builds(
        lambda shift, span, queue, cancelled: (
            "agent.scheduled",
            {"shift": shift, **span, "queue": queue, **({"cancelled": True} if cancelled else {})},
        ),
        st.sampled_from(("s1", "s2", "s3")),
        _span(days),
        queues,
        st.sampled_from((False, False, False, True)),
    )
    absent = st.builds(
        lambda span, reason: ("agent.absent", {**span, "reason": reason}),
        _span(days),
        st.sampled_from(("sick", "vacation", "training", "other")),
    )
    survey = st.builds(
        lambda survey, score: (
            "survey.responded",
            {"survey": survey, "kind": "esat", "score": score, "scale": {"min": 1, "max": 5}},
        ),
        st.sampled_from(("q1", "q2")),
        st.integers(1, 5),
    )
    return st.one_of(presence, scheduled, presence, scheduled, presence, absent, survey)


def _span(days: Sequence[int]) -> SearchStrategy[dict[str, str]]:
    return st.builds(
        lambda day, start, length: {
            "start": instant(day, start),
            "end": instant(day, start + length),
        },
        st.sampled_from(days),
        st.sampled_from((16, 20, 40, 0)),
        st.sampled_from((16, 4, 1, 96)),
    )


def _told_apart(events: list[CloudEvent]) -> list[CloudEvent]:
    """Of events of one agent with one order key there is one: nothing else could decide."""
    found: dict[tuple[Any, ...], CloudEvent] = {}
    for event in events:
        key = tuple(event[name] for name in ("subject", "source", "id", "time", "sequence"))
        found.setdefault(key, event)
    return list(found.values())
