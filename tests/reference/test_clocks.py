"""Facts about clocks, worked out by hand.

Pictures show a ticket's life in minutes (`pictures` has the letters); "now" is the last column.
"""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from tests import strategies
from tests.reference.clocks import RUNS_IN, STATES
from tests.reference.model import clocks_now, report, waiting_now
from tests.reference.pictures import (
    LETTERS,
    MINUTE_MS,
    at_end,
    life,
    minute,
    minutes,
    named,
    one,
    policy,
    sla,
)

# (state, start, stop, deadline, elapsed), in minutes, with a target of 5
Drawn = tuple[str, float, float | None, float | None, float]


@pytest.mark.parametrize(
    ("clock", "picture", "expected"),
    [
        ("first_response", "C..a", [("met", 0, 3, 5, 3)]),
        ("first_response", "C....a", [("met", 0, 5, 5, 5)]),
        ("first_response", "C.....a", [("breached_closed", 0, 6, 5, 6)]),
        ("first_response", "C.....", [("running", 0, None, 5, 5)]),
        ("first_response", "C......", [("breached_open", 0, None, 5, 6)]),
        # A resolution stops it, and a reopening does not start it again.
        ("first_response", "C..R.O.a", [("met", 0, 3, 5, 3)]),
        # What came before the creation stops it at once; resolved and reopened is active.
        ("first_response", "a..C", [("met", 3, 3, 8, 0)]),
        ("first_response", "R..C", [("met", 3, 3, 8, 0)]),
        ("first_response", "R.O.C.", [("running", 4, None, 9, 1)]),
        ("first_response", "m.a", []),
        # Opened by an agent: from the requester's first message on,
        ("first_response", "c.m..a", [("met", 2, 5, 7, 3)]),
        ("first_response", "c.a", []),
        ("first_response", "m.c.", [("running", 0, None, 5, 3)]),
        ("first_response", "m.a.c", [("met", 0, 0, 5, 0)]),
        # on a resolved ticket only once that is reopened, unless answered in between.
        ("first_response", "c.R.m.", []),
        ("first_response", "c.R.m..O", [("running", 4, None, 9, 3)]),
        ("first_response", "c.R.m.a.O", []),
        ("pickup", "C.A", [("met", 0, 2, 5, 2)]),
        ("pickup", "A.C", [("met", 2, 2, 7, 0)]),
        ("pickup", "C.R.O", [("met", 0, 2, 5, 2)]),
        ("next_reply", "C.a.m.m.a", [("met", 0, 2, 5, 2), ("met", 4, 8, 9, 4)]),
        ("next_reply", "m.C.a", [("met", 0, 4, 5, 4)]),
        ("next_reply", "c.", []),
        ("next_reply", "C.R.m..O.", [("met", 0, 2, 5, 2), ("running", 4, None, 9, 4)]),
        ("next_reply", "C.R.m.a.O", [("met", 0, 2, 5, 2)]),
        # Answered up to five minutes early; earlier than that the creation waits,
        ("next_reply", "a..C.", [("met", 3, 3, 8, 0)]),
        ("next_reply", "R.O.C.", [("met", 4, 4, 9, 0)]),
        ("next_reply", "a......C.", [("running", 7, None, 12, 1)]),
        # like a message there, if the ticket is still resolved.
        ("next_reply", "R......C.", []),
        ("next_reply", "R......C.O", [("running", 7, None, 12, 2)]),
        ("periodic_update", "C.a..a...", [("met", 2, 5, 7, 3), ("running", 5, None, 10, 3)]),
        ("periodic_update", "C.a.R.a.O", [("met", 2, 4, 7, 2)]),
        ("periodic_update", "a..", [("running", 0, None, 5, 2)]),
        ("pausable_update", "C.a.p..", [("paused", 2, None, None, 2)]),
        ("pausable_update", "C.a.p..O.", [("running", 2, None, 10, 3)]),
        # Stopped while paused: the deadline is where it would be, had it run on.
        ("pausable_update", "C.a.p..a", [("met", 2, 7, 10, 2), ("paused", 7, None, None, 0)]),
        ("requester_wait", "C.p..O.h.", [("running", 0, None, 8, 5)]),
        ("requester_wait", "C.?..", [("paused", 0, None, None, 2)]),
        ("requester_wait", "C.R..", [("met", 0, 2, 5, 2)]),
        ("requester_wait", "C.R..O..", [("running", 0, None, 8, 4)]),
        ("requester_wait", "R..C..O..", [("running", 3, None, 11, 2)]),
        ("agent_work", "C.h..", [("paused", 0, None, None, 2)]),
        ("agent_work", "C.h..O....", [("breached_open", 0, None, 8, 6)]),
        # Used up while it ran: a breach, even if paused since.
        ("agent_work", "C.....h.", [("breached_open", 0, None, 5, 6)]),
        ("agent_work", "C....h", [("paused", 0, None, 5, 5)]),
        ("agent_work", "C....h.", [("breached_open", 0, None, 5, 5)]),
        ("resolution", "C.p..", [("running", 0, None, 5, 4)]),
        ("resolution", "C.R....O..R", [("met", 0, 10, 10, 5)]),
        ("resolution", "C.R....O...R", [("breached_closed", 0, 11, 10, 6)]),
        ("resolution", "x.R", []),
        ("ownership", "Cx..y..", [("met", 1, 4, 6, 3), ("running", 4, None, 9, 2)]),
        ("ownership", "Cx.0..", [("met", 1, 3, 6, 2)]),
        ("ownership", "Cx.R..O.", [("met", 1, 3, 6, 2), ("running", 6, None, 11, 1)]),
        ("ownership", "CRx.O.", [("running", 4, None, 9, 1)]),
        ("ownership", "x..", [("running", 0, None, 5, 2)]),
    ],
)
def test_a_clock(clock: str, picture: str, expected: list[Drawn]) -> None:
    found = at_end(picture, named(clock))
    assert [(i.state, *map(minutes, (i.start_ms, i.stop_ms, i.deadline_ms))) for i in found] == [
        drawn[:4] for drawn in expected
    ]
    assert [instance.elapsed_ms / MINUTE_MS for instance in found] == [d[4] for d in expected]


@pytest.mark.parametrize(
    ("signal", "picture", "expected"),
    [
        ("left_new", "C..O", [("met", 0, 3, 3)]),
        ("pickup", "C..A", [("met", 0, 3, 3)]),
        # A signal before the requester's message stops it at once, also behind a resolution.
        ("left_new", "c.O.m.", [("met", 4, 4, 0)]),
        ("left_new", "c.R.m..O", [("met", 4, 4, 0)]),
        ("pickup", "c.R.m.A.O", []),
    ],
)
def test_first_response_by_the_signal_of_the_source(
    signal: str, picture: str, expected: list[tuple[str, float, float, float]]
) -> None:
    settings = {"sources": [("*", {"response_signal": signal})]}
    found = at_end(picture, named("first_response"), settings=settings)
    assert [
        (i.state, minutes(i.start_ms), minutes(i.stop_ms), i.elapsed_ms / MINUTE_MS) for i in found
    ] == expected


# Pauses and reopenings


@pytest.mark.parametrize(
    ("clock", "pause", "state"),
    [
        ("pausable_update", [], "running"),
        ("requester_wait", [], "paused"),  # it runs in {new, open, on_hold} only
        ("requester_wait", ["on_hold"], "paused"),
        ("resolution", ["pending"], "paused"),
        ("resolution", ["on_hold"], "running"),
    ],
)
def test_pause_replaces_the_default_but_not_the_set_a_clock_runs_in(
    clock: str, pause: list[str], state: str
) -> None:
    assert one("Ca.p.", named(clock, pause=pause)).state == state


def test_pause_adds_to_what_requester_wait_does_not_run_in() -> None:
    assert one("C.h..", named("requester_wait", pause=["on_hold"])).elapsed_ms == 2 * MINUTE_MS


@pytest.mark.parametrize(
    ("on_reopen", "picture", "expected"),
    [
        ("resume", "C.R....O..R", [("met", 0, 10)]),
        ("restart", "C.R....O..R", [("met", 0, 2), ("met", 7, 10)]),
        ("restart", "C.R.O.R.O.", [("met", 0, 2), ("met", 4, 6), ("running", 8, None)]),
        ("keep_first", "C.R....O..R", [("met", 0, 2)]),
        ("keep_first", "C......R..O", [("breached_closed", 0, 7)]),
    ],
)
def test_on_reopen(on_reopen: str, picture: str, expected: list[Any]) -> None:
    found = at_end(picture, named("resolution", on_reopen=on_reopen))
    assert [(i.state, minutes(i.start_ms), minutes(i.stop_ms)) for i in found] == expected


def test_on_reopen_is_read_from_the_policy_right_after_the_reopening() -> None:
    urgent = policy(
        "urgent",
        {"resolution": {"within": "5m", "on_reopen": "restart"}},
        when={"priority": "urgent"},
    )
    both = sla(urgent, policy("rest", {"resolution": "5m"}))
    assert [i.policy for i in at_end("C.R.u.O.", both)] == ["rest", "urgent"]
    assert [i.policy for i in at_end("Cu.R.n.O.", both)] == ["rest"]


# Deletion and merger


@pytest.mark.parametrize(
    ("clock", "picture", "states"),
    [
        ("resolution", "C..D..", ["cancelled"]),
        ("resolution", "C..M..", ["cancelled"]),
        ("resolution", "C..D.U", ["running"]),  # as if nothing had been: no pause
        ("resolution", "C..D..U", ["breached_open"]),
        ("resolution", "C.RD", ["met"]),  # stopped before
        ("resolution", "C.D.R.", ["cancelled"]),  # a stop meanwhile leaves it so,
        ("resolution", "C.D.R.U", ["met"]),  # until the ticket is restored,
        ("resolution", "C.D.R.U.D", ["met"]),  # for good
        ("resolution", "C.R.D.O", ["cancelled"]),
        ("resolution", "C.M.D.U", ["cancelled"]),
        ("periodic_update", "C.D.a.U", []),  # not active
        ("next_reply", "C.a.D.m", ["met", "cancelled"]),
        ("ownership", "C.D.x.U", []),
        ("ownership", "Cx.D.U", ["running"]),
        ("ownership", "Cx.D.yxU", ["met"]),  # it left the queue
    ],
)
def test_deletion_and_merger(clock: str, picture: str, states: list[str]) -> None:
    assert [instance.state for instance in at_end(picture, named(clock))] == states


def test_a_forgotten_ticket_keeps_the_states_it_was_dropped_with() -> None:
    """A target of 401 days is not breached by a ticket that was dropped after 400."""
    later = minute(500 * 24 * 60)
    for days, state in ((400, "breached_open"), (401, "running")):
        given_sla = sla(policy("all", {"resolution": f"{days}d"}))
        (found,) = clocks_now(life("C"), sla=given_sla, as_of=later)["T1"]
        assert found.state == state
        assert found.elapsed_ms == 400 * 24 * 60 * MINUTE_MS + 1


# Warn levels


@pytest.mark.parametrize(
    ("picture", "state", "warned"),
    [
        ("C.....", "running", ()),  # exactly half is not past it
        ("C......", "at_risk", ("50%",)),
        ("C........", "at_risk", ("50%",)),
        ("C.........", "at_risk", ("50%", "2m")),
        ("C......h..", "paused", ("50%",)),
        ("C......R..", "met", ("50%",)),
    ],
)
def test_warn_levels(picture: str, state: str, warned: tuple[str, ...]) -> None:
    given_sla = sla(
        policy(
            "all", {"resolution": {"within": "10m", "pause": ["on_hold"], "warn": ["50%", "2m"]}}
        )
    )
    found = one(picture, given_sla)
    assert (found.state, found.warned) == (state, warned)


def test_a_time_left_beyond_the_target_is_past_right_after_the_start() -> None:
    given_sla = named("resolution", warn=["20m"])
    assert [one(picture, given_sla).state for picture in ("C", "C.")] == ["running", "at_risk"]


# Budgets


def test_budget_is_split_by_queue_assignee_and_status() -> None:
    found = one("CxA.p.yO.", named("requester_wait"))
    in_minutes = {share: ms / MINUTE_MS for share, ms in found.spent_ms.items()}
    assert in_minutes == {
        ("", "", "new"): 1,
        ("x", "", "new"): 1,
        ("x", "a1", "new"): 2,
        ("y", "a1", "open"): 1,
    }


# Laws

CLOCKS = (
    *("first_response", "pickup", "next_reply", "periodic_update", "pausable_update"),
    *("requester_wait", "agent_work", "resolution", "ownership"),
)

EVERYTHING = sla(
    policy("urgent", dict.fromkeys(CLOCKS, "20m"), when={"priority": "urgent"}),
    policy("billing", dict.fromkeys(CLOCKS[::2], "5m"), when={"queue": "billing"}),
    policy("rest", {clock: {"within": "3d", "warn": ["50%"]} for clock in CLOCKS}),
)


@run_with(deadline=None)
@given(strategies.event_sets(days=strategies.BEYOND_HORIZON), st.integers(0, 30 * 24 * 60))
def test_states_partition_what_started_and_parts_sum_to_the_whole(
    events: list[dict[str, Any]], as_of: int
) -> None:
    found = clocks_now(events, sla=EVERYTHING, as_of=minute(as_of))
    every = [instance for own in found.values() for instance in own]
    assert all(sum(i.spent_ms.values()) == i.elapsed_ms for i in every)
    assert all(i.stop_ms is None or i.stop_ms >= i.start_ms for i in every)
    assert all(s[2] in RUNS_IN[i.clock] for i in every if i.clock in RUNS_IN for s in i.spent_ms)
    rows = report(events, sla=EVERYTHING, as_of=minute(as_of))["sla"]
    assert len(rows) == 9 + 5 + 9
    assert all(row["started"] == sum(row[state] for state in STATES) for row in rows)
    counted = Counter((i.policy, i.clock, i.state) for i in every)
    assert +Counter({(r["policy"], r["clock"], s): r[s] for r in rows for s in STATES}) == counted


@run_with(deadline=None)
@given(st.text("".join(LETTERS) + ".", min_size=1, max_size=14))
def test_an_active_ticket_waits_since_the_start_of_its_open_round(picture: str) -> None:
    """Both are computed from the steps, each in its own way."""
    waits = waiting_now(life(picture), as_of=minute(len(picture)))
    found = clocks_now(life(picture), sla=named("next_reply"), as_of=minute(len(picture)))
    rounds = [i for own in found.values() for i in own if i.stop_ms is None]
    assert len(rounds) <= 1
    assert list(waits.values()) == [i.start_ms for i in rounds if i.state != "cancelled"]
