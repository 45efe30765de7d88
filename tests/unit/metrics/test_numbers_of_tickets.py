"""What the metrics of tickets say, from events to samples."""

from typing import Any

import pytest

from tests.unit.metrics.desk import HOUR, MINUTE, START, Desk, budget


def test_active_tickets_are_counted_by_queue_priority_status_and_by_channel() -> None:
    desk = Desk().own(0, 1)
    pay: dict[str, Any] = {"queue": "pay", "priority": "high", "channel": "email"}
    desk.receive(0, desk.event("T1", "ticket.created", **pay, status="open"))
    desk.receive(
        1,
        desk.event("T2", "ticket.created", **pay, status="open"),
        desk.event("T3", "ticket.created", queue="pay", channel="chat"),
        desk.event("T4", "ticket.created", status="resolved", **pay),
        desk.event("T5", "ticket.created"),
    )
    desk.commit()
    assert desk.samples("tickets_active") == {
        # By priority, queue, status.
        ("high", "pay", "open"): 2,
        ("", "pay", "new"): 1,
        ("", "", "new"): 1,
    }
    channels = desk.samples("channel_tickets_active")
    assert channels == {("email",): 2, ("chat",): 1, ("",): 1}


def test_active_tickets_are_counted_by_segment_within_its_budget() -> None:
    """The largest keep their name; a ticket that is resolved or moves on takes its count along."""
    desk = Desk(budget(9, segment=2)).own(0, 1)
    for number, segment in enumerate(["gold"] * 3 + ["silver"] * 2 + ["bronze", "tin"]):
        partition = number % 2
        desk.receive(partition, desk.event(f"T{number}", "ticket.created", HOUR, segment=segment))
    desk.receive(0, desk.event("none", "ticket.created", HOUR))
    desk.commit()
    shown = {("gold",): 3, ("silver",): 2, ("other",): 2, ("",): 1}
    assert desk.samples("segment_tickets_active") == shown
    desk.receive(0, desk.event("T0", "ticket.updated", status="resolved"))
    desk.receive(0, desk.event("T2", "ticket.updated", segment="bronze"))
    desk.commit()
    assert desk.samples("segment_tickets_active") == {**shown, ("gold",): 1, ("other",): 3}


def test_what_is_owed_is_counted_and_the_oldest_has_its_time() -> None:
    """T1 is answered; T2 is assigned and waits for 2 hours, T3 for one."""
    desk = Desk().own(0, 1)
    desk.receive(0, desk.event("T1", "ticket.created", 3 * HOUR, queue="pay", priority="low"))
    desk.receive(0, desk.reply("T1", "agent", HOUR))
    desk.receive(
        0, desk.event("T2", "ticket.created", 2 * HOUR, queue="pay", priority="low", assignee="a")
    )
    desk.receive(1, desk.event("T3", "ticket.created", HOUR, queue="pay", priority="low"))
    desk.commit()
    assert desk.samples("tickets_unassigned") == {("pay",): 2}
    assert desk.samples("tickets_unanswered") == {("pay",): 2}
    assert desk.samples("tickets_unattended") == {("pay",): 2}
    oldest = (START - 2 * HOUR) / 1000
    assert desk.samples("oldest_unanswered_timestamp_seconds") == {("low", "pay"): oldest}
    assert desk.samples("oldest_unattended_timestamp_seconds") == {("pay",): oldest}


def test_where_nothing_is_owed_there_is_no_oldest_but_a_zero() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"), desk.reply("T1", "agent"))
    desk.commit()
    assert desk.samples("oldest_unanswered_timestamp_seconds") == {}
    assert desk.samples("tickets_unanswered") == {("pay",): 0}


def test_a_cell_that_empties_shows_zero() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay", status="open"))
    desk.commit()
    desk.samples("tickets_active")
    desk.receive(0, desk.event("T1", "ticket.updated", status="resolved"))
    desk.commit()
    assert desk.samples("tickets_active") == {("", "pay", "open"): 0}


def test_transitions_are_counted_where_they_happened() -> None:
    desk = Desk().own(0)
    desk.receive(
        0,
        desk.event("T1", "ticket.created", 9 * MINUTE, queue="pay"),
        desk.event("T1", "ticket.updated", 8 * MINUTE, assignee="a"),
        desk.event("T1", "ticket.updated", 7 * MINUTE, queue="tech"),
        desk.event("T1", "ticket.updated", 6 * MINUTE, status="resolved"),
        desk.event("T1", "ticket.updated", 5 * MINUTE, status="open"),
        desk.event("T1", "ticket.updated", 4 * MINUTE, status="closed"),
    )
    desk.commit()
    assert desk.samples("tickets_created_total") == {("pay",): 1, ("tech",): 0}
    assert desk.samples("tickets_assigned_total") == {(): 1}
    assert desk.samples("tickets_transferred_total") == {("pay",): 0, ("tech",): 1}
    assert desk.samples("tickets_resolved_total") == {("pay",): 0, ("tech",): 2}
    assert desk.samples("tickets_reopened_total") == {("pay",): 0, ("tech",): 1}


def test_messages_are_counted_by_role() -> None:
    desk = Desk().own(0)
    roles = ("agent", "agent", "bot", "requester", "system")
    replies = (desk.reply("T1", role, at) for at, role in enumerate(roles))
    desk.receive(0, desk.event("T1", "ticket.created", HOUR), *replies)
    desk.commit()
    assert desk.samples("replies_total") == {("agent",): 2, ("bot",): 1, ("requester",): 1}


def test_a_duration_is_in_every_bucket_from_its_own_on() -> None:
    """A first response after exactly an hour: the bound is inclusive."""
    desk = Desk().own(0)
    desk.receive(
        0,
        desk.event("T1", "ticket.created", 2 * HOUR, queue="pay", assignee="a"),
        desk.reply("T1", "agent", HOUR),
    )
    desk.commit()
    buckets = desk.samples("first_response_seconds_bucket")
    assert (buckets["1800.0", "pay"], buckets["3600.0", "pay"], buckets["+Inf", "pay"]) == (0, 1, 1)
    assert desk.samples("first_response_seconds_sum") == {("pay",): 3600}
    assert desk.samples("first_response_seconds_count") == {("pay",): 1}
    assert desk.samples("pickup_seconds_bucket")["60.0",] == 1
    assert desk.samples("resolution_seconds_count") == {("pay",): 0}


def test_windows_hold_what_happened_in_them() -> None:
    """Created 2 hours ago, answered 30 minutes ago, resolved just now.

    ---created-------------------|-1h-------answered-----|-5m----resolved|--> event time
    """
    desk = Desk().own(0)
    desk.receive(
        0,
        desk.event("T1", "ticket.created", 2 * HOUR, queue="pay"),
        desk.reply("T1", "agent", 30 * MINUTE),
        desk.event("T1", "ticket.updated", status="resolved"),
    )
    desk.commit()
    # By queue and window.
    created = {("pay", "5m"): 0, ("pay", "1h"): 0, ("pay", "24h"): 1, ("pay", "7d"): 1}
    assert desk.samples("window_created") == created
    answered = {("5m",): 0, ("1h",): 1, ("24h",): 1, ("7d",): 1}
    assert desk.samples("window_agent_replies") == answered
    assert set(desk.samples("window_resolved").values()) == {1}
    counts = desk.samples("window_first_response_seconds_gcount")
    assert counts == {("pay", "1h"): 1, ("pay", "24h"): 1}
    assert desk.samples("window_first_response_seconds_gsum")["pay", "1h"] == 5400
    resolved = desk.samples("window_resolution_seconds_bucket")
    assert (resolved["3600.0", "pay", "1h"], resolved["14400.0", "pay", "1h"]) == (0, 1)


def test_windows_of_partitions_add_up() -> None:
    desk = Desk().own(0, 1)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"))
    desk.receive(1, desk.event("T2", "ticket.created", queue="pay"))
    desk.commit()
    assert desk.samples("window_created")["pay", "5m"] == 2


def test_a_correction_is_counted_and_a_counter_keeps_what_it_has() -> None:
    """The reply that came later was earlier: the first response moves."""
    desk = Desk().own(0)
    desk.receive(
        0, desk.event("T1", "ticket.created", HOUR, queue="pay"), desk.reply("T1", "agent")
    )
    desk.commit()
    desk.receive(0, desk.reply("T1", "agent", 30 * MINUTE))
    desk.commit()
    assert desk.samples("corrections_total") == {(): 1}
    assert desk.samples("first_response_seconds_sum") == {("pay",): 3600}
    assert desk.samples("window_first_response_seconds_gsum")["pay", "24h"] == 1800


def test_nothing_is_counted_before_it_is_durable() -> None:
    desk = Desk().own(0)
    desk.receive(0, desk.event("T1", "ticket.created", queue="pay"))
    desk.show()
    assert desk.samples("tickets_created_total") == {("pay",): 0}
    assert desk.samples("events_total")["applied",] == 0
    desk.commit()
    assert desk.samples("tickets_created_total") == {("pay",): 1}
    assert desk.samples("events_total")["applied",] == 1


@pytest.mark.parametrize("queues", [0, 1, 3])
def test_beyond_the_budget_queues_are_other_and_totals_stay_exact(queues: int) -> None:
    desk = Desk(budget(queues)).own(0, 1)
    for number in range(6):
        name = f"queue-{number}"
        tickets = [f"{name}-{i}" for i in range(10 - number)]
        desk.receive(
            number % 2, *(desk.event(t, "ticket.created", HOUR, queue=name) for t in tickets)
        )
        desk.receive(number % 2, *(desk.reply(t, "agent") for t in tickets[:2]))
    desk.commit()
    kept = {f"queue-{number}" for number in range(queues)}
    for name, total in {
        "tickets_unassigned": 45,
        "tickets_unanswered": 33,
        "tickets_created_total": 45,
        "first_response_seconds_count": 12,
    }.items():
        values = desk.samples(name)
        assert {queue for (queue,) in values} == kept | {"other"}
        assert sum(values.values()) == total
    assert sum(desk.samples("tickets_active").values()) == 45
    in_a_day = desk.samples("window_created")
    assert sum(n for (_, window), n in in_a_day.items() if window == "24h") == 45
