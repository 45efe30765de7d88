"""`deskpulse replay --agents --customers`: the report knows people and customers, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.cli import run
from tests.kafka.test_people_and_customers import CUSTOMERS, TICKETS, public, shifts, tickets


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
    assert found["people"]["scheduled_s"] == 20 * 8 * 3600
    assert found["people"]["lost_by_reason_s"] == {"unexplained": 20 * 3600}
    assert found["customers"]["tickets"]["tickets"] == TICKETS
    support = found["customers"]["retention_after_support"]
    assert (support["customers"], support["retained"]) == (CUSTOMERS, len(public()))


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
