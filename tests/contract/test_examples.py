"""Schemas, examples and program say the same about every message."""

import re

import pytest

from streams.core.events import (
    AGENT_TYPES,
    CUSTOMER_TYPES,
    REQUESTER_TYPES,
    TICKET_TYPES,
    Accepted,
    Arrival,
    Ignored,
    Refused,
)
from streams.core.instants import parse_rfc3339
from streams.wire.cloudevents import UNKNOWN_TYPE, decode
from streams.wire.reasons import REASONS, Reason
from tests.contract.schema_files import (
    SCHEMAS,
    Example,
    allowed_by_schema,
    event_types,
    examples,
)

NOW = parse_rfc3339("2026-03-02T12:00:00Z")
FUTURE_SKEW = 5 * 60_000
TOPICS = (TICKET_TYPES, AGENT_TYPES, CUSTOMER_TYPES, REQUESTER_TYPES)
VALID = list(examples("valid"))
INVALID = list(examples("invalid"))


def _decode(example: Example) -> Arrival:
    """Read as a record of the topic that its type belongs to."""
    event = example.event
    named = event.get("type") if isinstance(event, dict) else None
    return decode(
        example.key,
        example.value,
        example.headers,
        now_ms=NOW,
        future_skew_ms=FUTURE_SKEW,
        types=next((types for types in TOPICS if named in types), TICKET_TYPES),
    )


@pytest.mark.parametrize("example", VALID, ids=lambda e: e.name)
def test_a_valid_example_is_accepted_by_its_schema_and_by_the_program(example: Example) -> None:
    assert allowed_by_schema(example.event)
    arrival = _decode(example)
    assert isinstance(arrival, Accepted)
    assert arrival.event.type == example.rule


@pytest.mark.parametrize("example", VALID, ids=lambda e: e.name)
def test_on_a_topic_that_does_not_carry_its_type_it_is_ignored(example: Example) -> None:
    for types in TOPICS:
        if example.rule not in types:
            arrival = decode(
                example.key,
                example.value,
                example.headers,
                now_ms=NOW,
                future_skew_ms=FUTURE_SKEW,
                types=types,
            )
            assert arrival == Ignored(UNKNOWN_TYPE)


def test_a_survey_is_at_home_on_every_topic() -> None:
    shared = TICKET_TYPES & AGENT_TYPES & CUSTOMER_TYPES
    assert shared == {"survey.sent", "survey.responded"}


@pytest.mark.parametrize("example", INVALID, ids=lambda e: e.name)
def test_an_invalid_example_is_refused_for_exactly_the_rule_in_its_name(example: Example) -> None:
    arrival = _decode(example)
    assert isinstance(arrival, Refused)
    assert arrival.reason == example.rule


def test_the_readme_names_the_invalid_examples_that_no_schema_can_refuse() -> None:
    readme = (SCHEMAS / "README.md").read_text()
    listed = re.findall(r"`(\w+__\w+)`", readme.partition("## What no schema can say")[2])
    assert sorted(listed) == [e.name for e in INVALID if allowed_by_schema(e.event)]


def test_every_event_type_has_a_valid_example() -> None:
    assert {e.rule for e in VALID} == event_types()
    assert event_types() == frozenset().union(*TOPICS)


def test_every_reason_of_decoding_has_an_invalid_example() -> None:
    """All but `handler`, which is the engine's own failure."""
    assert {e.rule for e in INVALID} == set(REASONS) - {Reason.HANDLER}
