"""Facts about the reference model itself: the rules that are easy to read in two ways.

A picture shows one ticket's life in minutes after midnight; `pictures` has the letters.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from tests import strategies
from tests.reference.model import report, unanswered_now, unassigned_now, waiting_now, windows
from tests.reference.pictures import MINUTE_MS, event, life, minute

DAY = 24 * 60


@pytest.mark.parametrize(
    ("picture", "since"),
    [
        ("C...", 0),  # the creation is the first message
        ("c...", None),  # unless an agent opened the ticket
        ("c.m.m", 2),  # the oldest counts
        ("C.a.m", 4),
        ("C.a.m.a", None),
        ("C.R.O", None),  # a resolution answers as well
        ("C.R.m", None),  # nothing waits on a resolved ticket,
        ("C.R.m.O", 4),  # but from its own time once that is reopened,
        ("C.R.m.a.O", None),  # unless it was answered in between
        ("a....C", None),  # a reply up to five minutes early answers the creation,
        ("a.....C", 6),  # an earlier one does not
        ("R....C.O", None),  # the same for a resolution: reopening revives nothing
        ("R.....C", None),  # after an older one the creation waits like a message there:
        ("R.....C.O", 6),  # once the ticket is reopened
        ("m..C", 0),  # an orphan's message waits like any other
    ],
)
def test_waiting_since(picture: str, since: int | None) -> None:
    """Where a picture has a number, the ticket waits since that minute."""
    found = waiting_now(life(picture), as_of=minute(99))
    assert found == ({} if since is None else {"T1": minute(since)})


@pytest.mark.parametrize(
    ("picture", "minutes"),
    [
        ("C.a.a", 2),
        ("C.R.a", 4),  # a reply after the resolution counts, the resolution itself does not
        ("C.R", None),
        ("a....C", 0),  # up to five minutes early: floored
        ("a.....C", None),
        ("a.....C.a", 2),
        ("c.a.m..a", 3),  # opened by an agent: from the requester's message on
        ("c.a", None),
        ("ac", None),
        ("a", None),  # an orphan has none
    ],
)
def test_first_response_time(picture: str, minutes: int | None) -> None:
    first = report(life(picture))["durations"]["first_response"]
    assert (first["count"], first["sum_s"]) == ((0, 0) if minutes is None else (1, minutes * 60))


def test_an_early_first_response_is_flagged_as_skew() -> None:
    assert report(life("a..C"))["events"]["flags"] == {"skew": 1}
    assert report(life("C..a"))["events"]["flags"] == {}


@pytest.mark.parametrize(
    ("signal", "picture", "minutes"),
    [
        ("left_new", "C..O", 3),
        ("left_new", "C..R", 3),
        ("left_new", "O.......C", 0),  # no bound on skew
        ("left_new", "c.O.m", 0),  # a signal before the requester's message counts
        ("left_new", "c.O", None),
        ("pickup", "C..O", None),
    ],
)
def test_response_signal_of_a_source(signal: str, picture: str, minutes: int | None) -> None:
    settings = {"sources": [("other/*", {}), ("desk/*", {"response_signal": signal})]}
    first = report(life(picture), settings=settings)["durations"]["first_response"]
    assert (first["count"], first["sum_s"]) == ((0, 0) if minutes is None else (1, minutes * 60))


def test_left_new_by_a_creation_with_another_status_is_at_the_creation() -> None:
    created = event(0, "ticket.created", status="open")
    settings = {"sources": [("*", {"response_signal": "left_new"})]}
    first = report([created], settings=settings)["durations"]["first_response"]
    assert (first["count"], first["max_s"]) == (1, 0)


def test_resolution_times_count_only_while_the_ticket_is_done() -> None:
    """`C.R.O.R`: first after 2 min, full after 6 min. `C.R.O`: neither, it is open now."""
    done, open_now = report(life("C.R.O.R"))["durations"], report(life("C.R.O"))["durations"]
    assert (done["first_resolution"]["sum_s"], done["full_resolution"]["sum_s"]) == (120, 360)
    assert (open_now["first_resolution"]["count"], open_now["full_resolution"]["count"]) == (0, 0)


def test_resolved_then_closed_is_one_resolution_and_resolution_at_may_be_the_closing() -> None:
    events = [*life("C.R"), event(9, "ticket.updated", status="closed")]
    settings = {"sources": [("*", {"resolution_at": "closed"})]}
    assert report(events)["counts"]["resolutions"] == 1
    assert report(events)["durations"]["full_resolution"]["sum_s"] == 120
    assert report(events, settings=settings)["durations"]["full_resolution"]["sum_s"] == 540


def test_a_queue_cleared_in_between_is_no_transfer_but_an_assignee_is_assigned_again() -> None:
    values = ["x", None, "y", "z", "z"]
    events = [event(n, "ticket.updated", queue=v, assignee=v) for n, v in enumerate(values)]
    counts = report(events)["counts"]
    assert (counts["transfers"], counts["assignments"]) == (1, 3)


def test_lateness_is_judged_against_the_newest_event_of_the_same_ticket() -> None:
    """Equal to the horizon is not late; another ticket's time does not matter."""
    horizon = 7 * DAY
    newest = event(horizon + 1, "ticket.updated")
    at_horizon, beyond = event(1, "ticket.updated"), event(0, "ticket.updated")
    other = event(0, "ticket.updated", ticket="T2")
    events = report([newest, at_horizon, beyond, other])["events"]
    assert (events["applied"], events["late"]) == (3, 1)


def test_the_creation_of_an_orphan_is_never_late_but_a_second_one_is() -> None:
    newest, created = event(30 * DAY, "ticket.updated"), event(0, "ticket.created")
    found = report([newest, created, event(1, "ticket.created"), created])
    assert found["tickets"]["created"] == 1
    assert (found["events"]["applied"], found["events"]["late"]) == (2, 2)


@pytest.mark.parametrize("first", [0, 1])
def test_of_events_with_one_id_the_lowest_order_key_counts_whatever_arrives_first(
    first: int,
) -> None:
    early = {**event(1, "ticket.updated", status="resolved"), "id": "same"}
    later = {**event(2, "ticket.updated", status="open"), "id": "same"}
    pair = [early, later] if first == 0 else [later, early]
    found = report([*pair, early])
    assert found["as_of"] == early["time"]
    assert found["counts"]["resolutions"] == 1
    assert (found["events"]["applied"], found["events"]["duplicate"]) == (1, 2)
    assert found["events"]["flags"] == {"conflict": 1, "orphan": 1}


def test_one_subject_is_two_tickets_after_more_than_the_memory_of_silence() -> None:
    """Exactly `forgotten` apart is still one; the second has no creation: an orphan."""
    created = event(0, "ticket.created", assignee="a1")
    at_once, over = event(400 * DAY, "ticket.updated"), event(400 * DAY + 1, "ticket.updated")
    assert report([created, at_once])["tickets"]["orphan"] == 0
    found = report([created, over])
    assert (found["tickets"]["created"], found["tickets"]["orphan"]) == (1, 1)
    assert (found["tickets"]["active"], found["queue_depth"]["peak"]["value"]) == (1, 1)
    assert unassigned_now([created, over], as_of=minute(500 * DAY)) == {"T1"}


def test_a_silent_ticket_leaves_the_queue_but_its_facts_stay() -> None:
    created = event(0, "ticket.created")
    still, gone = (report([created], as_of=minute(400 * DAY) + more) for more in (0, 1))
    assert (still["queue_depth"]["now"], gone["queue_depth"]["now"]) == (1, 0)
    assert gone["tickets"]["created"] == 1
    assert unanswered_now([created], as_of=minute(400 * DAY) + 1) == set()


def test_events_at_one_instant_change_the_queue_depth_together() -> None:
    r"""At most one is active at any instant here.

    T1  C---------R
    T2            C-----
    """
    one = [event(0, "ticket.created"), event(9, "ticket.updated", status="resolved")]
    peak = report([*one, event(9, "ticket.created", ticket="T2")])["queue_depth"]["peak"]
    assert peak == {"value": 1, "at": "2024-03-01T00:00:00Z"}


def test_deleted_and_merged_tickets_leave_the_counts_of_now_and_a_restored_one_returns() -> None:
    closed = [event(0, "ticket.created", status="closed"), event(1, "ticket.deleted")]
    merged = event(1, "ticket.merged", ticket="T2", into="T1")
    assert report(closed)["tickets"]["closed"] == 0
    assert report([*closed, event(2, "ticket.restored")])["tickets"]["closed"] == 1
    found = report([*closed, event(0, "ticket.created", ticket="T2"), merged])["tickets"]
    assert (found["created"], found["active"], found["deleted"], found["merged"]) == (2, 0, 1, 1)


def test_events_after_the_instant_asked_for_are_judged_but_give_no_facts() -> None:
    found = report(life("C.a.R"), as_of=minute(1))
    assert (found["events"]["applied"], found["as_of"]) == (3, "2024-03-01T00:01:00Z")
    assert (found["counts"]["agent_replies"], found["tickets"]["active"]) == (0, 1)


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    r"""Two minutes back from 3:36, floored to the minute.

    minute  0  1  2  3  4  5
               (-----]
    """
    events = [event(n, "ticket.created", ticket=f"T{n}", queue="q") for n in range(6)]
    found = windows(events, now_ms=minute(3.6), window_ms=2 * MINUTE_MS, step_ms=MINUTE_MS)
    assert found["counts"]["created"] == {"q": 2}


def test_facts_count_under_the_attributes_right_after_their_event() -> None:
    events = [
        event(0, "ticket.created", queue="a"),
        event(1, "ticket.updated", queue="b", status="resolved"),
        event(2, "ticket.updated", queue="c", status="open"),
    ]
    by = report(events)["by"]["queue"]
    assert [by[queue]["tickets"]["created"] for queue in "abc"] == [1, 0, 0]
    assert [by[queue]["tickets"]["resolved"] for queue in "abc"] == [0, 1, 0]
    assert [by[queue]["tickets"]["active"] for queue in "abc"] == [0, 0, 1]
    assert [by[queue]["counts"]["transfers"] for queue in "abc"] == [0, 1, 1]


Report = dict[str, Any]


@run_with(deadline=None)
@given(st.data(), strategies.settings())
def test_no_arrival_order_changes_the_report(data: st.DataObject, settings: Report) -> None:
    """Except for how often a conflict was noticed, which is a matter of who came first."""
    events = data.draw(strategies.event_sets())
    one, other = (report(data.draw(strategies.arrivals(events)), settings=settings) for _ in "ab")
    assert one["events"]["late"] == 0
    assert _without_events(one) == _without_events(other)


@run_with(deadline=None)
@given(strategies.event_sets(days=strategies.BEYOND_MEMORY).flatmap(strategies.arrivals))
def test_nothing_vanishes(arrived: list[Report]) -> None:
    found = report(arrived)["events"]
    fates = found["applied"] + found["duplicate"] + found["late"]
    assert found["read"] == fates + sum(found["rejected"].values()) + sum(found["ignored"].values())


@run_with(deadline=None)
@given(strategies.event_sets(days=strategies.BEYOND_MEMORY))
def test_an_attribute_splits_every_total(events: list[Report]) -> None:
    found = report(events)
    for by in found["by"].values():
        for part in ("tickets", "counts"):
            sums = {name: sum(v[part][name] for v in by.values()) for name in found[part]}
            assert sums == found[part]


def _without_events(found: Report) -> Report:
    return {name: value for name, value in found.items() if name != "events"}
