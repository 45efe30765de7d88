"""Facts about policies, and about clocks in working time, worked out by hand.

Pictures show a ticket's life in minutes (`pictures` has the letters); "now" is the last column.
"""

from typing import Any

import pytest

from tests.reference.calendars import ALWAYS, Calendar
from tests.reference.events import format_time, parse_time
from tests.reference.model import clocks_now, report
from tests.reference.pictures import Sla, at_end, event, life, minute, minutes, one, policy, sla
from tests.reference.policies import Policies, duration_ms

FAST = policy("fast", {"resolution": "3m"}, when={"priority": "urgent"})
SLOW = policy("slow", {"resolution": "10m"})


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("C....", ("slow", "running", 10)),
        ("C...u", ("fast", "breached_open", 3)),  # from the start wholly under the new one
        ("C...u.n", ("slow", "running", 10)),
        ("C...R.u", ("slow", "met", 10)),  # in force at its stop
    ],
)
def test_a_change_of_policy(picture: str, expected: tuple[str, str, float]) -> None:
    found = one(picture, sla(FAST, SLOW))
    assert (found.policy, found.state, minutes(found.deadline_ms)) == expected


def test_an_event_that_resolves_and_changes_the_priority_stops_under_the_new_policy() -> None:
    events = [*life("C"), event(5, "ticket.updated", status="resolved", priority="urgent")]
    (found,) = clocks_now(events, sla=sla(FAST, SLOW), as_of=minute(9))["T1"]
    assert (found.policy, found.state) == ("fast", "breached_closed")


def test_retarget_keep_freezes_the_terms_but_not_the_policy_it_belongs_to() -> None:
    kept = policy("slow", {"resolution": {"within": "10m", "retarget": "keep"}})
    found = one("C....u", sla(FAST, kept))
    assert (found.policy, found.state, minutes(found.deadline_ms)) == ("fast", "running", 10)
    # It is read from the terms it runs under: what starts as `fast` is retargeted.
    assert minutes(one("u.C...n", sla(FAST, kept)).deadline_ms) == 12


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("u.C.", []),  # never named
        ("C..u", [("slow", "cancelled")]),
        ("C..u.n", [("slow", "running")]),  # coming back resumes it
        ("C..u.R.n", [("slow", "cancelled")]),  # not named at its stop
        ("u.C.n.", [("slow", "running")]),
    ],
)
def test_an_instance_that_no_policy_names(picture: str, expected: list[tuple[str, str]]) -> None:
    other = policy("fast", {"pickup": "3m"}, when={"priority": "urgent"})
    found = at_end(picture, sla(other, SLOW))
    assert [(i.policy, i.state) for i in found if i.clock == "resolution"] == expected


def test_a_priority_without_a_target_has_no_clock_whatever_further_policies_say() -> None:
    by_priority = policy("map", {"resolution": {"urgent": "3m", "warn": ["50%"]}})
    assert at_end("C..", sla(by_priority, SLOW)) == []
    assert one("Cu.", sla(by_priority, SLOW)).warned == ("50%",)


def test_effective_from_governs_the_instances_that_start_at_or_after_it() -> None:
    new = policy("new", {"ownership": "1m"}, effective_from=format_time(minute(4)))
    old = policy("old", {"ownership": "9m"})
    found = at_end("Cx..y..", sla(new, old))
    assert [(i.policy, i.state) for i in found] == [("old", "met"), ("new", "breached_open")]


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ({}, True),
        ({"priority": ["urgent", "high"]}, True),
        ({"priority": "low"}, False),
        ({"segment": ""}, True),  # without the attribute
        ({"segment": "gold"}, False),
        ({"tags": ["vip", "new"]}, True),
        ({"tags": "news"}, False),
        ({"source": "zendesk/*"}, True),
        ({"source": ["*/eu", "zen*/de"]}, False),
        ({"priority": "urgent", "tags": "vip", "source": "zendesk/us/1"}, True),
    ],
)
def test_when(when: dict[str, Any], matches: bool) -> None:
    policies = Policies.of(sla(policy("p", {}, when=when)))
    attributes = {"priority": "urgent", "tags": ["vip", "x"]}
    assert (policies.match(attributes, "zendesk/us/1", 0) is not None) == matches


# Working time

OFFICE = {
    "timezone": "Europe/Berlin",
    "hours": {"mon-thu": ["08:00-12:00", "13:00-18:00"], "fri": ["08:00-14:00"]},
    "holidays": [{"country": "DE"}, {"date": "2026-12-24", "hours": ["08:00-12:00"]}],
}


def berlin(text: str) -> str:
    """A winter's time."""
    return f"{text.replace(' ', 'T')}+01:00"


def at(text: str, kind: str, **data: Any) -> dict[str, Any]:
    return {**event(0, kind, **data), "id": f"{kind}{text}", "time": berlin(text)}


def working(target: str) -> Sla:
    office = policy("office", {"resolution": target}, calendar="office")
    return {"calendars": {"office": OFFICE}, "policies": [office]}


@pytest.mark.parametrize(
    ("target", "deadline"),
    [
        ("3600s", "2026-12-23 18:00"),  # created on Wednesday at 17:00
        ("4h", "2026-12-24 11:00"),
        ("8bh", "2026-12-28 11:00"),  # Christmas is on Friday
        ("1bd", "2026-12-28 11:24"),  # 42 h / 5
    ],
)
def test_a_deadline_in_working_time(target: str, deadline: str) -> None:
    events = [at("2026-12-23 17:00:00", "ticket.created")]
    as_of = parse_time(berlin("2026-12-29 00:00:00"))
    (found,) = clocks_now(events, sla=working(target), as_of=as_of)["T1"]
    assert found.deadline_ms == parse_time(berlin(f"{deadline}:00"))
    assert found.state == "breached_open"


@pytest.mark.parametrize(
    ("stop", "state"), [("18:00:00.000", "met"), ("18:00:00.001", "breached_closed")]
)
def test_a_stop_after_the_deadline_is_late_without_working_time_between(
    stop: str, state: str
) -> None:
    events = [
        at("2026-12-23 17:00:00", "ticket.created"),
        at(f"2026-12-23 {stop}", "ticket.updated", status="resolved"),
    ]
    found = report(events, sla=working("1h"))
    assert found["sla"][0][state] == found["sla"][0]["started"] == 1
    assert found["durations"]["full_resolution_working"]["sum_s"] == 3600


def test_durations_are_worked_in_the_calendar_of_the_policy_right_after_the_event() -> None:
    """From 11:30 over lunch to 13:30: an hour for the office, two for a ticket without policy."""
    office = policy("office", {}, calendar="office", when={"queue": "x"})
    given_sla = {"calendars": {"office": OFFICE}, "policies": [office]}
    for queue, hours in (("x", 1), ("y", 2)):
        events = [
            at("2026-12-21 11:30:00", "ticket.created", queue="y"),
            at("2026-12-21 13:30:00", "ticket.updated", queue=queue, status="resolved"),
        ]
        durations = report(events, sla=given_sla)["durations"]
        assert durations["first_resolution"]["sum_s"] == 7200
        assert durations["first_resolution_working"]["sum_s"] == hours * 3600


@pytest.mark.parametrize(
    ("text", "hours"),
    [("90s", 0.025), ("15m", 0.25), ("4h", 4), ("8bh", 8), ("2bd", 16.8)],
)
def test_durations_in_a_calendar(text: str, hours: float) -> None:
    assert duration_ms(text, Calendar.of(OFFICE, "office")) == hours * 3_600_000


def test_a_plain_day_is_a_day_round_the_clock_and_refused_elsewhere() -> None:
    assert duration_ms("1d", ALWAYS) == duration_ms("1bd", ALWAYS) == 86_400_000
    with pytest.raises(ValueError, match="1d"):
        duration_ms("1d", Calendar.of(OFFICE, "office"))
