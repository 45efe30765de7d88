"""The clean events: valid per CONTRACTS section 1, in order, and telling whole stories."""

from collections import defaultdict
from typing import Any

import pytest

from streams.core.events import ATTRIBUTES, STATUSES, TICKET_TYPES, Accepted
from streams.simulate import Scenario
from streams.wire.cloudevents import decode
from streams.wire.codec import dumps
from tests.unit.simulate.observe import Log, instant

Events = list[dict[str, Any]]


def test_every_event_is_accepted_without_a_flag(events: Events) -> None:
    for event in events:
        arrival = decode(
            event["subject"].encode(), dumps(event), (), now_ms=instant(event), future_skew_ms=0
        )
        assert isinstance(arrival, Accepted), event
        assert arrival.flags == (), event


def test_attributes_are_the_contracts_own(events: Events) -> None:
    given = {
        name for event in events if event["type"] == "ticket.created" for name in event["data"]
    }
    assert given <= {*ATTRIBUTES, "actor"}


def test_events_come_in_order_of_their_time(events: Events) -> None:
    times = [instant(event) for event in events]
    assert times == sorted(times)


def test_nothing_happens_at_or_after_the_end(scenario: Scenario, events: Events) -> None:
    assert scenario.end_ms is not None
    assert instant(events[-1]) < scenario.end_ms


def test_ids_are_unique_within_their_source(events: Events) -> None:
    assert len({(event["source"], event["id"]) for event in events}) == len(events)


def test_a_ticket_begins_with_its_creation_and_counts_its_events(events: Events) -> None:
    stories: dict[str, Events] = defaultdict(list)
    for event in events:
        stories[event["subject"]].append(event)
    for story in stories.values():
        assert story[0]["type"] == "ticket.created"
        assert [int(event["sequence"]) for event in story] == list(range(1, len(story) + 1))


def test_every_type_and_status_of_the_contract_occurs(events: Events) -> None:
    assert {event["type"] for event in events} == TICKET_TYPES
    assert {event["data"].get("status") for event in events} >= STATUSES


@pytest.mark.parametrize(
    ("role", "visibility", "automatic"),
    [
        ("requester", "public", False),
        ("requester", "public", True),
        ("agent", "public", False),
        ("agent", "private", False),
        ("bot", "public", False),
        ("system", "public", True),
    ],
)
def test_every_kind_of_message_occurs(
    events: Events, role: str, visibility: str, automatic: bool
) -> None:
    assert any(
        event["type"] == "ticket.replied"
        and event["data"]["author"]["role"] == role
        and event["data"]["visibility"] == visibility
        and event["data"].get("automatic", False) == automatic
        for event in events
    )


def test_priorities_change_and_agents_open_tickets(events: Events) -> None:
    assert any(
        event["type"] == "ticket.updated" and "priority" in event["data"] for event in events
    )
    creators = [
        event["data"]["actor"]["role"] for event in events if event["type"] == "ticket.created"
    ]
    assert 0.005 < creators.count("agent") / len(creators) < 0.05


def test_a_merged_ticket_is_silent_and_a_deleted_one_until_it_is_restored(events: Events) -> None:
    gone: dict[str, str] = {}
    for event in events:
        ticket, kind = event["subject"], event["type"]
        if ticket in gone:
            assert gone.pop(ticket) == "ticket.deleted", event
            assert kind == "ticket.restored", event
        if kind in {"ticket.merged", "ticket.deleted"}:
            gone[ticket] = kind
    assert gone


def test_a_ticket_is_merged_into_another_one_that_exists(events: Events, log: Log) -> None:
    merged = [event for event in events if event["type"] == "ticket.merged"]
    assert merged
    assert all(
        log.created[event["data"]["into"]] < log.created[event["subject"]] for event in merged
    )


def test_an_agent_handles_one_ticket_at_a_time(events: Events) -> None:
    """The agents are the servers: two handlings of one agent never overlap.

    ----[ seconds ]t1-------[ seconds ]t2----
    """
    free_from: dict[str, int] = defaultdict(int)
    for event in events:
        if event["type"] == "ticket.worked":
            agent, end = event["data"]["agent"], instant(event)
            assert end - event["data"]["seconds"] * 1000 >= free_from[agent], event
            free_from[agent] = end - 1000  # the seconds are rounded down


def test_each_survey_is_sent_once_and_answered_only_after_that(events: Events) -> None:
    sent: set[str] = set()
    for event in events:
        if event["type"] == "survey.sent":
            assert event["data"]["survey"] not in sent
            sent.add(event["data"]["survey"])
        elif event["type"] == "survey.responded":
            assert event["data"]["survey"] in sent
