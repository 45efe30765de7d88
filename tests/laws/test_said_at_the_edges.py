"""What is said of clocks where two changes meet, worked out by hand."""

from dataclasses import replace
from typing import Any

import pytest

from streams.core import record as records
from streams.core.instants import HOUR, MINUTE
from streams.core.policies import NO_POLICIES, Policies
from streams.core.report import report
from streams.core.settings import Settings
from streams.metrics.promised import Promised
from streams.wire import packing
from tests import promised
from tests.laws.desks import QUESTION, REPLY, desk, read, told
from tests.laws.driving import Partition, Rules, decoded
from tests.reference.pictures import event, minute, policy, sla


def with_all(targets: dict[str, Any]) -> Partition:
    """A desk that announces everything."""
    settings = Rules.of(sla=sla(policy("all", targets))).engine
    every = Policies(settings.policies.policies, "all", announce_all=True)
    return Partition(replace(settings, policies=every))


def test_a_clock_named_again_is_late_at_the_change_and_under_the_new_terms() -> None:
    """Ten minutes under one policy, none for an hour, then another policy."""
    rules = Rules.of(
        sla={
            "policies": [
                policy(
                    "a",
                    {"first_response": {"within": "20m", "warn": ["50%"]}},
                    when={"queue": ["a"]},
                ),
                policy(
                    "c",
                    {"first_response": {"within": "40m", "warn": ["50%"]}},
                    when={"queue": ["c"]},
                ),
            ]
        }
    )
    partition = Partition(rules.engine)
    read(partition, [event(0, "ticket.created", queue="a"), event(5, "ticket.updated", queue="b")])
    read(partition, [event(60, "ticket.updated", queue="c")])
    assert told(partition) == [
        ("cancelled", 5),
        ("resumed", 60),
        ("warned", 60),
        ("breached", 60),
    ]


def test_without_any_policy_left_what_was_said_is_taken_back() -> None:
    partition = desk({"first_response": "5m"}, "C")
    partition.processor.advance(minute(6))
    partition.reconfigure(replace(partition.settings, policies=NO_POLICIES))
    assert [one.transition for one in partition.said] == ["breached"]
    assert [transition for transition, _ in told(partition)] == ["retracted"]


def test_pauses_are_announced_as_they_are() -> None:
    partition = with_all({"resolution": {"within": "8h", "pause": ["pending"]}})
    read(partition, [event(0, "ticket.created", status="pending")])
    read(partition, [event(1, "ticket.updated", status="open")])
    read(partition, [event(2, "ticket.updated", status="resolved")])
    read(partition, [event(3, "ticket.updated", status="open")])
    read(partition, [event(4, "ticket.updated", status="resolved")])
    read(partition, [event(5, "ticket.updated", status="pending")])
    assert told(partition) == [
        *[("activated", 0), ("paused", 0), ("resumed", 1), ("met", 2)],
        *[("resumed", 3), ("met", 4), ("resumed", 5), ("paused", 5)],
    ]


def test_a_redaction_takes_back_nothing_that_was_true() -> None:
    partition = desk({"first_response": "5m"}, "C")
    partition.processor.advance(minute(6))
    read(partition, [event(0, "ticket.deleted", reason="redacted")])
    assert told(partition) == [("breached", 5), ("cancelled", 6)]


def test_what_a_batch_goes_on_to_is_not_told_of_what_was_before() -> None:
    partition = desk({"resolution": "5m"})
    read(
        partition,
        [
            event(0, "ticket.created", queue="a"),
            event(7, "ticket.updated", queue="b"),
            event(8, "ticket.updated", queue="c", status="resolved"),
        ],
    )
    breached, late = partition.processor.cut().transitions
    assert (breached.transition, breached.attributes["queue"]) == ("breached", "a")
    assert (late.transition, late.attributes["queue"]) == ("met_late", "c")


def test_a_loop_of_mails_keeps_its_record_small() -> None:
    partition = desk({"next_reply": "1h", "periodic_update": "30d"})
    messages = [event(0, "ticket.created")]
    for number in range(1, 3_000):
        data = REPLY if number % 2 else QUESTION
        messages.append(event(number / 3, "ticket.replied", **data))
    partition.log += decoded(messages, partition.settings)
    partition.read()
    (record,) = partition.processor.wake().values()
    assert len(record.ticket.finished) <= records.MAX_FINISHED
    assert len(records.dump(record, partition.settings, packing)) < Settings().history_bytes
    rows = {row["clock"]: row for row in _rows(partition)}
    assert rows["next_reply"]["started"] == rows["next_reply"]["met"] == 1_500
    assert rows["periodic_update"]["started"] == 1_500


def _rows(partition: Partition) -> list[dict[str, Any]]:
    books = partition.books()
    found: list[dict[str, Any]] = report(books, partition.settings, packing, books.newest or 0)[
        "sla"
    ]
    return found


def test_the_objective_is_that_of_the_version_that_governs_now() -> None:
    policies = promised.policies(
        {
            "policies": [
                {
                    "name": "std",
                    "calendar": "24x7",
                    "effective_from": "2024-01-01T00:00:00Z",
                    "objective": "99%",
                    "targets": {"pickup": "1h"},
                },
                {
                    "name": "std",
                    "calendar": "24x7",
                    "objective": "80%",
                    "targets": {"pickup": "1h"},
                },
            ]
        }
    )
    assert Promised(policies)._objectives == {("std", "pickup"): 0.99}


def test_what_is_at_risk_overnight_presses_nobody() -> None:
    hours = {"office": {"timezone": "UTC", "hours": {"mon-sun": ["00:00-01:00"]}}}
    partition = desk(
        {"first_response": {"within": "2h", "warn": ["25%"]}},
        [event(0, "ticket.created", priority="urgent", queue="q")],
        calendar="office",
        calendars=hours,
    )
    watch = partition.processor.watch
    partition.processor.advance(minute(0) + HOUR // 2 + 1)
    assert watch.pressing() == {("first_response", "q", "at_risk"): 1}
    partition.processor.advance(minute(0) + 3 * HOUR)
    assert not watch.pressing()
    partition.processor.advance(minute(0) + 26 * HOUR)
    assert watch.pressing() == {("first_response", "q", "breached_open"): 1}


@pytest.mark.parametrize("until", [None, 6, 61], ids=["unseen", "due", "dropped"])
def test_what_was_said_of_a_forgotten_ticket_stands_when_its_id_comes_again(
    until: int | None,
) -> None:
    """Whether its record was dropped by then or not, and also if no timer had acted yet."""
    rules = Rules.of(
        sla=sla(policy("all", {"resolution": "5m"})),
        apply_within=10 * MINUTE,
        closed_ticket=HOUR,
        forgotten=HOUR,
    )
    partition = Partition(rules.engine)
    read(partition, [event(0, "ticket.created")])
    if until is not None:
        partition.processor.advance(minute(0))
        partition.processor.advance(minute(until))
    assert bool(partition.processor.wake()) is (until != 61)
    read(partition, [event(100, "ticket.created")])
    assert told(partition) == [("breached", 5)]
    partition.processor.advance(minute(106))
    assert told(partition) == [("breached", 105)]
