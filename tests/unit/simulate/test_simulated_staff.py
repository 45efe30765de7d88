"""Planned, absent, present: what agents were to do and did."""

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from streams.core.instants import DAY, HOUR, MINUTE
from tests.unit.simulate.observe import instant

Events = list[dict[str, Any]]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def shifts(of_agents: Events) -> dict[str, Events]:
    """Each shift's plans in the order of their publication."""
    found: dict[str, Events] = defaultdict(list)
    for event in of_agents:
        if event["type"] == "agent.scheduled":
            found[event["data"]["shift"]].append(event)
    return found


@pytest.fixture(scope="module")
def presence(of_agents: Events) -> dict[str, list[tuple[int, str]]]:
    """What each agent showed, and when."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in of_agents:
        if event["type"] == "agent.presence":
            found[event["subject"]].append((instant(event), event["data"]["state"]))
    return found


def absences(of_agents: Events) -> Events:
    return [event for event in of_agents if event["type"] == "agent.absent"]


def test_shifts_are_published_ahead_most_of_them_a_week(of_agents: Events) -> None:
    leads = [
        at(plans[0]["data"]["start"]) - instant(plans[0]) for plans in shifts(of_agents).values()
    ]
    assert min(leads) > 0
    assert sum(lead > 7 * DAY for lead in leads) > 0.5 * len(leads)


def test_some_shifts_are_moved_and_some_cancelled_before_they_begin(of_agents: Events) -> None:
    changed = [plans for plans in shifts(of_agents).values() if len(plans) > 1]
    assert all(instant(plans[-1]) < at(plans[0]["data"]["start"]) for plans in changed)
    cancelled = sum(plans[-1]["data"].get("cancelled", False) for plans in changed)
    assert 0 < cancelled < len(changed)
    assert len(changed) < 0.15 * len(shifts(of_agents))


def test_each_reason_of_absence_occurs(of_agents: Events) -> None:
    reasons = {event["data"]["reason"] for event in absences(of_agents)}
    assert reasons == {"sick", "vacation", "training", "other"}


def test_whoever_is_ill_or_on_vacation_shows_nothing(
    of_agents: Events, presence: dict[str, list[tuple[int, str]]]
) -> None:
    """But for somebody who was still there from a shift before."""
    for event in absences(of_agents):
        data = event["data"]
        if data["reason"] in {"sick", "vacation"}:
            shown = [
                state
                for when, state in presence[event["subject"]]
                if at(data["start"]) <= when < at(data["end"])
            ]
            assert "online" not in shown, event


def test_an_agent_shows_a_state_once(presence: dict[str, list[tuple[int, str]]]) -> None:
    """Unless nothing said that the shift before had ended: then online follows online."""
    repeated = [
        (after - before, state)
        for states in presence.values()
        for (before, last), (after, state) in pairwise(states)
        if last == state
    ]
    assert all(gap > 4 * HOUR for gap, _ in repeated)


def test_now_and_then_the_end_of_a_shift_is_not_shown(
    presence: dict[str, list[tuple[int, str]]],
) -> None:
    ends = [
        last == "offline"
        for states in presence.values()
        for (before, last), (after, _) in pairwise(states)
        if after - before > 10 * HOUR
    ]
    assert 0 < ends.count(False) < 0.1 * len(ends)


def test_most_shifts_are_worked_about_as_planned(
    of_agents: Events, presence: dict[str, list[tuple[int, str]]]
) -> None:
    newest = max(instant(event) for event in of_agents)
    worked = Counter[bool]()
    for plans in shifts(of_agents).values():
        data, agent = plans[-1]["data"], plans[-1]["subject"]
        if at(data["end"]) < newest and not data.get("cancelled"):
            start = at(data["start"])
            near = [abs(when - start) for when, state in presence[agent] if state == "online"]
            worked[min(near, default=DAY) < 10 * MINUTE] += 1
    assert 0.85 < worked[True] / worked.total() < 0.99


def test_agents_handle_tickets_only_while_they_show_that_they_are_there(
    events: Events, presence: dict[str, list[tuple[int, str]]]
) -> None:
    for event in events:
        if event["type"] == "ticket.worked":
            agent, seconds = event["data"]["agent"], event["data"]["seconds"]
            begun = instant(event) - seconds * 1000
            state = [state for when, state in presence[agent] if when <= begun][-1]
            assert state in {"online", "busy"}, event


def test_a_call_shows_as_busy(events: Events, presence: dict[str, list[tuple[int, str]]]) -> None:
    talks = [event for event in events if event["data"].get("activity") == "talk"]
    assert talks
    for event in talks:
        last = [state for when, state in presence[event["data"]["agent"]] if when < instant(event)][
            -1
        ]
        assert last == "busy", event


def test_staff_are_asked_in_turn_and_most_answer(of_agents: Events) -> None:
    surveys = [event for event in of_agents if event["type"].startswith("survey.")]
    assert {event["data"]["kind"] for event in surveys} == {"esat"}
    kinds = Counter(event["type"] for event in surveys)
    assert 0.25 * kinds["survey.sent"] < kinds["survey.responded"] <= kinds["survey.sent"]
    asked = [event["data"]["survey"] for event in surveys if event["type"] == "survey.sent"]
    assert len(set(asked)) == len(asked)


def test_shifts_of_a_vacation_are_planned_and_not_all_of_them_edited_away(
    of_agents: Events,
) -> None:
    away: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in absences(of_agents):
        if event["data"]["reason"] == "vacation":
            data = event["data"]
            away[event["subject"]].append((at(data["start"]), at(data["end"])))
    kept = Counter[bool]()
    for plans in shifts(of_agents).values():
        begin = at(plans[0]["data"]["start"])
        if any(start <= begin < end for start, end in away[plans[0]["subject"]]):
            kept[not plans[-1]["data"].get("cancelled")] += 1
    assert kept[True] > 0
