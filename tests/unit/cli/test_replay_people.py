"""`deskpulse replay --agents --customers`: the report knows people and customers, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from streams.core.instants import parse_rfc3339
from tests.contract.schema_files import validator
from tests.kafka.test_people_and_customers import (
    CUSTOMERS,
    TICKETS,
    message,
    public,
    shifts,
    tickets,
)


def file(folder: Path, name: str, messages: Any) -> str:
    path = folder / name
    path.write_bytes(b"".join(value + b"\n" for _, value, _ in messages))
    return str(path)


def test_people_and_customers_stand_beside_the_tickets(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    command = ["replay", file(tmp_path, "tickets.jsonl", tickets()), "--report", str(out)]
    command += ["--agents", file(tmp_path, "agents.jsonl", shifts())]
    command += ["--customers", file(tmp_path, "customers.jsonl", public())]
    assert run([*command, "--as-of", "2026-05-01T07:00:00Z"]) == 0
    found = json.loads(out.read_text())
    validator("report.json").validate(found)
    assert found["people"]["scheduled_s"] == 20 * 8 * 3600
    assert found["people"]["lost_by_reason_s"] == {"unexplained": 20 * 3600}
    assert found["customers"]["tickets"]["tickets"] == TICKETS
    support = found["customers"]["retention_after_support"]
    assert (support["customers"], support["retained"]) == (CUSTOMERS, len(public()))


def handled(number: int, agent: str, at: str, minutes: int) -> Any:
    """A ticket created when its agent began to work on it, and resolved by that agent."""
    name, working = f"W{number}", {"agent": agent, "seconds": minutes * 60}
    instant = parse_rfc3339(at)
    return [
        message(name, 1, "ticket.created", instant, queue="billing", assignee=agent),
        message(name, 2, "ticket.worked", instant + 1, **working),
        message(name, 3, "ticket.updated", instant + 2, status="resolved"),
    ]


def test_what_tickets_know_of_agents_stands_beside_their_hours(tmp_path: Path) -> None:
    """A0 is there on Tuesday from 7 to 14, billing is promised until 15 (the shift)."""
    worked = [
        *handled(1, "A0", "2026-03-03T08:00:00Z", 42),
        *handled(2, "A0", "2026-03-03T14:30:00Z", 42),
        *handled(3, "nobody's shift", "2026-03-04T08:00:00Z", 10),
    ]
    out = tmp_path / "report.json"
    command = ["replay", file(tmp_path, "t.jsonl", worked), "--report", str(out)]
    command += ["--agents", file(tmp_path, "agents.jsonl", shifts()[:3])]
    assert run([*command, "--as-of", "2026-03-05T07:00:00Z"]) == 0
    people = json.loads(out.read_text())["people"]
    agent = people["agents"]["A0"]
    assert (agent["handled_s"], agent["touched"], agent["resolved"]) == (84 * 60, 2, 2)
    assert agent["occupancy"] == pytest.approx(84 * 60 / (7 * 3600))
    assert (agent["touched_per_day"], agent["resolved_per_day"]) == (2, 2)
    assert people["agents"]["nobody's shift"]["touched_per_day"] == 1
    cover = people["cover"]["billing"]
    assert (cover["arrivals"], cover["arrivals_without_cover"]) == (2, 1)


def test_without_their_files_the_report_is_silent_about_them(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    assert run(["replay", file(tmp_path, "t.jsonl", tickets()), "--report", str(out)]) == 0
    assert not {"people", "customers"} & set(json.loads(out.read_text()))


def test_an_instant_in_the_past_can_be_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A replay settles nothing behind the instant it is to report."""
    agents = file(tmp_path, "agents.jsonl", shifts())
    command = ["replay", file(tmp_path, "t.jsonl", tickets()), "--agents", agents]
    assert run([*command, "--as-of", "2026-03-03T08:00:00Z"]) == 0
    assert "scheduled_s" in capsys.readouterr().out


def test_kpis_are_told_apart_by_declared_attributes_of_customers(tmp_path: Path) -> None:
    """`plan` is declared, `region` is not; whoever tells nothing of it is the value ""."""
    (tmp_path / "deskpulse.yml").write_text("customer_attributes: [plan]\n")
    when = parse_rfc3339("2026-03-03T08:00:00Z")
    told = [
        message("c1", 1, "customer.updated", when, plan="gold", region="north"),
        message("c1", 2, "customer.churned", when + 1),
        message("c2", 1, "customer.churned", when + 1),
    ]
    made = [
        message(f"T{n}", 1, "ticket.created", when, requester=f"c{n}", queue="q") for n in (1, 2, 3)
    ]
    out = tmp_path / "report.json"
    command = ["replay", file(tmp_path, "t.jsonl", made), "--report", str(out)]
    command += ["--customers", file(tmp_path, "c.jsonl", told), "--config", str(tmp_path)]
    assert run([*command, "--as-of", "2026-03-03T09:00:00Z"]) == 0
    found = json.loads(out.read_text())
    validator("report.json").validate(found)
    plans = found["by"]["customer_plan"]
    assert {plan: row["tickets"]["created"] for plan, row in plans.items()} == {"": 2, "gold": 1}
    assert "customer_region" not in found["by"]
    assert {p: row["churned"] for p, row in found["customers"]["by"]["plan"].items()} == {
        "": 1,
        "gold": 1,
    }


def test_each_agent_stands_beside_their_own_period_before(tmp_path: Path) -> None:
    """Thirty days up to and including today, and thirty before; older ones are in neither."""
    worked = [
        *handled(1, "A0", "2026-02-02T08:00:00Z", 20),
        *handled(2, "A0", "2026-03-03T08:00:00Z", 20),
        *handled(3, "A0", "2026-03-04T08:00:00Z", 40),
        *handled(4, "A0", "2026-04-02T08:00:00Z", 50),
        message("W4", 4, "ticket.replied", parse_rfc3339("2026-04-02T09:00:00Z"), **REPLY),
    ]
    out = tmp_path / "report.json"
    command = ["replay", file(tmp_path, "t.jsonl", worked), "--report", str(out)]
    command += ["--agents", file(tmp_path, "agents.jsonl", shifts()[:3])]
    assert run([*command, "--as-of", "2026-04-02T18:00:00Z"]) == 0
    found = json.loads(out.read_text())
    validator("report.json").validate(found)
    trend = found["people"]["trend"]
    assert (trend["now"], trend["before"]) == ("2026-03-04..2026-04-02", "2026-02-02..2026-03-03")
    now, before = trend["agents"]["A0"]["now"], trend["agents"]["A0"]["before"]
    assert (now["touched"], before["touched"]) == (2, 2)
    assert (now["handled_s"], before["handled_s"]) == (90 * 60, 40 * 60)
    assert (now["kpis"]["handle_time"]["value"], before["kpis"]["handle_time"]["value"]) == (
        45 * 60,
        20 * 60,
    )
    assert now["durations"]["first_response"]["count"] == 1
    assert before["durations"]["first_response"]["count"] == 0
    assert (now["scheduled_s"], before["scheduled_s"] > 0) == (0, True)


REPLY = {"author": {"id": "A0", "role": "agent"}, "visibility": "public"}
