"""Goals on agents and customers: what their events make of them, day by day."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from streams.core.instants import format_rfc3339
from tests.tickets_told import Event, at, created, event, resolved, worked

Captured = pytest.CaptureFixture[str]
Rows = Callable[..., list[dict[str, Any]]]


def shift(day: float, hours: int) -> Event:
    """Ann is to be there from nine on."""
    times = {"start": format_rfc3339(at(day, 9)), "end": format_rfc3339(at(day, 9 + hours))}
    data = {"shift": f"S-{day}", "queue": "billing", **times}
    return event("ann", at(day, 1), "agent.scheduled", **data)


def presence(day: float, hour: float, state: str) -> Event:
    return event("ann", at(day, hour), "agent.presence", state=state, queue="billing")


def active(customer: str, day: float) -> Event:
    return event(customer, at(day), "customer.active", activity="visit")


def contact(customer: str, hour: float, type_: str) -> Event:
    return event(customer, at(8, hour), f"contact.{type_}", channel="phone", queue="billing")


@pytest.fixture
def rows(tmp_path: Path, capsys: Captured) -> Rows:
    """The rows of these goals, as of the newest ticket event."""

    def scored(
        tickets: list[Event],
        *goals: dict[str, Any],
        agents: list[Event] | None = None,
        customers: list[Event] | None = None,
    ) -> list[dict[str, Any]]:
        conf = tmp_path / "conf"
        conf.mkdir()
        (conf / "deskpulse.yml").write_text("timezone: UTC\n")
        (conf / "scorecards.yml").write_text(
            json.dumps({"scorecards": {"mine": {"goals": list(goals)}}})
        )
        arguments = ["scorecard", "--config", str(conf), "--format", "json"]
        for option, events in (
            ("--replay", tickets),
            ("--agents", agents),
            ("--customers", customers),
        ):
            if events is not None:
                path = tmp_path / f"{option.strip('-')}.jsonl"
                path.write_text("".join(json.dumps(one) + "\n" for one in events))
                arguments += [option, str(path)]
        assert run(arguments) == 0
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["scorecards"]["mine"]
        return found

    return scored


def test_hours_are_lost_kept_and_used_day_by_day(rows: Rows) -> None:
    """Monday eight hours planned and worked, two of them on tickets; Tuesday two of four lost."""
    agents = [
        shift(0, 8),
        presence(0, 9, "online"),
        presence(0, 17, "offline"),
        shift(1, 4),
        presence(1, 11, "online"),
        presence(1, 13, "offline"),
    ]
    tickets = [created("T1", at(0, 10)), worked("T1", at(0, 12), 7_200), created("T2", at(1, 20))]
    found = rows(
        tickets,
        {"kpi": "lost_service_hours", "period": "day", "comparator": "<", "goal": "1h"},
        {"kpi": "lost_service_hours", "period": "week", "comparator": "<=", "goal": "2h"},
        {"kpi": "adherence", "period": "week"},
        {"kpi": "occupancy", "period": "week"},
        agents=agents,
    )
    assert [row["actual"]["value"] for row in found] == [7_200, 7_200, 10 / 12, 0.2]
    assert found[0]["trend"][-2:] == [0, 7_200]
    assert found[1]["trend"][-2] is None, "nothing is known of the week before Monday"
    assert [row["status"] for row in found] == ["missed", "met", "watched", "watched"]


def test_waits_on_the_phone_are_those_of_the_days(rows: Rows) -> None:
    customers = [
        *(contact("c1", 9, "queued"), contact("c1", 9.1, "answered")),
        *(contact("c2", 9, "queued"), contact("c2", 9.3, "answered")),
        *(contact("c3", 9, "queued"), contact("c3", 9.5, "abandoned")),
        *(contact("c4", 9, "queued"), contact("c4", 9.2, "abandoned")),
        event("c5", at(8, 10), "customer.churned"),
    ]
    found = rows(
        [created("T1", at(9))],
        {"kpi": "speed_of_answer", "period": "week"},
        {"kpi": "abandonment", "period": "week", "comparator": "<", "goal": "5%"},
        {"kpi": "churned", "period": "week", "comparator": "<=", "goal": 1},
        customers=customers,
    )
    assert [row["actual"]["value"] for row in found] == [720, 0.5, 1]
    assert [row["status"] for row in found] == ["watched", "too few", "met"]


def test_who_returns_is_known_of_whole_calendar_periods(rows: Rows) -> None:
    """In May: of April's three customers two are of March's two."""
    customers = [
        *(active("a", 1), active("b", 1)),
        *(active("a", 31), active("b", 32), active("c", 33)),
        active("d", 61),
    ]
    found = rows(
        [created("T1", at(61, 9))],
        {"kpi": "returning_customers"},
        {"kpi": "retention"},
        {"kpi": "returning_customers", "period": "quarter"},
        customers=customers,
    )
    assert [row["actual"]["value"] for row in found] == [2, 1.0, 0]
    assert found[0]["trend"][-2:] == [0, 2]


def test_whoever_was_helped_has_had_the_time_to_come_back(rows: Rows) -> None:
    """Helped 40 days ago: one of two came back within 30 days. Helped last week: too early."""
    tickets = [
        *(created(f"T{n}", at(0, 9), requester=f"c{n}") for n in range(2)),
        *(resolved(f"T{n}", at(0, 12)) for n in range(2)),
        *(created("T2", at(35, 9), requester="c2"), resolved("T2", at(35, 12))),
        created("T3", at(40, 12)),
    ]
    found = rows(
        tickets,
        {"kpi": "retention_after_support", "comparator": ">=", "goal": "40%", "min_sample": 2},
        customers=[active("c0", 9), active("c1", 31), active("c2", 36)],
    )
    assert (found[0]["actual"]["value"], found[0]["actual"]["sample"]) == (0.5, 2)
    assert found[0]["status"] == "met"


def test_without_their_events_they_are_unavailable(rows: Rows) -> None:
    found = rows(
        [created("T1", at(0, 9))],
        {"kpi": "occupancy"},
        {"kpi": "retention"},
        agents=[],
    )
    assert [row["status"] for row in found] == ["unavailable"] * 2


def test_agents_and_customers_stand_beside_tickets(capsys: Captured) -> None:
    assert run(["scorecard", "--agents", "agents.jsonl"]) == 2
    assert capsys.readouterr().err == "deskpulse: --agents and --customers go with --replay\n"


def test_a_goal_of_some_customers_tickets_looks_at_what_they_are_now(rows: Rows) -> None:
    """Two resolved tickets of five are of customers in the north, who moved there afterwards."""
    tickets = [created(f"T{n}", at(0, 9), requester=f"c{n}") for n in range(5)]
    tickets += [resolved("T0", at(0, 12)), resolved("T3", at(0, 12))]
    moved = [
        event(f"c{n}", at(day), "customer.updated", region=region)
        for n, day, region in ((0, 1, "south"), (0, 2, "north"), (1, 2, "north"), (2, 1, "south"))
    ]
    found = rows(
        [*tickets, created("T9", at(3))],
        {"kpi": "resolved_share", "slice": {"customer": {"region": "north"}}, "period": "week"},
        {"kpi": "resolved_share", "slice": {"customer": {"region": "*"}}, "period": "week"},
        customers=moved,
    )
    assert [(row["goal"], row["actual"]["value"]) for row in found] == [
        ("resolved_share customer_region=north", 0.5),
        ("resolved_share customer_region=* (none)", 1 / 3),
        ("resolved_share customer_region=* north", 0.5),
        ("resolved_share customer_region=* south", 0.0),
    ]
